import type { ArrayFile } from "../formats/arrayFile.ts";
import { writeHdf5 } from "../formats/hdf5/writeHdf5.ts";
import { writeNpz } from "../formats/npz.ts";
import { type Product, productFrom, productNpz, productTree } from "../scans/writers/productArrays.ts";
import { finiteNumbers, lengthIn, objectImage, warned } from "./objectImage.ts";
import type { FoundObject, ReconstructionFormat, ReconstructionToWrite } from "./reconstructionFormat.ts";

/**
 * A product of Ptychodus. Its positions count from the object's middle, which is half its side; here they are of the
 * object's pixels, whose first is the origin.
 */
export const productReconstruction: ReconstructionFormat = {
  name: "product",
  title: "a product of Ptychodus",
  endings: ["_product.h5"],
  holds: ["positions", "pixelSizeM", "probe"],
  inMetres: true,
  missing,
  recognise: (file) =>
    ["object", "probe_position_x_m", "probe_position_y_m"].every((name) => file.has(name))
      ? { key: "object", alone: true }
      : undefined,
  read,
  async write(reconstruction, [file], history) {
    const product = productFor(reconstruction, history);
    const tree = productTree(product, product.probe?.shape ?? []);
    await file.writeAnywhere((open) => writeHdf5(open, tree));
  },
};

/** The same in NumPy's archive. */
export const productNpzReconstruction: ReconstructionFormat = {
  ...productReconstruction,
  name: "product_npz",
  title: "a product of Ptychodus in an NPZ",
  endings: ["_product.npz"],
  // What reads the one reads the other.
  recognise: () => undefined,
  async write(reconstruction, [file], history) {
    const bytes = writeNpz(productNpz(productFor(reconstruction, history)));
    await file.writePieces((sink) => sink.write(bytes));
  },
};

function missing({ probe, geometry }: ReconstructionToWrite): readonly string[] {
  const lacks = [
    ...(probe === undefined ? ["no probe"] : []),
    ...(geometry?.wavelengthM === undefined ? ["no energy (0 is written)"] : []),
    ...(geometry?.detectorDistanceM === undefined ? ["no distance to the detector (0 is written)"] : []),
  ];
  return lacks.length === 0 ? [] : [`Ptychodus asks for what is not known of this reconstruction: ${lacks.join(", ")}`];
}

function productFor(reconstruction: ReconstructionToWrite, history: readonly string[]): Product {
  const { object, origin = { y: 0, x: 0 }, positions, pixelSizeM = 1, probe, geometry, name } = reconstruction;
  return productFrom(
    {
      name,
      object,
      ...(probe === undefined ? {} : { probe }),
      // Of the object's own pixels.
      positions: (positions ?? new Float64Array(0)).map((value, i) => value - (i % 2 === 0 ? origin.y : origin.x)),
      pixelM: pixelSizeM,
      wavelengthM: geometry?.wavelengthM,
      detectorDistanceM: geometry?.detectorDistanceM,
      side: probe?.shape.slice(-2) ?? [0, 0],
    },
    history,
  );
}

function read(file: ArrayFile, where: string): FoundObject {
  const { object, warnings = [] } = objectImage(file, "object", where);
  const beside = file.attributes("object");
  const value = (name: string): number | undefined => {
    const array = beside[name] ?? (file.has(`object_${name}`) ? file.read(`object_${name}`) : undefined);
    const found = array?.data[0];
    return typeof found === "number" ? found : undefined;
  };
  const sides = [value("pixel_height_m") ?? 0, value("pixel_width_m") ?? 0];
  const odd: string[] = [];
  // Zero stands for what is not known.
  const isOpen = sides.every((side) => side === 0);
  const pixelSizeM = lengthIn(isOpen ? [] : sides, "the object's pixel_height_m, pixel_width_m", odd);
  const found = { key: "object", object, ...warned([...warnings, ...odd]) };
  const y = finiteNumbers(file, "probe_position_y_m");
  const x = y && finiteNumbers(file, "probe_position_x_m", y.length);
  if (pixelSizeM === undefined) return found;
  if (y === undefined || x === undefined) return { ...found, pixelSizeM };
  const centre = [value("center_y_m") ?? 0, value("center_x_m") ?? 0];
  // Theirs have the middle of a window at half its side, ours at a pixel.
  const side = file.has("probe") ? file.header("probe").shape.slice(-2) : [0, 0];
  const positions = Float64Array.from({ length: 2 * y.length }, (_, i) => {
    const axis = i % 2;
    const place = ((axis === 0 ? y : x)[i >> 1] - centre[axis]) / pixelSizeM;
    return place + (object.shape[axis] - (side[axis] % 2)) / 2;
  });
  return { ...found, pixelSizeM, positions, origin: { y: 0, x: 0 }, pixelRatio: [1, 1] };
}
