import type { ComplexArray } from "../../src/arrays.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import type { EngineRun, Epoch, EpochReport } from "../../src/engines/engine.ts";
import type { Experiment } from "../../src/engines/experiment.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { type Alignment, align } from "../../src/metrics/align.ts";
import { relativeError } from "../../src/metrics/differences.ts";
import type { ComplexImage } from "../../src/metrics/image.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import type { GeometryStatement } from "../../src/optics/geometry.ts";
import { Random } from "../../src/random.ts";
import { engineScanOf } from "../../src/runs/reconstruct/engineScan.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate, simulateScan } from "../../src/simulation/simulate.ts";
import { amplitudesInMemory } from "./inMemory.ts";

/** A simulated scan as engines take it, and what made it. */
export interface Problem {
  readonly scan: EngineScan;
  /** `[H, W]`, which with the probe makes the amplitudes; pixel (0, 0) of the scan's positions is its first. */
  readonly object: ComplexArray;
  /** `[mode, h, w]`, as the scan's own first guess would be if it were right. */
  readonly probe: ComplexArray;
}

/** Small scans of an object with detail, on whole pixels, with noise where photons are said. */
export function simulatedProblem(options: Partial<SimulationOptions> = {}): Problem {
  const { photons, seed = 3 } = options;
  const {
    object,
    probe: sharp,
    positions: between,
    geometry,
  } = simulate({
    ...{ n: 32, patterns: 100, step: 4, seed, object: "deadLeaves", scan: "raster", jitter: 0.3, smoothing: 1 },
    ...options,
  });
  return problemOf(
    {
      ...{ object: object as ComplexArray, probe: sharp, positions: between.map(Math.round) },
      ...(geometry === undefined ? {} : { geometry }),
      ...(options.beamstop === undefined ? {} : { beamstop: options.beamstop }),
    },
    photons,
    seed,
  );
}

/**
 * A scan of any object from positions on whole pixels.
 *
 * @param photons a pattern, with noise; without any where they are not said
 */
export function problemOf(
  made: Pick<Parameters<typeof simulateScan>[0], "object" | "probe" | "positions" | "geometry" | "beamstop">,
  photons?: number,
  seed = 3,
): Problem {
  const dataset = simulateScan({
    ...made,
    photons: photons ?? 1e5,
    ...(photons === undefined ? {} : { noise: new Random(seed) }),
  });
  return problemOfDataset(dataset);
}

/** A simulated dataset as engines take it. */
export function problemOfDataset(dataset: Dataset): Problem {
  const scales = computeScales(dataset, everyFrame(dataset.patterns.count));
  const scan = engineScanOf(dataset, scales);
  // What the object lets through is in the patterns' energy, not in the probe's.
  const { shape, data } = dataset.object as ComplexArray;
  const gain = scales.inputScale / scales.probeScale;
  return { scan, object: { shape, data: data.map((value) => gain * value) }, probe: scan.probe };
}

/** λ z / p² = 20.1: light of the finest detail travels ten pixels. */
export const nearGeometry: GeometryStatement = {
  propagation: "near-field",
  ...{ wavelengthM: 1e-10, detectorDistanceM: 0.4, detectorPixelM: 20e-6, focusDistanceM: 2e-3 },
};

/**
 * The object of another problem through other windows, or from positions between pixels, where the object is bilinear; all
 * computed here, in float64.
 */
export function resimulated(
  { scan, object, probe }: Problem,
  { window, between = false, mask }: { window?: readonly [number, number]; between?: boolean; mask?: Float32Array },
): Problem {
  const random = new Random(7);
  const positions = scan.positions.map((value) => value + (between ? random.uniform() - 0.5 : 0));
  const shape = window ?? [probe.shape[1], probe.shape[2]];
  const [height, width] = shape;
  const middle = middleOf(probe, shape);
  const energy = middle.data.reduce((sum, value) => sum + value * value, 0);
  const light = middle.data.map((value) => value * Math.sqrt((height * width) / 4 / energy));
  const frames = positions.length / 2;
  const patterns = new Float64Array(frames * height * width);
  for (let frame = 0; frame < frames; frame++)
    for (let mode = 0; mode < probe.shape[0]; mode++)
      addPattern(patterns.subarray(frame * height * width), {
        ...{ object, shape, centre: positions.subarray(2 * frame, 2 * frame + 2) },
        probe: light.subarray(2 * mode * height * width, 2 * (mode + 1) * height * width),
      });
  const scale = Math.sqrt((frames * height * width) / 4 / patterns.reduce((sum, value) => sum + value, 0));
  const amplitudes = Float32Array.from(patterns, (value) => scale * Math.sqrt(value));
  const first = { shape: middle.shape, data: light };
  return {
    scan: {
      amplitudes: amplitudesInMemory(amplitudes, [frames, height, width]),
      ...{ positions, probe: first, countsPerUnit: scan.countsPerUnit },
      ...(mask === undefined ? {} : { mask }),
    },
    object: { shape: object.shape, data: object.data.map((value) => value * scale) },
    probe: first,
  };
}

