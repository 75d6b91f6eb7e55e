import { type Image, mean, requireSameShape } from "./image.ts";
import { ssimMaps } from "./ssim.ts";

/** Exponents of the scales, finest first (Wang, Simoncelli & Bovik 2003). */
export const msSsimWeights = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333] as const;

/** Side of the Gaussian window, which must fit the image at the coarsest scale. */
const window = 11;

/**
 * Multi-scale structural similarity (Wang, Simoncelli & Bovik, Asilomar 2003): contrast and structure at every scale,
 * luminance at the coarsest, an image halved by 2 × 2 means from each scale to the next. Negative means count as 0.
 * Five scales need 176 pixels a side; smaller images get as many as fit, their weights raised to the sum of all five.
 *
 * @param range span of the values, the same at every scale
 */
export function msSsim(a: Image, b: Image, range: number): number {
  requireSameShape(a, b);
  const fitting = 1 + Math.floor(Math.log2(Math.min(...a.shape) / window));
  const weights = msSsimWeights.slice(0, Math.max(1, fitting));
  const raise = sum(msSsimWeights) / sum(weights);
  let product = 1;
  let [x, y] = [a, b];
  weights.forEach((weight, scale) => {
    const { luminance, contrastStructure } = ssimMaps(x, y, { range, window: "gaussian" });
    const coarsest = scale === weights.length - 1;
    const factor = mean(coarsest ? contrastStructure.map((value, i) => value * luminance[i]) : contrastStructure);
    product *= Math.max(0, factor) ** (weight * raise);
    if (!coarsest) [x, y] = [halved(x), halved(y)];
  });
  return product;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Means of 2 × 2 pixels; an odd last row or column is dropped. */
function halved({ shape: [height, width], data }: Image): Image {
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = 2 * i * width + 2 * j;
      out[i * columns + j] = (data[at] + data[at + 1] + data[at + width] + data[at + width + 1]) / 4;
    }
  }
  return { shape: [rows, columns], data: out };
}
