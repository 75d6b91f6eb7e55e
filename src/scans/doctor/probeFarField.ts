import type { ComplexArray } from "../../arrays.ts";
import { planFft2 } from "../../numerics/fft.ts";

/** The probe's intensity in the far field, Σ over modes |F P|², `[y, x]`, centred; undefined where it is not of the patterns' size. */
export function probeFarField(
  probe: ComplexArray | undefined,
  { height, width }: { readonly height: number; readonly width: number },
): Float64Array | undefined {
  if (probe === undefined || probe.shape.length !== 3) return undefined;
  const [modes, rows, columns] = probe.shape;
  if (rows !== height || columns !== width) return undefined;
  const size = height * width;
  const far = new Float64Array(size);
  const fft = planFft2([height, width]);
  for (let mode = 0; mode < modes; mode++) {
    const wave = fft.forward(probe.data.subarray(2 * mode * size, 2 * (mode + 1) * size));
    for (let i = 0; i < size; i++) far[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
  }
  return far;
}
