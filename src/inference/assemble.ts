import { type ComplexArray, complexZeros } from "../arrays.ts";
import { alone, type Communicator } from "../communicator.ts";
import type { Canvas } from "./canvas.ts";
import { cropStart } from "./patchWeights.ts";
import { alignPhases, type PhaseAlignment, rotatePatches } from "./phaseAlignment.ts";
import { tilt } from "./phaseRamp.ts";
import { createStitcher, type Stitched, type Stitcher } from "./stitch.ts";

/** What became of the patches. */
export interface Assembled {
  readonly stitched: Stitched;
  /** Where phases were aligned. */
  readonly alignment?: Omit<PhaseAlignment, "phases">;
}

/** Collects predicted patches into one object. */
export interface Assembler {
  /**
   * @param patches `[patch, y, x]`
   * @param positions `[patch, 2]` as (y, x), window centres in object pixels
   */
  add(patches: ComplexArray, positions: Float64Array): void;
  /**
   * The object from all that was added, in all processes; an interruption ends the alignment of phases early.
   * @param ranks the processes that have added patches of their own. Default: this one alone
   */
  finish(signal?: AbortSignal, ranks?: Communicator): Promise<Assembled>;
}

export interface AssemblyOptions {
  /** Holds every patch that may come (`planCanvas`). */
  readonly canvas: Canvas;
  readonly trim: number;
  /** `[trim, trim]` */
  readonly weights: Float64Array;
  /** Turn every patch by a phase that makes it agree with its overlaps; needs all patches before the first is placed. */
  readonly phaseAlignment: boolean;
  /** Patches that will be added, at most. */
  readonly patches: number;
}

/** Without phase alignment patches are stitched as they come and forgotten. */
export function createAssembler(options: AssemblyOptions): Assembler {
  const { canvas, trim, weights } = options;
  const stitcher = createStitcher({ canvas, trim, weights });
  return options.phaseAlignment
    ? aligning(stitcher, options)
    : {
        add: stitcher.add,
        async finish(_, ranks = alone) {
          await stitcher.join(ranks);
          return { stitched: stitcher.finish() };
        },
      };
}

function aligning(stitcher: Stitcher, { patches: capacity, canvas, trim, weights }: AssemblyOptions): Assembler {
  const kept = complexZeros([capacity, trim, trim]);
  const where = new Float64Array(2 * capacity);
  let count = 0;
  return {
    add(patches, positions) {
      const size = 2 * trim * trim;
      for (let k = 0; k < patches.shape[0]; k++) copyCentre(kept.data.subarray((count + k) * size), patches, k, trim);
      where.set(positions, 2 * count);
      count += patches.shape[0];
    },
    async finish(signal, ranks = alone) {
      // Every phase hangs on its neighbours', so each process aligns all.
      const data = await allOf(ranks, kept.data.subarray(0, 2 * count * trim * trim));
      const positions = await allOf(ranks, where.subarray(0, 2 * count));
      const patches = { shape: [positions.length / 2, trim, trim], data };
      const options = { canvas, trim, weights, ...(signal === undefined ? {} : { signal }) };
      const { phases, ...alignment } = await alignPhases(patches, positions, options);
      rotatePatches(patches, phases);
      if (alignment.ramp !== undefined) tilt(patches, [-alignment.ramp[0], -alignment.ramp[1]]);
      stitcher.add(patches, positions);
      return { stitched: stitcher.finish(), alignment };
    },
  };
}

/** The numbers of all processes, one process after the other. */
async function allOf<T extends Float32Array | Float64Array>(ranks: Communicator, own: T): Promise<T> {
  if (ranks.size === 1) return own;
  const all = await ranks.gather(new Uint8Array(own.buffer, own.byteOffset, own.byteLength));
  const bytes = new Uint8Array(all.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of all) {
    bytes.set(part, end);
    end += part.length;
  }
  return (own instanceof Float32Array ? new Float32Array(bytes.buffer) : new Float64Array(bytes.buffer)) as T;
}

/** The part of patch `index` that stitching uses. */
function copyCentre(out: Float32Array, { shape, data }: ComplexArray, index: number, trim: number): void {
  const [height, width] = [shape[1], shape[2]];
  const first = (index * height + cropStart(height, trim)) * width + cropStart(width, trim);
  for (let i = 0; i < trim; i++) {
    const from = 2 * (first + i * width);
    out.set(data.subarray(from, from + 2 * trim), 2 * i * trim);
  }
}
