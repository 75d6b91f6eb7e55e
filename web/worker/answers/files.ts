import { scanFiles } from "../../../src/runs/inputs/scans.ts";
import { joinPath } from "../../../src/runs/paths.ts";
import { isThere } from "../../../src/runs/store.ts";
import { withoutCompanions } from "../../../src/scans/companions.ts";
import type { FoundResult } from "../protocol.ts";
import type { Answers } from "./answer.ts";
import { isOtherHalf, resultIn } from "./recognised.ts";

/** More files than these are the images of a scan: none of them is opened to see whether it is a result. */
const MOST_RESULTS = 16;

/** Files that were dropped together are beside one another, as HDF5 files with links need it. */
export const mount: Answers<"mount"> = async ({ folder, files, unlessKept }, { home: { store } }) => {
  if (unlessKept && (await isThere(folder, store))) return { scans: [], results: [] };
  store.mount(folder, files);
  const paths = files.map(({ name }) => joinPath(folder, name));
  const results: FoundResult[] = [];
  if (paths.length <= MOST_RESULTS)
    for (const path of paths) {
      const found = isOtherHalf(path, paths) ? undefined : await resultIn(path, paths.length === 1, store);
      if (found !== undefined) results.push(found);
    }
  // One that is no scan by its name is opened all the same, and refused with the reason.
  if (files.length === 1) return { scans: results.length === 0 ? paths : [], results };
  const isResult = (path: string): boolean =>
    results.some((result) => result.path === path) || (results.length > 0 && isOtherHalf(path, paths));
  if (paths.every(isResult)) return { scans: [], results };
  const scans = withoutCompanions(await scanFiles(folder, store));
  return { scans: scans.filter((path) => !isResult(path)), results };
};

export const file: Answers<"file"> = async ({ path }, { home: { store } }) => new Blob([await store.read(path)]);
