/**
 * What many processes would do, from what two did and a stated network: the tables of `docs/scaling.md`.
 * `npx tsx bench/scalingModel.ts [FILE.json]` prints them.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { NoiseScale } from "./gradientNoise.ts";
import type { Measured } from "./scalingPart.ts";

/** Measured by `scaling.ts`; times of one process with one thread, ms. */
export interface ScalingInputs {
  readonly machine: string;
  readonly engine: string;
  /** A training step takes `fixed + patterns · each`. */
  readonly step: { readonly fixed: number; readonly each: number };
  readonly gradientBytes: number;
  /** Calls in a step beside the sum of the gradients. */
  readonly smallSums: number;
  /** A sum of a few numbers between two processes of one computer: all of it but the network. */
  readonly call: number;
  /** A sum of bytes there, above that, a byte: copying and adding. */
  readonly sumByte: number;
  /** Of a pattern; what is summed in the end, bytes; in how many calls. */
  readonly infer: Shared;
  /** The same in an epoch of the engine. */
  readonly reconstruct: Shared;
  /** After each epoch, from none on. */
  readonly noise: readonly Pick<NoiseScale, "signal" | "variance">[];
}

interface Shared {
  readonly each: number;
  readonly bytes: number;
  readonly calls: number;
  /** So many patterns make so many calls, of an engine that moves in every batch. Absent: however many there are. */
  readonly per?: number;
}

/** Stated, not measured: a class of networks. */
export interface Network {
  /** From one process to another, ms. */
  readonly latency: number;
  /** Bytes a millisecond, of each process, in and out at a time. */
  readonly bandwidth: number;
}

/** 100 Gb/s, 2 µs. */
export const NETWORK: Network = { latency: 2e-3, bandwidth: 12.5e6 };

export function scalingInputs(found: {
  readonly machine: string;
  readonly engine: string;
  /** Steps of 4 and of 16 patterns. */
  readonly train: readonly [Measured, Measured];
  readonly two: Measured;
  /** In one process and in two. */
  readonly infer: readonly [Measured, Measured];
  readonly reconstruct: readonly [Measured, Measured];
  readonly noise: readonly NoiseScale[];
  /** Of the scan that was measured. */
  readonly patterns: number;
}): ScalingInputs {
  const [small, large] = found.train.map(({ milliseconds }) => milliseconds);
  // Below what the two tell apart a step has no fixed part.
  const each = Math.min((large - small) / 12, large / 16);
  const { latencyUs = 0, sumMs = 0, sumBytes = 0, calls } = found.two;
  const call = latencyUs / 1000;
  const shared = ([one, two]: readonly [Measured, Measured]): Shared => ({
    ...{ each: 1000 / one.patternsPerS, bytes: two.bytes, calls: two.calls },
  });
  return {
    machine: found.machine,
    engine: found.engine,
    step: { fixed: large - 16 * each, each },
    gradientBytes: sumBytes,
    smallSums: calls - 1,
    call,
    sumByte: Math.max(0, sumMs - call) / sumBytes,
    infer: shared(found.infer),
    reconstruct: { ...shared(found.reconstruct), per: found.patterns },
    noise: found.noise.map(({ signal, variance }) => ({ signal, variance })),
  };
}

/**
 * Milliseconds of a sum over R processes: every process gets its part of the vector from all others, adds, and gives it to
 * all (`orderedSum.ts`), so R − 1 messages twice, and 2 (R − 1)/R of the bytes over its own line.
 */
export function sumTime(bytes: number, processes: number, { call, sumByte }: ScalingInputs, network: Network): number {
  if (processes === 1) return 0;
  const others = processes - 1;
  return call + bytes * sumByte + 2 * others * network.latency + (2 * others * bytes) / processes / network.bandwidth;
}

/** Milliseconds of a training step with so many patterns in each process. */
export function stepTime(patterns: number, processes: number, inputs: ScalingInputs, network: Network): number {
  const { step, gradientBytes, smallSums } = inputs;
  const sums = smallSums * sumTime(8, processes, inputs, network) + sumTime(gradientBytes, processes, inputs, network);
  return step.fixed + patterns * step.each + sums;
}

/** Milliseconds in which processes go through all patterns once, and sum what they made. */
export function passTime(
  { each, bytes, calls, per }: Shared,
  patterns: number,
  processes: number,
  inputs: ScalingInputs,
  network: Network,
): number {
  const times = per === undefined ? calls : (calls * patterns) / per;
  return Math.ceil(patterns / processes) * each + times * sumTime(bytes / calls, processes, inputs, network);
}

/**
 * tr Σ / |G|², patterns, both as means: of few patterns |G|² alone may come out below zero. Without the first, of weights
 * that nobody has trained, where all patterns pull one way.
 */
export function noiseOf({ noise }: Pick<ScalingInputs, "noise">): number {
  const sumOf = (name: "signal" | "variance"): number => noise.slice(1).reduce((sum, each) => sum + each[name], 0);
  return sumOf("variance") / sumOf("signal");
}

/** Batches until a loss is reached, over those with endless batches: 1 + noise scale / batch. */
export const stepsNeeded = (batch: number, noise: number): number => 1 + noise / batch;

const PROCESSES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] as const;
/** Patterns of each process in weak scaling; of all together in strong scaling; of a scan. */
const EACH = 16;
const BATCH = 1024;
export const SCAN = 100_000;

/** The tables as they stand in `docs/scaling.md`. */
export function scalingTables(inputs: ScalingInputs, network: Network = NETWORK): readonly string[] {
  const noise = noiseOf(inputs);
  const alone = stepTime(EACH, 1, inputs, network);
  const strong = stepTime(BATCH, 1, inputs, network);
  const first = stepsNeeded(EACH, noise) * alone;
  const training = PROCESSES.map((processes) => {
    const weak = stepTime(EACH, processes, inputs, network);
    const shared = stepTime(Math.ceil(BATCH / processes), processes, inputs, network);
    const gain = first / (stepsNeeded(EACH * processes, noise) * weak);
    return [
      ...[`${processes}`, weak.toFixed(1), percent(alone / weak), number(EACH * processes), gain.toFixed(1)],
      ...[shared.toFixed(1), percent(strong / processes / shared)],
    ];
  });
  const passes = PROCESSES.map((processes) => [
    `${processes}`,
    ...[inputs.infer, inputs.reconstruct].flatMap((work) => {
      const time = passTime(work, SCAN, processes, inputs, network);
      return [seconds(time), percent(passTime(work, SCAN, 1, inputs, network) / processes / time)];
    }),
  ]);
  const trained = `${BATCH} in all`;
  return [
    table(
      ["processes", `weak: ms a step of ${EACH} each`, "efficiency", "batch", "sooner at a loss, times"].concat(
        `strong: ms a step of ${trained}`,
        "efficiency",
      ),
      training,
    ),
    table(["processes", "inference, s", "efficiency", `an epoch of ${inputs.engine}, s`, "efficiency"], passes),
  ];
}

const percent = (part: number): string => `${(100 * part).toFixed(0)} %`;
const seconds = (ms: number): string => (ms / 1000).toPrecision(3);
const number = (value: number): string => value.toLocaleString("en");

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---:"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

export const readInputs = (path: string): ScalingInputs => JSON.parse(readFileSync(path, "utf8")) as ScalingInputs;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const inputs = readInputs(process.argv[2] ?? fileURLToPath(new URL("scaling.json", import.meta.url)));
  console.log(scalingTables(inputs).join("\n\n"));
}
