import type { GroupName } from "../../config/group.ts";
import { canonicalName, type PayloadKind, payloadKinds, snakeCase } from "../../config/names.ts";
import { PtychonautError } from "../../errors.ts";
import { runPlan } from "../../runs/plan/plan.ts";
import { runReconstructionPlan } from "../../runs/plan/reconstructionPlan.ts";
import { planReport } from "../../runs/plan/report.ts";
import type { Command, CommandContext } from "./command.ts";
import type { Flag, ParsedFlags } from "./flags.ts";
import { withFlags } from "./flagWords.ts";
import { inferCommand } from "./infer.ts";
import { reconstructCommand } from "./reconstruct.ts";
import { configFile, splitSettings } from "./runFlags.ts";
import { schemaFlags } from "./schemaFlags.ts";
import { trainCommand } from "./train.ts";

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

/** Of each kind of plan the commands that it rehearses. */
const commandsOf: Readonly<Record<PayloadKind, readonly Command[]>> = {
  training: [trainCommand, inferCommand],
  inference: [inferCommand],
  reconstruction: [reconstructCommand],
};

/** @throws PtychonautError for a setting that says nothing to what is rehearsed */
function refuseUnread(settings: Readonly<Record<string, unknown>>, kind: PayloadKind): void {
  const read = new Set(commandsOf[kind].flatMap(({ flags }) => flags.map(({ name }) => name)));
  // A name may be another kind's and an alias here: --epochs of a training.
  const unread = planCommand.flags.find(
    ({ name, setting }) =>
      setting === true && settings[name] !== undefined && !read.has(name) && !read.has(canonicalName(name, kind)),
  );
  if (unread === undefined) return;
  const { what, fix } = rehearsed[kind];
  throw new PtychonautError("usage", `--${snakeCase(unread.name)} has no effect on ${what}`, { fix });
}

const rehearsed: Readonly<Record<PayloadKind, { readonly what: string; readonly fix: string }>> = {
  training: {
    what: "a training and the reconstruction after it, which are planned here",
    fix: "leave it out, or say --engine (auto chooses one) to plan an iterative reconstruction",
  },
  inference: {
    what: "a reconstruction by a trained model, which is planned here",
    fix: "leave it out, or leave out --model_path to plan a training",
  },
  reconstruction: {
    what: "an iterative reconstruction, which is planned here",
    fix: "leave it out, or leave out --engine and --stage to plan a training",
  },
};

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
    refuseUnread(settings, kind);
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
