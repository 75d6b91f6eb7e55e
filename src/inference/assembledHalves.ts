import type { ComplexArray } from "../arrays.ts";
import { alone, type Communicator } from "../communicator.ts";
import { interleavedHalves } from "../data/halves.ts";
import type { Random } from "../random.ts";
import { type Assembled, type AssemblyOptions, createAssembler } from "./assemble.ts";
import { finitePatches, framesOfAll, positionsOf, selectPatches } from "./predictPatches.ts";

/** The patches of either half of the patterns, put together by themselves. */
export interface AssembledHalves {
  /** @param patches `[patch, y, x]`, finite or not @param frames whose they are */
  add(patches: ComplexArray, frames: ArrayLike<number>): void;
  /** Undefined where a half has no patch. */
  finish(signal?: AbortSignal, ranks?: Communicator): Promise<readonly [AssembledHalf, AssembledHalf] | undefined>;
}

export interface AssembledHalf extends Assembled {
  /** Whose patches are in it, ascending. */
  readonly frames: readonly number[];
}

/**
 * @param positions `[frame, 2]`, of the whole scan
 * @param frames that are predicted
 */
export function assembledHalves(
  options: AssemblyOptions,
  positions: Float64Array,
  frames: ArrayLike<number>,
  random: Random,
): AssembledHalves {
  const halves = interleavedHalves(frames, random).map((own) => ({
    own: new Set(own),
    assembler: createAssembler(options),
    placed: new Set<number>(),
  }));
  return {
    add(patches, whose) {
      const finite = finitePatches(patches);
      for (const { own, assembler, placed } of halves) {
        const chosen = finite.filter((k) => own.has(whose[k]));
        if (chosen.length === 0) continue;
        const kept = chosen.map((k) => whose[k]);
        assembler.add(selectPatches(patches, chosen), positionsOf(positions, kept));
        for (const frame of kept) placed.add(frame);
      }
    },
    async finish(signal, ranks = alone) {
      const [first, second] = halves;
      const frames = [
        await framesOfAll(ranks, first.placed, positions.length / 2),
        await framesOfAll(ranks, second.placed, positions.length / 2),
      ] as const;
      if (frames.some(({ length }) => length === 0)) return undefined;
      return [
        { ...(await first.assembler.finish(signal, ranks)), frames: frames[0] },
        { ...(await second.assembler.finish(signal, ranks)), frames: frames[1] },
      ];
    },
  };
}
