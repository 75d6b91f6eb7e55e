/**
 * One process of `scaling.ts`: `scalingPart.ts WORK` with a `Work` as JSON. Rank 0 prints what it measured, as JSON.
 */
import { alone, type Communicator } from "../src/communicator.ts";
import type { TrainingPayload } from "../src/config/payload.ts";
import { completeData, completeModel, completeTraining } from "../src/config/resolve/complete.ts";
import { parseSettings } from "../src/config/schema.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { computeScales } from "../src/data/normalisation.ts";
import { estimateOf } from "../src/engines/driverState.ts";
import { engineNamed } from "../src/engines/registry.ts";
import { RunningStage } from "../src/engines/runningStage.ts";
import { completeSettings } from "../src/engines/settings.ts";
import { createAssembler } from "../src/inference/assemble.ts";
import { planCanvas } from "../src/inference/canvas.ts";
import { uniformWeights } from "../src/inference/patchWeights.ts";
import { predictionGraph } from "../src/inference/predictionModel.ts";
import { predictionSource } from "../src/inference/predictionSource.ts";
import { loadPredictor } from "../src/inference/predictor.ts";
import { predictPatches } from "../src/inference/predictPatches.ts";
import { initialise } from "../src/nets/parameters.ts";
import { nodeHome } from "../src/node/home.ts";
import { nodeKernels } from "../src/node/kernels.ts";
import { join } from "../src/node/mpi/joined.ts";
import { launchOf } from "../src/node/mpi/launcher.ts";
import { median } from "../src/numerics/median.ts";
import { Random } from "../src/random.ts";
import type { Machine } from "../src/runs/machine.ts";
import { engineScanOf } from "../src/runs/reconstruct/engineScan.ts";
import { setUpTraining, trainingBatches } from "../src/runs/train/trainingSetup.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { copyWeights } from "../src/training/parameterStore.ts";
import { prepareData } from "../src/training/preparation.ts";
import { type NoiseScale, noiseScale } from "./gradientNoise.ts";
import { metered } from "./metered.ts";

export interface Work {
  readonly what: "train" | "infer" | "noise" | string;
  readonly threads: number;
  readonly replicas: number;
  readonly patterns: number;
  readonly batchSize: number;
  readonly filters: number;
  /** Steps or epochs that are timed. */
  readonly rounds: number;
}

export interface Measured {
  readonly patternsPerS: number;
  /** Of a training step, or of an epoch of the others: median. */
  readonly milliseconds: number;
  /** In it: calls between processes, what each gave them, and how long they took, waiting included. */
  readonly calls: number;
  readonly bytes: number;
  readonly between: number;
  /** Of a sum of 32 bytes, and of as many as gradients have. */
  readonly latencyUs?: number;
  readonly sumBytes?: number;
  readonly sumMs?: number;
  readonly noise?: readonly NoiseScale[];
}

const N = 64;
const work = JSON.parse(process.argv[2]) as Work;
const launch = launchOf(process.env);
const joined = launch && (await join(launch, nodeHome));
const { ranks, traffic } = metered(joined?.home.machine.ranks ?? alone);
const machine: Machine = {
  ...nodeHome.machine,
  ranks,
  parallelism: Math.max(work.threads, work.replicas),
  runtime: (accelerator) => chooseRuntime(accelerator, { session: { threads: work.threads } }),
};
const scan = simulate({ n: N, patterns: work.patterns, seed: 1, photons: 1e5, measurement: "amplitude" });

/** Times rounds one by one. The first does not count. */
async function timed(patterns: number, round: () => Promise<void>): Promise<Measured> {
  await round();
  const times: number[] = [];
  const before = { ...traffic };
  for (let i = 0; i < work.rounds; i++) {
    const start = performance.now();
    await round();
    times.push(performance.now() - start);
  }
  const milliseconds = median(times);
  const each = (name: keyof typeof traffic): number => (traffic[name] - before[name]) / work.rounds;
  return {
    patternsPerS: (1000 * patterns) / milliseconds,
    milliseconds,
    ...{ calls: each("calls"), bytes: each("bytes"), between: each("milliseconds") },
  };
}

async function sums(own: Communicator, bytes: number): Promise<number> {
  const values = new Float32Array(bytes / 4);
  const times: number[] = [];
  for (let i = 0; i < 30; i++) {
    await own.barrier();
    const start = performance.now();
    await own.sum(values);
    times.push(performance.now() - start);
  }
  return median(times);
}

const settings = (batchSize: number) => {
  const model = completeModel({ ...parseSettings("model", { nFiltersScale: work.filters }), gridsize: 1 }, N);
  const data = { ...completeData(parseSettings("data"), 1, 0, null), validationFraction: 0 };
  const training = completeTraining({ ...parseSettings("training"), batchSize });
  // Noise is of gradients that add up.
  const accumSteps = work.what === "noise" ? 2 : 1;
  const execution = { ...parseSettings("execution"), devices: work.replicas, accumSteps };
  return { model, data, training, execution } as TrainingPayload;
};

