import type { Patterns } from "../data/dataset.ts";
import { PtychonautError, setting } from "../errors.ts";

/** What some part of a run holds in memory. */
export interface MemoryShare {
  readonly what: string;
  readonly bytes: number;
}

/** The program by itself, with its libraries. */
const PROGRAM: MemoryShare = { what: "the program", bytes: 2 ** 28 };

/**
 * Memory of a network's graph on the CPU. ONNX Runtime's arena and what kernels take for themselves add about two fifths to
 * the graph's values; weights are there several times: as they are kept, packed, and on their way. For ten networks of 64² to
 * 512² this was 0.7 to 1.2 of what two steps took (`npm run bench:memory`).
 * @param peak bytes of all values held at once (`graph/peakBytes`)
 * @param weights bytes of the weights
 * @param copies of the weights beside those in the graph
 */
export function graphMemory(peak: number, weights: number, copies: number): number {
  return 1.4 * peak + copies * weights;
}

/** Copies of the weights that training keeps: moments, the best ones, those on their way to a checkpoint. */
export const TRAINING_COPIES = 6;
export const PREDICTION_COPIES = 3;

/** Bytes that putting patches together takes a pixel: sums of object, weights and counts, and the object made of them. */
export const CANVAS_BYTES = 52;

/** Bytes of a pixel of the canvas in files: object and coverage as they are, and their pictures. */
export const FILE_BYTES = 24;

/** Bytes of patterns that are in memory. */
export function patternMemory({ origin, count, height, width }: Patterns): number {
  switch (origin.kind) {
    case "memory":
      return 4 * count * height * width;
    case "selected":
      return origin.patterns.origin.kind === "memory" ? 4 * count * height * width : 0;
    case "prepared":
      return patternMemory(origin.patterns);
    case "joined":
      return origin.parts.reduce((sum, part) => sum + patternMemory(part.patterns), 0);
    default:
      return 0;
  }
}

/** Bytes that a run with these shares holds, with the program itself. */
export const totalMemory = (shares: readonly MemoryShare[]): number =>
  [...shares, PROGRAM].reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * Looks whether a run fits, before it starts.
 * @param memory bytes that there are
 * @param fix names the settings that make it smaller
 * @returns a warning where it takes most of the memory
 * @throws PtychonautError "usage" where it takes more than there is, by more than the estimate may be wrong
 */
export function checkMemory(shares: readonly MemoryShare[], memory: number, fix: string): string[] {
  const all = [...shares, PROGRAM].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const total = totalMemory(shares);
  if (!(total > TIGHT * memory)) return [];
  const parts = all
    .slice(0, 3)
    .map(({ what, bytes }) => `${gigabytes(bytes)} for ${what}`)
    .join(", ");
  if (total > SURE * memory)
    throw new PtychonautError("usage", "the run needs more memory than there is", {
      expected: `at most ${gigabytes(memory)}`,
      got: `about ${gigabytes(total)}: ${parts}`,
      fix,
    });
  return [`the run takes about ${gigabytes(total)} of the ${gigabytes(memory)} of memory that there are: ${parts}`];
}

/** Part of the memory from which on a run is worth a warning: other programs have some too. */
const TIGHT = 0.7;
/** The estimate may be too high by a fifth. */
const SURE = 1.2;

/** Bytes in words. */
export const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toPrecision(3)} GiB`;

/** What makes less to write. */
export const smallerFiles: string = `keep fewer checkpoints (${setting("checkpoint_save_top_k", 0)}), take a smaller network (${setting("n_filters_scale")}), make room, or name another output folder`;
export const smallerResults: string = `predict less of the scan (${setting("n_patterns")}), make room, or name another output folder`;

/** What a smaller run is made of. */
export const smallerTraining: string = `take a smaller ${setting("batch_size")}, ${setting("n_filters_scale")} or ${setting("gridsize")}, crop or bin the patterns, or leave them in their file: ${setting("patterns_in_memory", "no")}`;
export const smallerInference: string = `take a smaller ${setting("inference_batch_size")} or ${setting("middle_trim")}, or leave the patterns in their file: ${setting("patterns_in_memory", "no")}`;

export const smallerReconstruction: string = `crop or bin the patterns, or leave them in their file: ${setting("patterns_in_memory", "no")}; reconstruct less of the scan (${setting("use_frames")}), make room, or name another output folder`;

/** How JavaScript, Node and ONNX Runtime say that there is no memory left. */
const exhausted =
  /array buffer allocation failed|invalid typed array length: \d|bad_alloc|bad allocation|failed to allocate|cannot allocate memory|ENOMEM/i;

/**
 * An error that names memory, where that is what ran out; undefined for other errors.
 * @param knows whether a setting, by its name with underscores, is there to be changed
 */
export function outOfMemory(error: unknown, knows: (name: string) => boolean): PtychonautError | undefined {
  const message = error instanceof Error ? error.message : String(error);
  if (!exhausted.test(message)) return undefined;
  return new PtychonautError("memory", "there is not enough memory", {
    // ONNX Runtime tells where in its sources it was before it comes to the point.
    got: /failed to allocate[^\n]*/i.exec(message)?.[0] ?? message.trim(),
    fix: lessMemory(knows),
    cause: error,
  });
}

function lessMemory(knows: (name: string) => boolean): string {
  const batches = ["batch_size", "inference_batch_size"].filter(knows).map((name) => setting(name));
  return [
    ...(batches.length === 0 ? [] : [`take a smaller ${batches.join(" or ")}`]),
    ...(knows("patterns_in_memory")
      ? [
          `leave the patterns in their file (${setting("patterns_in_memory", "no")})`,
          "check that positions are in object pixels",
        ]
      : []),
    "raise the limit",
  ].join(", or ");
}
