import { dataFacts } from "../../bundle/fingerprint.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";
import type { ExecutionConfig } from "../../config/executionConfig.ts";
import { identitySettings } from "../../config/identity.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import type { StageConfig } from "../../config/stages.ts";
import type { Dataset } from "../../data/dataset.ts";
import { probeScaleOf, scaledProbe } from "../../data/normalisation.ts";
import type { SubPixel } from "../../engines/canvas.ts";
import { describeKernels } from "../../engines/kernels/describe.ts";
import type { Kernels } from "../../engines/kernels/kernels.ts";
import { engineNamed } from "../../engines/registry.ts";
import type { Stage } from "../../engines/runningStage.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { planCanvas } from "../../inference/canvas.ts";
import type { Propagator } from "../../physics/propagation/propagator.ts";
import { Random } from "../../random.ts";
import { reconstructionWriterNamed } from "../../reconstructions/registry.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { checkedScan } from "../../scans/checks/checkedScan.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { checkPixel } from "../conversionWords.ts";
import { checkDisk } from "../disk.ts";
import type { RunHooks } from "../hooks.ts";
import { type OpenScan, openScan } from "../inputs/scans.ts";
import type { Home, Machine } from "../machine.ts";
import { checkMemory, type MemoryShare, smallerReconstruction } from "../memory.ts";
import { skippedNote } from "../skippedNote.ts";
import { stopwatch } from "../stopwatch.ts";
import { chooseSettings } from "./chooseSettings.ts";
import { type FirstGuess, firstGuess } from "./firstGuess.ts";
import { confidenceMemory, reconstructionFiles, reconstructionMemory } from "./reconstructionMemory.ts";
import { type ScanForEngines, scanForEngines } from "./scanForEngines.ts";
import { sliceWarnings } from "./sliceWarnings.ts";

/** Everything that a reconstruction works with, before it starts. */
export interface ReconstructionRun extends ScanForEngines {
  /** With what `auto` chose. */
  readonly payload: ReconstructionPayload;
  /** Why it chose so; empty where all was said. */
  readonly why: readonly string[];
  readonly startedAt: Date;
  readonly dataset: Dataset;
  readonly propagator: Propagator;
  readonly stages: readonly Stage[];
  readonly kernels: () => Promise<Kernels>;
  /** What runs graphs, where a stage's engine computes in them. */
  readonly graphs?: Runtime;
  /** What computes, in one line. */
  readonly runtime: string;
  readonly seed: number;
  readonly random: Random;
  readonly identity: RunIdentity;
  /** What it is thought to hold. */
  readonly memory: readonly MemoryShare[];
  readonly warnings: string[];
  readonly warn: (line: string) => void;
  /** By stage of the work. */
  readonly seconds: Record<string, number>;
  close(): void;
}

/**
 * Reads the scan and makes everything of it that engines need.
 * @param seed that a checkpoint began with, which has what its run began with; else that of the settings, or a fresh one
 */
export async function prepareReconstruction(
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  seed?: number,
): Promise<ReconstructionRun> {
  const { data, execution, outputDir } = payload;
  const startedAt = new Date();
  const lap = stopwatch();
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log: hooks.log };
  const open = await openScan(payload.scan, scanOptions(data), storage, home);
  try {
    const run = await prepareOn(open, payload, hooks, home, seed);
    return { ...run, startedAt, seconds: { preparation: lap() } };
  } catch (error) {
    open.close();
    throw error;
  }
}

async function prepareOn(
  { dataset: asRead, close }: OpenScan,
  asked: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  resumed: number | undefined,
): Promise<Omit<ReconstructionRun, "startedAt" | "seconds">> {
  const { machine, store } = home;
  const { data, reconstruction, execution } = asked;
  const seed = resumed ?? seedOf(asked);
  const dataset = checkedScan(asRead, statedOptions(data, asked.overridden), data, true);
  const propagator = scanPropagator([dataset]);
  for (const format of reconstruction.outputFormat ?? [])
    checkPixel(reconstructionWriterNamed(format), dataset.geometry?.objectPixelM, asked.scan);
  const warnings: string[] = [];
  const warn = (line: string): void => {
    warnings.push(line);
    hooks.warn(`warning: ${line}`);
  };
  for (const line of dataset.provenance.warnings) warn(line);
  for (const line of skippedNote(dataset)) hooks.log(line);
  const random = new Random(seed);
  const [splitRandom, orderRandom] = [random.fork(), random.fork()];
  const asMeasured = scanForEngines(dataset, data, reconstruction, splitRandom);
  const { slices } = asMeasured.scan;
  if (slices !== undefined) for (const line of sliceWarnings(slices, dataset.patterns.height, asked.scan)) warn(line);
  const { init, maxCanvasPixels } = reconstruction;
  const prepared =
    init === null || resumed !== undefined
      ? asMeasured
      : begunWith(asMeasured, await firstGuess(init, dataset, asked, hooks, home), warn);
  const canvas = planCanvas(prepared.scan.positions, dataset.patterns.height, {
    ...(maxCanvasPixels === null ? {} : { maxPixels: maxCanvasPixels }),
    frames: prepared.used,
  });
  const onDevice = () => machine.kernels({ threads: execution.threads ?? machine.parallelism });
  // Without the first guess, which a run that is resumed does not read again: both are to choose the same.
  const { payload, why } = await chooseSettings(asked, asMeasured, onDevice, hooks.signal);
  for (const line of why) hooks.log(line);
  const stages = payload.stages.map(({ engine, wrappers, ...stage }) => ({
    ...stage,
    subPixel: subPixelOf(stage.subPixel, wrappers, prepared.scan.positions),
    engine: engineNamed(engine),
    wrappers: wrappers.map(({ name, settings }) => ({ wrapper: wrapperNamed(name), settings })),
  }));
  const inGraphs = stages.some(({ engine }) => engine.inGraphs === true);
  const onKernels = stages.some(({ engine }) => engine.inGraphs !== true);
  const kernels = kernelsFor(execution, machine, onKernels);
  const graphs = inGraphs ? await graphsFor(execution, machine) : undefined;
  const memory = [
    ...reconstructionMemory(prepared, dataset, canvas, stages),
    ...confidenceMemory(canvas, reconstruction),
  ];
  for (const line of checkMemory(memory, machine.memory, smallerReconstruction)) warn(line);
  const files = reconstructionFiles(memory, canvas.height * canvas.width, execution);
  for (const line of await checkDisk(files, payload.outputDir, store, smallerReconstruction)) warn(line);
  const computers = [...(onKernels ? [await described(kernels)] : []), ...(graphs ? [graphs.description] : [])];
  const runtime = computers.join(", and ");
  hooks.log(`computing with ${runtime}`);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  return {
    ...prepared,
    ...{ dataset, propagator, kernels, runtime, seed, random: orderRandom, memory, warnings, warn, close },
    ...(graphs === undefined ? {} : { graphs }),
    ...{ stages, payload, why },
    identity: identityOf(payload, dataset, seed),
  };
}

