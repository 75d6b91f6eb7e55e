import type { Images, Numbers, Shape, Waves } from "../kernels.ts";
import type { KnownWindows } from "../views.ts";
import { planePitch } from "./fftPlan.ts";

/** Where planes of float32 lie. Rows are made up to a multiple of 4 pixels, planes to 4 rows, with zeros. */
export interface Planes {
  readonly kind: "waves" | "images";
  readonly shape: Shape;
  /** Numbers a pixel. */
  readonly parts: 1 | 2;
  /** Address of the first, and bytes from frame to frame, from mode to mode, from row to row. */
  readonly at: number;
  readonly frameStride: number;
  readonly modeStride: number;
  readonly pitch: number;
}

/** Float64, `each` a frame. */
export interface Row extends Numbers {
  readonly at: number;
}

/** As `assembly/engines/windows.ts` reads them, and a copy to look at. */
export interface Places extends KnownWindows {
  readonly at: number;
}

export const WINDOW_BYTES = 24;
/** After each plane: what reads vectors at any pixel may read beyond the last, and planes of 2ⁿ bytes do not meet in the cache. */
const GAP = 128;

/** Planes of a shape from an address on, and the bytes that they take. */
export function layPlanes(kind: Planes["kind"], shape: Shape, at: number): { planes: Planes; bytes: number } {
  const [frames, modes, height, width] = shape;
  const parts = kind === "waves" ? 2 : 1;
  const pitch = 4 * parts * planePitch(width);
  const plane = pitch * 4 * Math.ceil(height / 4) + GAP;
  return {
    planes: { kind, shape, parts, at, frameStride: modes * plane, modeStride: plane, pitch },
    bytes: frames * modes * plane,
  };
}

export const planesOf = (held: Waves | Images): Planes => held as unknown as Planes;

/**
 * Visits planes in the order of tight numbers, as much at once as lies together, a row at least: the first float32, how
 * many, and where they begin in tight numbers.
 */
export function eachRun(planes: Planes, visit: (at: number, length: number, tight: number) => void): void {
  const [frames, modes, height, width] = planes.shape;
  const row = planes.parts * width;
  const rows = planes.pitch === 4 * row ? height : 1;
  let tight = 0;
  for (let frame = 0; frame < frames; frame++)
    for (let mode = 0; mode < modes; mode++) {
      const plane = planes.at + frame * planes.frameStride + mode * planes.modeStride;
      for (let y = 0; y < height; y += rows, tight += rows * row)
        visit((plane + y * planes.pitch) / 4, rows * row, tight);
    }
}
