import type { Complex } from "../../graph/complex.ts";
import type { Interleaved } from "../../numerics/fft.ts";

/**
 * How a wave travels from the sample to the detector, as a value: linear, with its adjoint, in two forms that tests hold
 * equal. Physics, likelihood and simulation take whichever they are given (`propagators.ts` chooses).
 */
export interface Propagator {
  /** In a graph. `[..., H, W]` → `[..., H, W]`, both with their centre at floor(n/2). */
  forward(exitWave: Complex): Complex;
  /** ⟨forward a, b⟩ = ⟨a, adjoint b⟩. */
  adjoint(wave: Complex): Complex;
  /** In float64, for waves of one size: the oracle, and what simulates and checks outside graphs. */
  plan(shape: readonly [height: number, width: number]): PlannedPropagator;
}

/** The same for interleaved waves `[H, W]`. One plan serves one caller at a time: it has its work space. */
export interface PlannedPropagator {
  /** `output` may be `wave`. */
  forward<T extends Interleaved>(wave: Interleaved, output: T): T;
  adjoint<T extends Interleaved>(wave: Interleaved, output: T): T;
}
