import { describe, expect, it } from "vitest";
import { type ComplexArray, complexZeros } from "../../src/arrays.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { computeScales, scaledProbe } from "../../src/data/normalisation.ts";
import { type DataFit, type DataFitOptions, fitToData } from "../../src/inference/dataFit.ts";
import {
  explainedText,
  heldOutWarnings,
  inferenceWarnings,
  placementNotes,
  standsApart,
} from "../../src/inference/explanationWarnings.ts";
import { explainedOf } from "../../src/inference/heldOut.ts";
import { type PatchEvidence, patchEvidence } from "../../src/inference/patchEvidence.ts";
import { uniformWeights } from "../../src/inference/patchWeights.ts";
import { createStitcher } from "../../src/inference/stitch.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { Random } from "../../src/random.ts";
import { simulate, simulateScan } from "../../src/simulation/simulate.ts";

/** Whether a result says that it explains nothing, where it explains nothing, and only there. */

const n = 32;
const patterns = 150;
/** Weak phases, few photons: where the limit is far from 1 a pixel. */
const dataset = simulate({ n, patterns, seed: 5, photons: 2e4, object: { kind: "lines" }, measurement: "counts" });
const truth = dataset.object as ComplexArray;
const frames = Array.from({ length: patterns }, (_, frame) => frame);
const scales = computeScales(dataset, frames);
const [height, width] = truth.shape as [number, number];
const physics = { dataset, scales, probe: scaledProbe(dataset.probe, scales), propagator: farField, frames };

/** Of the object, as it is normalised: a unit object has the mean pattern's energy. */
const level = (() => {
  const once = fitToData(optionsOf(truth))!;
  let [low, high] = [0.5, 2];
  for (let step = 0; step < 30; step++) {
    const third = (high - low) / 3;
    const at = (factor: number): number => fitToData(optionsOf(scaled(truth, factor)))!.deviance;
    if (at(low + third) < at(high - third)) high -= third;
    else low += third;
  }
  expect(once.patterns).toBeGreaterThan(40);
  return (low + high) / 2;
})();

function scaled({ shape, data }: ComplexArray, factor: number): ComplexArray {
  return { shape, data: data.map((value) => factor * value) };
}

function optionsOf(object: ComplexArray): DataFitOptions {
  const canvas = { height, width, origin: { y: 0, x: 0 } };
  return { ...physics, object, coverage: new Float32Array(height * width).fill(1), canvas };
}

const object = scaled(truth, level);

/** Patches as a network might give them, the evidence of them, and the fit of what they are stitched to. */
function infer(patchOf: (frame: number) => Float64Array, positions = dataset.positions) {
  const patches = complexZeros([patterns, n, n]);
  for (const frame of frames) patches.data.set(patchOf(frame), 2 * frame * n * n);
  const evidence = patchEvidence(physics);
  evidence.add(patches, frames);
  const canvas = { height: height + 40, width: width + 40, origin: { y: -20, x: -20 } };
  const stitcher = createStitcher({ canvas, trim: n, weights: uniformWeights(n) });
  stitcher.add(patches, positions);
  const { object: stitched, weight } = stitcher.finish();
  const placed = { ...dataset, positions };
  const fit = fitToData({ ...physics, dataset: placed, object: stitched, coverage: weight, canvas })!;
  return { fit, patches: evidence.finish(), warnings: inferenceWarnings(fit, evidence.finish()) };
}

const truePatch = (frame: number): Float64Array =>
  extractPatch(object, dataset.positions[2 * frame], dataset.positions[2 * frame + 1], n).slice();

