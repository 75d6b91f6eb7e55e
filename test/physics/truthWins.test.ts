import { describe, expect, it } from "vitest";
import { splitComplex } from "../../src/arrays.ts";
import { groupGeometry } from "../../src/data/groupGeometry.ts";
import { type Complex, complexReshape } from "../../src/graph/complex.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { mul, sqrt } from "../../src/graph/ops/elementwise.ts";
import { mean } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { extractGroup, mergeGroup, type PatchWeighting } from "../../src/physics/group.ts";
import { absoluteError, poissonDeviance } from "../../src/physics/likelihood.ts";
import { sampleMean } from "../../src/physics/perSample.ts";
import { predictIntensity } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { accumulate, bestScales, emptyNormalEquations } from "../../src/physics/varpro.ts";
import { Random } from "../../src/random.ts";
import { countPhotons } from "../../src/simulation/detector.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { evaluate, testRuntime } from "../evaluate.ts";
import { canvasSide } from "../parity/reference/canvasSide.ts";
import { basisIntensity, intensityBasis } from "../parity/reference/intensityBasis.ts";
import {
  countIntensityNll,
  matchEnergy,
  meanObserved,
  poissonAmplitudeNll,
  poissonNll,
  rectangularAbsoluteError,
} from "../parity/reference/losses.ts";
import { tolerances } from "../tolerances.ts";
import { complexConstant, complexInput, type Parts } from "./inputs.ts";

/**
 * A loss that a flat object can win is a trap that training falls into: on simulated photon counts the true object must
 * have the least loss of all simple objects, whichever loss and however patches are merged.
 */
const [N, C, B] = [32, 4, 2];
const PHOTONS = 1e5;

function simulate() {
  const random = new Random(21);
  const object = makeObject({ kind: "gaussianField", exponent: 3 }, [96, 96], random, { amplitude: [1, 0.4] });
  const probe = makeProbe(N, { kind: "gaussian", fwhm: 5, defocus: 8 });
  const positions = Float64Array.from({ length: 2 * B * C }, (_, i) => {
    const group = Math.floor(i / (2 * C));
    return 34 + 20 * group + 4 * random.uniform();
  });
  const { intensity, probe: scaledProbe } = diffract(object, probe, positions, PHOTONS);
  countPhotons(intensity, random);
  const { offsets } = groupGeometry(positions, {
    size: C,
    count: B,
    frames: Int32Array.from({ length: B * C }, (_, k) => k),
  });
  return {
    counts: intensity,
    probe: scaledProbe,
    offsets: Float32Array.from(offsets),
    truth: patchesAt(object, positions),
  };
}

function patchesAt(object: Parameters<typeof extractPatch>[0], positions: Float64Array): Parts {
  const patches = { re: new Float32Array(B * C * N * N), im: new Float32Array(B * C * N * N) };
  const patch = new Float64Array(2 * N * N);
  for (let k = 0; k < B * C; k++) {
    extractPatch(object, positions[2 * k], positions[2 * k + 1], N, patch);
    const { re, im } = splitComplex({ shape: [N, N], data: Float32Array.from(patch) });
    patches.re.set(re, k * N * N);
    patches.im.set(im, k * N * N);
  }
  return patches;
}

const average = (x: Float32Array): number => x.reduce((a, b) => a + b, 0) / x.length;

/** What a network that has not understood the data may produce. */
function trivialObjects({ re, im }: Parts): Record<string, Parts> {
  const amplitude = re.map((x, i) => Math.hypot(x, im[i]));
  const none = re.map(() => 0);
  const moved = (x: Float32Array, by: number): Float32Array => x.map((_, i) => x[(i + by) % x.length]);
  const window = N * N;
  const energy = Math.sqrt(average(amplitude.map((a) => a * a)));
  const [meanRe, meanIm] = [average(re), average(im)];
  return {
    "flat, of unit amplitude": { re: re.map(() => 1), im: none },
    "flat, of the true energy": { re: re.map(() => energy), im: none },
    "the mean": { re: re.map(() => meanRe), im: im.map(() => meanIm) },
    "amplitude alone": { re: amplitude, im: none },
    "phase alone": { re: re.map((x, i) => x / amplitude[i]), im: im.map((y, i) => y / amplitude[i]) },
    conjugate: { re, im: im.map((y) => -y) },
    "upside down": {
      re: re.map((_, i) => re[i - (i % window) + window - 1 - (i % window)]),
      im: im.map((_, i) => im[i - (i % window) + window - 1 - (i % window)]),
    },
    "another group's": { re: moved(re, C * window), im: moved(im, C * window) },
    "two pixels off": { re: moved(re, 2), im: moved(im, 2) },
    nothing: { re: none, im: none },
  };
}

