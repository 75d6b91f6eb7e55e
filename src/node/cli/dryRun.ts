import { differencesFromDefaults } from "../../config/differences.ts";
import type { FileProbe, ScanHeader } from "../../config/fileProbe.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../../config/payload.ts";
import { AUTO } from "../../config/reconstructionConfig.ts";
import { isRead } from "../../config/schema.ts";
import { counted, printableLine } from "../../printable.ts";
import { checkClaim } from "../../runs/claimFolder.ts";
import { checkEnginesOverRanks, checkInferenceOverRanks } from "../../runs/overRanks.ts";
import { checkOutputDir } from "../files/outputFolder.ts";
import { nodeStore } from "../store.ts";
import type { CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { listedSettings } from "./settingsListed.ts";

/** Of commands that run for long. */
export const dryRunFlag: Flag = {
  name: "dryRun",
  kind: "boolean",
  section: "General",
  description: "Resolve and check everything, say what would run, and write nothing.",
};

export const isDryRun = ({ dryRun }: ParsedFlags["values"]): boolean => dryRun === true;

/** A view of the files by which nothing is made, and the scans that were looked at by it. */
export interface DryFiles {
  readonly files: FileProbe;
  readonly headers: ReadonlyMap<string, ScanHeader>;
}

export function dryFiles(files: FileProbe): DryFiles {
  const headers = new Map<string, ScanHeader>();
  return {
    headers,
    files: {
      ...files,
      async scanHeader(path, reading) {
        const header = await files.scanHeader(path, reading);
        headers.set(path, header);
        return header;
      },
      async prepareFolder(path, claim) {
        await checkOutputDir(path);
        await checkClaim(path, claim, nodeStore);
      },
    },
  };
}

/**
 * Prints what a training would be, and what it would warn of.
 * @returns the exit code
 * @throws PtychonautError as the training refuses a scan
 */
export async function sayTraining(
  payload: TrainingPayload,
  { headers }: DryFiles,
  { print, warn, scanWarnings }: CommandContext,
): Promise<number> {
  for (const line of await scanWarnings(payload)) warn(`warning: ${line}`);
  const { model, data, training, execution, overridden, outputDir, trainDataFile, moreDataFiles } = payload;
  const scans = [trainDataFile, ...moreDataFiles].map((path) => scanLine(path, headers.get(path)));
  const way = model.modelType === "supervised" ? "from labels" : "from diffraction alone";
  const fineTuning = training.epochsFineTune === 0 ? "" : `, ${training.epochsFineTune} more with the encoder frozen`;
  print(
    [
      `# would train ${model.architecture} ${way}, ${counted(training.maxEpochs, "epoch")} in batches of ${training.batchSize}${fineTuning}`,
      ...scans,
      ...(training.testDataFile === null ? [] : [comment(`validated on ${training.testDataFile}`)]),
      comment(`into ${outputDir}; nothing was written`),
      listedSettings(differencesFromDefaults({ model, data, training, execution }, overridden)),
    ].join("\n"),
  );
  return 0;
}

/** Prints what reconstructions would be, see `sayTraining`. */
export async function sayInference(
  payloads: readonly InferencePayload[],
  { headers }: DryFiles,
  { print, warn, scanWarnings, processes }: CommandContext,
): Promise<number> {
  for (const payload of payloads) {
    const { modelPath, testDataFile, outputDir, data, inference, execution, overridden, notes } = payload;
    checkInferenceOverRanks(payload, processes);
    for (const line of [...notes, ...(await scanWarnings(payload))]) warn(`warning: ${line}`);
    print(
      [
        `# would reconstruct with ${printableLine(modelPath)}`,
        scanLine(testDataFile, headers.get(testDataFile)),
        comment(`into ${outputDir}; nothing was written`),
        listedSettings(differencesFromDefaults({ data, inference, execution }, overridden)),
      ].join("\n"),
    );
  }
  return 0;
}

/** Prints what iterative reconstructions would be, see `sayTraining`. */
export async function sayReconstruction(
  payloads: readonly ReconstructionPayload[],
  { headers }: DryFiles,
  { print, warn, scanWarnings, processes }: CommandContext,
): Promise<number> {
  for (const payload of payloads) {
    const { scan, outputDir, data, reconstruction, execution, overridden, stages, notes } = payload;
    checkEnginesOverRanks(payload, processes);
    for (const line of [...notes, ...(await scanWarnings(payload))]) warn(`warning: ${line}`);
    const chosen = (engine: string): boolean => engine === AUTO && overridden.every(({ name }) => name !== "epochs");
    const engines = stages.map(({ engine, epochs }) =>
      chosen(engine) ? `${engine}, which chooses the epochs too` : `${engine}, ${counted(epochs, "epoch")}`,
    );
    print(
      [
        `# would reconstruct with ${engines.join("; then ")}`,
        scanLine(scan, headers.get(scan)),
        comment(`into ${outputDir}; nothing was written`),
        listedSettings(
          differencesFromDefaults({ data, reconstruction, execution }, overridden).filter(({ name }) =>
            isRead(name, "reconstruction"),
          ),
        ),
      ].join("\n"),
    );
  }
  return 0;
}

const scanLine = (path: string, header: ScanHeader | undefined): string =>
  comment(
    header === undefined ? path : `${path}: ${counted(header.frames, "pattern")} of ${header.height} x ${header.width}`,
  );

/** What stands above the settings is one line each, also where a path has line breaks: what is printed is a config file. */
const comment = (text: string): string => `#   ${printableLine(text)}`;
