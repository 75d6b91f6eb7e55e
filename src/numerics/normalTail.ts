/**
 * Chance that a standard normal deviate exceeds z: ½ erfc(z / √2), by the continued fraction of Laplace beyond z = 3 and
 * the series of erf below (Abramowitz & Stegun 7.1.5, 7.1.14); relative error below 1e-10.
 */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / (z + fraction);
    return density / (z + fraction);
  }
  let term = z;
  let sum = z;
  for (let k = 1; k < 60; k++) {
    term *= (z * z) / (2 * k + 1);
    sum += term;
  }
  return 0.5 - density * sum;
}
