import { amplitudeOf, phaseOf } from "../arrays.ts";
import { writeTiff } from "../formats/writeTiff.ts";
import type { ReconstructionFormat } from "./reconstructionFormat.ts";

/** Amplitude and phase, in radians, as two pictures of float32. They are for other programs: nothing reads them back. */
export const tiffReconstruction: Omit<ReconstructionFormat, "recognise" | "read"> = {
  name: "tiff",
  title: "amplitude and phase, *_amplitude.tif and *_phase.tif, in float32",
  endings: [".tif", ".tiff"],
  holds: [],
  inMetres: false,
  files(path) {
    const stem = path.replace(/(_amplitude|_phase)?\.tiff?$/i, "");
    return [`${stem}_amplitude.tif`, `${stem}_phase.tif`];
  },
  async write({ object }, files, history) {
    const [height, width] = object.shape;
    for (const [file, data] of [
      [files[0], amplitudeOf(object)],
      [files[1], phaseOf(object)],
    ] as const)
      await file.writePieces((sink) =>
        writeTiff(sink, { shape: [1, height, width], pages: [data], description: history.join("\n") }),
      );
  },
};
