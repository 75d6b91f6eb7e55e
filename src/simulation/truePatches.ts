import { complexZeros } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { labelPatch, labelSource } from "../data/labels.ts";

/** A simulated scan with the true patches `[frame, n, n]` beside its object: what training on labels takes from the file. */
export function withTruePatches(dataset: Dataset): Dataset {
  const { count, width: n } = dataset.patterns;
  const source = labelSource(dataset);
  const patches = complexZeros([count, n, n]);
  const patch = new Float64Array(2 * n * n);
  for (let frame = 0; frame < count; frame++) {
    labelPatch(source, frame, n, patch);
    patches.data.set(patch, frame * patch.length);
  }
  return { ...dataset, patches };
}
