import { PtychonautError } from "../../errors.ts";
import type { Hdf5Filter, Hdf5Library } from "./library.ts";

/** HDF5's registered numbers of filters that the library has itself. */
const BUILT_IN: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

/** Those that come as plugins, by number: their files are libH5ZNAME.so. */
const PLUGINS: Readonly<Record<number, string>> = {
  307: "bz2",
  32000: "lzf",
  32001: "blosc",
  32004: "lz4",
  32008: "bshuf",
  32013: "zfp",
  32015: "zstd",
  32019: "jpeg",
  32022: "bitgroom",
  32023: "bitround",
  32026: "blosc2",
};

/** @throws PtychonautError "data" that names a filter which is not there */
export function checkFilters(filters: readonly Hdf5Filter[], where: string): void {
  const unknown = filters.find(({ id }) => !BUILT_IN.has(id) && PLUGINS[id] === undefined);
  if (unknown === undefined) return;
  throw new PtychonautError("data", "the array is compressed with a filter that is not known here", {
    where,
    got: `HDF5 filter ${unknown.id}${unknown.name === "" ? "" : ` (${unknown.name.split(";")[0]})`}`,
    expected: `one of HDF5's own or ${Object.values(PLUGINS).join(", ")}`,
    fix: "save the array again with one of these, or uncompressed (h5repack -f NONE)",
  });
}

/** Loads the plugins that filters need and that are not yet there. */
export async function installPlugins(library: Hdf5Library, filters: Iterable<number>): Promise<void> {
  const [folder] = library.get_plugin_search_paths();
  for (const id of filters) {
    const name = PLUGINS[id];
    if (name === undefined) continue;
    const path = `${folder}/libH5Z${name}.so`;
    if (library.FS.analyzePath(path).exists) continue;
    library.FS.mkdirTree(folder);
    library.FS.writeFile(path, await pluginFile(name));
  }
}

/** A plugin's file, out of its package. */
async function pluginFile(name: string): Promise<Uint8Array> {
  const { base_url: base } = await import("h5wasm-plugins");
  const address = `${base}/plugins/libH5Z${name}.so`;
  // Node has packages in files, which its `fetch` does not read.
  if (address.startsWith("file:")) return nodeFiles().readFileSync(new URL(address));
  const response = await fetch(address);
  if (!response.ok)
    throw new PtychonautError("device", "a plugin of the HDF5 library cannot be loaded", {
      where: address,
      got: `status ${response.status}`,
    });
  return new Uint8Array(await response.arrayBuffer());
}

interface NodeFiles {
  readFileSync(address: URL): Uint8Array;
}

const nodeFiles = (): NodeFiles =>
  (globalThis as unknown as { process: { getBuiltinModule(name: string): NodeFiles } }).process.getBuiltinModule("fs");
