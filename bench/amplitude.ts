import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import { benchmarkProbe, type LinesSetup, simulateSplit } from "../src/benchmark/linesData.ts";
import type { DataConfig } from "../src/config/dataConfig.ts";
import { completeModel } from "../src/config/resolve/complete.ts";
import { parseSettings } from "../src/config/schema.ts";
import { assembleBatch, planEpoch } from "../src/data/batches.ts";
import { scaledProbe } from "../src/data/normalisation.ts";
import { openNpz, writeNpz } from "../src/formats/npz.ts";
import { predictionSource } from "../src/inference/predictionSource.ts";
import { initialise } from "../src/nets/parameters.ts";
import { propagatorOf } from "../src/physics/propagation/propagators.ts";
import { Random } from "../src/random.ts";
import { stepBatchOf } from "../src/runs/train/trainingSetup.ts";
import { chooseRuntime } from "../src/runtime/node/accelerator.ts";
import { modelWeights } from "../src/training/averagedWeights.ts";
import { inputStatistics } from "../src/training/inputStatistics.ts";
import { buildObjective } from "../src/training/objective.ts";
import { packWeights, unpackWeights, type Weights } from "../src/training/parameterStore.ts";
import { optimizerOf } from "../src/training/settings.ts";
import { buildStepModels } from "../src/training/stepModels.ts";
import { createTrainingStep } from "../src/training/steps.ts";
import { type Look, look } from "./amplitudeJudge.ts";
import { type Trial, trials } from "./amplitudeTrials.ts";

const USAGE = `npm run bench:amplitude -- --probe_file NPZ --output DIR [--trials base,batch16] [--N 64] [--size 392]
                        [--samples 12000] [--looks 6] [--stop_after LOOKS] [--seed 42] [--standardise]
  Curves of small networks on the grid-lines data, one thing changed at a time; with --standardise the CNNs see
  standardised input. bench/README.md says more. The same command goes on where it was stopped.`;

const { values: said } = parseArgs({
  options: {
    probe_file: { type: "string" },
    output: { type: "string" },
    trials: { type: "string", default: Object.keys(trials).join(",") },
    N: { type: "string", default: "64" },
    size: { type: "string", default: "392" },
    samples: { type: "string", default: "12000" },
    looks: { type: "string", default: "6" },
    stop_after: { type: "string" },
    seed: { type: "string", default: "42" },
    standardise: { type: "boolean", default: false },
  },
});
const { output, probe_file: probeFile } = said;
if (output === undefined || probeFile === undefined) throw new Error(USAGE);
const [N, size, samples, looks, seed] = [said.N, said.size, said.samples, said.looks, said.seed].map(Number);
const lastLook = Number(said.stop_after ?? looks);
const folder = output;

/** Of the running mean of the weights. */
const DECAY = 0.998;
/** Tiles along each side of the test image. */
const TILES = 16;
const WARM_UP_STEPS = 50;

/** What a trial has seen and come to. */
interface Point {
  readonly step: number;
  readonly samples: number;
  /** Processor seconds of the steps. */
  readonly seconds: number;
  /** Mean training loss since the look before. */
  readonly loss: number;
  readonly last: Look;
  readonly mean: Look;
}

async function run(name: string, trial: Trial, measured: ComplexArray): Promise<void> {
  const setup: LinesSetup = {
    ...{ n: N, gridsize: 1, images: 1, size, setPhi: false, probe: "experimental", probeScaling: "pad_extrapolate" },
    ...{ probeSmoothing: 0.5, nphotons: 1e9, dataSeed: 1, ...trial.data },
  };
  const { gridsize } = setup;
  const points: Point[] = await readJson(join(folder, `${name}.json`), []);
  if (points.length >= lastLook) return;
  const probe = benchmarkProbe(setup, N === 32 ? halved(measured) : measured);
  const train = simulateSplit(setup, "train", probe);
  const test = simulateSplit({ ...setup, size: N + 10 * (TILES - 1) + 4 * (gridsize - 1) }, "test", probe);
  const standardised = said.standardise && trial.model?.["architecture"] === undefined;
  const modelSettings = { N, gridsize, nFiltersScale: 1, ...(standardised && { standardiseInput: true }) };
  const model = completeModel(parseSettings("model", { ...modelSettings, ...trial.model }), N);
  const training = {
    ...parseSettings("training", { lossFunction: "mae", emaDecay: DECAY, ...trial.training }),
    multistageMilestones: [],
  };
  const grid = gridsize > 1 ? { neighborFunction: "Grid", gridStep: 4 } : {};
  const data: DataConfig = { ...parseSettings("data", grid), subsampleSeed: 0, neighborCount: 4 };
  const batch = trial.batch ?? 4;
  const { source, scales } = predictionSource(train.dataset, data, gridsize, null);
  const runtime = await chooseRuntime("cpu", { session: { threads: 1 } });
  const optimizer = optimizerOf(training);
  const objective = {
    ...{ model, batch, probe: scaledProbe(train.dataset.probe, scales), propagator: propagatorOf() },
    ...{ canvasSide: N + 8 * (gridsize - 1), losses: training, scales: [scales] },
  };
  const models = buildStepModels((parameters) => buildObjective(parameters, objective), {
    ...{ optimizer, target: runtime.target },
  });
  const statistics = model.standardiseInput ? inputStatistics(source) : {};
  const values = { ...initialise(models.specs, new Random(seed)), ...statistics };
  const fresh = packWeights(models.specs, values, optimizer.moments.length);
  const start = points.length === 0 ? fresh : await readWeights(name, points.length, fresh);
  const step = await createTrainingStep({ runtime, models, optimizer, start, form: "fused" });
  const steps = Math.round(((trial.samples ?? 1) * samples) / batch);
  const order = batchOrder(source.groups.count, batch);
  let { step: done, seconds } = points.at(-1) ?? { step: 0, seconds: 0 };
  for (let k = points.length; k < lastLook; k++) {
    const from = done;
    let loss = 0;
    for (const until = Math.round((steps * (k + 1)) / looks); done < until; ) {
      const before = processorSeconds();
      const assembled = assembleBatch(source, order(done));
      const input = stepBatchOf(assembled, gridsize ** 2, train.dataset.patterns);
      const report = await step.run([input], rateAt(trial, done, steps), ++done);
      if (!report.finite) throw new Error(`${name}: the loss stopped being a number at step ${done}`);
      loss += report.loss;
      seconds += processorSeconds() - before;
    }
    const weights = await step.read();
    const judged = (of: Pick<Weights, "parameters" | "state">): Promise<Look> =>
      look(runtime, unpackWeights(models.specs, of), model, data, test);
    const [last, mean] = [await judged(weights), await judged(modelWeights(optimizer, weights))];
    points.push({
      step: done,
      samples: done * batch,
      seconds: Math.round(seconds),
      loss: loss / (done - from),
      last,
      mean,
    });
    console.log(row(name, points.at(-1)!));
    await writeWeights(name, k + 1, weights);
    await writeWhole(join(folder, `${name}.json`), JSON.stringify(points, null, 1));
    await rm(weightsFile(name, k), { force: true });
  }
  await step.dispose();
}

