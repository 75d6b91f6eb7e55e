import { sizeOf } from "../../arrays.ts";
import { decodeElements, type NpyArray, type NumericDtype } from "../npy.ts";
import { kindOf } from "./kinds.ts";
import { borrowed, type Hdf5Library, quietly } from "./library.ts";
import { readTexts } from "./texts.ts";

/** Bytes of one attribute; more is no remark on the data. */
const MOST_BYTES = 2 ** 20;

/** Attributes of a dataset or a group ("": of the file), but for those of kinds that are not read. */
export function readAttributes(
  library: Hdf5Library,
  id: bigint,
  path: string,
  where: string,
): Readonly<Record<string, NpyArray>> {
  const object = path === "" ? "/" : path;
  const attributes: Record<string, NpyArray> = {};
  for (const name of quietly(library, () => library.get_attribute_names(id, object)) ?? []) {
    const value = quietly(library, () => readAttribute(library, id, object, name, `${where}: ${path}@${name}`));
    // A name may be "__proto__".
    if (value !== undefined) Object.defineProperty(attributes, name, { value, enumerable: true });
  }
  return attributes;
}

function readAttribute(
  library: Hdf5Library,
  id: bigint,
  path: string,
  name: string,
  where: string,
): NpyArray | undefined {
  const type = library.get_attribute_metadata(id, path, name);
  const { dtype, itemSize, inner } = kindOf(type);
  const shape = [...(type.shape ?? [0]), ...inner];
  const size = sizeOf(shape) * itemSize;
  if (dtype === "object" || !(size <= MOST_BYTES)) return undefined;
  const read = (pointer: bigint): number => library.get_attribute_data(id, path, name, pointer);
  if (dtype === "string") {
    const reclaim = (pointer: bigint): number => library.reclaim_vlen_memory(id, path, name, pointer);
    return { shape, dtype, data: readTexts(library, type, where, { read, reclaim }) };
  }
  const bytes = borrowed(library, Math.max(1, size), (pointer) => {
    if (size > 0) read(BigInt(pointer));
    return library.HEAPU8.slice(pointer, pointer + size);
  });
  const format = { dtype: dtype as NumericDtype, itemSize, littleEndian: true };
  return { shape, dtype: format.dtype, data: decodeElements(format, bytes, where) };
}
