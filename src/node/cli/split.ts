import { join } from "node:path";
import { readingSettings, scanOptions } from "../../config/dataConfig.ts";
import { parseSettings } from "../../config/schema.ts";
import type { Dataset } from "../../data/dataset.ts";
import { selectFrames } from "../../data/selectFrames.ts";
import { PtychonautError } from "../../errors.ts";
import { writeScanNpz } from "../../scans/writeScanNpz.ts";
import { readScan, writeAtomic } from "../files/files.ts";
import type { Command, CommandContext } from "./command.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder for the two files; created with its parents.",
    required: true,
  },
];

const reading: readonly string[] = readingSettings;

/** `ptychonaut split`: a scan as two halves, for the resolution of two independent reconstructions. */
export const splitCommand: Command = {
  usage: "SCAN.npz --output_dir DIR [options]",
  details:
    "DIR/even.npz and DIR/odd.npz have the scan's probe and object, and positions in one frame. Train and reconstruct each on its own; `evaluate A --split B` then gives the resolution.",
  examples: [
    "ptychonaut split scan.npz --output_dir halves",
    "ptychonaut evaluate even/reconstruction.npz --split odd/reconstruction.npz",
  ],
  flags: [...ownFlags, ...schemaFlags(["data"], "inference").filter(({ name }) => reading.includes(name))],
  positionals: ["SCAN.npz"],
  run: split,
};

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

async function split({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, ownFlags, "split");
  const hooks = context.hooks(values["quiet"] === true);
  const said = Object.fromEntries(Object.entries(values).filter(([name]) => reading.includes(name)));
  const dataset = await readScan(positionals[0], scanOptions(parseSettings("data", said)));
  const { count } = dataset.patterns;
  if (count < 2)
    throw new PtychonautError("data", "a scan of one pattern has no halves", {
      where: positionals[0],
      got: `${count}`,
    });
  for (const line of dataset.provenance.warnings) hooks.warn(`warning: ${line}`);
  const outputDir = String(values["outputDir"]);
  await context.files.prepareFolder(outputDir);
  for (const [first, name] of ["even", "odd"].entries()) {
    const frames = everySecond(dataset, first);
    const path = join(outputDir, `${name}.npz`);
    await writeAtomic(path, writeScanNpz(selectFrames(dataset, frames)));
    hooks.log(`wrote ${path}: ${frames.length} patterns`);
  }
  return 0;
}
