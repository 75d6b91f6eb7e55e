import { sizeOf } from "../../src/arrays.ts";
import { PtychonautError } from "../../src/errors.ts";
import type { ArrayFile } from "../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { installPlugins } from "../../src/formats/hdf5/filters.ts";
import { hdf5Library } from "../../src/formats/hdf5/library.ts";
import { openApart } from "../../src/node/workers/hdf5Apart.ts";
import { type WrittenFile, writtenHdf5 } from "../formats/hdf5/written.ts";

const counts = Uint16Array.from({ length: 6 * 12 * 12 }, (_, i) => (i * 7919) % 250);
const shape = [6, 12, 12];
const chunks = [2, 12, 7];

/** Files of several layouts, filters and kinds of links, by the oldest version of the format and by the newest. */
const contents: readonly ((file: WrittenFile) => void)[] = [
  (file) => {
    file.create_group("entry").create_attribute("NX_class", "NXentry");
    file.create_group("entry/data");
    file.create_dataset({ name: "entry/data/data", data: counts, shape });
    file.create_dataset({ name: "entry/energy", data: 8.5 }).create_attribute("units", "keV");
    file.create_dataset({ name: "entry/title", data: "a scan" });
    file.create_dataset({ name: "entry/names", data: ["x", "größe"], dtype: "S" });
    file.create_soft_link("/entry/data/data", "/entry/link");
    file.create_external_link("other.h5", "/entry/data", "elsewhere");
    file.create_hard_link("/entry", "/entry/loop");
  },
  (file) => {
    file.create_dataset({ name: "chunks", data: counts, shape, chunks });
    file.create_dataset({ name: "gzip", data: counts, shape, chunks, compression: "gzip", compression_opts: 4 });
    file.create_dataset({ name: "grows", data: counts, shape, chunks, maxshape: [null, 12, 12] });
  },
  (file) => {
    const how = (id: number, options: number[]) => ({
      data: counts,
      shape,
      chunks,
      compression: id,
      compression_opts: options,
    });
    file.create_dataset({ name: "bitshuffle", ...how(32008, [0, 2]) });
    file.create_dataset({ name: "lzf", ...how(32000, []) });
    file.create_dataset({ name: "zstd", ...how(32015, [3]) });
    file.create_dataset({ name: "lz4", ...how(32004, []) });
    file.create_dataset({ name: "blosc", ...how(32001, [2, 2, 0, 0, 5, 1, 1]) });
  },
  (file) => {
    const data = new Map([
      ["r", new Float32Array(20)],
      ["i", new Float32Array(20)],
    ]);
    file.create_dataset({
      name: "complex",
      data,
      shape: [4, 5],
      dtype: [
        ["r", "<f"],
        ["i", "<f"],
      ],
    });
    file.create_dataset({ name: "double", data: new Float64Array([1, 2, 3]) });
    for (let k = 0; k < 12; k++) file.create_group(`group ${k}`).create_attribute("number", k);
  },
];

/** Bitshuffled arrays, the places of whose chunks are kept in all ways. */
const bitshuffled: readonly ((file: WrittenFile) => void)[] = [
  [{ chunks: [2, 12, 7] }, { chunks: [6, 12, 12] }],
  [{ chunks: [1, 1, 4] }, { chunks: [1, 12, 12], maxshape: [null, 12, 12] }],
  [{ chunks: [2, 6, 6], maxshape: [null, null, 12] }],
].map((datasets) => (file) => {
  for (const [k, dataset] of datasets.entries())
    for (const compression of [2, 0]) {
      const how = { compression: 32008, compression_opts: [k === 0 ? 0 : 16, compression] };
      file.create_dataset({ name: `array ${k} ${compression}`, data: counts, shape, ...dataset, ...how });
    }
});

export const hdf5Files = (): Promise<readonly Uint8Array[]> => written(contents);
export const bitshuffledFiles = (): Promise<readonly Uint8Array[]> => written(bitshuffled);

async function written(files: typeof contents): Promise<readonly Uint8Array[]> {
  await installPlugins(await hdf5Library(), [32000, 32001, 32004, 32008, 32015]);
  const all: Uint8Array[] = [];
  for (const fill of files)
    for (const oldest of ["earliest", "latest"] as const)
      all.push(await writtenHdf5(fill, { libver: [oldest, "latest"] }));
  return all;
}

/** Reads all that a file has, in the ways in which arrays are read. */
export async function readHdf5(bytes: Uint8Array): Promise<void> {
  const file = await openArrayFile(bytes, "fuzz.h5", { open: async () => undefined, openHdf5: openApart });
  try {
    file.attributes();
    for (const key of file.keys) {
      for (const read of [
        () => file.attributes(key),
        () => file.header(key),
        () => file.readImages(key, 0, 1),
        () => file.storedAt(key),
        () => readChunked(file, key),
        () => file.read(key),
      ])
        refusedOrRead(read);
    }
  } finally {
    file.close();
  }
}

/** As patterns are read that stay in their file. */
function readChunked(file: ArrayFile, key: string): void {
  const chunked = file.chunked?.(key);
  if (chunked === undefined || chunked.extents.length === 0) return;
  const [start, count] = [chunked.extents.map(() => 0), chunked.extents.map((extent) => Math.min(extent, 12))];
  chunked.read(start, count);
  chunked.readFloats?.(start, count, new Float32Array(sizeOf(count)));
}

/** One array that is broken does not hide the others. */
function refusedOrRead(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
  }
}
