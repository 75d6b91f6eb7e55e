import { gridPositions, stepOf } from "../../benchmark/geometry.ts";
import { checkSetup, geometryOf, type LinesSetup } from "../../benchmark/linesData.ts";
import { comparisonTable, markdownHead, markdownRow } from "../../benchmark/report.ts";
import type { BenchmarkRow } from "../../benchmark/rows.ts";
import {
  type ImageScore,
  meanCompat,
  type StitchedImage,
  scoreImage,
  spreadCompat,
  stitchedImages,
} from "../../benchmark/score.ts";
import type { Settings } from "../../config/group.ts";
import { isRead } from "../../config/schema.ts";
import type { CompatMetrics } from "../../reference/compat.ts";
import { version } from "../../version.ts";
import { claimFolder, inLockedFolder } from "../claimFolder.ts";
import { readReconstructionFile, readReference } from "../evaluate.ts";
import type { RunHooks, RunOutcome, Workflows } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { isThere, type RunStore, writeJson } from "../store.ts";
import { workflowsIn } from "../workflows.ts";
import { type BenchmarkData, type BenchmarkProbeUsed, benchmarkData, probeOf } from "./data.ts";
import { writePictures } from "./pictures.ts";
import { readSpeed, readTraining } from "./records.ts";
import { checkStage, inferOrReuse, trainOrContinue } from "./stages.ts";

/** A benchmark as asked for, checked. */
export interface LinesRequest {
  readonly outputDir: string;
  /** Whether other results that are in the folder may be lost. Default false. */
  readonly overwrite?: boolean;
  readonly setup: LinesSetup;
  /** npz with the measured probe, for the probe "experimental". */
  readonly probeFile?: string;
  readonly seeds: readonly number[];
  readonly row?: BenchmarkRow;
  /** Names of settings by which the run departs from the row. */
  readonly changed: readonly string[];
  /** Settings of the row and the benchmark, under those that were said. */
  readonly settings: Settings;
  readonly overrides: Settings;
  readonly executionConfig: Settings;
}

/** What a benchmark says when it is done. */
export interface LinesOutcome extends RunOutcome {
  /** The table for people; absent when nothing was measured. */
  readonly table?: string;
}

/** One training of a benchmark and what came of it; an entry of `runs` in `benchmark.json`. */
export interface BenchmarkRun {
  readonly seed: number;
  readonly outcome: { readonly kind: string; readonly message: string };
  readonly epochs: number;
  readonly bestEpoch: number | null;
  /** Median over the epochs. */
  readonly secondsPerEpoch: number;
  readonly trainingSeconds: number;
  /** Test patterns a second, with stitching. */
  readonly patternsPerSecond: number;
  readonly images: readonly ImageScore[];
}

/**
 * The grid-lines benchmark: simulates the data into `data/`, trains and reconstructs for every seed into `seed_S/`, and
 * writes `benchmark.json` and `row.md` with the means over test images and seeds. What an earlier call finished is kept,
 * what it began is continued.
 */
export async function runLinesBenchmark(
  request: LinesRequest,
  hooks: RunHooks,
  home: Home,
  workflows: Workflows = workflowsIn(home),
): Promise<LinesOutcome> {
  const { outputDir, probeFile, overwrite } = request;
  await check(request, home);
  const inputs = probeFile === undefined ? [] : [probeFile];
  const probe = await probeOf(request, home);
  await claimFolder(outputDir, { command: "benchmark", inputs, overwrite }, home.store);
  return inLockedFolder(outputDir, home.store, hooks.log, () => benchmark(request, probe, workflows, hooks, home));
}

async function benchmark(
  request: LinesRequest,
  probe: BenchmarkProbeUsed,
  workflows: Workflows,
  hooks: RunHooks,
  home: Home,
): Promise<LinesOutcome> {
  const { outputDir, seeds } = request;
  const data = await benchmarkData(joinPath(outputDir, outputs.benchmark.folders.data), request, probe, hooks, home);
  const runs: BenchmarkRun[] = [];
  const files: string[] = [];
  for (const seed of seeds) {
    const { status, run, files: pictures = [] } = await runSeed(request, seed, data, workflows, hooks, home);
    files.push(...pictures);
    if (run !== undefined) runs.push(run);
    if (status === "interrupted") return { status, files, advice: "the same command goes on from here" };
    if (run === undefined) return { status, files, advice: `seed ${seed} left no network to measure` };
  }
  const { paths, table } = await writeResults(request, runs, home);
  return { status: "finished", files: [...paths, ...files], table };
}