describe("the share explained", () => {
  it("is one for the truth, within what counting photons leaves open", () => {
    const { explained, deviance, flatDeviance, noiseDeviance: noise, noiseSpread } = fitToData(optionsOf(object))!;
    const noiseDeviance = noise ?? Number.NaN;
    expect(noiseDeviance).toBeLessThan(0.9);
    expect(Math.abs(deviance - noiseDeviance)).toBeLessThan(5 * noiseSpread);
    expect(Math.abs((explained ?? 0) - 1)).toBeLessThan((5 * noiseSpread) / (flatDeviance - noiseDeviance));
  });

  it("is nought for a flat object with the best scale, and less for another", () => {
    const flat = (c: number): ComplexArray => {
      const shape = [height, width];
      return { shape, data: Float32Array.from({ length: 2 * height * width }, (_, i) => (i % 2 === 0 ? c : 0)) };
    };
    const shares = [0.9, 0.99, 1, 1.01, 1.1].map((c) => fitToData(optionsOf(flat(c)))!.explained ?? Number.NaN);
    expect(Math.max(...shares)).toBeLessThan(0.01);
    expect(Math.max(...shares)).toBeGreaterThan(-0.05);
    expect(shares[0]).toBeLessThan(-0.5);
    expect(inferenceWarnings(fitToData(optionsOf(flat(1)))!, nothing)).toEqual([
      expect.stringMatching(/explains next to nothing/),
    ]);
  });

  it("is measured by the probe whose flat object predicts most, so that a ruined one makes nothing look good", () => {
    const ruined = { ...physics.probe, data: physics.probe.data.map((value, i) => (i % 14 === 0 ? 5 * value : 0)) };
    const by = (...flatProbes: ComplexArray[]) => fitToData({ ...optionsOf(object), flatProbes })!;
    const [own, both] = [by(physics.probe), by(ruined, physics.probe)];
    expect(by(ruined).flatDeviance).toBeGreaterThan(2 * own.flatDeviance);
    expect(both).toEqual(own);
    expect(own).toEqual(fitToData(optionsOf(object)));
  });

  it("is not known where a flat object explains the patterns to their noise", () => {
    const flat = {
      shape: [height, width],
      data: Float32Array.from({ length: 2 * height * width }, (_, i) => 1 - (i & 1)),
    };
    const empty = simulateScan({
      ...{ object: flat, probe: dataset.probe, positions: dataset.positions, photons: 1e4, noise: new Random(8) },
    });
    const own = computeScales(empty, frames.slice(0, 60));
    const probe = scaledProbe(empty.probe, own);
    const part = { dataset: empty, scales: own, probe, propagator: farField, frames: frames.slice(0, 60) };
    const explanation = explainedOf([{ ...part, frameIntensity: false }], 0.7)!;
    expect(explanation.explained).toBeNull();
    expect(heldOutWarnings(explanation)).toEqual([expect.stringMatching(/are those of a flat object/)]);
  });

  it("takes no noise for amplitudes in a unit of their own, and that of photons for roots of whole numbers", () => {
    const counts = new Float32Array(patterns * n * n);
    dataset.patterns.read(frames, counts);
    for (const [unit, known] of [
      [1, true],
      [0.3, false],
    ] as const) {
      const amplitudes = memoryPatterns(
        counts.map((k) => unit * Math.sqrt(k)),
        [patterns, n, n],
      );
      const own = { ...dataset, patterns: amplitudes, measurement: "amplitude" as const };
      const { photonsPerPattern: _, ...silent } = own;
      const ownScales = computeScales(silent, frames);
      const fit = fitToData({ ...optionsOf(object), dataset: silent, scales: ownScales })!;
      if (known) expect(fit.noiseDeviance).toBeCloseTo(fitToData(optionsOf(object))!.noiseDeviance ?? 0, 4);
      else expect(fit.noiseDeviance).toBeNull();
      // Of a flat object's deviance less remains to explain where all of it counts.
      expect(fit.explained).toBeGreaterThan(known ? 0.9 : 0.2);
      expect(inferenceWarnings(fit, nothing)).toEqual([]);
    }
  });

  it("takes no noise for intensities that are called counts and are mostly less than one", () => {
    const read = new Float32Array(patterns * n * n);
    dataset.patterns.read(frames, read);
    const noiseOf = (unit: number) => {
      const own = {
        ...dataset,
        patterns: memoryPatterns(
          read.map((k) => unit * k),
          [patterns, n, n],
        ),
      };
      return fitToData({ ...optionsOf(object), dataset: own, scales: computeScales(own, frames) })!.noiseDeviance;
    };
    expect(noiseOf(0.001)).toBeNull();
    // A gain near 1 is no reason to doubt the light.
    expect(noiseOf(0.93)).toBeGreaterThan(0);
  });

  it("has the baselines of the same patterns, in one pass or pattern by pattern, with beams of their own", () => {
    for (const frameIntensity of [false, true]) {
      const all = fitToData({ ...optionsOf(object), frameIntensity, most: patterns })!;
      const inChunks = explainedOf([{ ...physics, frameIntensity }], all.deviance)!;
      // Patterns at the edge, which light what is not known, are in one and not in the other.
      expect(Math.abs(inChunks.flatDeviance / all.flatDeviance - 1)).toBeLessThan(0.1);
      let [flat, pixels] = [0, 0];
      const flatPattern = flatOf();
      const values = new Float32Array(n * n);
      const light = flatPattern.reduce((a, b) => a + b);
      for (const frame of frames) {
        dataset.patterns.read([frame], values);
        const counts = values.reduce((a, b) => a + b);
        const factor = (frameIntensity ? counts : scales.photonsPerPattern) / light;
        for (let i = 0; i < n * n; i++) {
          const rate = factor * flatPattern[i] + 1e-4;
          flat += 2 * (rate - values[i] + (values[i] > 0 ? values[i] * Math.log(values[i] / rate) : 0));
          pixels++;
        }
      }
      expect(Math.abs(inChunks.flatDeviance / (flat / pixels) - 1)).toBeLessThan(1e-3);
    }
  });
});

