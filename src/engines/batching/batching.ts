import type { Random } from "../../random.ts";
import { compactBatches } from "./compact.ts";
import { randomBatches } from "./random.ts";
import { uniformBatches } from "./uniform.ts";

/** All frames, each once, in batches of at most `size` whose sizes differ by one at most. */
export type Batching = (frames: Int32Array, positions: Float64Array, size: number, random: Random) => Int32Array[];

/** Ways to make batches, by name. A new one is a file and a line here. */
export const batchings: Readonly<Record<string, Batching>> = {
  random: randomBatches,
  uniform: uniformBatches,
  compact: compactBatches,
};
