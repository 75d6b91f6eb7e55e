import type { ComplexArray } from "../../arrays.ts";
import { energyOf } from "../../data/normalisation.ts";
import type { Look } from "../../engines/runningStage.ts";

export interface PhysicalEstimate {
  /** `[y, x]`: of several slices their product. */
  readonly object: ComplexArray;
  /** `[slice, y, x]`, where there are several. */
  readonly slices?: ComplexArray;
  /** `[mode, y, x]`. */
  readonly probe: ComplexArray;
}

/**
 * Object and probe as files have them. The data determine their product; as everywhere, the probe has the energy H W / 4 with
 * which a unit object explains a pattern's mean energy. What that leaves is the first slice's.
 */
export function physicalEstimate({ object, probe }: Pick<Look, "object" | "probe">): PhysicalEstimate {
  const [, height, width] = probe.shape;
  const [count, rows, columns] = object.values.shape;
  const brighter = Math.sqrt(energyOf(probe) / ((height * width) / 4));
  const factor = Number.isFinite(brighter) && brighter > 0 ? brighter : 1;
  const size = 2 * rows * columns;
  const data = object.values.data.map((value, i) => (i < size ? value * factor : value));
  const shape = [rows, columns];
  return {
    object: { shape, data: count === 1 ? data : product(data, size) },
    ...(count === 1 ? {} : { slices: { shape: [count, ...shape], data } }),
    probe: { shape: probe.shape, data: probe.data.map((value) => value / factor) },
  };
}

/** Of planes of so many numbers, interleaved. */
function product(planes: Float32Array, size: number): Float32Array {
  const out = planes.slice(0, size);
  for (let start = size; start < planes.length; start += size)
    for (let i = 0; i < size; i += 2) {
      const [re, im] = [out[i], out[i + 1]];
      const [x, y] = [planes[start + i], planes[start + i + 1]];
      out[i] = re * x - im * y;
      out[i + 1] = re * y + im * x;
    }
  return out;
}
