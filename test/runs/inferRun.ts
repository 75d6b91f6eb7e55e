import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ComplexArray, joinComplex } from "../../src/arrays.ts";
import { writeBundle } from "../../src/bundle/bundle.ts";
import { dataFacts } from "../../src/bundle/fingerprint.ts";
import type { JsonObject } from "../../src/bundle/manifest.ts";
import { scanOptions } from "../../src/config/dataConfig.ts";
import type { Settings } from "../../src/config/group.ts";
import { savedConfigOf } from "../../src/config/savedConfig.ts";
import { computeScales } from "../../src/data/normalisation.ts";
import { predictionGraph } from "../../src/inference/predictionModel.ts";
import type { loadPredictor } from "../../src/inference/predictor.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { createTrainingPayload, readScan } from "../../src/node/runs.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { type SimulatedScan, simulateScan } from "../../src/simulation/simulate.ts";

export const N = 32;
const [height, width] = [90, 76];

/** A pure phase object without symmetry: a unit object's energies, so that the normalisation is exact. */
export const object: ComplexArray = (() => {
  const phase = Float32Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return 0.9 * Math.sin(y / 5) * Math.cos(x / 9) + 0.01 * x - (y > 40 && x < 30 ? 0.6 : 0);
  });
  return joinComplex([height, width], phase.map(Math.cos), phase.map(Math.sin));
})();

/** Scan positions on whole pixels, where placing a patch is an exact copy. */
export const positions: Float64Array = (() => {
  const random = new Random(5);
  return Float64Array.from({ length: 2 * 70 }, (_, i) => 24 + random.integer(i % 2 === 0 ? 42 : 28));
})();

/** Writes a noise-free scan of `object` and says where; any part of it may be changed. */
export function writeScan(folder: string, name: string, n = N, changes: Partial<SimulatedScan> = {}): string {
  const probe = makeProbe(n, { kind: "gaussian", fwhm: 4, defocus: n });
  const dataset = simulateScan({ object, probe, positions, photons: 1e4, measurement: "amplitude", ...changes });
  const path = join(folder, name);
  writeFileSync(path, writeScanNpz(dataset));
  return path;
}

export interface BundleChanges {
  readonly name?: string;
  /** Model settings. */
  readonly model?: Settings;
  /** Scalars that the physics is to have learned. */
  readonly physics?: Readonly<Record<string, number>>;
}

/** Writes the bundle of a network with random weights, as if trained on a scan; says in which folder. */
export async function writeRandomBundle(
  folder: string,
  scan: string,
  gridsize: number,
  { name = `run${gridsize}`, model = {}, physics = {} }: BundleChanges = {},
): Promise<string> {
  const outputDir = join(folder, name);
  const overrides = { gridsize, nFiltersScale: 1, batchSize: 8, ...model };
  const payload = await createTrainingPayload({ trainDataFile: scan, outputDir, overrides });
  const dataset = await readScan(scan, scanOptions(payload.data));
  const graph = predictionGraph(payload.model, 1);
  const scales = computeScales(dataset, [0, 1, 2]);
  writeFileSync(
    join(outputDir, "model.zip"),
    writeBundle({
      model: graph.export(initialise(graph.specs, new Random(1))),
      parameters: graph.specs,
      createdBy: "test",
      config: JSON.parse(JSON.stringify(savedConfigOf(payload))) as JsonObject,
      scales: { inputScale: scales.inputScale, probeScale: scales.probeScale, ...physics },
      trainedOn: dataFacts(dataset, gridsize),
      training: {},
    }),
  );
  return outputDir;
}

/** In a network's place: the true patches of an object, changed on their way by `change`. */
export function perfectNetwork(
  change: (patch: Float64Array, frame: number) => void = () => {},
  seen: { readonly object: ComplexArray; readonly positions: Float64Array } = { object, positions },
): typeof loadPredictor {
  return async (_runtime, model, _weights, batch) => ({
    batch,
    async predict({ frames }) {
      const size = 2 * model.N ** 2;
      const data = new Float32Array(frames.length * size);
      for (const [k, frame] of frames.entries()) {
        const patch = extractPatch(seen.object, seen.positions[2 * frame], seen.positions[2 * frame + 1], model.N);
        change(patch, frame);
        data.set(patch, k * size);
      }
      return { shape: [frames.length, model.N, model.N], data };
    },
    dispose: async () => {},
  });
}

export function quietHooks(signal: AbortSignal = new AbortController().signal): RunHooks & { warnings: string[] } {
  const warnings: string[] = [];
  return { signal, warnings, log() {}, warn: (line) => void warnings.push(line), progress: () => silentProgress };
}