/** Settings are checked before minutes go into data for them. */
async function check(
  { outputDir, setup, settings, overrides, executionConfig }: LinesRequest,
  home: Home,
): Promise<void> {
  checkSetup(setup);
  const frames = gridPositions(geometryOf(setup, "train")).length / 2;
  const scan = { frames, height: setup.n, width: setup.n, photonsPerPattern: setup.nphotons };
  await checkStage(
    { trainDataFile: outputs.benchmark.train, outputDir, overrides, executionConfig, file: settings },
    scan,
    home,
  );
}

interface SeedOutcome {
  readonly status: RunOutcome["status"];
  /** Absent when there is nothing to measure. */
  readonly run?: BenchmarkRun;
  readonly files?: readonly string[];
}

async function runSeed(
  { outputDir, setup, settings, overrides, executionConfig }: LinesRequest,
  seed: number,
  data: BenchmarkData,
  workflows: Workflows,
  hooks: RunHooks,
  home: Home,
): Promise<SeedOutcome> {
  const { store } = home;
  const folder = joinPath(outputDir, `${outputs.benchmark.folders.seed}${seed}`);
  const { folders } = outputs.benchmark;
  const [trained, inferred] = [joinPath(folder, folders.train), joinPath(folder, folders.infer)];
  const geometry = geometryOf(setup, "test");
  const status = await trainOrContinue(
    {
      trainDataFile: data.train,
      outputDir: trained,
      overrides: { ...overrides, seed },
      executionConfig,
      file: settings,
    },
    workflows,
    hooks,
    home,
  );
  if (status === "interrupted" || !(await isThere(joinPath(trained, outputs.model), store))) return { status };
  const predicted = await inferOrReuse(
    {
      ...{ modelPath: trained, testDataFile: data.test, outputDir: inferred, tile: stepOf(geometry) },
      executionConfig: inferenceExecution(executionConfig),
    },
    workflows,
    hooks,
    home,
  );
  if (predicted !== "finished") return { status: predicted };
  const truth = await readReference(data.test, home);
  const reconstruction = await readReconstructionFile(joinPath(inferred, outputs.reconstruction), store);
  const images = stitchedImages(reconstruction, truth.object, geometry, data.testUnit);
  const run = await runRecord(seed, trained, inferred, images, store);
  return { status: "finished", run, files: await writePictures(folder, images, pictureFiles(["png"], home)) };
}

/** Execution settings that inference reads too. */
function inferenceExecution(given: Settings): Settings {
  return Object.fromEntries(Object.entries(given).filter(([name]) => isRead(name, "inference")));
}

async function runRecord(
  seed: number,
  trained: string,
  inferred: string,
  images: readonly StitchedImage[],
  store: RunStore,
): Promise<BenchmarkRun> {
  const { outcome, epochs, best, history } = await readTraining(trained, store);
  const seconds = history.map((record) => record.seconds).sort((a, b) => a - b);
  return {
    seed,
    outcome,
    epochs,
    bestEpoch: best?.epoch ?? null,
    secondsPerEpoch: seconds[Math.floor(seconds.length / 2)],
    trainingSeconds: seconds.reduce((sum, value) => sum + value, 0),
    patternsPerSecond: await readSpeed(inferred, store),
    images: images.map(scoreImage),
  };
}

async function writeResults(
  { outputDir, row, changed, setup, settings, overrides, executionConfig }: LinesRequest,
  runs: readonly BenchmarkRun[],
  { machine: { about }, store }: Home,
): Promise<{ readonly paths: string[]; readonly table: string }> {
  const { benchmark: names } = outputs;
  const compat: CompatMetrics[] = runs.map(({ images }) => meanCompat(images.map((image) => image.compat)));
  const mean = meanCompat(compat);
  const several = compat.length > 1 ? { spread: spreadCompat(compat) } : {};
  const machine = `${about.cpu}, ${about.cores} cores`;
  const name = `${row?.name ?? "lines"}${changed.length > 0 ? ` (${changed.join(", ")})` : ""}`;
  const line = markdownRow({
    ...{ name, mean, machine, ...several },
    seeds: runs.map(({ seed }) => seed),
    epochs: Math.max(...runs.map(({ epochs }) => epochs)),
    secondsPerEpoch: runs.reduce((sum, { secondsPerEpoch }) => sum + secondsPerEpoch, 0) / runs.length,
  });
  const result = {
    benchmark: "lines",
    row: row?.name ?? null,
    changed,
    setup,
    settings: { ...settings, ...overrides, ...executionConfig },
    published: row === undefined ? null : { ...row.published, source: row.source },
    mean,
    ...several,
    runs,
    machine,
    versions: { ptychonaut: version, ...about.versions },
  };
  const paths = [joinPath(outputDir, names.results), joinPath(outputDir, names.row)];
  await writeJson(paths[0], result, store);
  await store.write(paths[1], `${markdownHead}\n${line}\n`);
  return { paths, table: `${comparisonTable(mean, several.spread, row?.published)}\n${markdownHead}\n${line}\n` };
}
