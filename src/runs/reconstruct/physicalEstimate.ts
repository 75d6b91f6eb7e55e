import type { ComplexArray } from "../../arrays.ts";
import { energyOf } from "../../data/normalisation.ts";
import type { Look } from "../../engines/runningStage.ts";
import type { Variations } from "../../engines/scan.ts";
import { orthogonalised } from "../../engines/wrappers/orthogonalised.ts";

export interface PhysicalEstimate {
  /** `[y, x]`: of several slices their product, of several states the strongest. */
  readonly object: ComplexArray;
  /** `[slice, y, x]`, where there are several. */
  readonly slices?: ComplexArray;
  /** `[state, y, x]`, where there are several: orthogonal in the light that fell on them, and the parts of it that they have. */
  readonly objectModes?: { readonly values: ComplexArray; readonly powers: readonly number[] };
  /** `[mode, y, x]`. */
  readonly probe: ComplexArray;
  /** Of its first mode from frame to frame, on its scale. */
  readonly variations?: Variations;
}

/**
 * Object and probe as files have them. The data determine their product; as everywhere, the probe has the energy H W / 4 with
 * which a unit object explains a pattern's mean energy, or what it was held at. What that leaves is the first slice's, or
 * all states'.
 *
 * States are known but for a unitary mixture of them (Thibault & Menzel, Nature 494, 68 (2013)). Of all mixtures that one is
 * taken of which the first has as much of the patterns' light as one state can, the second of the rest, and so on: they are
 * orthogonal, weighted by the light Σ_j R_jᵀ Σ_m |P_m|², so that what was hardly lit has no say.
 */
export function physicalEstimate({
  object,
  probe,
  variations,
  energy,
  light,
  states,
}: Pick<Look, "object" | "probe" | "variations" | "energy" | "light" | "states">): PhysicalEstimate {
  const [count, rows, columns] = object.values.shape;
  const brighter = Math.sqrt(energyOf(probe) / energy);
  const factor = Number.isFinite(brighter) && brighter > 0 ? brighter : 1;
  const size = 2 * rows * columns;
  const scaled = states > 1 ? object.values.data.length : size;
  const data = object.values.data.map((value, i) => (i < scaled ? value * factor : value));
  const shape = [rows, columns];
  return {
    ...(states > 1 ? statesOf(data, [count, rows, columns], light) : slicesOf(data, [count, ...shape], size)),
    probe: dimmed(probe, factor),
    ...(variations === undefined
      ? {}
      : { variations: { ...variations, directions: dimmed(variations.directions, factor) } }),
  };
}

function slicesOf(
  data: Float32Array,
  shape: readonly number[],
  size: number,
): Pick<PhysicalEstimate, "object" | "slices"> {
  const [count, ...plane] = shape;
  if (count === 1) return { object: { shape: plane, data } };
  return { object: { shape: plane, data: product(data, size) }, slices: { shape, data } };
}

function statesOf(
  data: Float32Array,
  shape: readonly [count: number, rows: number, columns: number],
  light: Float32Array,
): Pick<PhysicalEstimate, "object" | "objectModes"> {
  const [count, ...plane] = shape;
  const { modes, powers } = orthogonalised(Float64Array.from(data), count, light);
  const all = powers.reduce((sum, power) => sum + power, 0);
  const values = { shape, data: Float32Array.from(modes) };
  return {
    object: { shape: plane, data: values.data.slice(0, 2 * plane[0] * plane[1]) },
    objectModes: { values, powers: Array.from(powers, (power) => (all > 0 ? Math.max(0, power) / all : 1 / count)) },
  };
}

const dimmed = ({ shape, data }: ComplexArray, factor: number): ComplexArray => ({
  shape,
  data: data.map((value) => value / factor),
});

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
