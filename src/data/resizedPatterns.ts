import type { Patterns } from "./dataset.ts";

/** Patterns cut or filled up with zeros to `side` squared about their zero frequency, as they are read. */
export function resizedPatterns(patterns: Patterns, side: number): Patterns {
  const { count, height, width } = patterns;
  const size = height * width;
  let own = new Float32Array(0);
  return {
    count,
    height: side,
    width: side,
    origin: { kind: "resized", patterns, side },
    read(indices, out) {
      if (own.length !== indices.length * size) own = new Float32Array(indices.length * size);
      patterns.read(indices, own);
      for (let k = 0; k < indices.length; k++)
        resizeImage(
          own.subarray(k * size, (k + 1) * size),
          [height, width],
          out.subarray(k * side * side, (k + 1) * side * side),
          side,
        );
    },
  };
}

/** One image, its index floor(n/2) moved to floor(side/2) on both axes; what is new becomes zero. */
export function resizeImage(
  image: ArrayLike<number>,
  [height, width]: readonly [number, number],
  out: Float32Array,
  side: number,
): void {
  const down = Math.floor(side / 2) - Math.floor(height / 2);
  const right = Math.floor(side / 2) - Math.floor(width / 2);
  out.fill(0);
  for (let y = Math.max(0, down); y < Math.min(side, height + down); y++)
    for (let x = Math.max(0, right); x < Math.min(side, width + right); x++)
      out[y * side + x] = image[(y - down) * width + (x - right)];
}
