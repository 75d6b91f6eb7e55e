/** How noisy gradients are: at a batch of `variance / signal` a step is worth half of one without noise. */
export interface NoiseScale {
  /** |G|²: of the gradient without noise. */
  readonly signal: number;
  /** tr Σ: variance of one sample's gradient, over all parameters. */
  readonly variance: number;
}

/**
 * Without bias from the norms of gradients of small batches and of a large one, the expectation of whose square is
 * |G|² + tr Σ / B each (S. McCandlish et al., An Empirical Model of Large-Batch Training, arXiv:1812.06162, appendix A).
 * @param small norms of gradients of batches of `smallBatch`
 * @param large norm of the gradient of a batch of `largeBatch`
 */
export function noiseScale(
  small: readonly number[],
  smallBatch: number,
  large: number,
  largeBatch: number,
): NoiseScale {
  const square = small.reduce((sum, norm) => sum + norm ** 2, 0) / small.length;
  const signal = (largeBatch * large ** 2 - smallBatch * square) / (largeBatch - smallBatch);
  const variance = (square - large ** 2) / (1 / smallBatch - 1 / largeBatch);
  return { signal, variance };
}
