import { PtychonautError } from "../errors.ts";
import type { NumericArray } from "../formats/npy.ts";

/** Numbers of an object between these have squares that float32 can hold; sound objects keep every bit. */
const [LEAST, LARGEST] = [1e-15, 1e15] as const;

/** Complex numbers interleaved in float32. */
export interface ObjectNumbers {
  readonly data: Float32Array;
  /** That the object was scaled, and by what. */
  readonly warnings: readonly string[];
}

/**
 * An object's numbers, complex or real, in float32. Those that float32 would make zero or infinite are divided by the
 * largest part of any of them first: an object's scale is gauge, as it goes with the probe's.
 * @throws PtychonautError "data" when none of them is finite
 */
export function objectNumbers({ dtype, data }: NumericArray, where: string): ObjectNumbers {
  let largest = 0;
  let finite = 0;
  for (const value of data) {
    if (!Number.isFinite(value)) continue;
    finite++;
    largest = Math.max(largest, Math.abs(value));
  }
  if (finite === 0 && data.length > 0)
    throw new PtychonautError("data", "the object has no finite number", {
      where,
      expected: "complex numbers",
      got: `${data[0]} in all ${data.length} numbers`,
    });
  const scaled = largest > 0 && (largest < LEAST || largest > LARGEST);
  const of = (value: number): number => (scaled ? value / largest : value);
  const complex = dtype.startsWith("complex");
  const out = new Float32Array(complex ? data.length : 2 * data.length);
  for (let i = 0; i < data.length; i++) out[complex ? i : 2 * i] = of(data[i]);
  if (!scaled) return { data: out, warnings: [] };
  const warning = `${where}: the object's numbers, up to ${largest.toPrecision(4)}, are outside what float32 holds well, and were divided by that; its scale is free`;
  return { data: out, warnings: [warning] };
}
