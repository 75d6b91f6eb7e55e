import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Settings } from "../src/config/group.ts";
import { nodeHome } from "../src/node/home.ts";
import { createInferencePayload, createReconstructionPayload, readReconstructionFile } from "../src/node/runs.ts";
import type { Reconstruction } from "../src/reconstructions/reconstructionNpz.ts";
import { compareWithReference } from "../src/runs/evaluate.ts";
import { runPrediction } from "../src/runs/infer/infer.ts";
import type { Home } from "../src/runs/machine.ts";
import { runReconstruction } from "../src/runs/reconstruct/reconstruct.ts";
import { quietHooks } from "../test/runs/inferRun.ts";

const USAGE = `npm run bench:hybrid -- SCAN --model FOLDER [--crop_to 64] [--epochs 1,2,5,10,20]
  A trained network, engines that begin with what it predicts, and the same engines from a flat object: docs/hybrid.md has
  what it prints. Seconds are processor time of the epochs.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    crop_to: { type: "string", default: "64" },
    epochs: { type: "string", default: "1,2,5,10,20" },
  },
});
const [scan] = positionals;
const { model } = values;
const lengths = values.epochs.split(",").map(Number);
if (scan === undefined || model === undefined || !lengths.every((length) => length >= 1)) throw new Error(USAGE);
const data: Settings = { cropTo: Number(values.crop_to) };

/** Pictures take longer than all else here. */
const plain: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};
const folder = mkdtempSync(join(tmpdir(), "hybrid-"));
const path = (...names: string[]): string => join(folder, ...names);

const processorSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function reconstructed(name: string, overrides: Settings) {
  const quick = { threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none", enableCheckpointing: false };
  const payload = await createReconstructionPayload({
    ...{ scan, outputDir: path(name), overwrite: true, overrides: { ...quick, ...data, ...overrides } },
  });
  const before = processorSeconds();
  const outcome = await runReconstruction(payload, quietHooks(), plain);
  const seconds = processorSeconds() - before;
  if (outcome.status !== "finished") throw new Error(`${name} ${outcome.status}`);
  const { heldOut } = JSON.parse(readFileSync(path(name, "metrics.json"), "utf8"));
  return { seconds, heldOut: heldOut?.rFactor as number | undefined, object: await objectIn(name) };
}

const objectIn = (name: string): Promise<Reconstruction> => readReconstructionFile(path(name, "reconstruction.npz"));

function judged(object: Reconstruction, reference: Reconstruction): string {
  const { complexError, phase } = compareWithReference(object, reference);
  return `${complexError.toFixed(3)} | ${phase.correlation.toFixed(3)}`;
}

try {
  // With another seed it has other patterns held out, and with wrappers another model than those that it judges.
  const { object: reference } = await reconstructed("reference", {
    ...{ engine: "lsqml", epochs: 60, seed: 99, wrappers: ["positions", "intensities", "background"] },
  });
  const before = processorSeconds();
  const request = { modelPath: model, testDataFile: scan, outputDir: path("network"), overrides: { ...data } };
  await runPrediction(await createInferencePayload(request), quietHooks(), plain);
  const inferred = processorSeconds() - before;
  console.log("| from | engine | epochs | seconds | R held out | complex error | phase correlation |");
  console.log("|---|---|---|---|---|---|---|");
  console.log(`| network | – | – | ${inferred.toFixed(1)} | – | ${judged(await objectIn("network"), reference)} |`);
  for (const engine of ["rpie", "lsqml"])
    for (const init of [null, path("network", "reconstruction.npz")])
      for (const epochs of lengths) {
        const { seconds, heldOut, object } = await reconstructed("run", { engine, epochs, init });
        const from = init === null ? "flat" : "network";
        console.log(
          `| ${from} | \`${engine}\` | ${epochs} | ${seconds.toFixed(1)} | ${heldOut?.toFixed(4)} | ${judged(object, reference)} |`,
        );
      }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
