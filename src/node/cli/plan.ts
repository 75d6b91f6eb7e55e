import type { GroupName } from "../../config/group.ts";
import { type PayloadKind, payloadKinds } from "../../config/names.ts";
import { runPlan } from "../../runs/plan/plan.ts";
import { runReconstructionPlan } from "../../runs/plan/reconstructionPlan.ts";
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

const groupsRead: readonly GroupName[] = ["training", "data", "model", "inference", "execution", "reconstruction"];

/**
 * Those of train, and those of infer and reconstruct that it does not have. A short name that means one thing there and
 * another here is none.
 */
function settingFlags(): readonly Flag[] {
  const flags: Flag[] = [];
  for (const kind of payloadKinds)
    for (const flag of schemaFlags(groupsRead, kind))
      if (flags.every(({ name }) => name !== flag.name)) flags.push(flag);
  const spelled = flags.flatMap(({ name, aliases = [] }) => [name, ...new Set(aliases)]);
  const shared = new Set(spelled.filter((name, i) => spelled.indexOf(name) !== i));
  const own = (aliases: readonly string[] = []): readonly string[] => aliases.filter((alias) => !shared.has(alias));
  return flags.map((flag) => ({ ...flag, aliases: own(flag.aliases), shortcuts: own(flag.shortcuts) }));
}

/** `ptychonaut plan`: what train and infer, or reconstruct, will take. */
export const planCommand: Command = {
  usage: "SCAN... [options]",
  details:
    "Rehearses a training and the reconstruction after it: reads the scan, makes a few steps, a validation, a checkpoint and the results, in memory, and says how long all of it would take and what memory and disk it needs. Options are those of train and infer. With --engine or --stage it rehearses an iterative reconstruction instead, with the options of reconstruct. Refuses what does not fit, with the settings that make it fit.",
  examples: [
    "ptychonaut plan scan.npz --gridsize 2 --max_epochs 100 --output_dir run",
    "ptychonaut plan scan.npz --model_path run --json",
    "ptychonaut plan scan.npz --engine lsqml --epochs 100",
  ],
  flags: [...ownFlags, ...settingFlags()],
  positionals: ["SCAN..."],
  run: async ({ values, positionals }: ParsedFlags, context: CommandContext) => {
    const { modelPath, outputDir, json, config, ...settings } = values;
    const kind = planned(values);
    const { overrides, executionConfig } = splitSettings(settings, kind);
    const hooks = context.hooks(values["quiet"] === true);
    const request = {
      scans: positionals,
      // Since the program began.
      starting: performance.now() / 1000,
      ...(typeof modelPath === "string" ? { modelPath } : {}),
      ...(typeof outputDir === "string" ? { outputDir } : {}),
      ...{ overrides, executionConfig },
      file: await configFile(config, kind),
    };
    const run = kind === "reconstruction" ? runReconstructionPlan : runPlan;
    const plan = await run(request, hooks, context.home);
    context.print(withFlags(json === true ? `${JSON.stringify(plan, null, 2)}\n` : planReport(plan)));
    return 0;
  },
};

function planned({ engine, stage, modelPath }: Readonly<Record<string, unknown>>): PayloadKind {
  if (engine !== undefined || stage !== undefined) return "reconstruction";
  return modelPath === undefined ? "training" : "inference";
}
