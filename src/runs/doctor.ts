import { type Examination, examineScan } from "../scans/doctor/examine.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { withScan } from "./inputs/scanFileSet.ts";
import type { Home } from "./machine.ts";

/**
 * Measures what a scan file does not say.
 * @param stated what is known about the file; a default is no statement
 * @throws PtychonautError "data" when it is missing or cannot be read at all
 */
export function runDoctor(path: string, stated: ScanOptions, { store }: Pick<Home, "store">): Promise<Examination> {
  return withScan(
    path,
    stated,
    store,
    async ({ arrays, elsewhere }) => (await examineScan(arrays, stated, path, elsewhere)).examination,
  );
}
