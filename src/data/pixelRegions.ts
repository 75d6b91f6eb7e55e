/** Pixels that touch each other, by a side or a corner. */
export interface PixelRegion {
  /** Indices, row-major, ascending. */
  readonly pixels: readonly number[];
  /** Pixels that touch it, each once. */
  readonly rim: readonly number[];
  /** First and last row and column. */
  readonly from: readonly [y: number, x: number];
  readonly to: readonly [y: number, x: number];
  /** How many of the image's four sides it touches. */
  readonly sides: number;
}

/** The regions of pixels for which something holds, in the order of their first pixels. */
export function connectedRegions(height: number, width: number, holds: (at: number) => boolean): PixelRegion[] {
  const seen = new Uint8Array(height * width);
  const regions: PixelRegion[] = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] === 1 || !holds(start)) continue;
    seen[start] = 1;
    const pixels = [start];
    const rim = new Set<number>();
    // The list grows while it is gone through.
    for (const at of pixels)
      for (const beside of besides(at, height, width)) {
        if (!holds(beside)) rim.add(beside);
        else if (seen[beside] === 0) {
          seen[beside] = 1;
          pixels.push(beside);
        }
      }
    regions.push(described(pixels, [...rim], height, width));
  }
  return regions;
}

function described(found: number[], rim: readonly number[], height: number, width: number): PixelRegion {
  const pixels = found.sort((a, b) => a - b);
  let [left, right] = [width, 0];
  for (const at of pixels) {
    left = Math.min(left, at % width);
    right = Math.max(right, at % width);
  }
  const [top, bottom] = [pixels[0], pixels[pixels.length - 1]].map((at) => Math.floor(at / width));
  const sides = [top === 0, left === 0, bottom === height - 1, right === width - 1].filter(Boolean).length;
  return { pixels, rim, from: [top, left], to: [bottom, right], sides };
}

function besides(at: number, height: number, width: number): number[] {
  const [y, x] = [Math.floor(at / width), at % width];
  const found: number[] = [];
  for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++)
    for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++)
      if (row !== y || column !== x) found.push(row * width + column);
  return found;
}

/** Pixels whose larger distance along y or x is `distance`, across the border too. */
export function ringAround(at: number, distance: number, height: number, width: number): number[] {
  const [y, x] = [Math.floor(at / width), at % width];
  const ring: number[] = [];
  for (let dy = -distance; dy <= distance; dy++)
    for (let dx = -distance; dx <= distance; dx++)
      if (Math.max(Math.abs(dy), Math.abs(dx)) === distance)
        ring.push(((y + dy + height) % height) * width + ((x + dx + width) % width));
  return ring;
}
