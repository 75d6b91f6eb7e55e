import { writeNpz } from "../../formats/npz.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";

/**
 * Writes `intensities.npz`: `frame` (int64), the training frames as their scan numbers them, `frame_intensity` (float64), the
 * beam's intensity in each over its scan's mean, and for several scans `scan` (int64), which each is of, from 0.
 * @param frames of each scan
 * @returns its path
 */
export async function writeIntensities(
  folder: string,
  frames: readonly (readonly number[])[],
  intensities: Float64Array,
  store: RunStore,
): Promise<string> {
  const path = joinPath(folder, outputs.intensities);
  const shape = [intensities.length];
  const scan = frames.flatMap((own, i) => own.map(() => i));
  await store.write(
    path,
    writeNpz({
      ...(frames.length === 1 ? {} : { scan: { shape, dtype: "int64", data: Int32Array.from(scan) } }),
      frame: { shape, dtype: "int64", data: Int32Array.from(frames.flat()) },
      frame_intensity: { shape, dtype: "float64", data: intensities },
    }),
  );
  return path;
}
