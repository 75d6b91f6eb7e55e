import { PtychonautError } from "../errors.ts";
import type { Metrics } from "../metrics/evaluate.ts";
import {
  type ComparisonOptions,
  checkSmoothing,
  compareWithReference,
  evaluationWarnings,
  halvesWarnings,
  type Lengths,
  lengthsOf,
  pixelWarnings,
  readReference,
  type SplitData,
  splitData,
} from "./evaluate.ts";
import { inferenceBeside } from "./inferenceBeside.ts";
import type { Home } from "./machine.ts";
import { readObjectFile } from "./objectFile.ts";
import { claimOutputFile } from "./outputFile.ts";
import { outputs } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { onPixelsOf } from "./samePixels.ts";
import { isThere, type RunStore } from "./store.ts";

/** What is compared with what. Objects: a reconstruction, the folder of an inference, a file, or `file.npz::array`. */
export interface EvaluationRequest {
  readonly reconstruction: string;
  readonly reference: string;
  /** Name of the reference's array, where it has another. */
  readonly objectKey?: string;
  /** Whether the reference is a reconstruction from the other half of the data. */
  readonly split: boolean;
  readonly options: ComparisonOptions;
  /** A JSON file for the metrics. */
  readonly output?: string;
  /** Whether a file of that name may be replaced. Default false. */
  readonly overwrite?: boolean;
  /** Files that were read for the request, which must not be replaced. */
  readonly alsoRead?: readonly string[];
}

export interface Evaluation {
  readonly metrics: Metrics;
  readonly lengths: Lengths;
  /** Of two halves of the data. */
  readonly halves?: SplitData;
  /** All numbers, in the schema of `metrics.json`. */
  readonly report: unknown;
  readonly warnings: readonly string[];
}

/**
 * How far a reconstruction is from a reference.
 * @throws PtychonautError "data" where there is no object, "usage" or "shape" where they do not fit
 */
export async function runEvaluation(request: EvaluationRequest, home: Home): Promise<Evaluation> {
  const { options, split, objectKey, output, overwrite = false, alsoRead = [] } = request;
  const { store } = home;
  const stored = await readReference(await objectAddress(request.reference, store), home, objectKey);
  checkSmoothing(stored, options);
  const reconstruction = await readObjectFile(await objectAddress(request.reconstruction, store), home);
  const { reference, warnings: pixels } = onPixelsOf(stored, [reconstruction]);
  const inputs = [reference.path, reconstruction.path, ...alsoRead];
  const file = output === undefined ? undefined : await claimOutputFile(output, { inputs, overwrite }, store);
  const metrics = compareWithReference(reconstruction, reference, options);
  const halves = split ? { halves: splitData(metrics, reconstruction, reference) } : {};
  const lengths = lengthsOf(metrics, reconstruction.pixelSizeM ?? reference.pixelSizeM);
  const report = { ...metrics, ...lengths, ...(halves.halves === undefined ? {} : { split: halves.halves }) };
  await file?.write(`${JSON.stringify(report, null, 2)}\n`);
  const both = split ? [reconstruction, reference] : [];
  const beside = await Promise.all(both.map(async ({ path }) => ({ path, ...(await inferenceBeside(path, store)) })));
  const warnings = [
    ...pixels,
    ...(stored.warnings ?? []),
    ...(reconstruction.warnings ?? []),
    ...evaluationWarnings(metrics, halves.halves),
    ...halvesWarnings(beside),
    ...pixelWarnings(reconstruction, reference),
  ];
  return { metrics, lengths, ...halves, report, warnings };
}

/** Of a folder, the reconstruction that a run left in it. @throws PtychonautError "data" when there is none */
async function objectAddress(address: string, store: RunStore): Promise<string> {
  if ((await store.kindOf(address)) !== "folder") return address;
  const path = joinPath(address, outputs.reconstruction);
  if (await isThere(path, store)) return path;
  throw new PtychonautError("data", "the folder holds no reconstruction", {
    where: address,
    expected: `${outputs.reconstruction}, which \`ptychonaut infer\` and \`ptychonaut reconstruct\` write`,
    fix: "name a file in it",
  });
}
