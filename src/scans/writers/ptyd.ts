import { array, group, type Hdf5Array, type Hdf5Value, integer, numbers } from "../../formats/hdf5/tree.ts";
import { writeHdf5 } from "../../formats/hdf5/writeHdf5.ts";
import { energyFromWavelength } from "../../optics/units.ts";
import { counts } from "./counts.ts";
import type { FramesToWrite } from "./framesToWrite.ts";
import { parallelGeometry, pixelNotDerived, positionsInMetres, waveGeometry } from "./metres.ts";
import type { ScanWriter } from "./scanWriter.ts";

/** The program's near fields are of parallel beams. */
function magnificationLost({ geometry }: Omit<FramesToWrite, "frames">): string[] {
  const { detectorPixelM = 0, objectPixelM = 0 } = geometry ?? {};
  if (objectPixelM === detectorPixelM) return [];
  const times = Number((detectorPixelM / objectPixelM).toPrecision(5));
  return [`that the beam spreads: distance and pixel are those of a parallel one, both ${times} times smaller`];
}

/**
 * Prepared data of ptypy, in one chunk: counts, the probe's displacement in metres (row, column), energy in keV, distance and
 * detector pixel in metres. Every dataset says by its attribute `type` what it was in Python.
 */
export const ptydWriter: ScanWriter = {
  name: "ptyd",
  title: "prepared data of ptypy",
  endings: [".ptyd"],
  holds: ["positions", "mask", "nearField", "wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  needs: ["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  compresses: true,
  integers: true,
  alsoLost: (scan) => (scan.geometry?.propagation === "near-field" ? magnificationLost(scan) : pixelNotDerived(scan)),
  async write(scan, [file], { compress, history }) {
    const [count, height, width] = scan.shape;
    const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM } = parallelGeometry(waveGeometry(scan), scan);
    const { y, x } = positionsInMetres(scan, objectPixelM);
    const { mask } = scan;
    const pairs = Float64Array.from({ length: 2 * count }, (_, i) => (i % 2 === 0 ? y : x)[i >> 1]);
    const meta = group(
      {
        version: typed("string", "0.1"),
        label: typed("string", scan.name),
        num_frames: typed("scalar", integer(count)),
        shape: typed("arraytuple", numbers([height, width], [2], "int64")),
        psize: typed("scalar", detectorPixelM),
        distance: typed("scalar", detectorDistanceM),
        energy: typed("scalar", energyFromWavelength(wavelengthM)),
        center: typed("arraytuple", numbers([Math.floor(height / 2), Math.floor(width / 2)], [2], "int64")),
        propagation: typed("string", scan.geometry?.propagation === "near-field" ? "nearfield" : "farfield"),
        // What the program takes where chunks have no weights of their own.
        weight2d: mask && typed("array", numbers(mask.data, mask.shape, "float32")),
      },
      { type: "param" },
    );
    const chunk = group(
      {
        data: {
          ...counts(scan),
          compress,
          attributes: { type: "array" },
        },
        indices: typed(
          "arraylist",
          numbers(
            Array.from({ length: count }, (_, k) => k),
            [count],
            "int64",
          ),
        ),
        positions: typed("array", numbers(pairs, [count, 2])),
      },
      { type: "dict" },
    );
    const info = group({ history: typed("string", history.join("\n")) }, { type: "param" });
    const chunks = group({ "0": chunk }, { type: "dict" });
    const root = group({ meta, info, chunks }, { h5rw_version: "0.1" });
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};

const typed = (type: string, value: Hdf5Value): Hdf5Array => array(value, { type });
