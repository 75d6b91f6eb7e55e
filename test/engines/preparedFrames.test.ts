import { describe, expect, it } from "vitest";
import { Batches } from "../../src/engines/batches.ts";
import { canvasOf } from "../../src/engines/canvas.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { passageOf } from "../../src/engines/passage.ts";
import type { Keeping, Shelf } from "../../src/engines/scan.ts";
import { simulatedProblem } from "./problem.ts";

const { scan } = simulatedProblem({ patterns: 9, objectSize: [48, 48] });
const kernels = float64Kernels();
const passage = passageOf(kernels, undefined, [32, 32]);
const FRAME_BYTES = 4 * 32 * 32;

/** A shelf that gives the same memory each time, as a file does. */
function shelfOf(frames: number, pixels: number): Shelf & { readonly size: () => number } {
  let rows: Float32Array | undefined = new Float32Array();
  const out = new Float32Array(pixels);
  return {
    append(values) {
      rows = Float32Array.from([...(rows ?? []), ...values]);
      expect(rows.length).toBeLessThanOrEqual(frames * pixels);
    },
    get(place) {
      out.set(rows?.subarray(place * pixels, (place + 1) * pixels) ?? []);
      return out;
    },
    remove: () => {
      rows = undefined;
    },
    size: () => rows?.length ?? -1,
  };
}

function batchesOf(keeping: Keeping) {
  const read: number[] = [];
  const amplitudes = {
    ...scan.amplitudes,
    keeping,
    read(frames: ArrayLike<number>, out: Float32Array) {
      read.push(...Array.from(frames));
      scan.amplitudes.read(frames, out);
    },
  };
  const canvas = canvasOf(scan.positions, [32, 32], 0);
  const options = { canvas, passage, largest: 4, subPixel: "whole" } as const;
  return { batches: new Batches(kernels, { ...scan, amplitudes }, options), read };
}

async function checkLoads(batches: Batches): Promise<void> {
  for (const frames of [[7, 0, 3], [3, 8, 7, 1], [7]]) {
    const { measured } = batches.load(Int32Array.from(frames), scan.positions);
    const expected = frames.flatMap((frame) => {
      const out = new Float32Array(32 * 32);
      scan.amplitudes.read([frame], out);
      return [...passage.toDevice(out)];
    });
    expect([...(await kernels.read(measured))]).toEqual(expected);
  }
}

describe("frames that engines load", () => {
  it("are the scan's in any order, wherever they are kept, and each is read once where they are", async () => {
    const inMemory = batchesOf({ inMemory: 9 * FRAME_BYTES });
    await checkLoads(inMemory.batches);
    expect(inMemory.read).toEqual([7, 0, 3, 8, 1]);
    const anew = batchesOf({ inMemory: 9 * FRAME_BYTES - 1 });
    await checkLoads(anew.batches);
    expect(anew.read).toHaveLength(8);
    const onShelf = batchesOf({ inMemory: 9 * FRAME_BYTES - 1, shelf: shelfOf });
    await checkLoads(onShelf.batches);
    expect(onShelf.read).toEqual([7, 0, 3, 8, 1]);
  });

  it("are prepared in the order in which they lie; others are read when they are asked for", async () => {
    const made: ReturnType<typeof shelfOf>[] = [];
    const shelf = (frames: number, pixels: number): Shelf => {
      made.push(shelfOf(frames, pixels));
      return made[0];
    };
    const { batches, read } = batchesOf({ inMemory: FRAME_BYTES, shelf });
    const steps = [...batches.prepare(Int32Array.of(7, 3, 8, 1))];
    expect(steps).toHaveLength(1);
    expect(read).toEqual([1, 3, 7, 8]);
    expect(made[0].size()).toBe(4 * 32 * 32);
    await checkLoads(batches);
    // With 0 that batch is read as a whole.
    expect(read.slice(4)).toEqual([7, 0, 3]);
    batches.release();
    expect(made.map((each) => each.size())).toEqual([-1]);
  });

  it("of a few are in memory, also of a scan that would have no room there", async () => {
    const refused = (): never => {
      throw new Error("no shelf is needed");
    };
    const { batches, read } = batchesOf({ inMemory: 5 * FRAME_BYTES, shelf: refused });
    for (const _ of batches.prepare(Int32Array.of(0, 1, 3, 7, 8)));
    expect(read).toEqual([0, 1, 3, 7, 8]);
    await checkLoads(batches);
    expect(read).toHaveLength(5);
  });
});
