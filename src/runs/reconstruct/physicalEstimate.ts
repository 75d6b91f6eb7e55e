import type { ComplexArray } from "../../arrays.ts";
import { energyOf } from "../../data/normalisation.ts";
import type { Look } from "../../engines/runningStage.ts";

/**
 * Object and probe as files have them: `[y, x]` and `[mode, y, x]`. The data determine their product; as everywhere, the
 * probe has the energy H W / 4 with which a unit object explains a pattern's mean energy.
 */
export function physicalEstimate({ object, probe }: Pick<Look, "object" | "probe">): {
  readonly object: ComplexArray;
  readonly probe: ComplexArray;
} {
  const [, height, width] = probe.shape;
  const [, rows, columns] = object.values.shape;
  const brighter = Math.sqrt(energyOf(probe) / ((height * width) / 4));
  const factor = Number.isFinite(brighter) && brighter > 0 ? brighter : 1;
  return {
    object: { shape: [rows, columns], data: object.values.data.map((value) => value * factor) },
    probe: { shape: probe.shape, data: probe.data.map((value) => value / factor) },
  };
}
