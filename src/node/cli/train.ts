import type { GroupName } from "../../config/group.ts";
import { resolveTrainingPayload } from "../../config/resolve/train.ts";
import { PtychonautError } from "../../errors.ts";
import { type Command, type CommandContext, reportOutcome } from "./command.ts";
import { dryFiles, dryRunFlag, isDryRun, sayTraining } from "./dryRun.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { configFile, sharedRunFlags, splitSettings } from "./runFlags.ts";
import { refusedSettings, schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "trainDataFile",
    aliases: ["trainFile"],
    kind: "texts",
    section: "Files",
    description:
      "Scan to train on; also without the flag, and as FILE::ARRAY with the array of its patterns. Several to train on them together, or a folder of them.",
    required: true,
  },
  ...sharedRunFlags,
  {
    name: "disableCheckpointing",
    kind: "boolean",
    section: "Execution",
    description: "The same as --no_enable_checkpointing.",
  },
  {
    name: "ptychoDir",
    kind: "text",
    section: "Deprecated",
    description: "",
    hidden: true,
  },
];

const groupsRead: readonly GroupName[] = ["training", "data", "model", "execution"];

/** `ptychonaut train`: scans in, a model bundle out. */
export const trainCommand: Command = {
  usage: "SCAN --output_dir DIR [options]",
  details:
    "Reads diffraction patterns, positions and a probe; learns to turn patterns into the object, without labels or (--model_type supervised) from them; writes the model bundle, checkpoints and a metrics log to DIR. `ptychonaut inspect SCAN.npz` shows what is in a file.",
  examples: [
    "ptychonaut train --train_data_file scan.npz --output_dir run --gridsize 1 --max_epochs 30",
    "ptychonaut train --train_data_file raw.npz --output_dir run --measurement counts --dc_at corner",
    "ptychonaut train --train_data_file scan.npz --output_dir run --resume last",
    "ptychonaut train --train_data_file a.npz b.npz --output_dir run",
    "ptychonaut train scan.h5::/entry/data --positions motors.h5::/x,/y --probe_file probe.npy --output_dir run",
  ],
  flags: [...ownFlags, dryRunFlag, ...schemaFlags(groupsRead, "training")],
  refused: {
    ...refusedSettings(groupsRead),
    threads:
      "a training computes on all processors; --devices says how many replicas share each batch, each with its part of them, and --num_workers how many threads prepare batches",
  },
  often: [
    ...["trainDataFile", "outputDir", "config", "maxEpochs", "batchSize", "learningRate", "scheduler", "gridsize"],
    ...["architecture", "nFiltersScale", "measurement", "dcAt", "accelerator", "resume", "seed"],
    ...["probeTrainable", "dryRun", "quiet"],
  ],
  scan: "trainDataFile",
  ranksSettings: true,
  overRanks: true,
  run: train,
};

async function train({ values }: ParsedFlags, context: CommandContext): Promise<number> {
  refuseLegacy(values);
  requireFlags(values, trainCommand.flags, "train");
  const { overrides, executionConfig } = splitSettings(checkpointingFlags(values));
  const dry = dryFiles(context.files);
  const payload = await resolveTrainingPayload(
    {
      trainDataFile: values["trainDataFile"] as readonly string[],
      outputDir: String(values["outputDir"]),
      overwrite: values["overwrite"] === true,
      overrides,
      executionConfig,
      file: await configFile(values["config"], "training"),
    },
    isDryRun(values) ? dry.files : context.files,
  );
  if (isDryRun(values)) return sayTraining(payload, dry, context);
  const hooks = context.hooks(values["quiet"] === true, payload.execution.enableProgressBar);
  return reportOutcome(await context.workflows.train(payload, hooks), hooks);
}

function checkpointingFlags(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  if (values["disableCheckpointing"] !== true) return values;
  if (values["enableCheckpointing"] === true) {
    throw new PtychonautError("usage", "contradictory flags: --enable_checkpointing and --disable_checkpointing");
  }
  return { ...values, enableCheckpointing: false };
}

function refuseLegacy(values: Readonly<Record<string, unknown>>): void {
  if (values["ptychoDir"] === undefined) return;
  throw new PtychonautError("usage", "--ptycho_dir belongs to an interface that is gone", {
    fix: "name the scan with --train_data_file and the settings as flags or in --config FILE.yaml",
  });
}
