import type { ComplexArray } from "../../src/arrays.ts";
import { computeScales, normalisePatterns, scaledProbe } from "../../src/data/normalisation.ts";
import type { EngineRun, Epoch, EpochReport } from "../../src/engines/engine.ts";
import type { Experiment } from "../../src/engines/experiment.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { applyGauge, findGauge } from "../../src/metrics/gauge.ts";
import type { ComplexImage } from "../../src/metrics/image.ts";
import { Random } from "../../src/random.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** A simulated scan as engines take it, and what made it. */
export interface Problem {
  readonly scan: EngineScan;
  /** `[H, W]`; pixel (0, 0) of the scan's positions is its first. */
  readonly object: ComplexArray;
  /** `[mode, n, n]`, as the scan's own first guess would be if it were right. */
  readonly probe: ComplexArray;
}

/** Small scans of an object with detail, on whole pixels and without noise unless something else is asked for. */
export function simulatedProblem(options: Partial<SimulationOptions> = {}): Problem {
  const dataset = simulate({
    ...{ n: 32, patterns: 100, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0, noise: false },
    ...{ photons: 1e5, smoothing: 1 },
    ...options,
  });
  const { patterns, positions } = dataset;
  const frames = everyFrame(patterns.count);
  const scales = computeScales(dataset, frames);
  const probe = scaledProbe(dataset.probe, scales);
  const scan: EngineScan = {
    amplitudes: {
      ...{ count: patterns.count, height: patterns.height, width: patterns.width },
      read(which, out) {
        patterns.read(which, out);
        normalisePatterns(out, "counts", scales);
      },
    },
    ...{ positions, probe, countsPerUnit: scales.countsPerUnit },
    ...(dataset.mask === undefined ? {} : { mask: dataset.mask.data }),
  };
  return { scan, object: dataset.object as ComplexArray, probe };
}

/** The same scan whose first guess of the probe is another. */
export function withProbe({ scan, ...truth }: Problem, probe: ComplexArray): Problem {
  return { scan: { ...scan, probe }, ...truth };
}

/** The true object as a first guess. */
export function withTrueObject({ scan, ...truth }: Problem): Problem {
  const [height, width] = truth.object.shape;
  const values = { shape: [1, height, width], data: truth.object.data };
  return { scan: { ...scan, object: { values, origin: [0, 0] } }, ...truth };
}

/** A wrong guess of a probe: its amplitude rippled by 30 % and its phase bent, the energy kept. */
export function spoiltProbe(probe: ComplexArray): ComplexArray {
  const [, height, width] = probe.shape;
  const data = probe.data.slice();
  for (let i = 0; i < data.length; i += 2) {
    const [y, x] = [(Math.floor(i / 2 / width) % height) / height - 0.5, ((i / 2) % width) / width - 0.5];
    const [gain, bend] = [1 + 0.3 * Math.sin(17 * y + 5 * x), 6 * (x * x - y * x)];
    const [c, s] = [gain * Math.cos(bend), gain * Math.sin(bend)];
    data[i] = probe.data[i] * c - probe.data[i + 1] * s;
    data[i + 1] = probe.data[i] * s + probe.data[i + 1] * c;
  }
  const energy = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
  const factor = Math.sqrt(energy(probe.data as Float32Array) / energy(data as Float32Array));
  return { shape: probe.shape, data: data.map((value) => factor * value) };
}

export const everyFrame = (count: number): Int32Array => Int32Array.from({ length: count }, (_, k) => k);

/** Some epochs over all frames. */
export async function runEpochs(
  run: EngineRun,
  { frames }: Experiment,
  epochs: number,
  { seed = 1, first = 0, random = new Random(seed) }: { seed?: number; first?: number; random?: Random } = {},
): Promise<EpochReport[]> {
  const reports: EpochReport[] = [];
  for (let number = first; number < first + epochs; number++) {
    const epoch: Epoch = { number, frames: everyFrame(frames), random, checkpoint: () => {} };
    reports.push(await run.step(epoch));
  }
  return reports;
}

/** The reconstructed object on the canvas. */
export async function objectOf({ kernels, object, canvas }: Experiment): Promise<ComplexImage> {
  return { shape: [canvas.height, canvas.width], data: Float64Array.from(await kernels.read(object)) };
}

/** ‖found − true‖ / ‖true‖ where the scan's windows have their centres, after phase, ramp and scale are taken out. */
export async function complexError(experiment: Experiment, { scan, object }: Problem): Promise<number> {
  const found = await objectOf(experiment);
  const { origin, height, width } = experiment.canvas;
  const truth = new Float64Array(2 * height * width);
  const mask = new Uint8Array(height * width);
  const [rows, columns] = object.shape;
  const [top, bottom] = extent(scan.positions, 0);
  const [left, right] = extent(scan.positions, 1);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [row, column] = [y + origin[0], x + origin[1]];
      if (row < 0 || column < 0 || row >= rows || column >= columns) continue;
      const [to, from] = [2 * (y * width + x), 2 * (row * columns + column)];
      truth[to] = object.data[from];
      truth[to + 1] = object.data[from + 1];
      mask[to / 2] = row >= top && row <= bottom && column >= left && column <= right ? 1 : 0;
    }
  const reference: ComplexImage = { shape: found.shape, data: truth };
  const aligned = applyGauge(found, findGauge(found, reference, {}, mask));
  let [off, all] = [0, 0];
  for (let i = 0; i < truth.length; i++) {
    if (mask[i >> 1] === 0) continue;
    off += (aligned.data[i] - truth[i]) ** 2;
    all += truth[i] ** 2;
  }
  return Math.sqrt(off / all);
}

function extent(positions: Float64Array, axis: 0 | 1): [number, number] {
  const values = positions.filter((_, k) => k % 2 === axis);
  return [Math.min(...values), Math.max(...values)];
}
