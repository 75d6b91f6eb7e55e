import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { interleavedHalves } from "../src/data/halves.ts";
import { computeScales, normalisePatterns, scaledProbe } from "../src/data/normalisation.ts";
import { drive } from "../src/engines/driver.ts";
import { engineNamed } from "../src/engines/registry.ts";
import type { Look } from "../src/engines/runningStage.ts";
import type { EngineScan } from "../src/engines/scan.ts";
import { completeSettings } from "../src/engines/settings.ts";
import { wellCovered } from "../src/inference/coverage.ts";
import { WINDOW } from "../src/metrics/confidence.ts";
import { ontoWhole, trustOf } from "../src/metrics/halfData.ts";
import { type ComplexImage, complexImage } from "../src/metrics/image.ts";
import { nodeKernels } from "../src/node/kernels.ts";
import { fadingGaussianFilter } from "../src/numerics/gaussianFilter.ts";
import { Random } from "../src/random.ts";
import type { ObjectName, SimulationOptions } from "../src/simulation/options.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { rankCorrelation } from "../test/metrics/rankCorrelation.ts";

const USAGE = `npm run bench:confidence -- [--epochs N] [--threads N] [--calibration X] [--window PIXELS]
  Expected errors against true ones, on simulated scans of four kinds: docs/trust.md has what it prints, in its tables.`;

/** Four objects, each with another thing that spoils it. */
const kinds: readonly {
  readonly name: ObjectName;
  readonly what: string;
  readonly options: Partial<SimulationOptions>;
  readonly probe?: number;
}[] = [
  { name: "lines", what: "10^4 photons", options: { photons: 1e4 } },
  { name: "deadLeaves", what: "10^3 photons", options: { photons: 1e3 } },
  {
    name: "siemensStar",
    what: "10^6 photons, a third of the overlap",
    options: { photons: 1e6, step: 8, patterns: 49 },
  },
  { name: "gaussianField", what: "10^5 photons, a wrong probe", options: { photons: 1e5 }, probe: 0.3 },
];

interface Case {
  readonly scan: EngineScan;
  readonly truth: ComplexArray;
}

function caseOf({ name, options, probe }: (typeof kinds)[number], seed: number): Case {
  const dataset = simulate({
    ...{ n: 32, patterns: 144, step: 4, seed, object: name, scan: "fermat", smoothing: 1 },
    ...options,
  });
  const { patterns, positions } = dataset;
  const scales = computeScales(dataset, every(patterns.count));
  const start = scaledProbe(dataset.probe, scales);
  const scan: EngineScan = {
    amplitudes: {
      ...{ count: patterns.count, height: patterns.height, width: patterns.width },
      read(which, out) {
        patterns.read(which, out);
        normalisePatterns(out, "counts", scales);
      },
    },
    ...{ positions, countsPerUnit: scales.countsPerUnit },
    probe: probe === undefined ? start : spoilt(start, probe),
  };
  if (dataset.object === undefined) throw new Error("a simulation without its object");
  return { scan, truth: dataset.object };
}

const every = (count: number): Int32Array => Int32Array.from({ length: count }, (_, k) => k);

/** Its amplitude rippled by this part. */
function spoilt({ shape, data }: ComplexArray, part: number): ComplexArray {
  const width = shape[2];
  return {
    shape,
    data: data.map(
      (value, i) => value * (1 + part * Math.sin(0.5 * Math.floor(i / 2 / width) + 0.2 * ((i / 2) % width))),
    ),
  };
}

async function reconstructed(
  { scan }: Case,
  engine: string,
  epochs: number,
  frames: Int32Array,
  threads: number,
): Promise<Look> {
  const named = engineNamed(engine);
  const driven = await drive({
    ...{ scan, frames, heldOut: new Int32Array(), random: new Random(5), kernels: () => nodeKernels({ threads }) },
    stages: [{ engine: named, settings: completeSettings(named), epochs, subPixel: "bilinear", wrappers: [] }],
  });
  return driven.look;
}

const planeOf = ({ object }: Look): ComplexArray => ({ shape: object.values.shape.slice(1), data: object.values.data });

/** Expected and true errors of the pixels that are known. */
interface Pairs {
  readonly expected: number[];
  readonly error: number[];
  /** RMS error around each. */
  readonly nearby: number[];
}

