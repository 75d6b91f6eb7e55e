import type { ComplexImage, Image } from "./image.ts";

export function conjugated({ shape, data }: ComplexImage): ComplexImage {
  return { shape, data: data.map((value, i) => (i % 2 === 0 ? value : -value)) };
}

/** Turned by 180°: O(−r), pixel (0, 0) and the last one change places. */
export function turned<T extends Image | ComplexImage>(image: T): T {
  const [height, width] = image.shape;
  const depth = image.data.length / (height * width);
  const data = new Float64Array(image.data.length);
  for (let from = 0; from < data.length; from += depth) {
    data.set(image.data.subarray(from, from + depth), data.length - depth - from);
  }
  return { ...image, data };
}