async function training(batchSize: number) {
  const payload = settings(batchSize);
  const prepared = prepareData([scan], undefined, payload.data, 1, new Random(1));
  const runtime = await machine.runtime("cpu");
  const setup = await setUpTraining(payload, [scan], prepared, runtime, machine);
  const loader = machine.batches(prepared.training);
  const batches = trainingBatches(prepared.training, loader, payload, prepared.trainingFrames, ranks);
  const weights = await setup.startWeights(new Random(2), () => Promise.reject(new Error("no calibration here")));
  return { batches, step: await setup.main.compile(weights), gradientBytes: weights.parameters.byteLength };
}

async function train(): Promise<Measured> {
  const { batches, step, gradientBytes } = await training(work.batchSize);
  const random = new Random(3);
  let epoch = batches.epoch(random, 0)[Symbol.asyncIterator]();
  let number = 0;
  const measured = await timed(work.batchSize, async () => {
    let next = await epoch.next();
    if (next.done === true) {
      epoch = batches.epoch(random, 0)[Symbol.asyncIterator]();
      next = await epoch.next();
    }
    await step.run([next.value!], 1e-4, ++number);
  });
  await step.dispose();
  if (ranks.size === 1) return { ...measured, sumBytes: gradientBytes };
  const latencyUs = 1000 * (await sums(ranks, 32));
  return { ...measured, latencyUs, sumBytes: gradientBytes, sumMs: await sums(ranks, gradientBytes) };
}

async function infer(): Promise<Measured> {
  const { model, data } = settings(work.batchSize);
  const prediction = predictionSource(scan, data, 1, null);
  const runtime = await machine.runtime("cpu");
  const weights = initialise(predictionGraph(model, work.batchSize).specs, new Random(2));
  const predictor = await loadPredictor(runtime, model, weights, work.batchSize);
  const { positions } = scan;
  const { groups } = prediction.source;
  const trim = N / 2;
  const loader = machine.batches(prediction.source);
  return timed(groups.count, async () => {
    const canvas = planCanvas(positions, trim);
    const options = { canvas, trim, weights: uniformWeights(trim), phaseAlignment: false, patches: groups.count };
    const assembler = createAssembler(options);
    await predictPatches({ groups, positions, loader, predictor, assembler, ranks });
    await assembler.finish(undefined, ranks);
  });
}

async function reconstruct(name: string): Promise<Measured> {
  const dataset: Dataset = scan;
  const frames = Int32Array.from({ length: dataset.patterns.count }, (_, frame) => frame);
  const engineScan = engineScanOf(dataset, computeScales(dataset, frames));
  const kernels = await nodeKernels({ threads: work.threads });
  const engine = engineNamed(name);
  const stage = new RunningStage({ kernels, runtime: undefined, ranks }, engineScan, estimateOf(engineScan), {
    ...{ engine, settings: completeSettings(engine), epochs: 1, subPixel: "bilinear", wrappers: [] },
  });
  const [random, end] = [new Random(1), kernels.numbers(1)];
  let number = 0;
  const measured = await timed(frames.length, async () => {
    await stage.step({ number: number++, frames, random: random.fork(), checkpoint: () => undefined });
    // Steps are recorded; what reads a number waits until they are done.
    await kernels.read(end);
  });
  await stage.release();
  await kernels.close();
  return measured;
}

/** How noisy gradients are, while a training goes on. */
async function noise(): Promise<Measured> {
  const { batches, step } = await training(work.batchSize);
  const found: NoiseScale[] = [];
  const random = new Random(3);
  let number = 0;
  const measured = await timed(work.patterns, async () => {
    const all = [];
    for await (const batch of batches.epoch(random, 0)) all.push(batch);
    const weights = copyWeights(await step.read());
    const norms: number[] = [];
    for (const batch of all) {
      // What the step moves is put back: the norm of its gradient is wanted.
      norms.push((await step.run([batch], 1e-9, 1)).gradientNormBefore);
      step.load(weights);
    }
    const whole = (await step.run(all, 1e-9, 1)).gradientNormBefore;
    step.load(weights);
    found.push(noiseScale(norms, work.batchSize, whole, work.patterns));
    for (const batch of all) await step.run([batch], 1e-3, ++number);
  });
  return { ...measured, noise: found };
}

const measured =
  work.what === "train"
    ? await train()
    : work.what === "infer"
      ? await infer()
      : work.what === "noise"
        ? await noise()
        : await reconstruct(work.what);
if (ranks.rank === 0) console.log(JSON.stringify(measured));
if (joined !== undefined) await joined.leave(0);
process.exit(0);
