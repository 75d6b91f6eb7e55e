import { type Complex, complexMul, complexReshape } from "../graph/complex.ts";
import { exitWaves } from "./illumination.ts";
import type { Propagator } from "./propagation/propagator.ts";

/**
 * Exit waves behind an object that is too thick for one transmission: slices and free space by turns, from the one that the
 * probe meets first (Cowley & Moodie 1957; in ptychography Maiden, Humphry & Rodenburg 2012),
 *
 *   ψ₁ = O₁ P,   ψ_s = O_s (A ψ_{s−1}),   A the way between slices (`propagation/nearField.ts`).
 *
 * @param slices `[..., N, N]` windows of each slice
 * @param probe as `exitWaves` takes it
 * @returns `[..., mode, N, N]`
 */
export function multisliceExit(slices: readonly Complex[], probe: Complex, between: Propagator): Complex {
  const [first, ...others] = slices;
  return others.reduce(
    (wave, slice) => {
      const { shape } = slice.re;
      const perMode = complexReshape(slice, [...shape.slice(0, -2), 1, ...shape.slice(-2)]);
      return complexMul(perMode, between.forward(wave));
    },
    exitWaves(first, probe),
  );
}
