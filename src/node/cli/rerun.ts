import { snakeCase } from "../../config/names.ts";
import { resolveInferencePayload } from "../../config/resolve/infer.ts";
import { resolveReconstructionPayload } from "../../config/resolve/reconstruct.ts";
import { resolveTrainingPayload } from "../../config/resolve/train.ts";
import { PtychonautError } from "../../errors.ts";
import { changedInputs, readSavedRun, repeatRequest, unsaidSettings } from "../../runs/savedRun.ts";
import { type Command, type CommandContext, overwriteFlag, reportOutcome } from "./command.ts";
import { dryFiles, dryRunFlag, isDryRun, sayInference, sayReconstruction, sayTraining } from "./dryRun.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder for everything that the run writes; created with its parents.",
    required: true,
  },
  {
    name: "allowChangedInputs",
    kind: "boolean",
    section: "Files",
    description: "Run although an input is not the file that it was.",
  },
  overwriteFlag,
];

/** `ptychonaut rerun`: the same run again, from its record. */
export const rerunCommand: Command = {
  usage: "RUN.json --output_dir DIR [--allow_changed_inputs]",
  details:
    "Repeats a train, infer or reconstruct with the resolved settings, seeds and inputs of its run.json, after checking the inputs' SHA-256. What was resumed runs from its start.",
  examples: ["ptychonaut rerun run/run.json --output_dir again"],
  flags: [...ownFlags, dryRunFlag],
  positionals: ["RUN.json"],
  run: rerun,
};

async function rerun({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, ownFlags, "rerun");
  const path = positionals[0];
  const run = await readSavedRun(path, context.home.store);
  const repeat = repeatRequest(run, String(values["outputDir"]));
  const output = { overwrite: values["overwrite"] === true, alsoRead: [path] };
  for (const changed of await changedInputs(run, context.home)) {
    if (values["allowChangedInputs"] !== true) {
      throw new PtychonautError("data", "an input is not the file that it was", {
        where: changed,
        expected: `the SHA-256 in ${path}`,
        fix: "restore it, or say --allow_changed_inputs",
      });
    }
    context.warn(`warning: ${changed} is not the file that it was`);
  }
  const unsaid = unsaidSettings(run);
  if (unsaid.length > 0) {
    context.warn(`warning: ${path} does not say ${unsaid.map(snakeCase).join(", ")}: taken by default`);
  }
  const quiet = values["quiet"] === true;
  const dry = dryFiles(context.files);
  const files = isDryRun(values) ? dry.files : context.files;
  const hooksFor = (progressBar: boolean) => context.hooks(quiet, progressBar);
  if (repeat.command === "train") {
    const payload = await resolveTrainingPayload({ ...repeat.request, ...output }, files);
    if (isDryRun(values)) return sayTraining(payload, dry, context);
    const hooks = hooksFor(payload.execution.enableProgressBar);
    return reportOutcome(await context.workflows.train(payload, hooks), hooks);
  }
  if (repeat.command === "reconstruct") {
    const payload = await resolveReconstructionPayload({ ...repeat.request, ...output }, files);
    if (isDryRun(values)) return sayReconstruction([payload], dry, context);
    const hooks = hooksFor(payload.execution.enableProgressBar);
    return reportOutcome(await context.workflows.reconstruct(payload, hooks), hooks);
  }
  const payload = await resolveInferencePayload({ ...repeat.request, ...output }, files);
  if (isDryRun(values)) return sayInference([payload], dry, context);
  const hooks = hooksFor(payload.execution.enableProgressBar);
  return reportOutcome(await context.workflows.infer(payload, hooks), hooks);
}
