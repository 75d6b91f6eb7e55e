import type * as h5wasm from "h5wasm";
import { hdf5Library } from "../../../src/formats/hdf5/library.ts";

export type WrittenFile = InstanceType<typeof h5wasm.File>;

let written = 0;

/** The bytes of an HDF5 file that the library itself writes. */
export async function writtenHdf5(
  fill: (file: WrittenFile) => void,
  options: h5wasm.FileOptions = {},
): Promise<Uint8Array> {
  const { FS } = await hdf5Library();
  // After the library, which looks on when this loads.
  const { File } = await import("h5wasm");
  const path = `/written-${++written}.h5`;
  const file = new File(path, "w", options);
  fill(file);
  file.close();
  const bytes = FS.readFile(path);
  FS.unlink(path);
  return bytes;
}
