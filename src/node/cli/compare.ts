import { executionGroup } from "../../config/executionConfig.ts";
import { parseGroup } from "../../config/parse.ts";
import type { InferencePayload } from "../../config/payload.ts";
import { resolveInferencePayload } from "../../config/resolve/infer.ts";
import { groupOf } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { inferenceFolder, runComparison } from "../../runs/compare/comparison.ts";
import { type CompareEntry, objectFiles, resolveEntries } from "../../runs/compare/entries.ts";
import { checkSmoothing, readReference } from "../../runs/evaluate.ts";
import { type Command, type CommandContext, reportOutcome } from "./command.ts";
import { comparisonFlags, comparisonOptions, orientationFlags } from "./comparisonFlags.ts";
import { display, type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { configFile, sharedRunFlags, splitSettings } from "./runFlags.ts";
import { refusedSettings, schemaFlags } from "./schemaFlags.ts";

const ownFlags: readonly Flag[] = [
  {
    name: "reference",
    kind: "text",
    section: "Files",
    description:
      "What to compare with: a scan's objectGuess, a reconstruction.npz, or FILE.npz::ARRAY. By default the object of --test_data.",
  },
  {
    name: "testDataFile",
    aliases: ["testData", "testFile"],
    kind: "text",
    section: "Files",
    description: "Scan that models reconstruct first, as npz (--test_data is the same).",
  },
  ...sharedRunFlags,
  {
    name: "area",
    kind: "text",
    choices: ["common", "own"],
    section: "Comparison",
    description: "Measure all over the area that all of them cover, or each over its own.",
    default: "common",
  },
  ...comparisonFlags,
  ...orientationFlags(true),
];

/** `ptychonaut compare`: several reconstructions and models side by side. */
export const compareCommand: Command = {
  usage: "[LABEL=]PATH... --output_dir DIR --reference FILE.npz | --test_data SCAN.npz [options]",
  details:
    "PATH is a reconstruction.npz or its folder, FILE.npz::ARRAY of another program, or a model bundle or its training folder, which then reconstructs --test_data. Writes comparison.csv, frc.csv, a picture, aligned.npz, compare.json and run.json to DIR.",
  examples: [
    "ptychonaut compare small=run1 large=run2 --test_data scan.npz --output_dir comparison",
    "ptychonaut compare object/reconstruction.npz tike=tike.npz::psi --reference scan.npz --output_dir comparison",
  ],
  flags: [...ownFlags, ...schemaFlags(["inference", "data", "execution"], "inference")],
  refused: refusedSettings(["inference", "data", "execution"]),
  positionals: ["[LABEL=]PATH..."],
  often: ["reference", "testDataFile", "outputDir", "config", "area", "register", "twin", "quiet"],
  ranksSettings: true,
  run: compare,
};

async function compare({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  requireFlags(values, ownFlags, "compare");
  const { home } = context;
  const outputDir = String(values["outputDir"]);
  const options = comparisonOptions(values, true);
  const area = (values["area"] ?? "common") as "common" | "own";
  const entries = await resolveEntries(positionals, home.store);
  const reference = await readReference(referenceOf(values), home);
  checkSmoothing(reference, options);
  const models = entries.filter(({ kind }) => kind === "model");
  checkModelFlags(values, models);
  // Everything is read and resolved before anything runs.
  const inputs = [reference.path, ...(await objectFiles(entries, home))];
  const inferences = new Map<string, InferencePayload>();
  for (const model of models) inferences.set(model.label, await payloadOf(model, values, outputDir, inputs, context));
  const [first] = inferences.values();
  const hooks = context.hooks(values["quiet"] === true, first?.execution.enableProgressBar ?? true);
  const overwrite = values["overwrite"] === true;
  const { pictureFormats } = first?.execution ?? parseGroup(executionGroup, picked(values, "pictureFormats"));
  const request = { entries, inferences, reference, outputDir, overwrite, options, area, pictureFormats };
  const outcome = await runComparison(request, hooks, home, context.workflows);
  if (outcome.status === "finished") context.print(outcome.table);
  return reportOutcome(outcome, hooks);
}

/** One setting, where it was said. */
const picked = (values: ParsedFlags["values"], name: string): ParsedFlags["values"] =>
  values[name] === undefined ? {} : { [name]: values[name] };

function referenceOf({ reference, testDataFile }: ParsedFlags["values"]): string {
  const address = reference ?? testDataFile;
  if (address !== undefined) return String(address);
  throw new PtychonautError("usage", "missing --reference", {
    fix: "say what to compare with, or --test_data of a scan that has its object",
  });
}

/** Models need a scan; what only they read means nothing without one. */
function checkModelFlags(values: ParsedFlags["values"], models: readonly CompareEntry[]): void {
  if (models.length > 0) {
    if (values["testDataFile"] !== undefined) return;
    throw new PtychonautError("usage", `"${models[0].label}" is a model and there is no scan to reconstruct`, {
      fix: "say --test_data SCAN.npz",
    });
  }
  const read = ["pictureFormats", ...(values["reference"] === undefined ? ["testDataFile"] : [])];
  const idle = Object.keys(values).filter((name) => !read.includes(name) && groupOf(name) !== undefined);
  if (idle.length === 0) return;
  throw new PtychonautError("usage", `${idle.map(display).join(", ")} would have no effect`, {
    got: "no model among the entries",
    fix: "leave it out: it tells models how to reconstruct",
  });
}

async function payloadOf(
  { label, address }: CompareEntry,
  values: ParsedFlags["values"],
  outputDir: string,
  alsoRead: readonly string[],
  context: CommandContext,
): Promise<InferencePayload> {
  const { testDataFile, ...settings } = values;
  const { overrides, executionConfig } = splitSettings(settings);
  return resolveInferencePayload(
    {
      modelPath: address,
      testDataFile: String(testDataFile),
      outputDir: inferenceFolder(outputDir, label),
      overwrite: values["overwrite"] === true,
      alsoRead,
      overrides,
      executionConfig,
      file: await configFile(values["config"], "inference"),
    },
    context.files,
  );
}
