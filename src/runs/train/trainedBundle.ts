import type { ComplexArray } from "../../arrays.ts";
import type { DataFacts } from "../../bundle/fingerprint.ts";
import type { JsonObject } from "../../bundle/manifest.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import type { Dataset } from "../../data/dataset.ts";
import { predictionGraph } from "../../inference/predictionModel.ts";
import type { PreparedData } from "../../training/preparation.ts";
import { scanPropagator } from "../../training/scanPropagator.ts";
import { bundleBytes, numbersOf } from "../bundleBytes.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import type { RunStore } from "../store.ts";
import { physicsValues } from "./trainingSetup.ts";

/** What a bundle keeps of the scans that a network was trained on. */
export interface TrainedScans {
  readonly scans: readonly Dataset[];
  readonly prepared: PreparedData;
  readonly facts: readonly DataFacts[];
}

/** Writes the bundle of the best weights, with the scales and facts of every scan; returns its path. */
export async function saveBundle(
  { scans, prepared, facts }: TrainedScans,
  values: Record<string, Float32Array>,
  probe: ComplexArray | undefined,
  payload: TrainingPayload,
  training: JsonObject,
  store: RunStore,
): Promise<string> {
  const [first, ...others] = scans.map((_, scan) => ({
    facts: facts[scan],
    scales: { ...numbersOf(prepared.scales[scan]), ...physicsValues(values, scan) },
  }));
  const path = joinPath(payload.outputDir, outputs.model);
  const bundle = bundleBytes(payload, predictionGraph(payload.model, 1, scanPropagator(scans)), values, {
    scales: { ...numbersOf(prepared.scales[0]), ...physicsValues(values) },
    trainedOn: first.facts,
    ...(others.length === 0 ? {} : { scans: [first, ...others] }),
    ...(probe === undefined ? {} : { probe }),
    training: { ...training, scan: scans.map(({ name }) => name).join(", ") },
  });
  await store.write(path, bundle);
  return path;
}
