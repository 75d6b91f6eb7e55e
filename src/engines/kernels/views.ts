import { PtychonautError } from "../../errors.ts";
import type { Held, Images, Numbers, Shape, Waves, WindowPlaces, Windows } from "./kernels.ts";

/** Windows of homes that keep a copy of them to look at. */
export interface KnownWindows extends Windows {
  readonly corners: Int32Array;
  readonly fractions: Float64Array;
}

/** Where something begins in a home's memory, in the home's own unit. */
interface Placed {
  readonly at: number;
}
interface PlacedPlanes extends Placed {
  readonly shape: Shape;
  readonly frameStride: number;
  readonly modeStride: number;
}

/** `Kernels.frames` of homes whose memory is addressed. @param units from a number, and from a window, to the next */
export function viewOfFrames<T extends Held>(
  of: T,
  from: number,
  count: number,
  units: { readonly number: number; readonly window: number },
): T {
  if (of.kind === "numbers") {
    const { at, each } = of as Numbers as Numbers & Placed;
    return { ...of, frames: count, at: at + units.number * each * from };
  }
  if (of.kind === "windows") {
    const { at, corners, fractions } = of as Windows as KnownWindows & Placed;
    const part = [2 * from, 2 * (from + count)] as const;
    return {
      ...of,
      frames: count,
      at: at + units.window * from,
      corners: corners.subarray(...part),
      fractions: fractions.subarray(...part),
    };
  }
  const { shape, at, frameStride } = of as unknown as PlacedPlanes;
  return { ...of, shape: [count, ...shape.slice(1)], at: at + from * frameStride };
}

/** `Kernels.modes` of the same. */
export function viewOfModes<T extends Waves | Images>(of: T, from: number, count: number): T {
  const { shape, at, modeStride } = of as unknown as PlacedPlanes;
  return { ...of, shape: [shape[0], count, shape[2], shape[3]], at: at + from * modeStride };
}

/** Keeps what windows are placed at. */
export function keepPlaces(target: KnownWindows, { corners, fractions }: WindowPlaces): void {
  target.corners.set(corners);
  if (fractions === undefined) target.fractions.fill(0);
  else target.fractions.set(fractions);
}

/** @throws PtychonautError "shape" for a window that leaves its canvas */
export function checkWindows(windows: Windows, [, , rows, columns]: Shape, [, , height, width]: Shape): void {
  const { corners, fractions } = windows as KnownWindows;
  for (let k = 0; k < corners.length; k++) {
    const [extent, size] = k % 2 === 0 ? [rows, height] : [columns, width];
    if (corners[k] >= 0 && corners[k] + size + (fractions[k] > 0 ? 1 : 0) <= extent) continue;
    const at = k - (k % 2);
    throw new PtychonautError("shape", "a window leaves its canvas", {
      expected: `[${height}, ${width}] within [${rows}, ${columns}]`,
      got: `row ${corners[at] + fractions[at]}, column ${corners[at + 1] + fractions[at + 1]} of frame ${at / 2}`,
    });
  }
}
