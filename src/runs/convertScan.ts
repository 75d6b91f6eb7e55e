import type { Dataset } from "../data/dataset.ts";
import { parseFrameRanges } from "../data/frameRanges.ts";
import { selectFrames } from "../data/selectFrames.ts";
import { PtychonautError, setting } from "../errors.ts";
import { pauses } from "../pause.ts";
import { counted } from "../printable.ts";
import { statedAddresses } from "../scans/addresses.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { framesOf } from "../scans/writers/frames.ts";
import type { FramesToWrite } from "../scans/writers/framesToWrite.ts";
import { scanWriterFor, scanWriterNamed, scanWriters } from "../scans/writers/registry.ts";
import { checkGeometry, lostIn } from "../scans/writers/scanContent.ts";
import type { ScanWriter } from "../scans/writers/scanWriter.ts";
import type { ConversionRequest } from "./conversionRequest.ts";
import { sayLost, sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { openScan } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";
import { claimOutputFile, type OutputFile } from "./outputFile.ts";
import { folderOf } from "./paths.ts";
import { allOrNone, Stopped } from "./writtenTogether.ts";

export interface ScanConversion extends Omit<ConversionRequest, "stated"> {
  /** What else is done to the scan, which it adds to its provenance. */
  readonly change?: (dataset: Dataset) => Dataset;
}

/** A scan in another format, its patterns a few at a time. @throws as `runConversion` */
export async function convertScan(request: ScanConversion, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { input, output, reading, overwrite = false, strict = false, compress = false, alsoRead = [] } = request;
  const writer = targetOf(output, request.to);
  if (compress && !writer.compresses)
    throw new PtychonautError("usage", `${writer.name} is written as it is`, {
      got: setting("compress", true),
      fix: "leave it out",
    });
  const paths = writer.files?.(output) ?? [output];
  const inputs = [input, ...statedAddresses(reading).map(({ path }) => path), ...alsoRead];
  const claimed: OutputFile[] = [];
  for (const path of paths) claimed.push(await claimOutputFile(path, { inputs, overwrite }, home.store));
  const storage = { inMemory: "auto", folder: folderOf(output), log: hooks.log } as const;
  const { dataset: read, close } = await openScan(input, reading, storage, home);
  try {
    const dataset = request.change === undefined ? read : request.change(read);
    sayRemarks(dataset, hooks);
    const scan = framesOf(withoutSkipped(dataset, reading, hooks));
    checkGeometry(writer, scan, input);
    sayLost(lostIn(writer, scan), writer.name, strict, hooks);
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

function sayRemarks({ provenance, labelProblem }: Dataset, { warn }: Pick<RunHooks, "warn">): void {
  for (const line of provenance.warnings) warn(`warning: ${line}`);
  // In parentheses it names a setting that other commands have.
  if (labelProblem !== undefined) warn(`warning: labels are left out: ${labelProblem.replace(/ \(.*\)$/, "")}`);
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
