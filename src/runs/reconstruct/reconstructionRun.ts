import { dataFacts } from "../../bundle/fingerprint.ts";
import { inProcesses, madeByFirst } from "../../communicator.ts";
import { scanOptions, statedOptions } from "../../config/dataConfig.ts";

import { identitySettings } from "../../config/identity.ts";
import type { ReconstructionPayload } from "../../config/payload.ts";
import { gridsOfLast } from "../../config/stages.ts";
import { stagesOnPatterns } from "../../config/stagesOnPatterns.ts";
import type { Dataset } from "../../data/dataset.ts";
import { framesInUse } from "../../data/frameRanges.ts";
import { probeScaleOf, scaledProbe } from "../../data/normalisation.ts";
import { describeKernels } from "../../engines/kernels/describe.ts";
import type { Kernels } from "../../engines/kernels/kernels.ts";
import { engineNamed } from "../../engines/registry.ts";
import type { Stage } from "../../engines/runningStage.ts";
import { dependsOnEnd } from "../../engines/stepSchedule.ts";
import { wrapperNamed } from "../../engines/wrappers/registry.ts";
import { PtychonautError } from "../../errors.ts";
import type { MakeScratch } from "../../formats/byteSource.ts";
import { planCanvas } from "../../inference/canvas.ts";
import type { Propagator } from "../../physics/propagation/propagator.ts";
import { Random } from "../../random.ts";
import { reconstructionWriterNamed } from "../../reconstructions/registry.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { RunIdentity } from "../../training/checkpoint.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { checkPixel } from "../conversionWords.ts";
import { checkDeterminism } from "../determinism.ts";
import { checkDisk } from "../disk.ts";
import { type RunHooks, signalSoon } from "../hooks.ts";
import { checkedTogether } from "../inputs/checkedTogether.ts";
import { type OpenScan, openScan } from "../inputs/scans.ts";
import { type Home, runtimeFor } from "../machine.ts";
import { checkMemory, type MemoryShare, smallerReconstruction } from "../memory.ts";
import { checkEnginesOverRanks, idleProcesses } from "../overRanks.ts";
import { skippedNote } from "../skippedNote.ts";
import { stopwatch } from "../stopwatch.ts";
import { chooseSettings } from "./chooseSettings.ts";
import { type FirstGuess, firstGuess } from "./firstGuess.ts";
import { type KeptFrames, keptAmplitudes, keptFrames, keptWarnings } from "./keptFrames.ts";
import { longerGrids } from "./longerGrids.ts";
import type { KernelsHome } from "./reconstructionCheckpoint.ts";
import type { FoundCheckpoint } from "./reconstructionCheckpoints.ts";
import { confidenceMemory, reconstructionFiles, reconstructionMemory } from "./reconstructionMemory.ts";
import { type ScanForEngines, scanForEngines } from "./scanForEngines.ts";
import { sliceWarnings } from "./sliceWarnings.ts";
import { subPixelOf } from "./subPixel.ts";
import { engineVariations } from "./variationFiles.ts";

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
  /** Of the kernels. */
  readonly home: KernelsHome;
  readonly seed: number;
  readonly random: Random;
  readonly identity: RunIdentity;
  /** What it is thought to hold. */
  readonly memory: readonly MemoryShare[];
  readonly kept: KeptFrames;
  readonly warnings: string[];
  readonly warn: (line: string) => void;
  /** By stage of the work. */
  readonly seconds: Record<string, number>;
  close(): void;
}

type Resumed = Pick<FoundCheckpoint, "seed" | "identity">;

/**
 * Reads the scan and makes everything of it that engines need.
 * @param resumed the checkpoint that it goes on from, which has what its run began with; its seed, else that of the settings or
 *   a fresh one
 */
