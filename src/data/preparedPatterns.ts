import type { Measurement, Patterns } from "./dataset.ts";
import type { PatternOperation } from "./patternOperation.ts";
import { keepsPlaces, operate, sidesAlong } from "./patternOperations.ts";

/** Patterns on which operations are done, in order, as they are read; what they are made of stays where it is. */
export function preparedPatterns(
  patterns: Patterns,
  operations: readonly PatternOperation[],
  measurement: Measurement,
): Patterns {
  const sides = sidesAlong(operations, [patterns.height, patterns.width]);
  const [height, width] = sides[sides.length - 1];
  const scratch = operations.map((operation, k) =>
    keepsPlaces(operation) ? undefined : new Float32Array(sides[k + 1][0] * sides[k + 1][1]),
  );
  const size = patterns.height * patterns.width;
  let own = new Float32Array(0);
  return {
    count: patterns.count,
    height,
    width,
    origin: { kind: "prepared", patterns, operations, measurement },
    read(indices, out) {
      if (own.length !== indices.length * size) own = new Float32Array(indices.length * size);
      patterns.read(indices, own);
      for (let k = 0; k < indices.length; k++) {
        let image = own.subarray(k * size, (k + 1) * size);
        operations.forEach((operation, step) => {
          const to = scratch[step] ?? image;
          operate(operation, image, sides[step], measurement, to);
          image = to;
        });
        out.set(image, k * height * width);
      }
    },
  };
}