function middleOf(probe: ComplexArray, [height, width]: readonly [number, number]): ComplexArray {
  const [modes, h, w] = probe.shape;
  const [top, left] = [Math.floor(h / 2) - Math.floor(height / 2), Math.floor(w / 2) - Math.floor(width / 2)];
  const data = new Float32Array(2 * modes * height * width);
  for (let row = 0; row < modes * height; row++) {
    const from = 2 * ((Math.floor(row / height) * h + top + (row % height)) * w + left);
    data.set(probe.data.subarray(from, from + 2 * width), 2 * row * width);
  }
  return { shape: [modes, height, width], data };
}

/** += |F (probe × object)|². */
function addPattern(
  out: Float64Array,
  {
    object,
    probe,
    shape,
    centre,
  }: { object: ComplexArray; probe: Float32Array; shape: readonly [number, number]; centre: Float64Array },
): void {
  const [height, width] = shape;
  const wave = new Float64Array(2 * height * width);
  const at = (y: number, x: number, part: number): number => {
    const [row, column] = [Math.floor(y), Math.floor(x)];
    const [down, right] = [y - row, x - column];
    const value = (r: number, c: number): number => object.data[2 * (r * object.shape[1] + c) + part];
    return (
      (1 - down) * ((1 - right) * value(row, column) + right * value(row, column + 1)) +
      down * ((1 - right) * value(row + 1, column) + right * value(row + 1, column + 1))
    );
  };
  for (let i = 0; i < height * width; i++) {
    const y = centre[0] - Math.floor(height / 2) + Math.floor(i / width);
    const x = centre[1] - Math.floor(width / 2) + (i % width);
    const [re, im] = [at(y, x, 0), at(y, x, 1)];
    wave[2 * i] = re * probe[2 * i] - im * probe[2 * i + 1];
    wave[2 * i + 1] = re * probe[2 * i + 1] + im * probe[2 * i];
  }
  const far = planFft2(shape).forward(wave);
  for (let i = 0; i < height * width; i++) out[i] += far[2 * i] ** 2 + far[2 * i + 1] ** 2;
}

/** Rows and columns change places, in patterns, probe, positions and object. */
export function transposed(problem: Problem): Problem {
  const { height, width } = problem.scan.amplitudes;
  return moved(problem, { of: ([h, w]) => [w, h], from: (y, x) => [x, y], place: ([y, x]) => [x, y] }, [width, height]);
}

/** Upside down. Windows have an odd number of rows, so that their middles stay. */
export function mirrored(problem: Problem): Problem {
  const { height, width } = problem.scan.amplitudes;
  const rows = problem.object.shape[0];
  return moved(
    problem,
    { of: (shape) => shape, from: (y, x, h) => [h - 1 - y, x], place: ([y, x]) => [rows - 1 - y, x] },
    [height, width],
  );
}

type Pair = readonly [number, number];

function moved(
  { scan, object, probe }: Problem,
  how: {
    of(shape: Pair): Pair;
    /** Where pixel (y, x) of a moved image of h rows comes from. */
    from(y: number, x: number, h: number): Pair;
    place(position: Pair): Pair;
  },
  [height, width]: Pair,
): Problem {
  const images = <T extends Float32Array>(data: T, before: Pair, parts: number): Float32Array => {
    const [h, w] = how.of(before);
    const out = new Float32Array(data.length);
    for (let k = 0; k < data.length; k++) {
      const [pixel, part] = [Math.floor(k / parts), k % parts];
      const image = Math.floor(pixel / (h * w));
      const [y, x] = how.from(Math.floor(pixel / w) % h, pixel % w, h);
      out[k] = data[parts * (image * h * w + y * before[1] + x) + part];
    }
    return out;
  };
  const complex = ({ shape, data }: ComplexArray): ComplexArray => {
    const before = shape.slice(-2) as unknown as Pair;
    return { shape: [...shape.slice(0, -2), ...how.of(before)], data: images(data as Float32Array, before, 2) };
  };
  const { amplitudes, positions } = scan;
  const light = complex(probe);
  return {
    scan: {
      ...scan,
      amplitudes: {
        ...{ count: amplitudes.count, height, width },
        read(frames, out) {
          const read = new Float32Array(out.length);
          amplitudes.read(frames, read);
          out.set(images(read, [amplitudes.height, amplitudes.width], 1));
        },
      },
      positions: positions.map((_, k) => how.place([positions[k & ~1], positions[k | 1]])[k & 1]),
      probe: light,
    },
    object: complex(object),
    probe: light,
  };
}

