import { PtychonautError, setting } from "../errors.ts";
import type { ArrayFile } from "../formats/arrayFile.ts";
import { squeezed } from "../reconstructions/objectImage.ts";
import { recogniseReconstruction } from "../reconstructions/registry.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { patternNames } from "../scans/scanPatterns.ts";
import { scanWriterFor, scanWriters } from "../scans/writers/registry.ts";
import type { ConversionRequest } from "./conversionRequest.ts";
import { convertReconstruction } from "./convertReconstruction.ts";
import { convertScan } from "./convertScan.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { companionBeside } from "./inputs/scanFileSet.ts";
import type { Home } from "./machine.ts";
import { holdsObject, splitAddress } from "./objectFile.ts";
import { withArrays } from "./openArrays.ts";

/**
 * Writes a scan or a reconstruction in another format. What the format cannot hold is said before anything is written.
 * @throws PtychonautError "usage" for what cannot be; "data" for a file that cannot be read; "output"
 */
export async function runConversion(request: ConversionRequest, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { input, reading } = request;
  const { path, key } = splitAddress(input);
  // Patterns may be said to be elsewhere: then it is a scan, whatever its file holds.
  const saidToBeScan = reading.patterns !== undefined || reading.format !== undefined;
  const isPair = key === undefined && writesScan(request) && (await companionBeside(path, home.store)) !== undefined;
  const mayBeObject = !saidToBeScan && !isPair && (await home.store.kindOf(path)) === "file";
  if (mayBeObject && (await withArrays(path, home.store, (file) => isObject(file, path, key))))
    return convertReconstruction(request, hooks, home);
  return convertScan(
    key === undefined ? request : { ...request, input: path, reading: named(reading, key) },
    hooks,
    home,
  );
}

/** `FILE::ARRAY` is the file and the array of its patterns. */
function named(reading: ScanOptions, key: string): ScanOptions {
  if ((reading.patternsKey ?? key) === key) return { ...reading, patternsKey: key };
  throw new PtychonautError("usage", "several arrays are named as the patterns", {
    got: `${key}, ${reading.patternsKey}`,
    expected: `FILE::ARRAY, or FILE and ${setting("patterns_key", "ARRAY")}`,
  });
}

/** Whether what is asked for is a format of scans; some are of reconstructions alone. */
const writesScan = ({ output, to }: ConversionRequest): boolean =>
  to === undefined ? scanWriterFor(output) !== undefined : scanWriters.some(({ name }) => name === to);

/** A reconstruction by its format, an array that is named and is a complex image, or an object where nothing can be patterns. */
export function isObject(file: ArrayFile, path: string, key?: string): boolean {
  if (key !== undefined) {
    if (!file.has(key)) return false;
    const { dtype, shape } = file.header(key);
    return dtype.startsWith("complex") && squeezed(shape).length === 2;
  }
  // What has their name is patterns, though they be complex: reading says what is wrong with them.
  const hasPatterns = file.keys.some((name) => patternNames.includes(name) || isStack(file)(name));
  return recogniseReconstruction(file)?.alone === true || (!hasPatterns && holdsObject(file, path));
}

const isStack =
  (file: ArrayFile) =>
  (key: string): boolean => {
    const { dtype, shape } = file.header(key);
    return /^(u?int|float)/.test(dtype) && squeezed(shape).length >= 3;
  };
