/**
 * How far the memory that a training step is said to take before it starts (`runs/memory`) is from what it takes: two steps of
 * each network in a process of its own, and the highest resident size that the system saw. Linux only.
 * `npm run bench:memory`
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { alone } from "../src/communicator.ts";
import type { TrainingPayload } from "../src/config/payload.ts";
import { completeData, completeModel, completeTraining } from "../src/config/resolve/complete.ts";
import { parseSettings } from "../src/config/schema.ts";
import { nodeMachine } from "../src/node/machine.ts";
import { Random } from "../src/random.ts";
import { setUpTraining, trainingBatches } from "../src/runs/train/trainingSetup.ts";
import { simulate } from "../src/simulation/simulate.ts";
import { prepareData } from "../src/training/preparation.ts";

interface Network {
  readonly N: number;
  readonly gridsize: number;
  readonly batchSize: number;
  readonly nFiltersScale: number;
  readonly architecture: string;
}

const network = (N: number, gridsize: number, batchSize: number, nFiltersScale: number, architecture = "cnn") => ({
  ...{ N, gridsize, batchSize, nFiltersScale, architecture },
});

const networks: readonly Network[] = [
  network(64, 1, 16, 1),
  network(64, 1, 16, 2),
  network(64, 2, 16, 2),
  network(128, 1, 16, 2),
  network(128, 2, 8, 2),
  network(256, 1, 8, 1),
  network(256, 1, 4, 2),
  network(512, 1, 2, 1),
  network(64, 1, 16, 2, "fno"),
  network(128, 1, 8, 2, "hybrid_resnet"),
];

/** MiB: what was said beforehand, and what two steps took beyond what the process had before. */
async function measure({ N, gridsize, batchSize, ...own }: Network): Promise<{ said: number; taken: number }> {
  const model = completeModel({ ...parseSettings("model", own), gridsize }, N);
  const data = { ...completeData(parseSettings("data"), gridsize, 0, null), validationFraction: 0 };
  const training = completeTraining({ ...parseSettings("training"), batchSize });
  const payload = { model, data, training, execution: parseSettings("execution") } as TrainingPayload;
  const scan = simulate({ n: N, patterns: batchSize + 8, seed: 1, measurement: "amplitude" });
  const prepared = prepareData([scan], undefined, data, gridsize, new Random(1));
  const before = process.memoryUsage().rss / 2 ** 20;
  const setup = await setUpTraining(payload, [scan], prepared, await nodeMachine.runtime("cpu"), nodeMachine);
  const loader = nodeMachine.batches(prepared.training);
  const batches = trainingBatches(prepared.training, loader, payload, prepared.trainingFrames, alone);
  const weights = await setup.startWeights(new Random(2), () => Promise.reject(new Error("no calibration here")));
  const step = await setup.main.compile(weights);
  let done = 0;
  for await (const batch of batches.epoch(new Random(3), 0)) {
    await step.run([batch], 1e-3, ++done);
    if (done === 2) break;
  }
  const highest = /VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"));
  return { said: setup.memory / 2 ** 20, taken: Number(highest?.[1]) / 1024 - before };
}

const [wanted] = process.argv.slice(2);
if (wanted !== undefined) console.log(JSON.stringify(await measure(JSON.parse(wanted) as Network)));
else {
  console.log("| network | N | gridsize | batch | said, MiB | taken, MiB | ratio |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const one of networks) {
    const argv = ["--import", "tsx", fileURLToPath(import.meta.url), JSON.stringify(one)];
    const { said, taken } = JSON.parse(execFileSync(process.execPath, argv, { encoding: "utf8" })) as {
      said: number;
      taken: number;
    };
    const { architecture, nFiltersScale, N, gridsize, batchSize } = one;
    const cells = [`${architecture}, scale ${nFiltersScale}`, N, gridsize, batchSize];
    console.log(`| ${cells.join(" | ")} | ${said.toFixed(0)} | ${taken.toFixed(0)} | ${(said / taken).toFixed(2)} |`);
  }
}