/** |F P|² of the probe alone, from a patch of ones. */
function flatOf(): Float64Array {
  const fit = { ...physics, probe: scaledProbe(dataset.probe, scales) };
  const [re, im] = [new Float64Array(n * n), new Float64Array(n * n)];
  // A slow transform, which shares nothing with the program's.
  const { data } = fit.probe;
  const phase = (a: number, b: number): number => (-2 * Math.PI * (a - n / 2) * (b - n / 2)) / n;
  const rows = new Float64Array(2 * n * n);
  for (let y = 0; y < n; y++)
    for (let kx = 0; kx < n; kx++)
      for (let x = 0; x < n; x++) {
        const [c, s] = [Math.cos(phase(kx, x)), Math.sin(phase(kx, x))];
        const at = 2 * (y * n + x);
        rows[2 * (y * n + kx)] += data[at] * c - data[at + 1] * s;
        rows[2 * (y * n + kx) + 1] += data[at] * s + data[at + 1] * c;
      }
  for (let ky = 0; ky < n; ky++)
    for (let kx = 0; kx < n; kx++)
      for (let y = 0; y < n; y++) {
        const [c, s] = [Math.cos(phase(ky, y)), Math.sin(phase(ky, y))];
        const at = 2 * (y * n + kx);
        re[ky * n + kx] += rows[at] * c - rows[at + 1] * s;
        im[ky * n + kx] += rows[at] * s + rows[at + 1] * c;
      }
  return re.map((value, i) => (value * value + im[i] * im[i]) / (n * n));
}

const nothing: PatchEvidence = { fit: null, variety: null };

