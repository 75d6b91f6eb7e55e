import type { Hdf5Frames } from "../../formats/hdf5/tree.ts";
import { framesAs } from "./frames.ts";
import type { FramesToWrite } from "./framesToWrite.ts";

/** The patterns of a scan as counts, for HDF5. */
export function counts(scan: FramesToWrite): Pick<Hdf5Frames, "kind" | "shape" | "dtype" | "frames"> {
  return { kind: "frames", shape: scan.shape, dtype: scan.countType ?? "float32", frames: framesAs("counts", scan) };
}