async function judged(problem: Case, engine: string, { epochs, threads, window, calibration, fraction }: Settings) {
  const { scan, truth } = problem;
  const all = every(scan.amplitudes.count);
  const look = await reconstructed(problem, engine, epochs, all, threads);
  const parts = interleavedHalves(all, new Random(9));
  const halves = [
    await reconstructed(problem, engine, epochs, parts[0], threads),
    await reconstructed(problem, engine, epochs, parts[1], threads),
  ] as const;
  const object = planeOf(look);
  const known = wellCovered(look.light, { fraction });
  const photons = look.light.map((light) => light * scan.countsPerUnit);
  const { confidence, frc } = trustOf(
    { object, halves: [planeOf(halves[0]), planeOf(halves[1])], known, photons },
    { ...(window === undefined ? {} : { window }), ...(calibration === undefined ? {} : { calibration }) },
  );
  const { image, known: compared } = ontoWhole(windowOf(truth, look), object, known);
  const errors = errorsOf(complexImage(object), image);
  const kept = compared.map((value, k) => (Number.isNaN(confidence.phase[k]) ? 0 : value));
  const pairs = (expected: Float64Array, error: Float64Array): Pairs => ({
    expected: inside(expected, kept),
    error: inside(error, kept),
    nearby: inside(nearbyRms(error, kept, image.shape), kept),
  });
  return {
    amplitude: pairs(confidence.amplitude, errors.amplitude),
    phase: pairs(confidence.phase, errors.phase),
    frc: frc.halfBit,
  };
}

const inside = (values: Float64Array, kept: Uint8Array): number[] => Array.from(values).filter((_, k) => kept[k] === 1);

/** What the scan's canvas shows of the true object. */
function windowOf({ shape, data }: ComplexArray, { object: { values, origin } }: Look): ComplexArray {
  const [, height, width] = values.shape;
  const out = new Float32Array(2 * height * width);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [row, column] = [y + origin[0], x + origin[1]];
      if (row < 0 || column < 0 || row >= shape[0] || column >= shape[1]) continue;
      const from = 2 * (row * shape[1] + column);
      out.set(data.subarray(from, from + 2), 2 * (y * width + x));
    }
  return { shape: [height, width], data: out };
}

/** |differences| of amplitude and phase. */
function errorsOf(object: ComplexImage, truth: ComplexImage) {
  const count = truth.data.length / 2;
  const [amplitude, phase] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    const [a, b] = [object.data.subarray(2 * k, 2 * k + 2), truth.data.subarray(2 * k, 2 * k + 2)];
    amplitude[k] = Math.abs(Math.hypot(a[0], a[1]) - Math.hypot(b[0], b[1]));
    phase[k] = Math.abs(Math.atan2(a[1] * b[0] - a[0] * b[1], a[0] * b[0] + a[1] * b[1]));
  }
  return { amplitude, phase };
}

/** RMS of the errors around each pixel, in the window in which the disagreement is averaged. */
function nearbyRms(error: Float64Array, kept: Uint8Array, shape: readonly [number, number]): Float64Array {
  const blurred = (values: ArrayLike<number>) => fadingGaussianFilter(values, shape, given.window ?? WINDOW);
  const weight = blurred(kept);
  return blurred(error.map((value, k) => kept[k] * value * value)).map((sum, k) => Math.sqrt(sum / weight[k]));
}

interface Settings {
  readonly epochs: number;
  readonly threads: number;
  readonly window: number | undefined;
  readonly calibration: number | undefined;
  readonly fraction: number;
}

function settings(): Settings {
  const { values } = parseArgs({
    options: {
      epochs: { type: "string", default: "60" },
      threads: { type: "string", default: "1" },
      window: { type: "string" },
      fraction: { type: "string", default: "0.1" },
      calibration: { type: "string" },
    },
  });
  const [epochs, threads, fraction] = [Number(values.epochs), Number(values.threads), Number(values.fraction)];
  if (!(epochs >= 1) || !(threads >= 1)) throw new Error(USAGE);
  const optional = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));
  return { epochs, threads, fraction, window: optional(values.window), calibration: optional(values.calibration) };
}

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

/** By the expected error, in groups of as many pixels each. */
function reliability({ expected, error }: Pairs, groups = 5): string {
  const order = expected.map((_, k) => k).sort((a, b) => expected[a] - expected[b]);
  return Array.from({ length: groups }, (_, g) => {
    const part = order.slice(Math.floor((g * order.length) / groups), Math.floor(((g + 1) * order.length) / groups));
    return `${rms(part.map((k) => expected[k])).toPrecision(2)}: ${rms(part.map((k) => error[k])).toPrecision(2)}`;
  }).join(", ");
}

const given = settings();
for (const kind of kinds)
  for (const engine of ["rpie", "lsqml"]) {
    const { amplitude, phase, frc } = await judged(caseOf(kind, 7), engine, given);
    console.log(`${kind.name} (${kind.what}), ${engine}; half-bit ${frc?.toPrecision(3) ?? "–"} px`);
    for (const [what, pairs] of Object.entries({ amplitude, phase })) {
      const overall = rms(pairs.error) / rms(pairs.expected);
      const rank = rankCorrelation(pairs.expected, pairs.error).toFixed(2);
      const nearby = rankCorrelation(pairs.expected, pairs.nearby).toFixed(2);
      const random = new Random(3);
      const best = rankCorrelation(
        pairs.nearby,
        pairs.nearby.map((value) => value * Math.abs(random.normal())),
      ).toFixed(2);
      console.log(
        `  ${what}: rank ${nearby} (pixel ${rank}, best ${best}), RMS true over expected ${overall.toFixed(2)}; ${reliability(pairs)}`,
      );
    }
  }
