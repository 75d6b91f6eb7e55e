import type { ComplexArray } from "../arrays.ts";
import { amplitudeOf, phaseOf } from "../arrays.ts";
import { robustLimits } from "./axisScale.ts";
import type { Panel } from "./figure.ts";
import { meanPhaseAtZero } from "./meanPhase.ts";

/**
 * Panels of a complex object's amplitude and phase, cut to the part that is known. The object's mean phase is physically
 * free; it is turned to zero, so that no wrap runs through a weak phase object.
 *
 * @param mask `[y, x]`, 0 = not known
 * @param name put before the titles, for example "reference"
 */
export function objectPanels(
  object: ComplexArray,
  mask?: ArrayLike<number>,
  name = "",
): { amplitude: Panel; phase: Panel } {
  const [height, width] = object.shape as [number, number];
  const known = mask ?? new Uint8Array(height * width).fill(1);
  const box = boundingBox(known, height, width);
  const cut = cutOut(meanPhaseAtZero(object, known), known, width, box);
  const title = (quantity: string): string =>
    name === "" ? `${quantity.charAt(0).toUpperCase()}${quantity.slice(1)}` : `${name}: ${quantity}`;
  const size = { height: box.bottom - box.top, width: box.right - box.left, mask: cut.mask };
  const phase = phaseOf(cut.object);
  return {
    amplitude: { ...size, title: title("amplitude"), image: amplitudeOf(cut.object) },
    phase: {
      ...size,
      title: title("phase"),
      image: phase,
      unit: "rad",
      ...phaseScale(phase, cut.mask),
    },
  };
}

/**
 * Amplitude and phase of each plane `[plane, y, x]`, in a row.
 * @param mask `[y, x]`, 0 = not known
 * @param name of what a plane is
 */
export function planeRows(
  { shape: [count, height, width], data }: ComplexArray,
  mask: ArrayLike<number>,
  name: "slice" | "state",
): Panel[][] {
  const size = 2 * height * width;
  return Array.from({ length: count }, (_, k) => {
    const plane = { shape: [height, width], data: data.subarray(k * size, (k + 1) * size) };
    const { amplitude, phase } = objectPanels(plane, mask, `${name} ${k + 1}`);
    return [amplitude, phase];
  });
}

/** Colours for a phase: a circle of them where it goes all the way around. */
export function phaseScale(
  phase: Float32Array,
  known: ArrayLike<number> | undefined,
  leftOut?: number,
): Required<Pick<Panel, "colormap" | "limits" | "period">> {
  const [low, high] = robustLimits(phase, known, leftOut);
  const period = 2 * Math.PI;
  return high - low > 1.8 * Math.PI
    ? { colormap: "cyclic", limits: [-Math.PI, Math.PI], period }
    : { colormap: "sequential", limits: [low, high], period };
}

export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Smallest box around the known pixels; the whole image when there are none. */
export function boundingBox(known: ArrayLike<number>, height: number, width: number): Box {
  let [top, bottom, left, right] = [height, 0, width, 0];
  for (let i = 0; i < known.length; i++) {
    if (known[i] === 0) continue;
    const y = Math.floor(i / width);
    const x = i % width;
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + 1);
    left = Math.min(left, x);
    right = Math.max(right, x + 1);
  }
  return bottom > 0 ? { top, bottom, left, right } : { top: 0, bottom: height, left: 0, right: width };
}

function cutOut(
  object: ComplexArray,
  known: ArrayLike<number>,
  width: number,
  { top, bottom, left, right }: Box,
): { object: ComplexArray; mask: Uint8Array } {
  const shape = [bottom - top, right - left];
  const mask = new Uint8Array(shape[0] * shape[1]);
  const data = new Float32Array(2 * mask.length);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) {
      const from = y * width + x;
      const to = (y - top) * shape[1] + x - left;
      mask[to] = known[from] === 0 ? 0 : 1;
      data[2 * to] = object.data[2 * from];
      data[2 * to + 1] = object.data[2 * from + 1];
    }
  return { object: { shape, data }, mask };
}