/** The same scan whose first guess of the probe is another. */
export function withProbe({ scan, ...truth }: Problem, probe: ComplexArray): Problem {
  return { scan: { ...scan, probe }, ...truth };
}

/** The same scan whose frames' amplitudes are changed. */
export const spoilt = (problem: Problem, change: (amplitudes: Float32Array, frame: number) => void): Problem => {
  const { amplitudes } = problem.scan;
  const pixels = amplitudes.height * amplitudes.width;
  return {
    ...problem,
    scan: {
      ...problem.scan,
      amplitudes: {
        ...amplitudes,
        read(frames, out) {
          amplitudes.read(frames, out);
          for (let k = 0; k < frames.length; k++) change(out.subarray(k * pixels, (k + 1) * pixels), frames[k]);
        },
      },
    },
  };
};

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
  const factor = Math.sqrt(energy(probe.data) / energy(data));
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

/**
 * ‖found − true‖ / ‖true‖ where the scan's windows have their centres, after phase, ramp and scale are taken out, and a
 * shift where that is asked for: a probe that was not known may have moved, and the object with it.
 */
export async function complexError(
  experiment: Experiment,
  problem: Problem,
  { register = false } = {},
): Promise<number> {
  const { aligned: found, truth, covered } = await aligned(experiment, problem, register);
  const inside = (values: Float64Array): Float64Array => values.filter((_, i) => covered[i >> 1] === 1);
  return relativeError(inside(found.data), inside(truth.data));
}

async function aligned(experiment: Experiment, { scan, object }: Problem, register = false): Promise<Alignment> {
  const { shape, data } = await objectOf(experiment);
  const { origin } = experiment.canvas;
  const [top, bottom] = extent(scan.positions, 0);
  const [left, right] = extent(scan.positions, 1);
  const mask = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => {
    const [row, column] = [Math.floor(i / shape[1]) + origin[0], (i % shape[1]) + origin[1]];
    return row >= top && row <= bottom && column >= left && column <= right ? 1 : 0;
  });
  const found = { shape, data: Float32Array.from(data) };
  return align(found, object, { origin, mask: { shape, data: mask }, register });
}

/** ‖a − b‖ / ‖b‖ */
export const distance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  relativeError(Float64Array.from(a), Float64Array.from(b));

/**
 * How far the mutual intensity ρ = Σ_m P_m P_m† of the modes is the true one's: tr ρ σ / √(tr ρ² tr σ²). The ramp that the
 * object has instead of the probe is given back.
 */
export async function modeFidelity(experiment: Experiment, problem: Problem): Promise<number> {
  const { kernels, probe } = experiment;
  const [modes, height, width] = problem.probe.shape;
  const { ramp } = (await aligned(experiment, problem)).gauge;
  const found = Float64Array.from(await kernels.read(probe));
  for (let i = 0; i < found.length; i += 2) {
    const angle = -(ramp[0] * (Math.floor(i / 2 / width) % height) + ramp[1] * ((i / 2) % width));
    const [c, s, re, im] = [Math.cos(angle), Math.sin(angle), found[i], found[i + 1]];
    found[i] = c * re - s * im;
    found[i + 1] = s * re + c * im;
  }
  const size = 2 * height * width;
  const overlap = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    let sum = 0;
    for (let m = 0; m < modes; m++)
      for (let n = 0; n < modes; n++) {
        let [re, im] = [0, 0];
        for (let i = 0; i < size; i += 2) {
          const [p, q] = [m * size + i, n * size + i];
          re += a[p] * b[q] + a[p + 1] * b[q + 1];
          im += a[p] * b[q + 1] - a[p + 1] * b[q];
        }
        sum += re * re + im * im;
      }
    return sum;
  };
  const truth = problem.probe.data;
  return overlap(found, truth) / Math.sqrt(overlap(found, found) * overlap(truth, truth));
}

function extent(positions: Float64Array, axis: 0 | 1): [number, number] {
  const values = positions.filter((_, k) => k % 2 === axis);
  return [Math.min(...values), Math.max(...values)];
}
