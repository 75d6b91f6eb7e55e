import { PtychonautError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { Dataset, Measurement, Patterns } from "./dataset.ts";
import { type GroupGeometry, groupGeometry } from "./groupGeometry.ts";
import type { Groups } from "./grouping.ts";
import { type LabelSource, type Labels, labelsOf } from "./labels.ts";
import { normalisePatterns, type Scales } from "./normalisation.ts";

/** What one step of training or prediction takes, B groups of C patterns. Graphs have static shapes, so B never varies. */
export interface Batch {
  /** `[B, C, N, N]`, network input x: amplitudes of mean energy (N/2)² a pattern. */
  readonly images: Float32Array;
  /** `[B, C, 2]`, r_k − r̄ as (y, x), object pixels. */
  readonly offsets: Float32Array;
  /** `[B, C]`, frame indices. */
  readonly frames: Int32Array;
  /** `[B]`, the scan each group is of, where there are several. */
  readonly experiments?: Int32Array;
  /** `[B]`, 1 for a group that counts, 0 for one that only fills up the last batch. */
  readonly weights: Float32Array;
  /** `[B, C, N, N]` each; only where the source has labels. */
  readonly labels?: Labels;
}

/** The groups of one batch, by their number. */
export interface BatchRequest {
  /** `[B]` */
  readonly groups: Int32Array;
  /** `[B]`, see `Batch.weights`. */
  readonly weights: Float32Array;
}

/** Everything that batches are made of. */
export interface BatchSource {
  readonly patterns: Patterns;
  readonly measurement: Measurement;
  readonly scales: Pick<Scales, "inputScale">;
  /** `[y, x]`, 1 = valid. */
  readonly mask?: Float32Array;
  readonly groups: Groups;
  readonly geometry: GroupGeometry;
  /** Where batches are to carry labels: one a scan. */
  readonly labels?: readonly LabelSource[];
  /** `[group]`, the scan each group is of, where there are several (`joinSources`). */
  readonly experiments?: Int32Array;
}

/** A scan's own patterns in groups, normalised and masked. */
export function batchSource(dataset: Dataset, scales: Pick<Scales, "inputScale">, groups: Groups): BatchSource {
  const { patterns, measurement, mask, positions } = dataset;
  return {
    patterns,
    measurement,
    scales,
    groups,
    geometry: groupGeometry(positions, groups),
    ...(mask === undefined ? {} : { mask: mask.data }),
  };
}

/** Prepares batches ahead of their use. The batches do not depend on how many hands prepare them. */
export interface BatchLoader {
  /** The batches of the plan, in its order. */
  batches(plan: readonly BatchRequest[]): AsyncIterable<Batch>;
  close(): Promise<void>;
}

/**
 * All groups in batches of `batchSize`, shuffled where `random` is given. The last batch is filled up with groups of the
 * same epoch that have weight 0, so that they count nothing in the loss. With batch normalisation they are in its statistics,
 * as any groups of the batch.
 *
 * @throws PtychonautError "usage" when batchSize is no positive integer or there are no groups
 */
export function planEpoch(groups: number, batchSize: number, random?: Random): BatchRequest[] {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new PtychonautError("usage", "batch size must be a positive integer", { got: `${batchSize}` });
  if (groups < 1) throw new PtychonautError("usage", "no groups to make batches of");
  const order = Int32Array.from({ length: groups }, (_, group) => group);
  random?.shuffle(order);
  return Array.from({ length: Math.ceil(groups / batchSize) }, (_, batch) => {
    const first = batch * batchSize;
    return {
      groups: Int32Array.from({ length: batchSize }, (_, k) => order[(first + k) % groups]),
      weights: Float32Array.from({ length: batchSize }, (_, k) => (first + k < groups ? 1 : 0)),
    };
  });
}

/** Groups that each of several takes of a batch; the last ones may have fewer, or none. */
export const shareSize = (batchSize: number, shares: number): number => Math.ceil(batchSize / shares);

/**
 * A part of a batch for one of several that share it, as large as the others' part: past the batch's end its last group
 * again, with weight 0. All parts together are the batch.
 */
export function shareOfBatch({ groups, weights }: BatchRequest, share: number, shares: number): BatchRequest {
  if (shares === 1) return { groups, weights };
  const size = shareSize(groups.length, shares);
  const rows = Array.from({ length: size }, (_, k) => share * size + k);
  return {
    groups: Int32Array.from(rows, (row) => groups[Math.min(row, groups.length - 1)]),
    weights: Float32Array.from(rows, (row) => (row < weights.length ? weights[row] : 0)),
  };
}

/** Reads, scales and masks the patterns of one batch. */
export function assembleBatch(source: BatchSource, request: BatchRequest): Batch {
  const { patterns, measurement, scales, groups, geometry, mask, experiments, labels } = source;
  const { size } = groups;
  const batchSize = request.groups.length;
  const frames = new Int32Array(batchSize * size);
  const offsets = new Float32Array(2 * batchSize * size);
  for (const [k, group] of request.groups.entries()) {
    frames.set(groups.frames.subarray(group * size, (group + 1) * size), k * size);
    offsets.set(geometry.offsets.subarray(2 * group * size, 2 * (group + 1) * size), 2 * k * size);
  }
  const images = new Float32Array(frames.length * patterns.height * patterns.width);
  patterns.read(frames, images);
  normalisePatterns(images, measurement, scales, mask);
  return {
    images,
    offsets,
    frames,
    weights: request.weights,
    ...(experiments === undefined ? {} : { experiments: request.groups.map((group) => experiments[group]) }),
    ...(labels === undefined ? {} : { labels: labelsOf(labels, frames, patterns.width) }),
  };
}

/** Prepares each batch when it is asked for, in the same thread. */
export function inlineLoader(source: BatchSource): BatchLoader {
  return {
    async *batches(plan) {
      for (const request of plan) yield assembleBatch(source, request);
    },
    close: async () => {},
  };
}
