import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import { arrayEndings, looksLikeArrays } from "../../formats/containers.ts";
import { isImageName } from "../../formats/tiffFolder.ts";
import { withoutCompanions } from "../../scans/companions.ts";
import { readScanArrays, readScanShape } from "../../scans/registry.ts";
import type { ScanShape } from "../../scans/scanFormat.ts";
import type { ScanOptions } from "../../scans/scanOptions.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import type { Home, Machine } from "../machine.ts";
import { contentHash, openInput } from "../openArrays.ts";
import { joinPath } from "../paths.ts";
import { type RunStore, unreadable } from "../store.ts";
import { keep, takeKept } from "./checkedScans.ts";
import { LaidOutTogether } from "./laidOutTogether.ts";
import { doubtingPositions } from "./positionsOfAnother.ts";
import { openScanFiles, type ScanFiles, withScan } from "./scanFileSet.ts";

/**
 * The scans that a path names: a file itself; the files of arrays in a folder, by name; or the folder, where images in it
 * are one scan together.
 * @throws PtychonautError "data" when it is missing, a folder without scans, or one of both
 */
export async function scanFiles(path: string, store: RunStore): Promise<readonly string[]> {
  const kind = await store.kindOf(path);
  if (kind === undefined) throw new PtychonautError("data", "no such file", { where: path, fix: "check the path" });
  if (kind !== "folder") return [path];
  const others = await store.list(path);
  const images = others.filter(isImageName);
  const names = others.filter((name) => looksLikeArrays(name) && !name.startsWith(".") && !isImageName(name));
  if (images.length > 0 && names.length > 0)
    throw new PtychonautError("data", "a folder with images and with scans", {
      where: path,
      expected: "images, which are one scan together, or files of scans",
      got: `${images.length} images (${images[0]} …) and ${names.slice(0, 3).join(", ")}`,
      fix: "name the files of the scans, or move the images to a folder of their own and name that",
    });
  if (images.length > 0) return [path];
  if (names.length === 0)
    throw new PtychonautError("data", "no scan in this folder", {
      where: path,
      expected: `files that end with ${arrayEndings.join(" or ")}`,
      got: others.length === 0 ? "nothing" : `${others.length} others: ${others.slice(0, 3).join(", ")}`,
    });
  return [...withoutCompanions(names)].sort().map((name) => joinPath(path, name));
}

/**
 * Reads a scan file into memory and remembers its path and hash.
 * @throws PtychonautError "data", see `readScanArrays`
 */
export async function readScan(path: string, options: ScanOptions, { machine, store }: Home): Promise<Dataset> {
  return withScan(path, options, store, async (opened) => {
    const { arrays, elsewhere } = opened;
    const dataset = readScanArrays(arrays, options, { path, elsewhere, sha256: await contentHash(opened, machine) });
    return doubtingPositions(dataset, options, store);
  });
}

/** Bytes of patterns that are read just to see that they are sound. */
const CHECKED_AT_ONCE = 2 ** 26;

/**
 * The shape of a scan. A small one is read and checked as a whole, so that a bad file is refused before anything else
 * happens, as is one whose propagation this version does not have; of a larger one the headers are read. Of several processes
 * one does so for all.
 * @throws PtychonautError "data", see `readScanArrays` and `scanPropagator`
 */
export async function scanShape(path: string, options: ScanOptions, { machine, store }: Home): Promise<ScanShape> {
  return withScan(path, options, store, async (opened) => {
    const { arrays, file, elsewhere } = opened;
    const shape = readScanShape(arrays, options, path, elsewhere);
    if (shape.patternBytes <= CHECKED_AT_ONCE && machine.ranks.rank === 0) {
      const sha256 = await contentHash(opened, machine);
      const read = readScanArrays(arrays, options, { path, elsewhere, sha256 });
      const dataset = await doubtingPositions(read, options, store);
      scanPropagator([dataset]);
      if (!staysInFile("auto", opened, path, options, machine)) keep(dataset, file, path, options, store);
    }
    return shape;
  });
}

