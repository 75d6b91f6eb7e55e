import type { ComplexArray } from "../arrays.ts";
import { patchGrid } from "../inference/patchGrid.ts";
import { type PatchStatistics, patchStatistics } from "../inference/patchStatistics.ts";
import { figure } from "../pictures/figure.ts";
import { outputs, subfolders } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import type { PictureFiles } from "./pictureFiles.ts";
import { type RunStore, writeJson } from "./store.ts";

/** Collects statistics of predicted patches, for `analysis/` in the output folder. */
export interface PatchStatsFiles {
  /** @param patches `[patch, y, x]` of one batch */
  add(patches: ComplexArray): void;
  /** Writes `patch_stats.json`, one entry a batch, and `patch_grid`, a picture of the first batch. @returns their paths */
  write(outputDir: string, store: RunStore, pictures: PictureFiles): Promise<string[]>;
}

/** Patches in the picture, at most. */
const SHOWN = 16;

/** @param limit batches that count; null: all */
export function patchStatsFiles(phase: PatchStatistics["phase"], limit: number | null): PatchStatsFiles {
  const batches: PatchStatistics[] = [];
  let shown: ComplexArray | undefined;
  return {
    add(patches) {
      if (batches.length >= (limit ?? Number.POSITIVE_INFINITY)) return;
      batches.push(patchStatistics(patches, phase, batches.length));
      shown ??= firstPatches(patches);
    },
    async write(outputDir, store, pictures) {
      const grid = shown;
      if (grid === undefined) return [];
      const folder = joinPath(outputDir, subfolders.patches);
      await store.makeFolder(folder);
      const json = joinPath(folder, outputs.patches);
      await writeJson(json, batches, store);
      return [
        json,
        ...(await pictures.write(joinPath(folder, outputs.pictures.patches), () => figure(patchGrid(grid)))),
      ];
    },
  };
}

/** A copy: the rest of the batch can then be freed. */
function firstPatches({ shape, data }: ComplexArray): ComplexArray {
  const count = Math.min(SHOWN, shape[0]);
  return { shape: [count, ...shape.slice(1)], data: data.slice(0, (data.length / shape[0]) * count) };
}
