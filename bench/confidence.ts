import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { interleavedHalves } from "../src/data/halves.ts";
import { computeScales } from "../src/data/normalisation.ts";
import { drive } from "../src/engines/driver.ts";
import { engineNamed } from "../src/engines/registry.ts";
import type { Look } from "../src/engines/runningStage.ts";
import type { EngineScan } from "../src/engines/scan.ts";
import { completeSettings } from "../src/engines/settings.ts";
import { wellCovered } from "../src/inference/coverage.ts";
import { onCanvas } from "../src/inference/onCanvas.ts";
import { trustOf } from "../src/metrics/halfData.ts";
import { nodeKernels } from "../src/node/kernels.ts";
import { Random } from "../src/random.ts";
import { engineScanOf } from "../src/runs/reconstruct/engineScan.ts";
import type { ObjectName, SimulationOptions } from "../src/simulation/options.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { reliabilityOf, report } from "./reliability.ts";

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
  const all = engineScanOf(dataset, computeScales(dataset, every(dataset.patterns.count)));
  const scan = probe === undefined ? all : { ...all, probe: spoilt(all.probe, probe) };
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
  const { values, origin } = look.object;
  const [, height, width] = values.shape;
  const seen = onCanvas(truth, [0, 0], { height, width, origin: { y: origin[0], x: origin[1] } });
  return {
    ...reliabilityOf(object, seen, { ...confidence, known }, window),
    frc: frc.halfBit,
  };
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

const given = settings();
for (const kind of kinds)
  for (const engine of ["rpie", "lsqml"]) {
    const { frc, ...found } = await judged(caseOf(kind, 7), engine, given);
    console.log(`${kind.name} (${kind.what}), ${engine}; half-bit ${frc?.toPrecision(3) ?? "–"} px`);
    report(found);
  }
