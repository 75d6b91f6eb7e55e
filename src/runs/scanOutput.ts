import { PtychonautError, setting } from "../errors.ts";
import { pauses } from "../pause.ts";
import { counted } from "../printable.ts";
import { countTypeOf } from "../scans/writers/frames.ts";
import type { FramesToWrite } from "../scans/writers/framesToWrite.ts";
import { withDetectorPixel } from "../scans/writers/metres.ts";
import { scanWriterFor, scanWriterNamed, scanWriters } from "../scans/writers/registry.ts";
import { checkGeometry, lostIn } from "../scans/writers/scanContent.ts";
import type { ScanWriter, WriteScanOptions } from "../scans/writers/scanWriter.ts";
import { sayLost } from "./conversionWords.ts";
import type { RunHooks } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { checkEnding } from "./outputEnding.ts";
import { claimOutputFile, type OutputFile, type OutputFileOptions } from "./outputFile.ts";
import type { RunStore } from "./store.ts";
import { allOrNone, Stopped } from "./writtenTogether.ts";

/** Where a scan goes, and as what. */
export interface ScanOutput {
  readonly writer: ScanWriter;
  readonly files: readonly OutputFile[];
}

/**
 * The writer that is named, or that a file's name tells.
 * @param option the setting that names one; absent where there is none
 * @throws PtychonautError "usage" where neither does, or they contradict each other
 */
export function scanWriterOf(output: string, named: string | undefined, option: string | undefined): ScanWriter {
  const byName = scanWriterFor(output);
  const writer = named === undefined ? byName : scanWriterNamed(named);
  if (writer !== undefined) checkEnding(output, writer, byName, option);
  if (writer !== undefined) return writer;
  throw new PtychonautError("usage", "the output's name does not say its format", {
    where: output,
    expected: `a name that ends with ${scanWriters.flatMap(({ endings }) => endings).join(", ")}`,
    fix: option === undefined ? "give it such a name" : `name the format: ${setting(option, scanWriters[0].name)}`,
  });
}

/** Looks whether the files of a scan may be written, before anything is computed. @throws as `claimOutputFile` */
export async function claimScan(
  writer: ScanWriter,
  output: string,
  options: OutputFileOptions,
  store: RunStore,
): Promise<ScanOutput> {
  const files: OutputFile[] = [];
  for (const path of writer.files?.(output) ?? [output]) files.push(await claimOutputFile(path, options, store));
  return { writer, files };
}

export interface ScanOutputOptions extends WriteScanOptions {
  /** Names the scan in errors. */
  readonly where: string;
  /** What the format cannot hold is an error. */
  readonly strict: boolean;
}

/**
 * Writes a scan, a few patterns at a time, after saying what its format cannot hold.
 * @returns whether it came to its end; where it was asked to stop, nothing is left
 * @throws PtychonautError "usage" for what the format needs and the scan does not say; "output"
 */
export async function writeScanOutput(
  given: FramesToWrite,
  { writer, files }: ScanOutput,
  { where, strict, ...options }: ScanOutputOptions,
  hooks: Pick<RunHooks, "signal" | "log" | "warn" | "progress">,
  home: Pick<Home, "store">,
): Promise<boolean> {
  const scan = writer.needs.includes("detectorPixelM") ? withDetectorPixel(given) : given;
  if (scan !== given)
    hooks.log(
      `the detector's pixel, ${scan.geometry?.detectorPixelM} m, follows from wavelength, distance and object's pixel`,
    );
  checkGeometry(writer, scan, where);
  sayLost(lostIn(writer, scan), writer.name, strict, hooks);
  for (const line of writer.missing?.(scan) ?? []) hooks.warn(`warning: ${line}`);
  return allOrNone(files, home, hooks.signal, async (open) => {
    const countType =
      writer.integers && scan.again === true ? await followed("counting", scan, hooks, countTypeOf) : undefined;
    const counted = countType === undefined ? scan : { ...scan, countType };
    await followed("writing", counted, hooks, (each) => writer.write(each, open, options));
  });
}

/** How large a scan is and what it was written as, for people. */
export function scanWords({ shape: [count, height, width] }: FramesToWrite, { name, title }: ScanWriter): string {
  return `${counted(count, "pattern")} of ${height} x ${width} as ${name} (${title})`;
}

/** Does work with a scan, with a bar that follows its frames, and an end when the run is asked to. */
async function followed<T>(
  label: string,
  scan: FramesToWrite,
  hooks: Pick<RunHooks, "signal" | "progress">,
  work: (scan: FramesToWrite) => Promise<T>,
): Promise<T> {
  const [count, height, width] = scan.shape;
  const bar = hooks.progress(label, count);
  const pause = pauses();
  const frames = async function* (): AsyncGenerator<Float32Array, void, void> {
    let done = 0;
    for await (const block of scan.frames()) {
      await pause();
      if (hooks.signal.aborted) throw new Stopped();
      done += block.length / (height * width);
      yield block;
      bar.update(done);
    }
  };
  try {
    return await work({ ...scan, frames });
  } finally {
    bar.finish();
  }
}