export async function prepareReconstruction(
  payload: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  resumed?: Resumed,
): Promise<ReconstructionRun> {
  const { data, execution, outputDir } = payload;
  const startedAt = new Date();
  const lap = stopwatch();
  const storage = { inMemory: execution.patternsInMemory, folder: outputDir, log: hooks.log };
  const open = await openScan(payload.scan, scanOptions(data), storage, home);
  const scratch = home.store.scratch(outputDir, hooks.log);
  const close = (): void => {
    open.close();
    scratch.remove();
  };
  try {
    const run = await prepareOn({ ...open, close }, scratch.make, payload, hooks, home, resumed);
    return { ...run, startedAt, seconds: { preparation: lap() } };
  } catch (error) {
    close();
    throw error;
  }
}

async function prepareOn(
  { dataset: asRead, close }: OpenScan,
  scratch: MakeScratch,
  asked: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  resumed: Resumed | undefined,
): Promise<Omit<ReconstructionRun, "startedAt" | "seconds">> {
  const { machine, store } = home;
  const { data, reconstruction, execution } = asked;
  const signal = signalSoon(hooks, asRead.patterns);
  const { ranks } = machine;
  const seed = resumed?.seed ?? (await madeByFirst(ranks, () => seedOf(asked)));
  const dataset = await checkedTogether(ranks, asRead, statedOptions(data, asked.overridden), data, true);
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
  const split = splitRandom.save();
  const free = await store.freeBytes(asked.outputDir);
  // Of several processes each keeps its own.
  const sizes = { ...dataset.patterns, count: Math.ceil(framesInUse(dataset).length / ranks.size) };
  const kept = keptFrames(sizes, dataset.patterns, free);
  for (const line of keptWarnings(sizes, kept, free)) warn(line);
  const measuredWith = ({ data, reconstruction }: ReconstructionPayload): ScanForEngines => {
    const { scan, ...measured } = scanForEngines(dataset, data, reconstruction, Random.restore(split));
    return { ...measured, scan: { ...scan, amplitudes: keptAmplitudes(scan.amplitudes, kept, scratch) } };
  };
  const threads = execution.threads ?? machine.parallelism;
  const processor = () => machine.kernels({ threads });
  // Without the first guess, which may be gone when the run is resumed, and on the processor, since it may be resumed there:
  // both are to choose the same.
  const { payload: chosen, why } = await chooseSettings(asked, measuredWith(asked), {
    ...{ kernels: processor, signal, ranks },
  });
  checkEnginesOverRanks(chosen, ranks.size);
  for (const line of idleProcesses(chosen, ranks.size)) warn(line);
  const grids = gridsOfLast(chosen.reconstruction);
  const payload =
    resumed === undefined ? chosen : { ...chosen, stages: longerGrids(chosen.stages, grids, resumed.identity) };
  const asMeasured = measuredWith(payload);
  const { slices } = asMeasured.scan;
  if (slices !== undefined) for (const line of sliceWarnings(slices, dataset.patterns.height, asked.scan)) warn(line);
  const { init, maxCanvasPixels } = reconstruction;
  const guess = init === null ? undefined : await guessOf(init, dataset, asked, hooks, home, resumed, warn);
  const prepared = guess === undefined ? asMeasured : begunWith(asMeasured, guess, warn);
  for (const line of why) hooks.log(line);
  const canvas = planCanvas(prepared.scan.positions, dataset.patterns.height, {
    ...(maxCanvasPixels === null ? {} : { maxPixels: maxCanvasPixels }),
    frames: prepared.used,
  });
  const stages = payload.stages.map(({ engine, wrappers, ...stage }) => ({
    ...stage,
    subPixel: subPixelOf(stage, wrappers, prepared.scan.positions),
    engine: engineNamed(engine),
    wrappers: wrappers.map(({ name, settings }) => ({ wrapper: wrapperNamed(name), settings })),
  }));
  const { height, width } = prepared.scan.amplitudes;
  const propagation = prepared.scan.geometry?.propagation;
  for (const line of stagesOnPatterns(payload.stages, { height, width, propagation })) warn(line);
  const inGraphs = stages.some(({ engine }) => engine.inGraphs === true);
  const onKernels = stages.some(({ engine }) => engine.inGraphs !== true);
  // Where none computes with them they keep object and probe.
  const kernels = () => machine.kernels({ threads, ...(onKernels && { accelerator: execution.accelerator }) });
  const graphs = inGraphs ? await runtimeFor(execution, machine) : undefined;
  const device = await aboutKernels(kernels);
  const computers = [...(onKernels ? [device.description] : []), ...(graphs ? [graphs.description] : [])];
  const computing = computers.join(", and ");
  hooks.log(`computing with ${computing}${inProcesses(ranks)}`);
  // Kernels give the same bits each time, wherever they compute.
  for (const line of graphs === undefined ? [] : checkDeterminism(payload, graphs)) warn(line);
  const memory = [
    ...reconstructionMemory(prepared, dataset, canvas, stages, kept, device.home, ranks.size),
    ...confidenceMemory(canvas, reconstruction),
  ];
  for (const line of checkMemory(memory, machine.memory, smallerReconstruction)) warn(line);
  const files = reconstructionFiles(memory, canvas.height * canvas.width, kept, execution);
  for (const line of await checkDisk(files, payload.outputDir, store, smallerReconstruction)) warn(line);
  if (machine.pictures === undefined) hooks.log("no pictures are drawn here");
  return {
    ...prepared,
    ...{
      dataset,
      propagator,
      kernels,
      runtime: computing,
      home: device.home,
      seed,
      random: orderRandom,
      memory,
      kept,
      warnings,
      warn,
      close,
    },
    ...(graphs === undefined ? {} : { graphs }),
    ...{ stages, payload, why },
    identity: identityOf(payload, dataset, seed),
  };
}

