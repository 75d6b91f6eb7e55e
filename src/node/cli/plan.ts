import type { GroupName } from "../../config/group.ts";
import { runPlan } from "../../runs/plan/plan.ts";
import { planReport } from "../../runs/plan/report.ts";
import type { Command, CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { configFile, splitSettings } from "./runFlags.ts";
import { schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "modelPath",
    kind: "text",
    section: "Files",
    description: "A trained model: plan a reconstruction with it, and no training.",
  },
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder that the results would go to, for the room on its disk. Nothing is written.",
  },
  { name: "json", kind: "boolean", section: "General", description: "Print JSON." },
];

const groupsRead: readonly GroupName[] = ["training", "data", "model", "inference", "execution"];

/** Those of train, and those of infer that it does not have. A short name that means one thing there and another here is none. */
function settingFlags(): readonly Flag[] {
  const training = schemaFlags(groupsRead, "training");
  const names = new Set(training.map(({ name }) => name));
  const inference = schemaFlags(groupsRead, "inference").filter(({ name }) => !names.has(name));
  const inferred = new Set(inference.flatMap(({ aliases = [] }) => aliases));
  const shared = new Set(training.flatMap(({ aliases = [] }) => aliases).filter((alias) => inferred.has(alias)));
  const own = (aliases: readonly string[] = []): readonly string[] => aliases.filter((alias) => !shared.has(alias));
  return [...training, ...inference].map((flag) => ({
    ...flag,
    aliases: own(flag.aliases),
    shortcuts: own(flag.shortcuts),
  }));
}

/** `ptychonaut plan`: what train and infer will take. */
export const planCommand: Command = {
  usage: "SCAN... [options]",
  details:
    "Rehearses a training and the reconstruction after it: reads the scan, makes a few steps, a validation, a checkpoint and the results, in memory, and says how long all of it would take and what memory and disk it needs. Options are those of train and infer. Refuses what does not fit, with the settings that make it fit.",
  examples: [
    "ptychonaut plan scan.npz --gridsize 2 --max_epochs 100 --output_dir run",
    "ptychonaut plan scan.npz --model_path run --json",
  ],
  flags: [...ownFlags, ...settingFlags()],
  positionals: ["SCAN..."],
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    const { modelPath, outputDir, json, config, ...settings } = values;
    const { overrides, executionConfig } = splitSettings(settings);
    const hooks = context.hooks(values["quiet"] === true);
    const plan = await runPlan(
      {
        scans: positionals,
        // Since the program began.
        starting: performance.now() / 1000,
        ...(typeof modelPath === "string" ? { modelPath } : {}),
        ...(typeof outputDir === "string" ? { outputDir } : {}),
        overrides,
        executionConfig,
        file: await configFile(config, modelPath === undefined ? "training" : "inference"),
      },
      hooks,
      context.home,
    );
    context.print(withFlags(json === true ? `${JSON.stringify(plan, null, 2)}\n` : planReport(plan)));
    return 0;
  },
};
