import type { Patterns } from "./dataset.ts";

/**
 * Patterns with the zero frequency moved from index 0 to floor(n/2) on both axes, frame by frame as they are read, so
 * that the file's own array stays as it is. An origin in a file says itself where the zero frequency is.
 */
export function centredPatterns(cornered: Patterns): Patterns {
  const { count, height, width, origin } = cornered;
  const size = height * width;
  const frame = new Float32Array(size);
  return {
    count,
    height,
    width,
    origin,
    read(indices, out) {
      cornered.read(indices, out);
      for (let k = 0; k < indices.length; k++) {
        const target = out.subarray(k * size, (k + 1) * size);
        frame.set(target);
        shiftToCentre(target, frame, height, width);
      }
    },
  };
}

/** `dst(y, x) = src(y − floor(h/2), x − floor(w/2))`, cyclic: the fftshift. `dst` and `src` must not overlap. */
export function shiftToCentre(dst: Float32Array, src: ArrayLike<number>, height: number, width: number): void {
  const down = Math.floor(height / 2);
  const right = Math.floor(width / 2);
  for (let y = 0; y < height; y++) {
    const from = y * width;
    const to = ((y + down) % height) * width;
    for (let x = 0; x < width; x++) dst[to + ((x + right) % width)] = src[from + x];
  }
}