/** The batch of a step: every epoch has an order of its own, the same for every trial of one batch size. */
function batchOrder(groups: number, batch: number) {
  const perEpoch = Math.ceil(groups / batch);
  let [epoch, plan] = [-1, planEpoch(groups, batch)];
  return (step: number) => {
    if (Math.floor(step / perEpoch) !== epoch) {
      epoch = Math.floor(step / perEpoch);
      plan = planEpoch(groups, batch, new Random(1000 * seed + epoch));
    }
    return plan[step % perEpoch];
  };
}

function rateAt({ rate = 1e-3, schedule = "cosine" }: Trial, done: number, steps: number): number {
  const warm = rate * Math.min(1, (done + 1) / WARM_UP_STEPS);
  return schedule === "constant" ? warm : warm * (0.05 + (0.95 * (1 + Math.cos((Math.PI * done) / steps))) / 2);
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const row = (name: string, { step, samples: seen, seconds, loss, last, mean }: Point): string =>
  [
    ...[name, step, seen, seconds, loss.toFixed(4), pair(last), pair(mean), last.frc50.toFixed(1)],
    `${last.error.fixed} + ${last.error.means}`,
  ].join(" | ");

const pair = ({ amplitudeSsim, phaseSsim }: Look): string => `${amplitudeSsim.toFixed(3)} / ${phaseSsim.toFixed(3)}`;

/** The measured probe for half the side: means of 2 × 2 pixels. */
function halved({ shape: [, m], data }: ComplexArray): ComplexArray {
  const half = m / 2;
  const out = new Float32Array(2 * half * half);
  for (let i = 0; i < m * m; i++) {
    const to = 2 * (Math.floor(Math.floor(i / m) / 2) * half + Math.floor((i % m) / 2));
    out[to] += data[2 * i] / 4;
    out[to + 1] += data[2 * i + 1] / 4;
  }
  return { shape: [1, half, half], data: out };
}

async function readProbe(path: string): Promise<ComplexArray> {
  const { shape, data } = openNpz(new Uint8Array(await readFile(path)), path).readNumbers("probeGuess");
  return { shape: [1, ...shape.slice(-2)], data: Float32Array.from(data) };
}

/** Where a trial goes on after so many looks. */
const weightsFile = (name: string, after: number): string => join(folder, `${name}.${after}.npz`);

async function writeWeights(name: string, after: number, { parameters, state, moments }: Weights): Promise<void> {
  const vectors = { parameters, state, ...Object.fromEntries(moments.map((moment, i) => [`moment${i}`, moment])) };
  const arrays = Object.entries(vectors).map(([key, data]) => [key, { shape: [data.length], dtype: "float32", data }]);
  await writeWhole(weightsFile(name, after), writeNpz(Object.fromEntries(arrays), { compress: false }));
}

async function readWeights(name: string, after: number, like: Weights): Promise<Weights> {
  const path = weightsFile(name, after);
  const npz = openNpz(new Uint8Array(await readFile(path)), path);
  const vector = (key: string): Float32Array => Float32Array.from(npz.readNumbers(key).data);
  const moments = like.moments.map((_, i) => vector(`moment${i}`));
  return { parameters: vector("parameters"), state: vector("state"), moments };
}

async function readJson<T>(path: string, otherwise: T): Promise<T> {
  return existsSync(path) ? (JSON.parse(await readFile(path, "utf8")) as T) : otherwise;
}

async function writeWhole(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${path}.part`, content);
  await rename(`${path}.part`, path);
}

await mkdir(folder, { recursive: true });
const measured = await readProbe(probeFile);
console.log(
  "trial | steps | samples | processor seconds | loss | SSIM of the last weights | of their mean | FRC50 | raster",
);
for (const name of said.trials.split(",")) {
  const trial = trials[name];
  if (trial === undefined) throw new Error(`no trial ${name}; there are ${Object.keys(trials).join(", ")}`);
  await run(name, trial, measured);
}
