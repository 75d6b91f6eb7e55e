import { amplitudeOf, phaseOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import type { NumericArray } from "../formats/npy.ts";
import { writeTiff } from "../formats/writeTiff.ts";
import { imageOf } from "./objectImage.ts";
import type { ReconstructionFormat } from "./reconstructionFormat.ts";

/** Amplitude and phase, in radians, as two pictures of float32; either names both. */
export const tiffReconstruction: ReconstructionFormat = {
  name: "tiff",
  title: "amplitude and phase, *_amplitude.tif and *_phase.tif, in float32",
  endings: [".tif", ".tiff"],
  holds: [],
  inMetres: false,
  files(path) {
    const stem = path.replace(/(_amplitude|_phase)?\.tiff?$/i, "");
    return [`${stem}_amplitude.tif`, `${stem}_phase.tif`];
  },
  recognise: (file) =>
    file.container === "TIFF" && (file.has("amplitude") || otherHalf(file) !== undefined)
      ? { key: KEY, alone: true }
      : undefined,
  read(file, where) {
    const missing = otherHalf(file);
    if (missing !== undefined)
      throw new PtychonautError("data", "this is one half of a complex image, and the other is not there", {
        where,
        expected: `${missing} in the same folder`,
        fix: "put the two into one folder, under the names that they were written with",
      });
    return { key: KEY, ...imageOf(fromHalves(file, where), where) };
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

const KEY = "amplitude";

/** The name of the file that is missing, if one is. */
function otherHalf(file: ArrayFile): string | undefined {
  const name = file.attributes()["other_half"];
  return name?.dtype === "string" ? name.data[0] : undefined;
}

function fromHalves(file: ArrayFile, where: string): NumericArray {
  const [amplitude, phase] = [file.readNumbers("amplitude"), file.readNumbers("phase")];
  if (amplitude.shape.join() !== phase.shape.join())
    throw new PtychonautError("data", "amplitude and phase have different shapes", {
      where,
      expected: `(${amplitude.shape.join(", ")}), as the amplitude`,
      got: `(${phase.shape.join(", ")})`,
    });
  const data = new Float32Array(2 * amplitude.data.length);
  for (let i = 0; i < amplitude.data.length; i++) {
    data[2 * i] = amplitude.data[i] * Math.cos(phase.data[i]);
    data[2 * i + 1] = amplitude.data[i] * Math.sin(phase.data[i]);
  }
  return { shape: amplitude.shape, dtype: "complex64", data };
}
