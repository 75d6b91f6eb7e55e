import { type Difference, differencesFromDefaults } from "../../config/differences.ts";
import type { FileProbe } from "../../config/fileProbe.ts";
import type { Settings } from "../../config/group.ts";
import { layerOf } from "../../config/merge.ts";
import type { InferencePayload, ReconstructionPayload, TrainingPayload } from "../../config/payload.ts";
import { resolveInferencePayload } from "../../config/resolve/infer.ts";
import { resolveReconstructionPayload } from "../../config/resolve/reconstruct.ts";
import { resolveTrainingPayload } from "../../config/resolve/train.ts";
import { isRead } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import type { Command, CommandContext, NamedCommand } from "./command.ts";
import { commandSection, configEntries } from "./configFile.ts";
import { sectionOptions } from "./configOptions.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { configFile } from "./runFlags.ts";
import { type Listed, listedSettings } from "./settingsListed.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "trainDataFile",
    kind: "text",
    section: "Files",
    description: "Check it for a training on this scan.",
  },
  { name: "modelPath", kind: "text", section: "Files", description: "Check it for a reconstruction with this model." },
  {
    name: "testDataFile",
    aliases: ["testData"],
    kind: "text",
    section: "Files",
    description: "The scan of that reconstruction.",
  },
  {
    name: "scan",
    kind: "text",
    section: "Files",
    description: "Check it for an iterative reconstruction of this scan.",
  },
];

/** `ptychonaut validate`: is a config file right, and what does it change? */
export const validateCommand: Command = {
  usage: "CONFIG [--train_data_file SCAN.npz | --model_path RUN --test_data SCAN.npz | --scan SCAN.npz]",
  details:
    "Checks every setting and the rules between them, for a training unless a model or a scan to reconstruct is named; what the file says of iterative reconstructions is checked in any case. Without a scan, what depends on it (the side of the patterns, their number, the dose) is taken to fit. Neither devices nor output folders are looked at. What is printed is a config file itself.",
  examples: ["ptychonaut validate config.yaml", "ptychonaut validate config.yaml --train_data_file scan.npz"],
  flags: ownFlags,
  positionals: ["CONFIG"],
  run: validate,
};

async function validate({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  const path = positionals[0];
  const differences = await differencesFor(path, values, context);
  const all = [...differences, ...(await optionsIn(path, await context.configurable()))];
  context.print(listedSettings(all));
  return 0;
}

async function differencesFor(path: string, values: Settings, context: CommandContext): Promise<readonly Difference[]> {
  const { trainDataFile, modelPath, testDataFile, scan } = values;
  if (scan !== undefined) {
    if (trainDataFile === undefined && modelPath === undefined && testDataFile === undefined)
      return forReconstruction(path, scan, context);
    throw new PtychonautError("usage", "--scan goes without --train_data_file, --model_path and --test_data");
  }
  if (modelPath !== undefined || testDataFile !== undefined) return forInference(path, values, context);
  const training = await forTraining(path, trainDataFile, context);
  // Rules between its settings hold, whatever the file is checked for.
  const ofEngines = (await forReconstruction(path, undefined, context)).filter(
    ({ group }) => group === "reconstruction",
  );
  return [...training, ...ofEngines];
}

async function forReconstruction(path: string, scan: unknown, context: CommandContext): Promise<readonly Difference[]> {
  const file = await configFile(path, "reconstruction");
  const known = typeof scan === "string";
  const files = known ? readOnly(context.files) : anyScan(file, context.files);
  const payload = await resolveReconstructionPayload({ scan: known ? scan : "the scan", outputDir: ".", file }, files);
  if (known) await saySuspicions(payload, context);
  const { overridden, data, reconstruction, execution } = payload;
  return differencesFromDefaults({ data, reconstruction, execution }, overridden).filter(
    ({ name, source }) => isRead(name, "reconstruction") && (known || isStated(source)),
  );
}

async function forTraining(path: string, scan: unknown, context: CommandContext): Promise<readonly Difference[]> {
  const file = await configFile(path, "training");
  const trainDataFile = typeof scan === "string" ? scan : "the scan";
  const probe = typeof scan === "string" ? readOnly(context.files) : anyScan(file, context.files);
  const payload = await resolveTrainingPayload({ trainDataFile, outputDir: ".", file }, probe);
  if (typeof scan === "string") await saySuspicions(payload, context);
  const { overridden, model, data, training, execution } = payload;
  const differences = differencesFromDefaults({ model, data, training, execution }, overridden);
  return typeof scan === "string" ? differences : differences.filter(({ source }) => isStated(source));
}

async function forInference(path: string, values: Settings, context: CommandContext): Promise<readonly Difference[]> {
  const { trainDataFile, modelPath, testDataFile } = values;
  if (typeof modelPath !== "string" || typeof testDataFile !== "string" || trainDataFile !== undefined) {
    throw new PtychonautError("usage", "--model_path and --test_data go together, and without --train_data_file");
  }
  const file = await configFile(path, "inference");
  const request = { modelPath, testDataFile, outputDir: ".", file };
  const payload = await resolveInferencePayload(request, readOnly(context.files));
  await saySuspicions(payload, context);
  const { overridden, data, inference, execution } = payload;
  return differencesFromDefaults({ data, inference, execution }, overridden);
}

/** What the run would warn of. @throws PtychonautError as it refuses a scan */
async function saySuspicions(
  payload: TrainingPayload | InferencePayload | ReconstructionPayload,
  { warn, scanWarnings }: CommandContext,
): Promise<void> {
  const notes = payload.kind === "training" ? [] : payload.notes;
  for (const line of [...notes, ...(await scanWarnings(payload))]) warn(`warning: ${line}`);
}

/** Options that the file has for commands. */
async function optionsIn(path: string, commands: readonly NamedCommand[]): Promise<readonly Listed[]> {
  const { options } = await configEntries(path);
  return commands.flatMap((command) => {
    const group = commandSection(command.name);
    const said = Object.entries(sectionOptions(path, options.get(group) ?? [], command));
    return said.map(([name, value]): Listed => {
      const initial = command.flags.find((flag) => flag.name === name)?.default ?? null;
      return { group, name, value, default: initial, source: "file" };
    });
  });
}

/** The files are read; nothing is made, and no device is needed. */
const readOnly = (files: FileProbe): FileProbe => ({
  ...files,
  checkAccelerator: async () => {},
  prepareFolder: async () => {},
});

/** Stands for scans that are not known yet: large enough for every setting, with a dose. */
function anyScan(file: Settings, { bundleHeader }: FileProbe): FileProbe {
  const { N } = layerOf("file", file, "training").settings;
  const side = typeof N === "number" ? N : 1024;
  const header = { frames: Number.MAX_SAFE_INTEGER, height: side, width: side, photonsPerPattern: 1 };
  return readOnly({
    checkAccelerator: async () => {},
    scanFiles: async (path) => [path],
    scanHeader: async () => header,
    bundleHeader,
    prepareFolder: async () => {},
  });
}

const isStated = (source: Difference["source"]): boolean => source === "file" || source === "profile";
