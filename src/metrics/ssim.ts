import { PtychonautError } from "../errors.ts";
import { filterInside } from "../numerics/filterInside.ts";
import { gaussianKernel } from "../numerics/gaussianFilter.ts";
import { type Image, mean, requireSameShape } from "./image.ts";

export interface SsimOptions {
  /** Span of the values, which sets the constants (0.01 range)² and (0.03 range)². */
  readonly range: number;
  /**
   * "uniform": 7 × 7 with sample covariance, the default of scikit-image. "gaussian": 11 × 11, σ = 1.5, as in the paper.
   * Default "uniform".
   */
  readonly window?: "uniform" | "gaussian";
}

/** The two factors of SSIM for every window that lies wholly inside the image. */
export interface SsimMaps {
  readonly shape: readonly [height: number, width: number];
  readonly luminance: Float64Array;
  /** Contrast times structure. */
  readonly contrastStructure: Float64Array;
}

/**
 * Structural similarity (Wang, Bovik, Sheikh & Simoncelli, IEEE Trans. Image Process. 13, 600 (2004)), the mean over all
 * windows inside the image; 1 for equal images.
 *
 * @throws PtychonautError "shape" when sizes differ or the image is smaller than a window, "usage" for a range ≤ 0.
 */
export function ssim(a: Image, b: Image, options: SsimOptions): number {
  return mean(ssimMap(a, b, options).data);
}

/** SSIM of every window inside the image, `[height − window + 1, width − window + 1]`. */
export function ssimMap(a: Image, b: Image, options: SsimOptions): Image {
  const { shape, luminance, contrastStructure } = ssimMaps(a, b, options);
  return { shape, data: luminance.map((value, i) => value * contrastStructure[i]) };
}

export function ssimMaps(a: Image, b: Image, { range, window = "uniform" }: SsimOptions): SsimMaps {
  requireSameShape(a, b);
  if (!(range > 0)) throw new PtychonautError("usage", "SSIM needs a positive data range", { got: `${range}` });
  const kernel = window === "uniform" ? new Float64Array(7).fill(1 / 7) : gaussianKernel(1.5, 3.5);
  const side = kernel.length;
  if (Math.min(...a.shape) < side) {
    throw new PtychonautError("shape", "image is too small for SSIM", {
      expected: `at least ${side} pixels a side`,
      got: `[${a.shape.join(", ")}]`,
    });
  }
  const sample = window === "uniform" ? side ** 2 / (side ** 2 - 1) : 1;
  const [c1, c2] = [(0.01 * range) ** 2, (0.03 * range) ** 2];
  const average = (data: Float64Array): Float64Array => filterInside(data, a.shape, kernel);
  const meanA = average(a.data);
  const meanB = average(b.data);
  const meanAA = average(a.data.map((value) => value * value));
  const meanBB = average(b.data.map((value) => value * value));
  const meanAB = average(a.data.map((value, i) => value * b.data[i]));
  const luminance = new Float64Array(meanA.length);
  const contrastStructure = new Float64Array(meanA.length);
  for (let i = 0; i < meanA.length; i++) {
    const [ma, mb] = [meanA[i], meanB[i]];
    luminance[i] = (2 * ma * mb + c1) / (ma * ma + mb * mb + c1);
    const covariance = sample * (meanAB[i] - ma * mb);
    const variances = sample * (meanAA[i] - ma * ma + meanBB[i] - mb * mb);
    contrastStructure[i] = (2 * covariance + c2) / (variances + c2);
  }
  return { shape: [a.shape[0] - side + 1, a.shape[1] - side + 1], luminance, contrastStructure };
}
