/**
 * From images with zero frequency at floor(n/2), as they are measured, to the detector's order of `Kernels`, zero
 * frequency at index 0. `[count, height, width]` of numbers, real or interleaved complex.
 */
export function toDetectorOrder<T extends Float32Array | Float64Array>(
  images: T,
  shape: readonly [height: number, width: number],
  parts: 1 | 2 = 1,
): T {
  return roll(images, shape, parts, (extent) => Math.floor(extent / 2));
}

/** The way back. */
export function fromDetectorOrder<T extends Float32Array | Float64Array>(
  images: T,
  shape: readonly [height: number, width: number],
  parts: 1 | 2 = 1,
): T {
  return roll(images, shape, parts, (extent) => Math.ceil(extent / 2));
}

/** Element `by(extent)` of each axis comes to index 0. */
function roll<T extends Float32Array | Float64Array>(
  images: T,
  [height, width]: readonly [number, number],
  parts: 1 | 2,
  by: (extent: number) => number,
): T {
  const out = images.slice() as T;
  const [down, row, left] = [by(height), parts * width, parts * by(width)];
  for (let from = 0; from < images.length; from += row) {
    const line = from / row;
    const image = Math.floor(line / height);
    const y = line - image * height;
    const to = (image * height + ((y + height - down) % height)) * row;
    out.set(images.subarray(from + left, from + row), to);
    out.set(images.subarray(from, from + left), to + row - left);
  }
  return out;
}
