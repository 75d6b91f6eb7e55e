import { gridOffsets } from "../../benchmark/geometry.ts";
import { type BenchmarkProbe, benchmarkProbes, type LinesSetup } from "../../benchmark/linesData.ts";
import { type ProbeScaling, probeScalings } from "../../benchmark/probe.ts";
import { type BenchmarkRow, benchmarkRows, commonSettings, findRow } from "../../benchmark/rows.ts";
import { readingSettings } from "../../config/dataConfig.ts";
import type { Settings } from "../../config/group.ts";
import { isLearning } from "../../config/identity.ts";
import { sameValue } from "../../config/merge.ts";
import { snakeCase } from "../../config/names.ts";
import { unknownName } from "../../errors.ts";
import { generatorNamed } from "../../nets/registry.ts";
import type { LinesRequest } from "../../runs/benchmark/lines.ts";
import { type Command, type CommandContext, overwriteFlag, reportOutcome } from "./command.ts";
import { type Flag, type ParsedFlags, requireFlags } from "./flags.ts";
import { splitSettings } from "./runFlags.ts";
import { refusedSettings, schemaFlags } from "./schemaFlags.ts";

const section = "Benchmark";

/** What the benchmark says itself, or has no use for. */
const ownSettings: ReadonlySet<string> = new Set([
  ...readingSettings,
  ...["N", "gridsize", "nphotons", "seed", "subsampleSeed", "resume", "testDataFile"],
  ...["neighborFunction", "neighborCount", "quadrantNeighborCount", "minNeighborDistance", "maxNeighborDistance"],
  ...["gridStep", "enableOversampling", "neighborPoolSize", "scaleContractVersion", "measurementDomain"],
]);

const groups = ["training", "data", "model", "execution"] as const;

const ownFlags: readonly Flag[] = [
  {
    name: "outputDir",
    kind: "text",
    section: "Files",
    description: "Folder for data, trainings and results; the same command goes on with what is in it.",
    required: true,
  },
  overwriteFlag,
  {
    name: "probeFile",
    kind: "text",
    section: "Files",
    description: "npz with the measured probe as probeGuess, for --probe experimental.",
  },
  {
    name: "row",
    kind: "text",
    section,
    choices: benchmarkRows.map(({ name }) => name),
    description: "A published row: its data, settings and numbers. Other options depart from it.",
  },
  {
    name: "seeds",
    aliases: ["seed"],
    kind: "integers",
    section,
    description: "Seeds of the trainings, one training each; the row's, or 42.",
  },
  { name: "N", kind: "integer", section, description: "Side of a pattern.", default: 64, unit: "pixels" },
  { name: "gridsize", kind: "integer", section, description: "Side of a group of patterns.", default: 1 },
  { name: "images", kind: "integer", section, description: "Images to train on, and to test on.", default: 2 },
  { name: "size", kind: "integer", section, description: "Side of an image.", default: 392, unit: "pixels" },
  { name: "setPhi", kind: "boolean", section, description: "Give the images a phase too.", default: false },
  {
    name: "probe",
    kind: "text",
    section,
    choices: benchmarkProbes,
    description: "Illumination of the patterns.",
    default: "experimental",
  },
  {
    name: "probeScaling",
    kind: "text",
    section,
    choices: probeScalings,
    description: "How a measured probe smaller than the patterns is brought to their size.",
    default: "pad_extrapolate",
  },
  {
    name: "probeSmoothing",
    kind: "number",
    section,
    description: "Width of a Gaussian that blurs the probe.",
    default: 0.5,
    unit: "pixels",
  },
  { name: "nphotons", kind: "number", section, description: "Mean photons per pattern.", default: 1e9 },
  { name: "dataSeed", kind: "integer", section, description: "Fixes images and noise.", default: 1 },
];

/** Those of `train`, with the benchmark's defaults. */
const trainingFlags: readonly Flag[] = schemaFlags(groups, "training")
  .filter(({ name }) => !ownSettings.has(name))
  .map((flag) => ({ ...flag, default: commonSettings[flag.name] ?? flag.default }));

/** `ptychonaut benchmark lines`: published benchmarks, run here. */
export const benchmarkCommand: Command = {
  usage: "lines --output_dir DIR [--row NAME] [options]",
  details: `lines: images of random lines on a regular grid of positions, a training image at every ${gridOffsets.outerTrain / 2} pixels and a test image at every ${gridOffsets.outerTest / 2}, scored by the reference system's metrics. Settings of training are those of \`train\`; a row has its own defaults, which docs/results.md states.`,
  examples: [
    "ptychonaut benchmark lines --row lines64 --probe_file run1084.npz --output_dir lines64",
    "ptychonaut benchmark lines --row lines128-ffno --probe_file run1084.npz --output_dir ffno --seeds 1,2,3,4,5",
    "ptychonaut benchmark lines --probe ideal --output_dir quick --n_filters_scale 1 --n_groups 512 --max_epochs 2",
  ],
  flags: [...ownFlags, ...trainingFlags],
  often: ["outputDir", "row", "probeFile", "seeds", "probe", "config", "maxEpochs", "nGroups", "accelerator", "quiet"],
  refused: refusedSettings(groups),
  positionals: ["BENCHMARK"],
  run: benchmark,
};

