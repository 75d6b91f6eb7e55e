import { AVERAGE, type Optimizer } from "../graph/optimizers.ts";
import type { Weights } from "./parameterStore.ts";

/** The weights of a network as it is judged, saved and used. */
export type ModelWeights = Pick<Weights, "parameters" | "state">;

/**
 * What a training has made: the running mean of its parameters where the optimiser keeps one (`averaging`), else the parameters
 * themselves. Untrained state, running statistics for instance, is taken as it is. Views of the same vectors.
 * @param weights after one step or more: before, there is no mean
 */
export function modelWeights({ moments }: Pick<Optimizer, "moments">, weights: Weights): ModelWeights {
  const { parameters, state } = weights;
  const place = moments.indexOf(AVERAGE);
  return { parameters: place === -1 ? parameters : weights.moments[place], state };
}
