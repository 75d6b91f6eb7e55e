import { join } from "node:path";
import { writeNpz } from "../io/npz.ts";
import { writeAtomic } from "./files.ts";

/**
 * Writes `intensities.npz`: `frame` (int64), the training frames, and `frame_intensity` (float64), the beam's intensity in
 * each over the mean.
 * @returns its path
 */
export async function writeIntensities(
  folder: string,
  frames: readonly number[],
  intensities: Float64Array,
): Promise<string> {
  const path = join(folder, "intensities.npz");
  const shape = [frames.length];
  await writeAtomic(
    path,
    writeNpz({
      frame: { shape, dtype: "int64", data: Int32Array.from(frames) },
      frame_intensity: { shape, dtype: "float64", data: intensities },
    }),
  );
  return path;
}
