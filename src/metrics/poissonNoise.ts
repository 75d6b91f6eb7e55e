/** What the deviance per pixel is when the model is right and counts are Poisson. */
export interface NoiseDeviance {
  /** Expected value: about −2 λ ln λ for few counts, 1.16 at most near λ = 1, 1 + 1/(6 λ) for many. */
  readonly mean: number;
  readonly variance: number;
}

/** From here on the series in 1/λ is good to 1e-6. */
const many = 100;
/** Below, less than one pixel in 10⁸ holds a photon: taken as this. */
const few = 1e-8;
/** Nodes a unit of ln λ: linear interpolation between them is good to 2e-5. */
const density = 100;

/**
 * Mean and variance of 2 [λ' − k + k ln(k/λ')] over k ~ Poisson(λ), λ' = λ + background. Sums over k are made once, on a
 * grid of ln λ.
 * @param background counts that the model adds to every rate
 */
export function poissonNoise(background: number): (rate: number) => NoiseDeviance {
  const start = Math.log(few);
  const length = Math.ceil((Math.log(many) - start) * density) + 2;
  const nodes = Array.from({ length }, (_, i) => summed(Math.exp(start + i / density), background));
  return (rate) => {
    if (rate > many) return { mean: 1 + 1 / (6 * rate) + 1 / (6 * rate * rate), variance: 2 + 2 / (3 * rate) };
    const at = Math.max(0, (Math.log(rate) - start) * density);
    const i = Math.floor(at);
    const [a, b, t] = [nodes[i], nodes[i + 1], at - i];
    return { mean: a.mean + t * (b.mean - a.mean), variance: a.variance + t * (b.variance - a.variance) };
  };
}

function summed(rate: number, background: number): NoiseDeviance {
  const expected = rate + background;
  const last = Math.ceil(rate + 12 * Math.sqrt(rate) + 20);
  let probability = Math.exp(-rate);
  let [mean, square] = [0, 0];
  for (let k = 0; k <= last; k++) {
    if (k > 0) probability *= rate / k;
    const value = 2 * (expected - k + (k > 0 ? k * Math.log(k / expected) : 0));
    mean += probability * value;
    square += probability * value * value;
  }
  return { mean, variance: square - mean * mean };
}
