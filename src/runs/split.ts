import type { Dataset } from "../data/dataset.ts";
import { selectFrames } from "../data/selectFrames.ts";
import { PtychonautError } from "../errors.ts";
import { counted, printableLine } from "../printable.ts";
import type { ScanOptions } from "../scans/scanOptions.ts";
import { framesOf } from "../scans/writers/frames.ts";
import { npzWriter } from "../scans/writers/npz.ts";
import { scanWriterNamed } from "../scans/writers/registry.ts";
import { claimFolder, inLockedFolder } from "./claimFolder.ts";
import { sourceLines } from "./conversionWords.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import { readScan } from "./inputs/scans.ts";
import type { Home } from "./machine.ts";
import { outputs } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { claimScan, writeScanOutput } from "./scanOutput.ts";

export interface SplitRequest {
  readonly scan: string;
  readonly reading: ScanOptions;
  readonly outputDir: string;
  /** Names of the halves' formats, each half in every one. Default npz. */
  readonly outputFormats?: readonly string[];
  /** Whether halves that are there may be replaced. Default false. */
  readonly overwrite?: boolean;
}

/**
 * Writes the even and the odd patterns of a scan as `even` and `odd`, with its probe and object, and positions in one
 * frame.
 * @throws PtychonautError "data" for a scan of one pattern; "output"
 */
export async function runSplit(
  { scan, reading, outputDir, outputFormats = [npzWriter.name], overwrite = false }: SplitRequest,
  hooks: RunHooks,
  home: Home,
): Promise<RunOutcome> {
  const writers = [...new Set(outputFormats)].map(scanWriterNamed);
  const dataset = await readScan(scan, reading, home);
  const { count } = dataset.patterns;
  if (count < 2)
    throw new PtychonautError("data", "a scan of one pattern has no halves", { where: scan, got: `${count}` });
  for (const line of dataset.provenance.warnings) hooks.warn(`warning: ${line}`);
  const { store } = home;
  await claimFolder(outputDir, { command: "split", inputs: [scan], overwrite }, store);
  return inLockedFolder(outputDir, store, hooks.log, async () => {
    for (const [first, name] of outputs.halves.entries()) {
      const frames = everySecond(dataset, first);
      for (const writer of writers) {
        const output = joinPath(outputDir, name + writer.endings[0]);
        const target = await claimScan(writer, output, { inputs: [scan], overwrite }, store);
        const history = [...sourceLines(scan, dataset.provenance.sha256), `its ${name} patterns`];
        const how = { where: scan, strict: false, compress: writer === npzWriter, history };
        if (!(await writeScanOutput(framesOf(selectFrames(dataset, frames)), target, how, hooks, home)))
          return { status: "interrupted", files: [] };
        for (const { path } of target.files)
          hooks.log(`wrote ${printableLine(path)}: ${counted(frames.length, "pattern")}`);
      }
    }
    return { status: "finished", files: [] };
  });
}

/** Every second pattern, of each scan that the file holds by itself: halves of a scan have both its whole extent. */
function everySecond({ patterns, scanIndex }: Dataset, first: number): number[] {
  const counted = new Map<number, number>();
  return Array.from({ length: patterns.count }, (_, frame) => frame).filter((frame) => {
    const scan = scanIndex?.[frame] ?? 0;
    const before = counted.get(scan) ?? 0;
    counted.set(scan, before + 1);
    return before % 2 === first;
  });
}
