import type { Dataset } from "../data/dataset.ts";
import { parseFrameRanges } from "../data/frameRanges.ts";
import { selectFrames } from "../data/selectFrames.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { FileToWrite } from "../formats/fileToWrite.ts";
import { pauses } from "../pause.ts";
import { counted, printableLine } from "../printable.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { framesOf } from "../scans/writers/frames.ts";
import type { FramesToWrite } from "../scans/writers/framesToWrite.ts";
import { scanWriterFor, scanWriterNamed, scanWriters } from "../scans/writers/registry.ts";
import { checkGeometry, lostIn } from "../scans/writers/scanContent.ts";
import type { ScanWriter } from "../scans/writers/scanWriter.ts";
import { version } from "../version.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { openScan } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";
import { claimOutputFile, type OutputFile } from "./outputFile.ts";
import { baseName, folderOf } from "./paths.ts";

export interface ConversionRequest {
  readonly input: string;
  readonly output: string;
  /** Name of the format. Default: by how the output's name ends. */
  readonly to?: string;
  readonly reading: ScanOptions;
  /** Whether files that are there may be replaced. Default false. */
  readonly overwrite?: boolean;
  /** What the format cannot hold is an error. Default false: a warning. */
  readonly strict?: boolean;
  /** Patterns take less room and more time. Default false. */
  readonly compress?: boolean;
  /** Files that were read for the request, which must not be replaced. */
  readonly alsoRead?: readonly string[];
}

/**
 * Writes a scan in another format. What the format cannot hold is said before anything is written.
 * @throws PtychonautError "usage" for what cannot be; "data" for a file that cannot be read; "output"
 */
export async function runConversion(request: ConversionRequest, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { input, output, reading, overwrite = false, strict = false, compress = false, alsoRead = [] } = request;
  const writer = targetOf(output, request.to);
  if (compress && !writer.compresses)
    throw new PtychonautError("usage", `${writer.name} is written as it is`, {
      got: setting("compress", true),
      fix: "leave it out",
    });
  const { store } = home;
  const paths = writer.files?.(output) ?? [output];
  const claimed: OutputFile[] = [];
  for (const path of paths)
    claimed.push(await claimOutputFile(path, { inputs: [input, ...alsoRead], overwrite }, store));
  const storage = { inMemory: "auto", folder: folderOf(output), log: hooks.log } as const;
  const { dataset, close } = await openScan(input, reading, storage, home);
  try {
    for (const line of dataset.provenance.warnings) hooks.warn(`warning: ${line}`);
    if (dataset.labelProblem !== undefined)
      hooks.warn(`warning: labels are left out: ${dataset.labelProblem.replace(/ \(.*\)$/, "")}`);
    const scan = framesOf(withoutSkipped(dataset, reading, hooks));
    checkGeometry(writer, scan, input);
    sayLost(lostIn(writer, scan), writer, strict, hooks);
    for (const line of writer.missing?.(scan) ?? []) hooks.warn(`warning: ${line}`);
    const written = watched(scan, hooks);
    const finished = await allOrNone(claimed, home, hooks.signal, (files) =>
      writer.write(written.scan, files, { compress, history: historyOf(dataset) }),
    );
    written.done();
    if (!finished) return { status: "interrupted", advice: "nothing was written", files: [] };
    const [count, height, width] = scan.shape;
    hooks.log(`${counted(count, "pattern")} of ${height} x ${width} as ${writer.name} (${writer.title})`);
    return { status: "finished", files: paths };
  } finally {
    close();
  }
}

/** @throws PtychonautError "usage" where neither says it */
function targetOf(output: string, to: string | undefined): ScanWriter {
  const writer = to === undefined ? scanWriterFor(output) : scanWriterNamed(to);
  if (writer !== undefined) return writer;
  throw new PtychonautError("usage", "the output's name does not say its format", {
    where: output,
    expected: `a name that ends with ${scanWriters.flatMap(({ endings }) => endings).join(", ")}`,
    fix: `name the format: ${setting("to", scanWriters[0].name)}`,
  });
}

function withoutSkipped(dataset: Dataset, { skipFrames }: ScanOptions, { log }: Pick<RunHooks, "log">): Dataset {
  if (skipFrames === undefined) return dataset;
  const { count } = dataset.patterns;
  const out = new Set(parseFrameRanges(skipFrames, count));
  log(`left out: ${counted(out.size, "pattern")} of ${count}`);
  return selectFrames(
    dataset,
    Array.from({ length: count }, (_, frame) => frame).filter((frame) => !out.has(frame)),
  );
}

function sayLost(
  lost: readonly string[],
  { name }: ScanWriter,
  strict: boolean,
  { warn }: Pick<RunHooks, "warn">,
): void {
  if (lost.length === 0) return;
  if (strict)
    throw new PtychonautError("usage", `${name} cannot hold all of this scan`, {
      got: lost.join("; "),
      fix: `write another format, or leave ${setting("strict")} out: all else is then written`,
    });
  for (const line of lost) warn(`warning: ${name} cannot hold ${line}`);
}

/** The same scan, with a bar that follows its frames, and an end when the run is asked to. */
function watched(scan: FramesToWrite, hooks: RunHooks): { readonly scan: FramesToWrite; done(): void } {
  const [count, height, width] = scan.shape;
  const bar = hooks.progress("writing", count);
  const pause = pauses();
  return {
    scan: {
      ...scan,
      async *frames() {
        let done = 0;
        for await (const block of scan.frames()) {
          await pause();
          if (hooks.signal.aborted) throw new Stopped();
          done += block.length / (height * width);
          yield block;
          bar.update(done);
        }
      },
    },
    done: () => bar.finish(),
  };
}

/** Ends the writing of a file on request; the store then takes it away. */
class Stopped extends Error {}

/**
 * Writes files that are of use together: where one fails, those that are complete already go away too.
 * @returns whether the work came to its end; not where it was asked to stop
 */
async function allOrNone(
  files: readonly OutputFile[],
  { store }: Pick<Home, "store">,
  signal: AbortSignal,
  work: (files: readonly FileToWrite[]) => Promise<void>,
): Promise<boolean> {
  const complete: string[] = [];
  const noted = (file: OutputFile): FileToWrite => ({
    path: file.path,
    async writePieces(write) {
      await file.writePieces(write);
      complete.push(file.path);
    },
    async writeAnywhere(write) {
      await file.writeAnywhere(write);
      complete.push(file.path);
    },
  });
  try {
    await work(files.map(noted));
    return true;
  } catch (error) {
    for (const path of complete) await store.remove(path);
    if (signal.aborted) return false;
    throw error;
  }
}

/** Where a scan came from and what was done to it, for the file's own record. */
function historyOf({ provenance }: Dataset): readonly string[] {
  const { path, sha256, format, conventions = {}, conversions } = provenance;
  const from = path === undefined ? "" : ` from ${printableLine(baseName(path))}`;
  return [
    `written by ptychonaut ${version}${from}${sha256 === undefined ? "" : `, SHA-256 ${sha256}`}`,
    ...(format === undefined ? [] : [`read as ${format.name}: ${format.evidence}`]),
    ...Object.entries(conventions).map(([name, value]) => `${name}: ${value}`),
    ...conversions,
  ];
}