/** Where the patterns of a scan are while a run works with them. */
export interface PatternStorage {
  /** auto: in memory unless they would take more than a quarter of it, or several processes share them. */
  readonly inMemory: "auto" | "yes" | "no";
  /** Bytes of memory that auto takes a quarter of. Default: the machine's. */
  readonly memory?: number;
  /** Where scratch files may go. */
  readonly folder: string;
  readonly log: (line: string) => void;
}

/** A scan whose patterns may lie in its file, which stays open until it is closed. */
export interface OpenScan {
  readonly dataset: Dataset;
  /** Closes the file and removes what was written beside the output. */
  close(): void;
}

/**
 * Opens a scan file: its patterns in memory, or read from the file when they are asked for. The numbers are the same. One
 * that `scanShape` has just read is not read again.
 * @throws PtychonautError "data", see `readScanArrays`; "output" when a scratch file finds no room
 */
export async function openScan(
  path: string,
  options: ScanOptions,
  storage: PatternStorage,
  home: Home,
): Promise<OpenScan> {
  const { machine, store } = home;
  const kept = await unchanged(path, options, store);
  if (kept !== undefined && storage.inMemory !== "no") return { dataset: kept, close: () => {} };
  const opened = await openScanFiles(path, options, store);
  const { arrays, elsewhere } = opened;
  const scratch = store.scratch(storage.folder, storage.log);
  const together = new LaidOutTogether(scratch.make, home);
  const close = (): void => {
    opened.close();
    together.close();
    scratch.remove();
  };
  try {
    const { ranks } = machine;
    const memory = storage.memory ?? machine.memory;
    const inFile = staysInFile(storage.inMemory, opened, path, options, { memory, ranks });
    if (inFile) storage.log(`${path}: the patterns stay in their file`);
    // Of several processes one reads the whole file: it has the hash, and looks at every value.
    const other = ranks.rank > 0;
    const source = {
      ...{ path, elsewhere, verified: other },
      ...(other ? {} : { sha256: await contentHash(opened, machine) }),
    };
    const dataset = inFile
      ? await together.read((laying) => readScanArrays(arrays, options, { ...source, ...laying }))
      : readScanArrays(arrays, options, source);
    return { dataset: await doubtingPositions(dataset, options, store), close };
  } catch (error) {
    close();
    throw unreadable(error, path);
  }
}

/** A scan that was read while settings were checked, where its file is still the same. */
async function unchanged(path: string, options: ScanOptions, store: RunStore): Promise<Dataset | undefined> {
  const file = await openInput(path, store);
  file.close();
  return takeKept(file, path, options, store);
}

/** Several open scans. */
export interface OpenScans {
  readonly datasets: readonly Dataset[];
  close(): void;
}

/** Opens scans one after the other; when one fails, the others are closed. See `openScan`. */
export async function openScans(
  paths: readonly string[],
  options: ScanOptions,
  storage: PatternStorage,
  home: Home,
): Promise<OpenScans> {
  const open: OpenScan[] = [];
  const close = (): void => {
    for (const scan of open) scan.close();
  };
  try {
    for (const path of paths) open.push(await openScan(path, options, storage, home));
  } catch (error) {
    close();
    throw error;
  }
  return { datasets: open.map(({ dataset }) => dataset), close };
}

/** Part of the memory that patterns may take before they stay in their file. */
const SHARE_OF_MEMORY = 0.25;

function staysInFile(
  inMemory: PatternStorage["inMemory"],
  { arrays, file: { size }, elsewhere }: ScanFiles,
  path: string,
  options: ScanOptions,
  { memory, ranks }: Pick<Machine, "memory" | "ranks">,
): boolean {
  if (inMemory !== "auto") return inMemory === "no";
  // Deflate cannot make more than a gigabyte of so little.
  if (ranks.size === 1 && size < 2 ** 20 && elsewhere.patterns === undefined) return false;
  const { mayStay, patternBytes } = readScanShape(arrays, options, path, elsewhere);
  // Each of several processes would hold what it shares with the others.
  return mayStay && (ranks.size > 1 || patternBytes > SHARE_OF_MEMORY * memory);
}
