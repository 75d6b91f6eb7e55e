import { PtychonautError } from "../../errors.ts";
import { packageFile } from "../packageFile.ts";
import { BITSHUFFLE } from "./direct/bitshuffle.ts";
import type { Hdf5Filter, Hdf5Library } from "./library.ts";

/** HDF5's registered numbers of filters that the library has itself. */
const BUILT_IN: ReadonlySet<number> = new Set([1, 2, 3, 4, 5, 6]);

/**
 * Those that come as plugins, by number: name and, for bundlers, which know this form alone and move the file elsewhere,
 * address.
 */
const PLUGINS: Readonly<Record<number, { readonly name: string; readonly bundled: () => URL }>> = {
  307: { name: "bz2", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zbz2.so", import.meta.url) },
  32000: { name: "lzf", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zlzf.so", import.meta.url) },
  32001: { name: "blosc", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zblosc.so", import.meta.url) },
  32004: { name: "lz4", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zlz4.so", import.meta.url) },
  [BITSHUFFLE]: { name: "bshuf", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zbshuf.so", import.meta.url) },
  32013: { name: "zfp", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zzfp.so", import.meta.url) },
  32015: { name: "zstd", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zzstd.so", import.meta.url) },
  32019: { name: "jpeg", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zjpeg.so", import.meta.url) },
  32022: { name: "bitgroom", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zbitgroom.so", import.meta.url) },
  32023: { name: "bitround", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zbitround.so", import.meta.url) },
  32026: { name: "blosc2", bundled: () => new URL("h5wasm-plugins/plugins/libH5Zblosc2.so", import.meta.url) },
};

/** @throws PtychonautError "data" that names a filter which is not there */
export function checkFilters(filters: readonly Hdf5Filter[], where: string): void {
  const unknown = filters.find(({ id }) => !BUILT_IN.has(id) && PLUGINS[id] === undefined);
  if (unknown === undefined) return;
  throw new PtychonautError("data", "the array is compressed with a filter that is not known here", {
    where,
    got: `HDF5 filter ${unknown.id}${unknown.name === "" ? "" : ` (${unknown.name.split(";")[0]})`}`,
    expected: `one of HDF5's own or ${Object.values(PLUGINS)
      .map(({ name }) => name)
      .join(", ")}`,
    fix: "save the array again with one of these, or uncompressed (h5repack -f NONE)",
  });
}

/** Loads the plugins that filters need and that are not yet there. */
export async function installPlugins(library: Hdf5Library, filters: Iterable<number>): Promise<void> {
  const [folder] = library.get_plugin_search_paths();
  for (const id of filters) {
    const plugin = PLUGINS[id];
    if (plugin === undefined) continue;
    const path = `${folder}/libH5Z${plugin.name}.so`;
    if (library.FS.analyzePath(path).exists) continue;
    library.FS.mkdirTree(folder);
    library.FS.writeFile(path, await pluginFile(plugin));
  }
}

/** A plugin's file: in Node out of its package, else from where a bundler has put it. */
async function pluginFile({ name, bundled }: (typeof PLUGINS)[number]): Promise<Uint8Array> {
  const { base_url: base } = await import("h5wasm-plugins");
  const address = base.startsWith("file:") ? new URL(`${base}/plugins/libH5Z${name}.so`) : bundled();
  return packageFile(address, "a plugin of the HDF5 library");
}
