import type { Dataset } from "../data/dataset.ts";
import { unusedFrames } from "../data/frameRanges.ts";
import { selectFrames } from "../data/selectFrames.ts";
import { PtychonautError, setting } from "../errors.ts";
import { counted } from "../printable.ts";
import { statedAddresses } from "../scans/addresses.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { framesOf } from "../scans/writers/frames.ts";
import { valuesIn } from "../scans/writers/sourceValues.ts";
import type { ConversionRequest } from "./conversionRequest.ts";
import { sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { companionBeside } from "./inputs/scanFileSet.ts";
import { openScan } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";
import { withArrays } from "./openArrays.ts";
import { folderOf } from "./paths.ts";
import { claimScan, scanWords, scanWriterOf, writeScanOutput } from "./scanOutput.ts";

export interface ScanConversion extends Omit<ConversionRequest, "stated"> {
  /** What else is done to the scan, which it adds to its provenance. */
  readonly change?: (dataset: Dataset) => Dataset;
  /** Whether only the output's name says the format. Default false. */
  readonly nameTells?: boolean;
}

/** Patterns go through once: what takes more than a quarter of this stays in its file. */
const MEMORY = 2 ** 31;

/** A scan in another format, its patterns a few at a time. @throws as `runConversion` */
export async function convertScan(request: ScanConversion, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { input, output, reading, overwrite = false, strict = false, compress = false, alsoRead = [] } = request;
  const writer = scanWriterOf(output, request.to, request.nameTells ? undefined : "to");
  if (compress && !writer.compresses)
    throw new PtychonautError("usage", `${writer.name} is written as it is`, {
      got: setting("compress", true),
      fix: "leave it out",
    });
  const beside = await companionBeside(input, home.store);
  const others = beside === undefined ? alsoRead : [beside, ...alsoRead];
  const inputs = [input, ...statedAddresses(reading).map(({ path }) => path), ...others];
  const target = await claimScan(writer, output, { inputs, overwrite }, home.store);
  const memory = Math.min(home.machine.memory, MEMORY);
  const storage = { inMemory: "auto", memory, folder: folderOf(output), log: hooks.log } as const;
  const { dataset: read, close } = await openScan(input, reading, storage, home);
  try {
    const dataset = request.change === undefined ? read : request.change(read);
    sayRemarks(dataset, hooks);
    const scan = framesOf(withoutSkipped(dataset, reading, hooks));
    const history = [...historyOf(dataset), ...(await valuesBeside(input, home))];
    const options = { where: input, strict, compress, history };
    if (!(await writeScanOutput(scan, target, options, hooks, home)))
      return { status: "interrupted", advice: "nothing was written", files: [] };
    hooks.log(scanWords(scan, writer));
    return { status: "finished", files: target.files.map(({ path }) => path) };
  } finally {
    close();
  }
}

function sayRemarks({ provenance, labelProblem }: Dataset, { warn }: Pick<RunHooks, "warn">): void {
  for (const line of provenance.warnings) warn(`warning: ${line}`);
  // In parentheses it names a setting that other commands have.
  if (labelProblem !== undefined) warn(`warning: labels are left out: ${labelProblem.replace(/ \(.*\)$/, "")}`);
}

function withoutSkipped(dataset: Dataset, options: ScanOptions, { log }: Pick<RunHooks, "log">): Dataset {
  const { count } = dataset.patterns;
  const out = new Set(unusedFrames(options, count));
  if (out.size === 0) return dataset;
  if (out.size === count)
    throw new PtychonautError("usage", "no pattern is left", {
      where: dataset.provenance.path ?? dataset.name,
      got: `all ${count} left out by ${setting("skip_frames")} or ${setting("use_frames")}`,
      fix: "leave fewer out",
    });
  log(`left out: ${counted(out.size, "pattern")} of ${count}`);
  return selectFrames(
    dataset,
    Array.from({ length: count }, (_, frame) => frame).filter((frame) => !out.has(frame)),
  );
}

/** Where a scan came from and what was done to it, for the file's own record. */
function historyOf({ provenance }: Dataset): readonly string[] {
  const { path, sha256, format, conventions = {}, conversions } = provenance;
  return [
    ...sourceLines(path, sha256),
    ...(format === undefined ? [] : [`read as ${format.name}: ${format.evidence}`]),
    ...Object.entries(conventions).map(([name, value]) => `${name}: ${value}`),
    ...conversions,
  ];
}

/** What stands beside the scan in its file, which a Dataset has no fields for. */
async function valuesBeside(input: string, { store }: Pick<Home, "store">): Promise<readonly string[]> {
  if ((await store.kindOf(input)) !== "file") return [];
  const values = await withArrays(input, store, valuesIn);
  return values.length === 0 ? [] : ["", "single values of the file that it was read from:", ...values];
}
