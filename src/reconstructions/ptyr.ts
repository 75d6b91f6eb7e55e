import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { array, group, type Hdf5Array, type Hdf5Value, integer, numbers } from "../formats/hdf5/tree.ts";
import { writeHdf5 } from "../formats/hdf5/writeHdf5.ts";
import { finiteNumbers, lengthIn, numbersAt, objectImage, warned } from "./objectImage.ts";
import type { FoundObject, ReconstructionFormat } from "./reconstructionFormat.ts";

/** The storages of objects, and of positions where they were recorded. */
const objects = (file: ArrayFile): string[] =>
  file.keys.filter((key) => /^content\/obj\/[^/]+\/data$/.test(key)).map((key) => key.split("/")[2]);

/**
 * A result of ptypy: storages with their pixel and the place of their first one in metres. Coordinates of a pixel are its
 * index times the pixel plus the origin, and positions are in these coordinates.
 */
export const ptyrReconstruction: ReconstructionFormat = {
  name: "ptyr",
  title: "a result of ptypy",
  endings: [".ptyr"],
  holds: ["positions", "origin", "pixelSizeM", "probe"],
  inMetres: true,
  recognise(file) {
    const [id] = objects(file);
    return id === undefined ? undefined : { key: `content/obj/${id}/data`, alone: true };
  },
  read(file, where): FoundObject {
    const [id, ...others] = objects(file);
    if (others.length > 0)
      throw new PtychonautError("data", "the file has several objects", {
        where,
        got: [id, ...others].join(", "),
        fix: `name one: ${where}::content/obj/${id}/data`,
      });
    const at = (name: string): string => `content/obj/${id}/${name}`;
    const odd: string[] = [];
    const pixelSizeM = lengthIn(numbersAt(file, at("_psize")), at("_psize"), odd);
    const { object, warnings = [] } = objectImage(file, at("data"), where);
    const corner = finiteNumbers(file, at("_origin"), 2);
    const recorded = `content/positions/${id}`;
    const pairs = file.has(recorded) && file.header(recorded).shape.at(-1) === 2;
    const positions = pairs ? finiteNumbers(file, recorded) : undefined;
    return {
      key: at("data"),
      object,
      ...warned([...warnings, ...odd]),
      ...(pixelSizeM === undefined ? {} : { pixelSizeM }),
      ...(pixelSizeM === undefined || corner === undefined
        ? {}
        : { origin: { y: corner[0] / pixelSizeM, x: corner[1] / pixelSizeM } }),
      ...(pixelSizeM === undefined || positions === undefined
        ? {}
        : { positions: positions.map((value) => value / pixelSizeM) }),
    };
  },
  async write({ object, origin = { y: 0, x: 0 }, positions, pixelSizeM = 1, probe, name }, [file], history) {
    const place = [origin.y * pixelSizeM, origin.x * pixelSizeM] as const;
    const [height, width] = probe?.shape.slice(-2) ?? [0, 0];
    const half = [-Math.floor(height / 2) * pixelSizeM, -Math.floor(width / 2) * pixelSizeM] as const;
    const content = group(
      {
        obj: group(
          { [ID]: storage({ shape: [1, ...object.shape], data: object.data }, pixelSizeM, place) },
          { type: "dict" },
        ),
        probe: probe && group({ [ID]: storage(probe, pixelSizeM, half) }, { type: "dict" }),
        positions:
          positions &&
          group(
            {
              [ID]: typed(
                "array",
                numbers(
                  positions.map((value) => value * pixelSizeM),
                  [positions.length / 2, 2],
                ),
              ),
            },
            { type: "dict" },
          ),
      },
      { type: "param" },
    );
    const header = group(
      { kind: typed("string", "minimal"), description: typed("string", [name, ...history].join("\n")) },
      { type: "param" },
    );
    const root = group({ header, content }, { h5rw_version: "0.1" });
    await file.writeAnywhere((open) => writeHdf5(open, root));
  },
};

/** S, a scan's name, G, a number. */
const ID = "Sscan00G00";

/** @param place of pixel [0, 0], metres */
function storage(
  { shape, data }: FoundObject["object"],
  pixelM: number,
  place: readonly [y: number, x: number],
): ReturnType<typeof group> {
  const centre = place.map((value) => 0 - value / pixelM);
  return group(
    {
      ID: typed("string", ID),
      data: typed("array", { shape, data, dtype: "complex64" }),
      shape: typed("arraytuple", numbers(shape, [3], "int64")),
      nlayers: typed("scalar", integer(shape[0])),
      layermap: typed("arraylist", numbers([...Array(shape[0]).keys()], [shape[0]], "int64")),
      _psize: typed("array", numbers([pixelM, pixelM])),
      _origin: typed("array", numbers(place)),
      _center: typed("array", numbers(centre)),
      fill_value: typed("scalar", 0),
      padonly: typed("scalar", { shape: [], dtype: "bool", data: Uint8Array.of(0) }),
    },
    { type: "ordered_dict" },
  );
}

const typed = (type: string, value: Hdf5Value): Hdf5Array => array(value, { type });
