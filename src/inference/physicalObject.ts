import type { ComplexArray } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import type { Predictor } from "./predictor.ts";
import { scaleParts } from "./stitch.ts";

/**
 * What the trained physics put between a predicted patch O and the exit wave. The physical object, which explains the data
 * with nothing added but `offset`, is `re` Re O + i `im` Im O.
 */
export interface ObjectScales {
  readonly re: number;
  readonly im: number;
  /** Added to the amplitude at the detector, in units of the network's input; no property of the object. */
  readonly offset: number;
}

/**
 * The forward model predicts |α g A + β| where A is the amplitude of s1 Re O + i s2 Im O: the factors on the amplitude
 * are factors on the object.
 * @param scalars s1, s2, alpha, beta as far as the physics trained them (a bundle's `scales`)
 */
export function objectScales(
  { amplitudePhysicsGain }: Pick<ModelConfig, "amplitudePhysicsGain">,
  { s1 = 1, s2 = 1, alpha = 1, beta = 0 }: Readonly<Record<string, number>>,
): ObjectScales {
  // A negative α is a positive one with the other sign of β: the amplitude is squared.
  const gain = amplitudePhysicsGain * Math.abs(alpha);
  return { re: gain * s1, im: gain * s2, offset: alpha < 0 ? -beta : beta };
}

/** A predictor of physical patches. To be applied before phases are turned, which mixes real and imaginary parts. */
export function physicalPredictor(predictor: Predictor, { re, im }: ObjectScales): Predictor {
  if (re === 1 && im === 1) return predictor;
  return {
    batch: predictor.batch,
    predict: async (batch): Promise<ComplexArray> => scaleParts(await predictor.predict(batch), re, im),
    dispose: () => predictor.dispose(),
  };
}
