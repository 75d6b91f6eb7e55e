/** Factors on a rate by epoch, from 0: of learning rates in training, of steps in engines. */

export const exponentialFactor = (epoch: number, gamma: number): number => gamma ** epoch;

/** @param milestones epochs after which the rate drops, by `factor` each time */
export const multistageFactor = (epoch: number, milestones: readonly number[], factor: number): number =>
  factor ** milestones.filter((milestone) => milestone <= epoch).length;

/** Linear from a tenth to 1 over the warm-up, then half a cosine down to `least` at the end. */
export function warmupCosineFactor(
  epoch: number,
  { warmup, epochs, least }: { readonly warmup: number; readonly epochs: number; readonly least: number },
): number {
  if (epoch < warmup) return 0.1 + (0.9 * epoch) / warmup;
  const progress = Math.min(1, (epoch - warmup) / (epochs - warmup));
  return least + ((1 - least) * (1 + Math.cos(Math.PI * progress))) / 2;
}
