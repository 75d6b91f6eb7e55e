/**
 * Convolution of an image `[height, width]` with a Gaussian, separable. Edges reflect about the border between pixels
 * (… b a | a b …), the kernel ends at 4 sigma.
 *
 * @param sigma standard deviation in pixels; 0 copies
 */
export function gaussianFilter(
  image: ArrayLike<number>,
  [height, width]: readonly [height: number, width: number],
  sigma: number,
): Float64Array {
  if (!(sigma > 0)) return Float64Array.from(image);
  const kernel = gaussianKernel(sigma);
  const rows = filterRows(image, height, width, kernel, reflect);
  return turn(filterRows(turn(rows, height, width), width, height, kernel, reflect), width, height);
}

/**
 * The same with nothing outside the image, so that edges fade; the kernel ends at ⌈3 sigma⌉.
 *
 * @param sigma standard deviation in pixels; 0 copies
 */
export function fadingGaussianFilter(
  image: ArrayLike<number>,
  [height, width]: readonly [height: number, width: number],
  sigma: number,
): Float64Array {
  if (!(sigma > 0)) return Float64Array.from(image);
  const kernel = gaussian(sigma, Math.ceil(3 * sigma));
  const sum = kernel.reduce((total, value) => total + value, 0);
  const once = (lines: ArrayLike<number>, h: number, w: number): Float64Array =>
    filterRows(lines, h, w, kernel, () => undefined).map((value) => value / sum);
  return turn(once(turn(once(image, height, width), height, width), width, height), width, height);
}

/** Sampled Gaussian of sum 1 and odd length, out to `truncate` sigma. */
export function gaussianKernel(sigma: number, truncate = 4): Float64Array {
  const radius = Math.floor(truncate * sigma + 0.5);
  const kernel = gaussian(sigma, radius);
  const sum = kernel.reduce((total, value) => total + value, 0);
  return kernel.map((value) => value / sum);
}

const gaussian = (sigma: number, radius: number): Float64Array =>
  Float64Array.from({ length: 2 * radius + 1 }, (_, i) => Math.exp(-0.5 * ((i - radius) / sigma) ** 2));

/**
 * Correlation of every row with an odd kernel.
 * @param outside index of the sample that stands at i outside the row, undefined for 0
 */
function filterRows(
  image: ArrayLike<number>,
  height: number,
  width: number,
  kernel: Float64Array,
  outside: (i: number, width: number) => number | undefined,
): Float64Array {
  const radius = (kernel.length - 1) / 2;
  const padded = new Float64Array(width + 2 * radius);
  const out = new Float64Array(height * width);
  for (let i = 0; i < height; i++) {
    for (let j = -radius; j < width + radius; j++) {
      const from = j >= 0 && j < width ? j : outside(j, width);
      padded[j + radius] = from === undefined ? 0 : image[i * width + from];
    }
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * padded[j + k];
      out[i * width + j] = sum;
    }
  }
  return out;
}

/** Index of the sample that a reflected axis shows at i, for any distance outside. */
function reflect(i: number, n: number): number {
  const period = 2 * n;
  const folded = ((i % period) + period) % period;
  return folded < n ? folded : period - 1 - folded;
}

function turn(image: Float64Array, height: number, width: number): Float64Array {
  const out = new Float64Array(image.length);
  for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) out[j * height + i] = image[i * width + j];
  return out;
}
