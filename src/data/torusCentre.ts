/** Where the light of an image sits, which may be across its border, as a Fourier transform has it. */
export interface TorusCentre {
  /** As (y, x) indices. */
  readonly index: readonly [number, number];
  /** Within an eighth of the image of index floor(n/2), or of index 0, on both axes. */
  readonly place: "center" | "corner" | "elsewhere";
  /** 1 for a single pixel, 0 for light that is spread evenly: the smaller of both axes' first Fourier coefficients over the sum. */
  readonly concentration: number;
}

/** The phase of the first Fourier coefficient along each axis: a centre of mass on the torus. @param image `[y, x]`, ≥ 0 */
export function torusCentre(image: ArrayLike<number>, height: number, width: number): TorusCentre {
  const sums = [0, 0, 0, 0];
  let total = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = image[y * width + x];
      total += value;
      sums[0] += value * Math.cos((2 * Math.PI * y) / height);
      sums[1] += value * Math.sin((2 * Math.PI * y) / height);
      sums[2] += value * Math.cos((2 * Math.PI * x) / width);
      sums[3] += value * Math.sin((2 * Math.PI * x) / width);
    }
  const along = (cos: number, sin: number, n: number): number => ((Math.atan2(sin, cos) / (2 * Math.PI)) * n + n) % n;
  const index = [along(sums[0], sums[1], height), along(sums[2], sums[3], width)] as const;
  const strength = Math.min(Math.hypot(sums[0], sums[1]), Math.hypot(sums[2], sums[3]));
  return { index, place: placeOf(index, height, width), concentration: total > 0 ? strength / total : 0 };
}

function placeOf(index: readonly [number, number], height: number, width: number): TorusCentre["place"] {
  const near = (target: readonly [number, number]): boolean =>
    [height, width].every((n, axis) => {
      const gap = Math.abs(index[axis] - target[axis]);
      return Math.min(gap, n - gap) <= n / 8;
    });
  if (near([Math.floor(height / 2), Math.floor(width / 2)])) return "center";
  return near([0, 0]) ? "corner" : "elsewhere";
}
