import type { ArrayFile } from "../../formats/arrayFile.ts";
import { joinedFiles } from "../../formats/joinedFiles.ts";
import { type AddressOption, statedAddresses } from "../../scans/addresses.ts";
import { companionsOf } from "../../scans/companions.ts";
import { placedArrays } from "../../scans/elsewhere.ts";
import type { PlacedArray } from "../../scans/scanFormat.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";
import { type OpenArrays, openArrays } from "../openArrays.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { refinedProbe } from "../refinedProbe.ts";
import { type OpenFile, type RunStore, unreadable } from "../store.ts";
import { checkWordsOfPositions } from "./positionsOfAnother.ts";

/** A scan's file and those that options name beside it, open. */
export interface ScanFiles {
  readonly file: OpenFile;
  readonly arrays: ArrayFile;
  readonly elsewhere: Readonly<Partial<Record<AddressOption, readonly PlacedArray[]>>>;
  close(): void;
}

/**
 * Opens a scan's file, the one beside it that makes up a pair with it, and those that options give addresses in, each once.
 * @throws PtychonautError "data" when one is missing, no file of arrays, or without the array; "usage" for settings that a
 *   run's positions have in them already
 */
export async function openScanFiles(path: string, options: ScanOptions, store: RunStore): Promise<ScanFiles> {
  await checkWordsOfPositions(options, store);
  const opened = new Map<string, OpenArrays>();
  const close = (): void => {
    for (const { file, arrays } of opened.values()) {
      arrays.close();
      file.close();
    }
  };
  const open = async (name: string): Promise<OpenArrays> => {
    const identity = store.absolute(name);
    const known = opened.get(identity);
    if (known !== undefined) return known;
    const entry = await openArrays(name, store);
    opened.set(identity, entry);
    return entry;
  };
  try {
    const own = await open(path);
    const other = await companionBeside(path, store);
    const main =
      other === undefined ? own : { ...own, arrays: joinedFiles(own.arrays, (await open(other)).arrays, other) };
    const elsewhere: Partial<Record<AddressOption, readonly PlacedArray[]>> = {};
    for (const { option, path: stated, keys } of statedAddresses(options)) {
      const [name, names] = await refinedIn(stated, keys, option, store);
      elsewhere[option] = placedArrays((await open(name)).arrays, names, option, name);
    }
    return { ...main, elsewhere, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A run's folder stands for the probe, or the positions, that it refined. */
async function refinedIn(
  path: string,
  keys: readonly string[],
  option: AddressOption,
  store: RunStore,
): Promise<[path: string, keys: readonly string[]]> {
  const left = { probeFile: refinedProbe.file, positions: outputs.positions };
  if (option !== "probeFile" && option !== "positions") return [path, keys];
  const file = joinPath(path, left[option]);
  if (keys.length > 0 || (await store.kindOf(file)) !== "file") return [path, keys];
  return [file, option === "probeFile" ? [refinedProbe.key] : []];
}

/** The other file of a pair, where it is there. */
export async function companionBeside(path: string, store: RunStore): Promise<string | undefined> {
  for (const name of companionsOf(path)) if ((await store.kindOf(name)) === "file") return name;
  return undefined;
}

/** Gives an open scan to a reader, and closes it. @throws PtychonautError "data" for whatever the reader trips over */
export async function withScan<T>(
  path: string,
  options: ScanOptions,
  store: RunStore,
  read: (files: ScanFiles) => T | Promise<T>,
): Promise<T> {
  const files = await openScanFiles(path, options, store);
  try {
    return await read(files);
  } catch (error) {
    throw unreadable(error, path);
  } finally {
    files.close();
  }
}
