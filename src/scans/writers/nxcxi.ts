import { array, group, type Hdf5Group, integer, link, numbers } from "../../formats/hdf5/tree.ts";
import { writeHdf5 } from "../../formats/hdf5/writeHdf5.ts";
import type { NumericArray, TextArray } from "../../formats/npy.ts";
import { energyFromWavelength, JOULES_PER_KEV } from "../../optics/units.ts";
import { version } from "../../version.ts";
import { counts } from "./counts.ts";
import { basisVectors, imageGroup, pixelMask, probeValue, sampleTranslation } from "./cxiParts.ts";
import type { FramesToWrite } from "./framesToWrite.ts";
import { pixelNotDerived, type WaveGeometry, waveGeometry } from "./metres.ts";
import type { ScanWriter, WriteScanOptions } from "./scanWriter.ts";

/**
 * NXcxi_ptycho: NeXus that CXI readers read too. Every number has its unit; defaults lead NeXus tools to the patterns. The
 * photons' energy is that of the beam, since NeXus has the machine's at the source. That, the source's type and the spread
 * of the energy, which the definition asks for, are not known here and not made up.
 */
export const nxcxiWriter: ScanWriter = {
  name: "nxcxi",
  title: "NeXus NXcxi_ptycho",
  endings: [".nxs"],
  holds: [
    ...(["positions", "probe", "object", "mask"] as const),
    ...(["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"] as const),
  ],
  needs: ["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  compresses: true,
  integers: true,
  alsoLost: pixelNotDerived,
  async write(scan, [file], options) {
    const root = group(
      { cxi_version: array(integer(160)), entry_1: entryOf(scan, waveGeometry(scan), options) },
      { default: "entry_1", creator: `ptychonaut ${version}` },
    );
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};

const detector = "/entry_1/instrument_1/detector_1";

function entryOf(scan: FramesToWrite, wave: WaveGeometry, options: WriteScanOptions): Hdf5Group {
  const { history } = options;
  const { object } = scan;
  const translation = sampleTranslation(scan, wave);
  return nx(
    "NXentry",
    {
      definition: array("NXcxi_ptycho"),
      title: array(scan.name),
      instrument_1: nx("NXinstrument", {
        name: array("not recorded"),
        source_1: nx("NXsource", {
          name: array("not recorded"),
          // The energy of electrons is not that of photons of their wavelength, which is what is written.
          probe: scan.geometry?.radiation === "electrons" ? undefined : array("x-ray"),
          illumination: array(probeValue(scan.probe)),
        }),
        beam_1: beamOf(wave),
        detector_1: detectorOf(scan, wave, translation, options),
      }),
      sample_1: nx("NXsample", {
        name: array(scan.name),
        transformations: motorsOf(translation),
        geometry_1: nx("NXcollection", { translation: link(`${detector}/translation`) }),
      }),
      data_1: nx("NXcollection", { data: link(`${detector}/data`), translation: link(`${detector}/translation`) }),
      data: plotOf(),
      image_1: object && imageGroup(object, wave.objectPixelM, { NX_class: "NXcollection" }),
      process_1: nx("NXprocess", {
        program: array("ptychonaut"),
        version: array(version),
        note: nx("NXnote", { type: array("text/plain"), data: array(history.join("\n")) }),
      }),
    },
    { default: "data" },
  );
}

function beamOf({ wavelengthM }: WaveGeometry): Hdf5Group {
  const energy = energyFromWavelength(wavelengthM) * JOULES_PER_KEV;
  return nx("NXbeam", {
    energy: array(energy, { units: "J" }),
    incident_beam_energy: array(energy, { units: "J" }),
    incident_wavelength: array(wavelengthM, { units: "m" }),
  });
}

function detectorOf(
  scan: FramesToWrite,
  { detectorDistanceM, detectorPixelM }: WaveGeometry,
  translation: NumericArray,
  { compress }: WriteScanOptions,
): Hdf5Group {
  const [, height, width] = scan.shape;
  const metres = { units: "m" };
  return nx(
    "NXdetector",
    {
      distance: array(detectorDistanceM, metres),
      x_pixel_size: array(detectorPixelM, metres),
      y_pixel_size: array(detectorPixelM, metres),
      beam_center_x: array(Math.floor(width / 2) * detectorPixelM, metres),
      beam_center_y: array(Math.floor(height / 2) * detectorPixelM, metres),
      basis_vectors: array(basisVectors(detectorPixelM), metres),
      ...(scan.mask === undefined ? {} : { mask: array(pixelMask(scan.mask)), pixel_mask: link(`${detector}/mask`) }),
      transformations: nx("NXtransformations", { vector: array(numbers([0, 0, 1])) }),
      translation: array(translation, { ...metres, axes: "translation:x:y:z", interpretation: "image" }),
      data: {
        ...counts(scan),
        compress,
        attributes: { units: "counts", axes: "translation:y:x", interpretation: "image" },
      },
      data_1: link(`${detector}/data`),
    },
    { signal: "data", axes: texts("", "data") },
  );
}

/** The sample's place along x and y, each number of a frame. */
function motorsOf(translation: NumericArray): Hdf5Group {
  const motor = (axis: number, vector: readonly number[], dependsOn: string) => {
    const column = numbers(translation.data.filter((_, i) => i % 3 === axis));
    const attributes = { units: "m", transformation_type: "translation", depends_on: dependsOn };
    return array(column, { ...attributes, vector: numbers(vector) });
  };
  return nx(
    "NXtransformations",
    { x: motor(0, [1, 0, 0], "y"), y: motor(1, [0, 1, 0], ".") },
    { vector: numbers([1, 1, 1]) },
  );
}

/** What tools plot: the patterns over the sample's place. */
function plotOf(): Hdf5Group {
  const motors = "/entry_1/sample_1/transformations";
  const first = numbers([0], [1], "int64");
  return nx(
    "NXdata",
    { data: link(`${detector}/data`), x: link(`${motors}/x`), y: link(`${motors}/y`) },
    { signal: "data", axes: texts("x", ".", "."), x_indices: first, y_indices: first },
  );
}

const nx = (
  name: string,
  members: Parameters<typeof group>[0],
  attributes: Parameters<typeof group>[1] = {},
): Hdf5Group => group(members, { NX_class: name, ...attributes });

const texts = (...data: string[]): TextArray => ({ shape: [data.length], dtype: "string", data });
