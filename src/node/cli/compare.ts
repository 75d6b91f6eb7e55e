import { join } from "node:path";
import type { InferencePayload } from "../../config/payload.ts";
import { resolveInferencePayload } from "../../config/resolve/infer.ts";
import { groupOf } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { runCompare } from "../../runs/compare/compare.ts";
import { type CompareEntry, fileName, resolveEntries } from "../../runs/compare/entries.ts";
import { readReference } from "../../runs/evaluate.ts";
import type { RunHooks } from "../../runs/hooks.ts";
import { readObjectFile } from "../../runs/objectFile.ts";
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
    "PATH is a reconstruction.npz or its folder, FILE.npz::ARRAY of another program, or a model bundle or its training folder, which then reconstructs --test_data. Writes comparison.csv, frc.csv, comparison.png, aligned.npz, compare.json and run.json to DIR.",
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
  const outputDir = String(values["outputDir"]);
  const options = comparisonOptions(values, true);
  const area = areaOf(values["area"] ?? "common");
  const entries = await resolveEntries(positionals, context.home.store);
  const address = referenceOf(values);
  const reference = await readReference(address, context.home);
  const models = entries.filter(({ kind }) => kind === "model");
  checkModelFlags(values, models);
  // Everything is read and resolved before anything runs.
  const read = [reference.path];
  for (const { kind, address: file } of entries)
    if (kind === "object") read.push((await readObjectFile(file, context.home)).path);
  const payloads: InferencePayload[] = [];
  for (const model of models) payloads.push(await payloadOf(model, values, outputDir, read, context));
  const overwrite = values["overwrite"] === true;
  await context.files.prepareFolder(outputDir, { command: "compare", inputs: read, overwrite });
  const hooks = context.hooks(values["quiet"] === true, payloads[0]?.execution.enableProgressBar ?? true);
  const made = await infer(models, payloads, context, hooks);
  if ("exitCode" in made) return made.exitCode;
  const ready = entries.flatMap((entry): CompareEntry[] => {
    if (entry.kind === "object") return [entry];
    const path = made.reconstructions.get(entry.label);
    return path === undefined ? [] : [{ ...entry, address: path }];
  });
  if (ready.length === 0) {
    hooks.warn("no model made an object, so there is nothing to compare");
    return 1;
  }
  const request = { entries: ready, reference, outputDir, options, area, warnings: made.warnings };
  const outcome = await runCompare(request, hooks, context.home);
  if (outcome.status === "finished") context.print(outcome.table);
  return reportOutcome(outcome, hooks);
}

function referenceOf({ reference, testDataFile }: ParsedFlags["values"]): string {
  const address = reference ?? testDataFile;
  if (address !== undefined) return String(address);
  throw new PtychonautError("usage", "missing --reference", {
    fix: "say what to compare with, or --test_data of a scan that has its object",
  });
}

function areaOf(value: unknown): "common" | "own" {
  if (value === "common" || value === "own") return value;
  throw new PtychonautError("usage", "wrong value for --area", {
    expected: "common or own",
    got: `"${String(value)}"`,
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
  const read = values["reference"] === undefined ? ["testDataFile"] : [];
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
      outputDir: join(outputDir, "inference", fileName(label)),
      overwrite: values["overwrite"] === true,
      alsoRead,
      overrides,
      executionConfig,
      file: await configFile(values["config"], "inference"),
    },
    context.files,
  );
}

/** Every model's reconstruction by its label; one that came to nothing is left out with a warning. */
async function infer(
  models: readonly CompareEntry[],
  payloads: readonly InferencePayload[],
  context: CommandContext,
  hooks: RunHooks,
): Promise<
  | { readonly exitCode: number }
  | { readonly reconstructions: ReadonlyMap<string, string>; readonly warnings: readonly string[] }
> {
  const reconstructions = new Map<string, string>();
  const warnings: string[] = [];
  for (const [i, { label }] of models.entries()) {
    hooks.log(`${label}: reconstructing`);
    const outcome = await context.workflows.infer(payloads[i], hooks);
    if (outcome.status === "interrupted") return { exitCode: reportOutcome(outcome, hooks) };
    if (outcome.status === "finished") {
      reconstructions.set(label, join(payloads[i].outputDir, "reconstruction.npz"));
      continue;
    }
    warnings.push(`${label} is left out: ${outcome.advice ?? outcome.status}`);
    hooks.warn(`warning: ${warnings.at(-1)}`);
  }
  return { reconstructions, warnings };
}