async function benchmark({ values, positionals }: ParsedFlags, context: CommandContext): Promise<number> {
  if (positionals[0] !== "lines") throw unknownName("benchmark", positionals[0], ["lines"]);
  requireFlags(values, ownFlags, "benchmark");
  const request = linesRequest(values);
  const progressBar = request.executionConfig["enableProgressBar"] !== false;
  const hooks = context.hooks(values["quiet"] === true, progressBar);
  const { runLinesBenchmark } = await import("../../runs/benchmark/lines.ts");
  const outcome = await runLinesBenchmark(request, hooks, context.home, context.workflows);
  if (outcome.table !== undefined) context.print(outcome.table);
  return reportOutcome(outcome, hooks);
}

/** The benchmark that a command line asks for. @throws PtychonautError "usage" for an unknown row */
export function linesRequest(values: Readonly<Record<string, unknown>>): LinesRequest {
  const row = typeof values["row"] === "string" ? findRow(values["row"]) : undefined;
  const setup = setupOf(values, row);
  const own = new Set(ownFlags.map(({ name }) => name));
  const { overrides, executionConfig } = splitSettings(
    Object.fromEntries(Object.entries(values).filter(([name]) => !own.has(name))),
  );
  const settings = settingsOf(setup, row, { ...overrides, ...executionConfig });
  const probeFile = values["probeFile"];
  return {
    outputDir: String(values["outputDir"]),
    overwrite: values["overwrite"] === true,
    setup,
    ...(typeof probeFile === "string" ? { probeFile } : {}),
    seeds: [...new Set((values["seeds"] as readonly number[] | undefined) ?? [row?.seed ?? 42])],
    ...(row === undefined ? {} : { row }),
    changed: departures(setup, row, { ...overrides, ...executionConfig }).map(snakeCase),
    settings,
    overrides,
    executionConfig,
  };
}

/** Names of what is not as the row, or the benchmark without a row, has it. */
function departures(setup: LinesSetup, row: BenchmarkRow | undefined, said: Settings): string[] {
  const [own, settings] = [setupOf({}, row), { ...commonSettings, ...row?.settings }];
  const learned = Object.keys(said).filter(isLearning);
  return [
    ...(Object.keys(setup) as (keyof LinesSetup)[]).filter((name) => setup[name] !== own[name]),
    ...learned.filter((name) => !sameValue(said[name], settings[name])),
  ];
}

function setupOf(values: Readonly<Record<string, unknown>>, row: BenchmarkRow | undefined): LinesSetup {
  const flag = (name: string): unknown => values[name] ?? ownFlags.find((own) => own.name === name)?.default;
  const pick = (name: string, key: keyof LinesSetup = name as keyof LinesSetup): unknown =>
    values[name] ?? row?.data[key] ?? flag(name);
  return {
    n: Number(pick("N", "n")),
    gridsize: Number(pick("gridsize")),
    images: Number(pick("images")),
    size: Number(pick("size")),
    setPhi: pick("setPhi") === true,
    probe: pick("probe") as BenchmarkProbe,
    probeScaling: pick("probeScaling") as ProbeScaling,
    probeSmoothing: Number(pick("probeSmoothing")),
    nphotons: Number(pick("nphotons")),
    dataSeed: Number(pick("dataSeed")),
  };
}

/** The benchmark's and the row's settings, and those that follow from the data. */
function settingsOf({ gridsize }: LinesSetup, row: BenchmarkRow | undefined, said: Settings): Settings {
  const given = { ...commonSettings, ...row?.settings, gridsize };
  const common = Object.fromEntries(Object.entries(given).filter(([name]) => !replaced(name, said)));
  // Group by the grid itself: its squares are the published groups, and no group mixes images.
  return gridsize === 1 ? common : { ...common, neighborFunction: "Grid", gridStep: gridOffsets.offset };
}

/** What makes no sense beside something that was said: an error if it were said itself. */
function replaced(name: string, said: Settings): boolean {
  if (name.startsWith("plateau"))
    return !["ReduceLROnPlateau", "Adaptive", undefined].includes(said["scheduler"] as string);
  const architecture = said["architecture"];
  if (name === "borderChannels" && typeof architecture === "string")
    return !generatorNamed(architecture).settings.includes(name);
  return name === "lossFunction" && said["profile"] === "ci";
}
