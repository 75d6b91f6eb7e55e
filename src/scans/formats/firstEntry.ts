import { sizeOf } from "../../arrays.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { ArrayPart } from "../parts.ts";

/** The first of an array along its first axis. */
export function firstEntry(file: ArrayFile, key: string): ArrayPart {
  const shape = file.header(key).shape.slice(1);
  return {
    key,
    shape,
    read() {
      const { dtype, data } = file.readNumbers(key);
      return { shape, dtype, data: data.slice(0, sizeOf(shape) * (dtype.startsWith("complex") ? 2 : 1)) };
    },
  };
}