describe("what a result says of itself", () => {
  it("is nothing of the mean pattern where there is a single one, which is its own mean", () => {
    const single = explainedOf([{ ...physics, frames: [7], frameIntensity: false }], 0.9)!;
    expect(single.constantDeviance).toBeNull();
    const two = explainedOf([{ ...physics, frames: [7, 90], frameIntensity: false }], 0.9)!;
    const all = explainedOf([{ ...physics, frameIntensity: false }], 0.9)!;
    expect(Math.abs((two.constantDeviance ?? 0) / (all.constantDeviance ?? 1) - 1)).toBeLessThan(0.3);
  });

  it("is nothing where it is right", () => {
    const { fit, patches, warnings } = infer(truePatch);
    expect(warnings).toEqual([]);
    expect(fit.explained).toBeGreaterThan(0.8);
    expect(patches.fit?.explained).toBeGreaterThan(0.9);
    expect(heldOutWarnings(fit)).toEqual([]);
  });

  it("is nothing either where it is right but for noise of its own and phases of its own", () => {
    const random = new Random(9);
    const { warnings, fit } = infer((frame) => truePatch(frame).map((value) => value + 0.02 * random.normal()));
    expect(warnings).toEqual([]);
    expect(fit.explained).toBeGreaterThan(0.7);
    const turned = infer((frame) => {
      const phase = 2 * Math.PI * random.uniform();
      const patch = truePatch(frame);
      return patch.map((value, i) => Math.cos(phase) * value + (i % 2 === 0 ? -1 : 1) * Math.sin(phase) * patch[i ^ 1]);
    });
    // Unaligned phases spoil the stitched object, never the patches.
    expect(turned.patches.fit?.explained).toBeGreaterThan(0.9);
    expect(turned.patches.variety?.variation).toBeCloseTo(infer(truePatch).patches.variety?.variation ?? 0, 3);
  });

  it("names swapped columns of positions: patches explain what the object does not", () => {
    const swapped = dataset.positions.map((_, i) => dataset.positions[i ^ 1]);
    const { warnings } = infer(truePatch, swapped);
    expect(warnings).toContainEqual(
      expect.stringMatching(/may not fit together where the positions put them.*swapped/),
    );
  });

  it("names patches that fit the noise of their patterns, and what fits less of it", () => {
    const swapped = dataset.positions.map((_, i) => dataset.positions[i ^ 1]);
    const { fit, patches: own } = infer(truePatch, swapped);
    const single = own.fit!;
    const below = { ...single, deviance: 0.5 * single.noiseDeviance!, explained: 1.1 };
    const [line] = inferenceWarnings(fit, { ...own, fit: below }).slice(-1);
    expect(line).toMatch(/the noise of their patterns, too.*swapped.*`gridsize=2` `training_patch_weighting=probe`/);
    expect(inferenceWarnings(fit, own).join()).not.toMatch(/the noise of their patterns/);
  });

  it("doubts no positions by which patches agree, and says what their own fit may be", () => {
    const swapped = dataset.positions.map((_, i) => dataset.positions[i ^ 1]);
    const { fit, patches: own } = infer(truePatch, swapped);
    const right = { pairs: 32, agreeing: 0.875, otherwise: null };
    expect(standsApart(fit, own)).toBe(true);
    const sharp = { ...fit, explained: 0.75 };
    expect(inferenceWarnings(sharp, own, right)).toEqual(inferenceWarnings(sharp, nothing));
    const [note, ...more] = placementNotes(sharp, own, right);
    expect(note).toMatch(
      /88 % of 32 overlapping pairs agree better there than anywhere else\).*noise, or a place that/,
    );
    expect(more).toEqual([]);
    const blurred = { ...fit, explained: 0.5 };
    expect(inferenceWarnings(blurred, own, right).join()).toMatch(/fit together only roughly.*right as a whole/);
    expect(placementNotes(blurred, own, right)).toEqual([]);
    const wrong = { ...right, agreeing: 0.125, otherwise: { positions: "with x negated", agreeing: 0.875 } };
    for (const placement of [wrong, undefined]) expect(placementNotes(sharp, own, placement)).toEqual([]);
    expect(inferenceWarnings(sharp, own, wrong).join()).toMatch(/do not fit .*\(88 % of 32 .* better with x negated\)/);
    const neither = { ...right, agreeing: 0.5 };
    expect(inferenceWarnings(sharp, own, neither).join()).toMatch(/32 overlapping pairs agree no better there than/);
    const whole = infer(truePatch);
    expect(standsApart(whole.fit, whole.patches)).toBe(false);
    expect(placementNotes(whole.fit, whole.patches, right)).toEqual([]);
  });

  it("names patches that are all alike, with a structure or flat", () => {
    const one = truePatch(3);
    const random = new Random(2);
    const raster = infer(() => one.map((value) => value + 1e-4 * random.normal()));
    expect(raster.warnings).toContainEqual(expect.stringMatching(/all patches are alike/));
    const flat = infer(() => one.map((_, i) => (i % 2 === 0 ? 1 : 0) + 1e-4 * random.normal()));
    expect(flat.warnings).toContainEqual(expect.stringMatching(/explains next to nothing/));
  });

  it("names a black object", () => {
    const { warnings, fit } = infer((frame) => truePatch(frame).map((value) => 1e-3 * value));
    expect(fit.rFactor).toBeGreaterThan(0.99);
    expect(warnings[0]).toMatch(/^R is 0.99\d?: the stitched object is far too dark or too bright/);
    const black = infer((frame) => truePatch(frame).fill(0));
    expect(black.warnings[0]).toMatch(/^R is 1.00/);
    expect(black.patches.variety).toBeNull();
  });

  it("names objects of other patterns, and what is no better than the mean pattern", () => {
    const shuffled = infer((frame) => truePatch((frame + 71) % patterns));
    expect(shuffled.warnings.join()).toMatch(/one and the same pattern everywhere/);
    const fit: DataFit = { ...fitToData(optionsOf(object))! };
    const middling = { ...fit, deviance: 1.01 * (fit.constantDeviance ?? 0), explained: 0.3 };
    expect(heldOutWarnings(middling)).toEqual([
      expect.stringMatching(/less than one and the same pattern everywhere.*early in a training/),
    ]);
  });

  it("names the few frames that leave most of the deviance, and nothing else", () => {
    const seen: number[] = [];
    const right = fitToData({ ...optionsOf(object), onPattern: ({ frame }) => void seen.push(frame) })!;
    expect(right.carriedBy).toBeNull();
    const counts = new Float32Array(patterns * n * n);
    dataset.patterns.read(frames, counts);
    const bad = [seen[3], seen[9]];
    for (const frame of bad) counts.fill(300, frame * n * n, (frame + 1) * n * n);
    const bright = { ...dataset, patterns: memoryPatterns(counts, [patterns, n, n]) };
    const fit = fitToData({ ...optionsOf(object), dataset: bright })!;
    expect(fit.carriedBy).toMatchObject({ frames: bad });
    expect(fit.carriedBy?.share).toBeGreaterThan(0.9);
    expect(fit.deviance).toBeGreaterThan(5 * right.deviance);
    expect(inferenceWarnings(fit, nothing)).toEqual([
      expect.stringMatching(new RegExp(`^2 frames \\(${bad.join()}\\) leave .*skip_frames=${bad.join()}`)),
    ]);
  });

  it("doubts no positions for patches that themselves explain less than the mean pattern", () => {
    const right = fitToData(optionsOf(object))!;
    const stitched: DataFit = { ...right, deviance: 1.4, constantDeviance: 1.3, explained: 0.3 };
    const saidOf = (deviance: number): string => {
      const single = { ...right, explained: 0.8, deviance, constantDeviance: 1.3 };
      return inferenceWarnings(stitched, { fit: single, variety: null }).join();
    };
    expect(saidOf(1.2)).toMatch(/swapped/);
    expect(saidOf(1.31)).not.toMatch(/swapped/);
    expect(saidOf(1.31)).toMatch(/one and the same pattern everywhere/);
    expect(saidOf(1.31)).not.toMatch(/nothing of it/);
  });
});

it("tells a share only where there is one", () => {
  const text = (explained: number | null): string =>
    explainedText({
      ...{ deviance: 1, flatDeviance: 3, constantDeviance: 2, noiseDeviance: 0.9, noiseSpread: 0.01 },
      explained,
    });
  expect(text(0.95)).toMatch(/noise 0\.900: 95 % explained\)$/);
  expect(text(1.08)).toMatch(/below the noise, which is fitted too\)$/);
  expect(text(-4.4)).toMatch(/worse than a flat object\)$/);
  expect(text(null)).toMatch(/flat within the noise\)$/);
});