/**
 * What the engines begin with. One that goes on needs it no more, but halves of the patterns begin with it too, and what the
 * object explains is set beside its probe: where it has gone since, that is said.
 */
async function guessOf(
  init: string,
  dataset: Dataset,
  asked: ReconstructionPayload,
  hooks: RunHooks,
  home: Home,
  resumed: Resumed | undefined,
  warn: (line: string) => void,
): Promise<FirstGuess | undefined> {
  const again = resumed?.seed !== undefined;
  try {
    return await firstGuess(init, dataset, asked, hooks, home, again);
  } catch (error) {
    if (!again || !(error instanceof PtychonautError)) throw error;
    warn(`what the run began with cannot be read again, so what it is compared with begins flat: ${error.message}`);
    return undefined;
  }
}

/** A scan whose reconstruction begins elsewhere. */
function begunWith(
  prepared: ScanForEngines,
  { object, probe, variations, warnings }: FirstGuess,
  warn: (line: string) => void,
): ScanForEngines {
  for (const line of warnings) warn(line);
  // Of another scan its scale may be another: as everywhere, its energy is H W / 4.
  const probeScale = probe === undefined ? 1 : probeScaleOf(probe);
  const lit = {
    ...(probe === undefined ? {} : { probe: scaledProbe(probe, { probeScale }) }),
    ...(variations === undefined ? {} : { variations: engineVariations(variations, probeScale, prepared.used) }),
  };
  return { ...prepared, scan: { ...prepared.scan, object, ...lit } };
}

async function aboutKernels(
  open: () => Promise<Kernels>,
): Promise<{ readonly home: KernelsHome; readonly description: string }> {
  const kernels = await open();
  try {
    return { home: kernels.home === "webgpu" ? "webgpu" : "wasm", description: describeKernels(kernels) };
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

/** What must not change between the parts of a run: the last stage's length may, where no schedule ends with it. */
function identityOf(
  { data, reconstruction, execution, stages, overridden }: ReconstructionPayload,
  dataset: Dataset,
  seed: number,
): RunIdentity {
  const stated = (name: string): boolean => overridden.some((origin) => origin.name === name);
  // A geometry that becomes known later changes nothing; positions are in pixels already.
  const { geometry: _, ...trainedOn } = dataFacts(dataset, 1);
  const { stage: __, ...settings } = identitySettings({ data, reconstruction, execution }, stated);
  // Steps that follow from the length would have been others from the beginning.
  const fixed = stages.map(({ epochs, ...stage }, i) =>
    i === stages.length - 1 && !dependsOnEnd(stage.settings) ? stage : { ...stage, epochs },
  );
  return JSON.parse(JSON.stringify({ ...settings, stages: fixed, seed, trainedOn })) as RunIdentity;
}
