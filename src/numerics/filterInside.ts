/**
 * Separable correlation of an image `[height, width]` with a kernel at every place where it lies inside:
 * `[height − k + 1, width − k + 1]`.
 */
export function filterInside(
  image: Float64Array,
  [height, width]: readonly [height: number, width: number],
  kernel: Float64Array,
): Float64Array {
  const [rows, columns] = [height - kernel.length + 1, width - kernel.length + 1];
  const across = new Float64Array(height * columns);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < columns; j++) {
      let sum = 0;
      for (let k = 0; k < kernel.length; k++) sum += kernel[k] * image[i * width + j + k];
      across[i * columns + j] = sum;
    }
  }
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < kernel.length; k++) {
      const from = (i + k) * columns;
      for (let j = 0; j < columns; j++) out[i * columns + j] += kernel[k] * across[from + j];
    }
  }
  return out;
}
