import { array, group, integer, link } from "../../formats/hdf5/tree.ts";
import { writeHdf5 } from "../../formats/hdf5/writeHdf5.ts";
import { energyFromWavelength, JOULES_PER_KEV } from "../../optics/units.ts";
import { counts } from "./counts.ts";
import { basisVectors, imageGroup, pixelMask, probeValue, processGroup, sampleTranslation } from "./cxiParts.ts";
import { pixelNotDerived, waveGeometry } from "./metres.ts";
import type { ScanWriter } from "./scanWriter.ts";

/**
 * CXI, version 1.6: counts, the translation of the sample in metres, the photons' energy in joules, the mask as a bit field,
 * basis vectors of the detector; the probe as `source_1/illumination`, the object as `image_1`.
 */
export const cxiWriter: ScanWriter = {
  name: "cxi",
  title: "CXI",
  endings: [".cxi"],
  holds: ["positions", "probe", "object", "mask", "wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  needs: ["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"],
  compresses: true,
  integers: true,
  alsoLost: pixelNotDerived,
  async write(scan, [file], { compress, history }) {
    const wave = waveGeometry(scan);
    const detector = "/entry_1/instrument_1/detector_1";
    const translation = "/entry_1/sample_1/geometry_1/translation";
    const { mask, object, probe } = scan;
    const entry = group({
      title: array(scan.name),
      sample_1: group({
        name: array(scan.name),
        geometry_1: group({ translation: array(sampleTranslation(scan, wave)) }),
      }),
      instrument_1: group({
        source_1: group({
          energy: array(energyFromWavelength(wave.wavelengthM) * JOULES_PER_KEV),
          wavelength: array(wave.wavelengthM),
          illumination: array(probeValue(probe)),
        }),
        detector_1: group({
          distance: array(wave.detectorDistanceM),
          x_pixel_size: array(wave.detectorPixelM),
          y_pixel_size: array(wave.detectorPixelM),
          basis_vectors: array(basisVectors(wave.detectorPixelM)),
          mask: mask && array(pixelMask(mask)),
          translation: link(translation),
          data: {
            ...counts(scan),
            compress,
            attributes: { axes: "translation:y:x" },
          },
        }),
      }),
      data_1: group({ data: link(`${detector}/data`), translation: link(translation) }),
      image_1: object && imageGroup(object, wave.objectPixelM),
      process_1: processGroup(history),
    });
    const root = group({ cxi_version: array(integer(160)), number_of_entries: array(integer(1)), entry_1: entry });
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};
