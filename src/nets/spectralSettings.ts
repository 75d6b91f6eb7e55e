import { PtychonautError } from "../errors.ts";
import type { GeneratorOptions } from "./generator.ts";

/** Settings that all spectral generators have. */
export const spectralSettings: readonly (keyof GeneratorOptions)[] = [
  "generatorOutputMode",
  "fnoModes",
  "fnoWidth",
  "fnoInputTransform",
];

/**
 * @throws PtychonautError "usage" for more frequencies than a pattern has
 */
export function checkModes({ N, fnoModes }: GeneratorOptions): void {
  if (fnoModes <= N / 2 + 1) return;
  throw new PtychonautError("usage", "wrong value for fno_modes", {
    expected: `at most N/2 + 1 = ${N / 2 + 1}`,
    got: String(fnoModes),
  });
}
