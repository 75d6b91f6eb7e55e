import type { ComplexArray } from "../arrays.ts";
import { align, coveredRectangle } from "./align.ts";
import { type InReferenceFrame, inReferenceFrame } from "./commonArea.ts";
import { type Confidence, type ConfidenceOptions, confidenceOf } from "./confidence.ts";
import { type Frc, frc } from "./frc.ts";
import { type ComplexImage, complexImage, crop } from "./image.ts";

/** A reconstruction and two from half of its data each, on the same pixels. */
export interface HalfData {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  readonly halves: readonly [ComplexArray, ComplexArray];
  /** `[y, x]`, 1 = well covered by all three. */
  readonly known: Uint8Array;
  /** `[y, x]`: photons that all frames together sent through each pixel if it were 1; absent where nobody knows. */
  readonly photons?: ArrayLike<number>;
}

export interface Trust {
  readonly confidence: Confidence;
  /** Of one half against the other, over the largest known rectangle. */
  readonly frc: Frc;
}

/**
 * How far a reconstruction is to be trusted, by two from half of the data each: their phase, ramp, scale and shift, which
 * the data do not tell, are brought to those of the whole first.
 * @throws PtychonautError "usage" where too little is known to compare
 */
export function trustOf({ object, halves, known, photons }: HalfData, options?: ConfidenceOptions): Trust {
  const shape = object.shape as [number, number];
  const [a, b] = [ontoWhole(halves[0], object, known), ontoWhole(halves[1], object, known)];
  const all = known.map((value, k) => value & a.known[k] & b.known[k]);
  const whole: ComplexImage = complexImage(object);
  const rectangle = coveredRectangle(all, shape);
  return {
    confidence: confidenceOf(
      { object: whole, halves: [a.image, b.image], known: all, ...(photons === undefined ? {} : { photons }) },
      options,
    ),
    frc: frc(crop(a.image, rectangle), crop(b.image, rectangle)),
  };
}

/**
 * An image on another's pixels, with its phase, ramp, shift and mean amplitude. The scale of least squares, which gauges
 * fit else, would make a noisy image fainter.
 * @param known `[y, x]`, 1 = to be compared
 * @throws PtychonautError "usage" where too little is known to compare
 */
export function ontoWhole(image: ComplexArray, whole: ComplexArray, known: Uint8Array): InReferenceFrame {
  const shape = whole.shape as [number, number];
  const mask = { shape, data: Float32Array.from(known) };
  const alignment = align(image, whole, { mask, referenceMask: mask, gauge: { scale: false } });
  const moved = inReferenceFrame(alignment, shape);
  const level = meanAmplitude(whole.data, moved.known) / meanAmplitude(moved.image.data, moved.known);
  return { ...moved, image: { shape, data: moved.image.data.map((value) => level * value) } };
}

function meanAmplitude(data: ArrayLike<number>, known: Uint8Array): number {
  let [sum, count] = [0, 0];
  for (let k = 0; k < known.length; k++) {
    if (known[k] === 0) continue;
    sum += Math.hypot(data[2 * k], data[2 * k + 1]);
    count++;
  }
  return sum / count;
}
