import type { ComplexArray } from "../arrays.ts";
import { alone, type Communicator, sumsOf } from "../communicator.ts";
import { type Batch, type BatchLoader, planEpoch } from "../data/batches.ts";
import type { Groups } from "../data/grouping.ts";
import type { Assembler } from "./assemble.ts";
import type { Predictor } from "./predictor.ts";

export interface PredictionRun {
  readonly groups: Groups;
  /** `[frame, 2]` as (y, x), object pixels, of the whole scan. */
  readonly positions: Float64Array;
  readonly loader: BatchLoader;
  readonly predictor: Predictor;
  readonly assembler: Assembler;
  /** Stops after the batch under way; of several processes all do when one is asked to. */
  readonly signal?: AbortSignal;
  /** The processes that share the batches. Default: this one alone. */
  readonly ranks?: Communicator;
  /** Called after every batch of this process with its patches `[patch, y, x]` that count, finite or not, and whose they are. */
  readonly onBatch?: (patches: ComplexArray, done: number, frames: ArrayLike<number>) => void;
}

/** What a prediction run did, in all processes; but for the timings, which are this one's. */
export interface PredictionReport {
  readonly interrupted: boolean;
  /** Groups predicted. */
  readonly groups: number;
  readonly batches: number;
  /** Patterns of which at least one patch was placed, ascending. */
  readonly frames: readonly number[];
  /** Patches left out because they hold values that are not finite. */
  readonly notFinite: number;
  /** Milliseconds spent waiting for batches, in the network, and placing patches. */
  readonly timings: { readonly batches: number; readonly prediction: number; readonly assembly: number };
}

/**
 * Predicts every group once and hands the patches to the assembler, each with the position of its own pattern. The last
 * batch is filled up with groups whose patches are thrown away. Processes take the batches in turn.
 */
export async function predictPatches(run: PredictionRun): Promise<PredictionReport> {
  const { groups, predictor, assembler, signal, ranks = alone } = run;
  const timings = { batches: 0, prediction: 0, assembly: 0 };
  const placed = new Set<number>();
  let [done, batches, notFinite] = [0, 0, 0];
  let time = performance.now();
  const lap = (stage: keyof typeof timings): void => {
    const now = performance.now();
    timings[stage] += now - time;
    time = now;
  };
  const predictOne = async (batch: Batch): Promise<void> => {
    lap("batches");
    const all = await predictor.predict(batch);
    lap("prediction");
    const patches = first(all, realGroups(batch) * groups.size);
    const finite = finitePatches(patches);
    notFinite += patches.shape[0] - finite.length;
    const frames = finite.map((k) => batch.frames[k]);
    assembler.add(selectPatches(patches, finite), positionsOf(run.positions, frames));
    for (const frame of frames) placed.add(frame);
    done += realGroups(batch);
    batches++;
    lap("assembly");
    run.onBatch?.(patches, done, batch.frames.slice(0, patches.shape[0]));
    time = performance.now();
  };
  const plan = planEpoch(groups.count, predictor.batch);
  const own = run.loader.batches(plan.filter((_, i) => i % ranks.size === ranks.rank))[Symbol.asyncIterator]();
  for (let round = 0; round < plan.length; round += ranks.size) {
    const next = await own.next();
    if (next.done !== true) await predictOne(next.value);
    const [asked] = await sumsOf(ranks, [signal?.aborted === true ? 1 : 0]);
    if (asked > 0) break;
  }
  await own.return?.();
  [done, batches, notFinite] = await sumsOf(ranks, [done, batches, notFinite]);
  const frames = await framesOfAll(ranks, placed, run.positions.length / 2);
  return { interrupted: done < groups.count, groups: done, batches, frames, notFinite, timings };
}

/** Frames that any process has, ascending. @param count frames that there are */
export async function framesOfAll(ranks: Communicator, own: ReadonlySet<number>, count: number): Promise<number[]> {
  if (ranks.size === 1) return [...own].sort((a, b) => a - b);
  const times = new Float32Array(count);
  for (const frame of own) times[frame] = 1;
  await ranks.sum(times);
  return Array.from(times.keys()).filter((frame) => times[frame] > 0);
}

/** Positions of some frames, `[frame, 2]`. */
export function positionsOf(positions: Float64Array, frames: readonly number[]): Float64Array {
  return Float64Array.from({ length: 2 * frames.length }, (_, i) => positions[2 * frames[i >> 1] + (i & 1)]);
}

/** Groups that only fill up a batch come last. */
const realGroups = ({ weights }: Batch): number => weights.reduce((sum, weight) => sum + weight, 0);

function first({ shape, data }: ComplexArray, count: number): ComplexArray {
  return { shape: [count, ...shape.slice(1)], data: data.subarray(0, (data.length / shape[0]) * count) };
}

/** Indices of patches that can be placed: one value that is not finite would spread over everything that overlaps with its patch. */
export function finitePatches({ shape, data }: ComplexArray): number[] {
  const size = data.length / shape[0];
  return Array.from({ length: shape[0] }, (_, k) => k).filter((k) => {
    for (let i = k * size; i < (k + 1) * size; i++) if (!Number.isFinite(data[i])) return false;
    return true;
  });
}

/** Those of some indices; no copy where it is all. */
export function selectPatches(patches: ComplexArray, indices: readonly number[]): ComplexArray {
  const { shape, data } = patches;
  if (indices.length === shape[0]) return patches;
  const size = data.length / shape[0];
  const out = new Float32Array(indices.length * size);
  for (const [to, from] of indices.entries()) out.set(data.subarray(from * size, (from + 1) * size), to * size);
  return { shape: [indices.length, ...shape.slice(1)], data: out };
}
