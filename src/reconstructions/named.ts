import { array, group } from "../formats/hdf5/tree.ts";
import { writeHdf5 } from "../formats/hdf5/writeHdf5.ts";
import { writeNpz } from "../formats/npz.ts";
import type { ReconstructionFormat, ReconstructionToWrite } from "./reconstructionFormat.ts";
import { type Reconstruction, readReconstructionArrays, reconstructionArrays } from "./reconstructionNpz.ts";

/** `reconstruction.npz`, as `ptychonaut infer` leaves it. */
export const npzReconstruction: ReconstructionFormat = {
  name: "npz",
  title: "the arrays of a reconstruction.npz",
  endings: [".npz"],
  holds: ["coverage", "positions", "origin", "pixelSizeM", "pixelRatio", "objectModes"],
  inMetres: false,
  recognise: (file) =>
    ["object", "origin", "coverage", "positions"].every((name) => file.has(name))
      ? { key: "object", alone: true }
      : undefined,
  read: (file, where) => ({ key: "object", ...readReconstructionArrays(file, where) }),
  async write(reconstruction, [file], history) {
    const bytes = writeNpz({
      ...reconstructionArrays(completed(reconstruction)),
      _history: { shape: [], dtype: "string", data: [history.join("\n")] },
    });
    await file.writePieces((sink) => sink.write(bytes));
  },
};

/** The same arrays at the top of an HDF5 file, complex numbers as compounds of `r` and `i`. */
export const hdf5Reconstruction: ReconstructionFormat = {
  ...npzReconstruction,
  name: "hdf5",
  title: "the arrays of a reconstruction.npz in HDF5",
  endings: [".h5", ".hdf5"],
  // What reads the one reads the other.
  recognise: () => undefined,
  async write(reconstruction, [file], history) {
    const arrays = Object.entries(reconstructionArrays(completed(reconstruction)));
    const root = group(Object.fromEntries(arrays.map(([name, value]) => [name, array(value)])), {
      history: history.join("\n"),
    });
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};

/** Without positions there are none, without coverage all is covered, without a place it is the first. */
function completed(reconstruction: ReconstructionToWrite): Reconstruction {
  const { object, coverage, positions, origin, pixelSizeM, pixelRatio, objectModes } = reconstruction;
  return {
    object,
    coverage: coverage ?? new Float32Array(object.data.length / 2).fill(1),
    positions: positions ?? new Float64Array(0),
    origin: origin ?? { y: 0, x: 0 },
    ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
    ...(pixelRatio === undefined ? {} : { pixelRatio }),
    ...(objectModes === undefined ? {} : { objectModes }),
  };
}
