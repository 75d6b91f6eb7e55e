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
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let scale = 0;
  for (let i = 0; i < expected.length; i++) {
    const d = Math.abs(actual[i]! - expected[i]!);
    if (!(d <= difference)) difference = d;
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return scale === 0 ? difference : difference / scale;
}
