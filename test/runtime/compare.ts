import { maxDeviation } from "../evaluate.ts";
import type { StepResults } from "./trainingStep.ts";

/** Largest difference over the largest expected magnitude, for each array of a training run. */
export function deviations(actual: StepResults, expected: StepResults): Record<string, number> {
  const result: Record<string, number> = {
    losses: deviation(actual.losses, expected.losses),
    intensity: deviation(actual.intensity, expected.intensity),
  };
  for (const [name, values] of Object.entries(expected.state))
    result[name] = deviation(actual.state[name] ?? [], values);
  return result;
}

export function deviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  return actual.length === expected.length ? maxDeviation(actual, expected) : Number.POSITIVE_INFINITY;
}