/** A scan whose reconstruction begins elsewhere. */
function begunWith(
  prepared: ScanForEngines,
  { object, probe, warnings }: FirstGuess,
  warn: (line: string) => void,
): ScanForEngines {
  for (const line of warnings) warn(line);
  // Of another scan its scale may be another: as everywhere, its energy is H W / 4.
  const lit = probe === undefined ? {} : { probe: scaledProbe(probe, { probeScale: probeScaleOf(probe) }) };
  return { ...prepared, scan: { ...prepared.scan, object, ...lit } };
}

/**
 * @param needed whether engines compute with them, not only keep object and probe there
 * @throws PtychonautError "device" for an accelerator that engines do not know
 */
function kernelsFor(
  { accelerator, threads }: ExecutionConfig,
  machine: Machine,
  needed: boolean,
): () => Promise<Kernels> {
  if (needed && accelerator !== "auto" && accelerator !== "cpu")
    throw new PtychonautError("device", "iterative engines but ad compute on the processor in this version", {
      got: accelerator,
      fix: `say ${setting("accelerator", "cpu")}, leave it out, or say ${setting("engine", "ad")}`,
    });
  return () => machine.kernels({ threads: threads ?? machine.parallelism });
}

/** What runs graphs, with as many threads as were asked for. */
async function graphsFor({ accelerator, threads }: ExecutionConfig, machine: Machine): Promise<Runtime> {
  const runtime = await machine.runtime(accelerator);
  if (threads === null) return runtime;
  return { ...runtime, load: (model, options) => runtime.load(model, { threads, ...options }) };
}

/** A position that is farther from its pixel, in pixels, lies between. */
const BETWEEN = 0.02;

/** Where positions move they come to lie between pixels. */
function subPixelOf(
  said: StageConfig["subPixel"],
  wrappers: readonly { readonly name: string }[],
  positions: Float64Array,
): SubPixel {
  if (said !== "auto") return said;
  const move = wrappers.some(({ name }) => (wrapperNamed(name).margin ?? 0) > 0);
  return move || positions.some((value) => Math.abs(value - Math.round(value)) > BETWEEN) ? "bilinear" : "whole";
}

async function described(open: () => Promise<Kernels>): Promise<string> {
  const kernels = await open();
  try {
    return describeKernels(kernels);
  } finally {
    await kernels.close();
  }
}

/** Without `deterministic`, a seed that nobody stated is drawn afresh. */
export function seedOf({ execution, reconstruction, overridden }: ReconstructionPayload): number {
  const stated = overridden.some(({ name }) => name === "seed");
  return execution.deterministic !== false || stated
    ? reconstruction.seed
    : crypto.getRandomValues(new Uint32Array(1))[0];
}

/** What must not change between the parts of a run: the last stage's length may. */
function identityOf(
  { data, reconstruction, execution, stages, overridden }: ReconstructionPayload,
  dataset: Dataset,
  seed: number,
): RunIdentity {
  const stated = (name: string): boolean => overridden.some((origin) => origin.name === name);
  // A geometry that becomes known later changes nothing; positions are in pixels already.
  const { geometry: _, ...trainedOn } = dataFacts(dataset, 1);
  const { stage: __, ...settings } = identitySettings({ data, reconstruction, execution }, stated);
  const fixed = stages.map(({ epochs, ...stage }, i) => (i === stages.length - 1 ? stage : { ...stage, epochs }));
  return JSON.parse(JSON.stringify({ ...settings, stages: fixed, seed, trainedOn })) as RunIdentity;
}