describe("the true object has the least loss", () => {
  const scene = simulate();
  // A beamstop and a dead row, where nothing was counted.
  const mask = Float32Array.from({ length: N * N }, (_, i) => {
    const [y, x] = [Math.floor(i / N) - N / 2, (i % N) - N / 2];
    return Math.hypot(y, x) <= 2 || y === 5 ? 0 : 1;
  });
  const masked = (x: Tensor): Tensor => mul(x, x.graph.constant(mask, [N, N]));
  const losses: Record<string, (rate: Tensor, counts: Tensor) => Tensor> = {
    deviance: (rate, counts) => mean(poissonDeviance(rate, counts)),
    "deviance of the valid pixels": (rate, counts) =>
      mean(poissonDeviance(rate, masked(counts), rate.graph.constant(mask, [N, N]))),
    "mean absolute error of the valid pixels": (rate, counts) =>
      mean(sampleMean(masked(absoluteError(sqrt(rate), sqrt(masked(counts)))))),
    "Poisson between amplitudes": (rate, counts) => mean(poissonAmplitudeNll(sqrt(rate), sqrt(counts))),
    "mean absolute error": (rate, counts) => mean(sampleMean(absoluteError(sqrt(rate), sqrt(counts)))),
    "mean absolute error at equal energy": (rate, counts) =>
      mean(absoluteError(matchEnergy(sqrt(rate), sqrt(counts)), sqrt(counts))),
    "Poisson of intensities": (rate, counts) => mean(poissonNll(rate, counts)),
    "Poisson of count intensities": (rate, counts) => mean(countIntensityNll(rate, counts, meanObserved(counts))),
  };

  type Losses = Record<string, number>;

  interface Arrangement {
    readonly weighting: PatchWeighting | "apart";
    /** Patches in a group: 4, or every patch on its own canvas. */
    readonly channels?: number;
    /** Patches placed at −(r − r̄). */
    readonly mirrored?: boolean;
  }

  /** The object that the physics sees when these patches are arranged so. */
  function arranged(
    patches: Complex,
    probe: Complex,
    { weighting, channels = C, mirrored = false }: Arrangement,
  ): Complex {
    if (weighting === "apart") return patches;
    const { graph } = patches.re;
    const groups = complexReshape(patches, [(B * C) / channels, channels, N, N]);
    const moved = scene.offsets.map((x) => (channels === 1 ? 0 : mirrored ? -x : x));
    const offsets = graph.constant(moved, [(B * C) / channels, channels, 2]);
    const side = canvasSide(N, Math.sqrt(channels), 6);
    const { canvas } = mergeGroup(groups, offsets, { side, weighting, probe });
    return complexReshape(extractGroup(canvas, offsets, N), [B, C, N, N]);
  }

  /** One session for an arrangement, asked for the losses of many objects. */
  async function lossesWith(arrangement: Arrangement): Promise<(patches: Parts) => Promise<Losses>> {
    const graph = new Graph();
    const shape = [B, C, N, N];
    const patches = complexInput(graph, "patches", shape);
    const probe = complexConstant(graph, [1, N, N], splitComplex(scene.probe));
    const rate = predictIntensity(arranged(patches, probe, arrangement), probe, farField);
    const counts = graph.constant(scene.counts, shape);
    const outputs = Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss(rate, counts)]));
    const session = await testRuntime.load(buildModel({ outputs }));
    return async ({ re, im }) => {
      const results = await session.run({ patches_re: { data: re, shape }, patches_im: { data: im, shape } });
      return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, Number(data[0])]));
    };
  }

  const weightings: readonly PatchWeighting[] = ["central_mask", "uniform", "probe"];
  const arrangements: readonly Arrangement[] = [
    { weighting: "apart" },
    ...weightings.map((weighting) => ({ weighting })),
    ...weightings.map((weighting) => ({ weighting, channels: 1 })),
  ];
  it.each(arrangements)("patches merged: %o", async (arrangement) => {
    const lossesOf = await lossesWith(arrangement);
    const truth = await lossesOf(scene.truth);
    for (const [object, patches] of Object.entries(trivialObjects(scene.truth))) {
      const other = await lossesOf(patches);
      for (const [loss, value] of Object.entries(truth)) {
        expect(other[loss], `${loss} of ${object}`).toBeGreaterThan(value);
      }
    }
  });

  it.each(weightings)("true patches at mirrored places lose, weighted by %s", async (weighting) => {
    const [right, mirrored] = [await lossesWith({ weighting }), await lossesWith({ weighting, mirrored: true })];
    const truth = await right(scene.truth);
    const other = await mirrored(scene.truth);
    for (const [loss, value] of Object.entries(truth)) expect(other[loss], loss).toBeGreaterThan(value);
  });

  it.each<Arrangement>([{ weighting: "apart" }, ...weightings.map((weighting) => ({ weighting }))])(
    "with the best scales of real and imaginary part for each object: %o",
    async (arrangement) => {
      const graph = new Graph();
      const shape = [B, C, N, N];
      const patches = complexInput(graph, "patches", shape);
      const probe = complexConstant(graph, [1, N, N], splitComplex(scene.probe));
      const basis = intensityBasis(arranged(patches, probe, arrangement), probe, farField);
      const [s1, s2] = [graph.input("s1", []), graph.input("s2", [])];
      const rate = basisIntensity(basis, s1, s2);
      const counts = graph.constant(scene.counts, shape);
      const session = await testRuntime.load(
        buildModel({ outputs: { ...basis, ci: mean(countIntensityNll(rate, counts, meanObserved(counts))) } }),
      );
      const scalar = (value: number) => ({ data: Float32Array.of(value), shape: [] });
      const best = async ({ re, im }: Parts): Promise<{ loss: number; s2: number }> => {
        const feeds = { patches_re: { data: re, shape }, patches_im: { data: im, shape } };
        const at = await session.run({ ...feeds, s1: scalar(1), s2: scalar(1) }, ["real", "imaginary", "mixed"]);
        const values = (name: string): Float32Array => at[name].data as Float32Array;
        const equations = emptyNormalEquations();
        const regressors = { real: values("real"), imaginary: values("imaginary"), mixed: values("mixed") };
        accumulate(equations, regressors, scene.counts);
        const scales = bestScales(equations);
        const { ci } = await session.run({ ...feeds, s1: scalar(scales.s1), s2: scalar(scales.s2) }, ["ci"]);
        return { loss: Number(ci.data[0]), s2: scales.s2 };
      };
      const truth = await best(scene.truth);
      const { conjugate, nothing: _, ...others } = trivialObjects(scene.truth);
      for (const [object, patches] of Object.entries(others)) {
        expect((await best(patches)).loss, object).toBeGreaterThan(truth.loss);
      }
      // The conjugate is the truth with the other sign of s2: nothing in the intensities tells them apart.
      const twin = await best(conjugate);
      expect(Math.sign(twin.s2)).toBe(-Math.sign(truth.s2));
      expect(Math.abs(twin.loss / truth.loss - 1)).toBeLessThan(tolerances.otherSummationOrder);
    },
  );

  it("at the shot-noise limit or near it, when patches are not merged", async () => {
    const { deviance } = await (await lossesWith({ weighting: "apart" }))(scene.truth);
    expect(deviance).toBeGreaterThan(0.1);
    expect(deviance).toBeLessThan(1.3);
  });
});

describe("the squared intensity error of the reference's rectangular mode", () => {
  it("prefers the root of the truth: it is here to compare with, not to train on", async () => {
    const graph = new Graph();
    const [rate, counts] = [graph.input("rate", [1, 3]), graph.input("counts", [1, 3])];
    const loss = mean(rectangularAbsoluteError(rate, counts));
    const k = Float32Array.of(4, 9, 100);
    expect((await evaluate({ loss }, { rate: k.map(Math.sqrt), counts: k })).loss[0]).toBe(0);
    expect((await evaluate({ loss }, { rate: k, counts: k })).loss[0]).toBeGreaterThan(1000);
  });
});
