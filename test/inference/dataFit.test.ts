import { describe, expect, it } from "vitest";
import { type ComplexArray, joinComplex } from "../../src/arrays.ts";
import { computeScales, scaledProbe } from "../../src/data/normalisation.ts";
import { type DataFitOptions, fitToData } from "../../src/inference/dataFit.ts";
import { gaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { withHermiteModes } from "../../src/optics/probeModes.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { nearField } from "../../src/physics/propagation/nearField.ts";
import { Random } from "../../src/random.ts";
import { simulateScan } from "../../src/simulation/simulate.ts";
import { tolerances } from "../tolerances.ts";

const n = 16;
const side = 48;
const photons = 5e3;

/** |O| = 1, on whole pixels, where interpolation keeps it so: the normalisation, which takes a unit object, is exact. */
const object: ComplexArray = (() => {
  const phase = Float32Array.from({ length: side * side }, (_, i) => Math.sin(i / 7) + 0.02 * (i % side));
  return joinComplex([side, side], phase.map(Math.cos), phase.map(Math.sin));
})();

const random = new Random(2);
const positions = Float64Array.from({ length: 2 * 40 }, () => 14 + random.integer(21));

function fitOptions(change: Partial<DataFitOptions> = {}, beamstop = 0): DataFitOptions {
  const probe = withHermiteModes(makeProbe(n, { kind: "gaussian", fwhm: 4 }), [0.7, 0.3]);
  const dataset = simulateScan({ object, probe, positions, photons, beamstop });
  const frames = Array.from({ length: 40 }, (_, frame) => frame);
  // The beamstop takes energy out of the patterns that the probe still has; the truth is known here.
  const scales = { ...computeScales(simulateScan({ object, probe, positions, photons }), frames) };
  return {
    dataset,
    scales,
    probe: scaledProbe(dataset.probe, scales),
    propagator: farField,
    frames,
    object,
    coverage: new Float32Array(side * side).fill(1),
    canvas: { height: side, width: side, origin: { y: 0, x: 0 } },
    ...change,
  };
}

const times = (a: ArrayLike<number>, b: ArrayLike<number>): Float64Array => {
  const out = new Float64Array(a.length);
  for (let i = 0; i < a.length; i += 2) {
    out[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
    out[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
  }
  return out;
};

const far = (wave: Float64Array): Float64Array => farField.plan([n, n]).forward(wave, wave);

/** The scan whose patterns are other waves on the detector, and perhaps blurred in space. */
function remeasured(
  { dataset, scales, probe }: DataFitOptions,
  waveOf: (patches: readonly Float64Array[], probe: Float32Array) => Float64Array,
  slices: readonly ComplexArray[],
  sigma = 0,
): DataFitOptions["dataset"] {
  const read = (frames: ArrayLike<number>, out: Float32Array): void =>
    Array.from(frames).forEach((frame, k) => {
      const [y, x] = positions.subarray(2 * frame, 2 * frame + 2);
      const patches = slices.map((slice) => extractPatch(slice, y, x, n));
      const intensity = new Float64Array(n * n);
      for (let mode = 0; mode < probe.shape[0]; mode++) {
        const wave = waveOf(patches, probe.data.subarray(2 * mode * n * n, 2 * (mode + 1) * n * n) as Float32Array);
        for (let i = 0; i < n * n; i++) intensity[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
      }
      out.set(
        gaussianFilter(intensity, [n, n], sigma).map((value) => value * scales.countsPerUnit),
        k * n * n,
      );
    });
  return { ...dataset, patterns: { ...dataset.patterns, read } };
}

describe("the fit of an object to the data", () => {
  it("is perfect for the truth, with several modes and a masked beamstop", () => {
    for (const beamstop of [0, 5]) {
      const fit = fitToData(fitOptions({}, beamstop))!;
      expect(fit.rFactor).toBeLessThan(tolerances.simulatedAgain);
      expect(fit.deviance).toBeLessThan(tolerances.simulatedAgain);
      expect(fit).toMatchObject({ patterns: 40, eligible: 40 });
    }
  });

  it("is perfect for the truth through several slices, and of a detector that blurs", () => {
    const options = fitOptions();
    const between = nearField({ travel: 4, wavelength: 0 });
    const second = { shape: object.shape, data: object.data.map((_, i, all) => all[(i + 2 * 977) % all.length]) };
    // Computed here: each patch in the light that comes through the one before, and pixels that leak.
    const thick = remeasured(
      options,
      (patches, probe) => {
        const wave = times(patches[0], probe);
        between.plan([n, n]).forward(wave, wave);
        return far(times(patches[1], wave));
      },
      [object, second],
    );
    const slices = { shape: [2, side, side], data: Float32Array.from([...object.data, ...second.data]) };
    const through = fitToData({ ...options, dataset: thick, object: slices, between })!;
    expect(through.rFactor).toBeLessThan(tolerances.simulatedAgain);
    expect(fitToData({ ...options, dataset: thick, object })!.rFactor).toBeGreaterThan(0.1);

    const soft = remeasured(options, (patches, probe) => far(times(patches[0], probe)), [object], 0.6);
    expect(fitToData({ ...options, dataset: soft, blurSigma: 0.6 })!.rFactor).toBeLessThan(0.01);
    expect(fitToData({ ...options, dataset: soft })!.rFactor).toBeGreaterThan(0.05);
  });

  it("is perfect for the truth in several states, whose patterns add up", () => {
    const options = fitOptions();
    const [bright, dim] = [0, 977].map((by, k) => ({
      shape: object.shape,
      data: object.data.map((_, i, all) => Math.sqrt(k === 0 ? 0.7 : 0.3) * all[(i + 2 * by) % all.length]),
    }));
    // As modes of light that pass the one or the other.
    const of = (which: number) =>
      remeasured(options, (patches, probe) => far(times(patches[which], probe)), [bright, dim]).patterns;
    const read = (frames: ArrayLike<number>, out: Float32Array): void => {
      const more = new Float32Array(out.length);
      of(0).read(frames, out);
      of(1).read(frames, more);
      for (let i = 0; i < out.length; i++) out[i] += more[i];
    };
    const dataset = { ...options.dataset, patterns: { ...options.dataset.patterns, read } };
    const states = { shape: [2, side, side], data: Float32Array.from([...bright.data, ...dim.data]) };
    const fit = fitToData({ ...options, dataset, object: states, incoherent: true })!;
    expect(fit.rFactor).toBeLessThan(tolerances.simulatedAgain);
    expect(fitToData({ ...options, dataset, object: bright })!.rFactor).toBeGreaterThan(0.1);
  });

  it("has the closed forms of an object that is too dark: R = 1 - c, deviance 2 k (c² - 1 - ln c²) a pixel", () => {
    const c = 0.8;
    const dark = { shape: object.shape, data: object.data.map((value) => c * value) };
    const fit = fitToData(fitOptions({ object: dark }))!;
    expect(fit.rFactor).toBeCloseTo(1 - c, 4);
    const meanCounts = photons / (n * n);
    expect(fit.deviance / (2 * meanCounts * (c * c - 1 - Math.log(c * c)))).toBeCloseTo(1, 3);
  });

  it("allows for an amplitude that the physics adds to all pixels: R² = n² β² / Σ x²", () => {
    const offset = 0.03;
    const { scales } = fitOptions();
    const fit = fitToData(fitOptions({ offset }))!;
    const energy = photons / scales.countsPerUnit;
    expect(fit.rFactor).toBeCloseTo(Math.sqrt((n * n * offset ** 2) / energy), 4);
  });

  it("does not mind a beam of another intensity in every pattern where it is told of one", () => {
    const beam = new Random(9);
    const frameIntensities = Float64Array.from({ length: 40 }, () => 0.5 + beam.uniform());
    const steady = fitOptions();
    const flickering = simulateScan({ object, probe: steady.dataset.probe, positions, photons, frameIntensities });
    for (const offset of [0, 0.03]) {
      const blind = fitToData({ ...steady, dataset: flickering, offset })!;
      const told = fitToData({ ...steady, dataset: flickering, offset, frameIntensity: true })!;
      expect(blind.rFactor).toBeGreaterThan(0.1);
      if (offset > 0) expect(told.rFactor).toBeLessThan(blind.rFactor);
      else expect(told.rFactor).toBeLessThan(tolerances.simulatedAgain);
    }
  });

  it("looks at as many patterns as asked for, spread evenly", () => {
    expect(fitToData(fitOptions({ most: 8 }))).toMatchObject({ patterns: 8, eligible: 40 });
  });

  it("leaves out patterns that light what is not known", () => {
    const coverage = Float32Array.from({ length: side * side }, (_, i) => (i < (side * side) / 2 ? 1 : 0));
    const fit = fitToData(fitOptions({ coverage }))!;
    expect(fit.eligible).toBeGreaterThan(0);
    expect(fit.eligible).toBeLessThan(25);
    expect(fit.rFactor).toBeLessThan(tolerances.refittedR);
    const nowhere = Float32Array.from({ length: side * side }, (_, i) => (i === 0 ? 1 : 0));
    expect(fitToData(fitOptions({ coverage: nowhere }))).toBeUndefined();
  });
});
