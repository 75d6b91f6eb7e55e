import { PtychonautError } from "../errors.ts";

/** Channels through the CNN, for patterns of N pixels a side and a filter scale s. */
export interface CnnLayout {
  /** Output channels of the encoder blocks; each block halves the image. */
  readonly encoder: readonly number[];
  /** Output channels of the decoder blocks; each block doubles the image, up to N/2. */
  readonly decoder: readonly number[];
  /** Side of the image between them. */
  readonly bottleneck: number;
}

const SMALLEST = 32;
const LARGEST = 2048;

/**
 * For N = 64, 128, 256 the reference's table: 3, 4, 5 blocks from 32s, 16s, 8s to 128s channels, and a bottleneck of 8×8.
 * The rule for other N: as many halvings as leave a whole bottleneck of 8×8 or more; the last encoder block has 128s
 * channels and each one before it half as many; the last decoder block has 32s and each one before it twice as many.
 * So 96 and 192 have a bottleneck of 12, 160 one of 10, and 136 = 8 · 17 one of 17 with three blocks only.
 * @throws PtychonautError "usage" for an N that is no multiple of 8 between 32 and 2048
 */
export function cnnLayout(N: number, nFiltersScale: number): CnnLayout {
  if (!Number.isInteger(N) || N % 8 !== 0 || N < SMALLEST || N > LARGEST) {
    throw new PtychonautError("usage", "the CNN cannot take patterns of this size", {
      expected: `N a multiple of 8 from ${SMALLEST} to ${LARGEST}: the encoder halves the image at least twice, down to 8 pixels or more`,
      got: `N = ${N}`,
      fix: "crop, pad or bin the patterns",
    });
  }
  let blocks = 2;
  while (N % 2 ** (blocks + 1) === 0 && N / 2 ** (blocks + 1) >= 8) blocks++;
  return {
    encoder: Array.from({ length: blocks }, (_, i) => (128 * nFiltersScale) / 2 ** (blocks - 1 - i)),
    decoder: Array.from({ length: blocks - 1 }, (_, i) => 32 * nFiltersScale * 2 ** (blocks - 2 - i)),
    bottleneck: N / 2 ** blocks,
  };
}
