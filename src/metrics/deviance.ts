/**
 * Poisson deviance per pixel, mean 2 [λ − k + k ln(k / λ)]: 0 for a perfect fit, about 1 at the shot-noise limit where
 * counts are not small, comparable between runs.
 *
 * @param expected λ, the model's expected counts
 * @param observed k, the counts seen; same length
 * @param mask 1 = valid; repeats over frames when shorter than the data
 * @returns infinity when a photon was seen where none was expected, NaN when no pixel is valid
 */
export function deviance(expected: ArrayLike<number>, observed: ArrayLike<number>, mask?: ArrayLike<number>): number {
  let sum = 0;
  let pixels = 0;
  for (let i = 0; i < expected.length; i++) {
    if (mask !== undefined && mask[i % mask.length] === 0) continue;
    const lambda = expected[i];
    const k = observed[i];
    sum += 2 * (lambda - k + (k > 0 ? k * Math.log(k / lambda) : 0));
    pixels++;
  }
  return sum / pixels;
}
