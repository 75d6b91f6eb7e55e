import type { Orientation } from "./orientations.ts";

/** What is done to a pattern, as plain data, so that another thread can do the same. Counts are those of the file. */
export type PatternOperation =
  /** Counts are taken off, one number or `[y, x]`; nothing falls below zero. */
  | { readonly kind: "subtract"; readonly counts: number | Float32Array }
  /** Fewer counts become zero. */
  | { readonly kind: "threshold"; readonly counts: number }
  /** Counts of the file become photons. */
  | { readonly kind: "gain"; readonly countsPerPhoton: number }
  | WindowOperation
  /** Squares of `factor` pixels are one: counts add, amplitudes by their squares. */
  | { readonly kind: "bin"; readonly factor: number }
  | { readonly kind: "turn"; readonly orientation: Orientation };

/** Pixel (y, x) becomes (y − top, x − left); what lies outside is zero. */
export interface WindowOperation {
  readonly kind: "window";
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}
