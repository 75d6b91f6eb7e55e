import { array, group } from "../../formats/hdf5/tree.ts";
import { writeHdf5 } from "../../formats/hdf5/writeHdf5.ts";
import { arraysBesidePatterns } from "../writeScanNpz.ts";
import { framesAs } from "./frames.ts";
import { npzWriter } from "./npz.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** What the NPZ holds, under the same names, as datasets at the top of an HDF5 file. */
export const hdf5Writer: ScanWriter = {
  ...npzWriter,
  name: "hdf5",
  title: "PtychoPINN's arrays in HDF5",
  endings: [".h5", ".hdf5"],
  async write(scan, [file], { compress, history }) {
    const frames = framesAs("amplitude", scan);
    const others = Object.entries(arraysBesidePatterns(scan, scan.shape[0]));
    const root = group(
      {
        ...Object.fromEntries(others.map(([name, value]) => [name, array(value)])),
        diff3d: { kind: "frames", dtype: "float32", shape: scan.shape, frames, compress, attributes: {} },
      },
      { history: history.join("\n") },
    );
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};
