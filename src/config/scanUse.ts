import type { NeighbourRule } from "../data/grouping.ts";
import type { DataConfig } from "./dataConfig.ts";

/** What settings say of the use of a scan, as `data/` takes it, in training and in inference. */

/** The settings' way to choose the other members of a group. */
export function neighbourRule(data: DataConfig): NeighbourRule {
  const { minNeighborDistance: min } = data;
  const max = data.maxNeighborDistance ?? Number.POSITIVE_INFINITY;
  switch (data.neighborFunction) {
    case "Nearest":
      return { kind: "nearest", count: (data.enableOversampling ? data.neighborPoolSize : null) ?? data.neighborCount };
    case "Min_dist":
      return { kind: "distance", min, max };
    case "4_quadrant":
      return { kind: "quadrants", count: data.quadrantNeighborCount, min, max };
    case "Grid":
      return { kind: "square", step: data.gridStep! };
  }
}

/** The mean photons of a pattern where they are stated. */
export const statedDose = ({ nphotons }: Pick<DataConfig, "nphotons">): { readonly photons?: number } =>
  nphotons === null ? {} : { photons: nphotons };
