import type { ArrayFile } from "../formats/arrayFile.ts";
import { array, group, integer } from "../formats/hdf5/tree.ts";
import { writeHdf5 } from "../formats/hdf5/writeHdf5.ts";
import { imageGroup, processGroup } from "../scans/writers/cxiParts.ts";
import { lengthIn, numbersAt, objectImage, warned } from "./objectImage.ts";
import type { ReconstructionFormat } from "./reconstructionFormat.ts";

const image = "entry_1/image_1";

/** CXI: the object as `image_1`. In a file with patterns its first pixel is the origin of positions. */
export const cxiReconstruction: ReconstructionFormat = {
  name: "cxi",
  title: "CXI, the object as image_1",
  endings: [".cxi"],
  holds: ["pixelSizeM"],
  inMetres: false,
  recognise: (file) => (file.has(`${image}/data`) ? { key: `${image}/data`, alone: !hasPatterns(file) } : undefined),
  read(file, where) {
    const { object, warnings = [] } = objectImage(file, `${image}/data`, where);
    const size = numbersAt(file, `${image}/image_size`);
    const pixels = [size[0] / object.shape[1], size[1] / object.shape[0]].map(rounded);
    const odd: string[] = [];
    const pixelSizeM = lengthIn(size.length === 0 ? [] : pixels, `${image}/image_size, of a pixel,`, odd);
    return {
      key: `${image}/data`,
      object,
      ...warned([...warnings, ...odd]),
      ...(hasPatterns(file) ? { origin: { y: 0, x: 0 }, pixelRatio: [1, 1] as const } : {}),
      ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
    };
  },
  async write({ name, object, pixelSizeM }, [file], history) {
    const entry = group({
      title: array(name),
      image_1: imageGroup(object, pixelSizeM),
      process_1: processGroup(history),
    });
    const root = group({ cxi_version: array(integer(160)), number_of_entries: array(integer(1)), entry_1: entry });
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};

const hasPatterns = (file: ArrayFile): boolean =>
  ["data_1", "instrument_1/detector_1"].some((of) => file.has(`entry_1/${of}/data`));

/** Of two sides of one pixel, computed from two lengths. */
const rounded = (value: number): number => Number(value.toPrecision(12));
