import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { ComplexArray } from "../arrays.ts";
import { patchGrid } from "../inference/patchGrid.ts";
import { type PatchStatistics, patchStatistics } from "../inference/patchStatistics.ts";
import { writeAtomic } from "../node/files/files.ts";
import { renderFigure } from "../pictures/figure.ts";

/** Collects statistics of predicted patches, for `analysis/` in the output folder. */
export interface PatchStatsFiles {
  /** @param patches `[patch, y, x]` of one batch */
  add(patches: ComplexArray): void;
  /** Writes `patch_stats.json`, one entry a batch, and `patch_grid.png` with the first batch. @returns their paths */
  write(outputDir: string): Promise<string[]>;
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
    async write(outputDir) {
      if (shown === undefined) return [];
      const folder = join(outputDir, "analysis");
      await mkdir(folder, { recursive: true });
      const [json, png] = [join(folder, "patch_stats.json"), join(folder, "patch_grid.png")];
      await writeAtomic(json, `${JSON.stringify(batches, null, 2)}\n`);
      await writeAtomic(png, renderFigure(patchGrid(shown)));
      return [json, png];
    },
  };
}

/** A copy: the rest of the batch can then be freed. */
function firstPatches({ shape, data }: ComplexArray): ComplexArray {
  const count = Math.min(SHOWN, shape[0]);
  return { shape: [count, ...shape.slice(1)], data: data.slice(0, (data.length / shape[0]) * count) };
}
