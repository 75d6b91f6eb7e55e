import type { Settings } from "../../config/group.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { resolveTrainingPayload } from "../../config/resolve/train.ts";
import { printableLine } from "../../printable.ts";
import { runImportWeights } from "../../runs/importWeights.ts";
import type { Command, CommandContext } from "./command.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { configFile, sharedRunFlags, splitSettings } from "./runFlags.ts";
import { schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "trainDataFile",
    kind: "text",
    section: "Files",
    description: "Scan that the network was trained on, as npz: it gives N, the probe and the normalisation.",
    required: true,
  },
  ...sharedRunFlags.filter(({ section }) => section === "Files"),
];

/** `ptychonaut import-weights`: a network trained by the reference system becomes a bundle. */
export const importWeightsCommand: Command = {
  usage: "WEIGHTS.npz --train_data_file SCAN.npz --output_dir DIR [options]",
  details:
    "WEIGHTS.npz holds the arrays of the PyTorch network under their own names (its state_dict). The generator, gridsize, its sizes, attention, batch normalisation and the kind of decoder are read off them; options say the rest (--cnn_output_mode, --amp_activation, --fno_input_transform ...). Every array must find its place.",
  examples: ["ptychonaut import-weights weights.npz --train_data_file scan.npz --output_dir run"],
  flags: [...ownFlags, ...schemaFlags(["model"], "training"), ...schemaFlags(["data"], "inference")],
  often: ["trainDataFile", "outputDir", "config", "architecture", "cnnOutputMode", "ampActivation", "measurement"],
  ranksSettings: true,
  positionals: ["WEIGHTS.npz"],
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    requireFlags(values, ownFlags, "import-weights");
    const config = await configFile(values["config"], "training");
    const settle = (implied: Settings): Promise<TrainingPayload> =>
      resolveTrainingPayload(
        {
          trainDataFile: String(values["trainDataFile"]),
          outputDir: String(values["outputDir"]),
          command: "import-weights",
          overwrite: values["overwrite"] === true,
          alsoRead: [positionals[0]],
          ...splitSettings(values),
          file: { ...implied, ...config },
        },
        context.files,
      );
    const file = await runImportWeights(positionals[0], settle, context.home);
    context.hooks(values["quiet"] === true).log(`wrote ${printableLine(file)}`);
    return 0;
  },
};
