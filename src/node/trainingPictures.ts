import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { amplitudeOf, type ComplexArray, joinComplex, phaseOf } from "../arrays.ts";
import type { TrainingPayload } from "../config/payload.ts";
import { assembleBatch, type BatchSource, planEpoch } from "../data/batches.ts";
import { PtychonautError } from "../errors.ts";
import { planCanvas } from "../inference/canvas.ts";
import { probeWeights } from "../inference/patchWeights.ts";
import { PREDICTION_INPUT, PREDICTION_OUTPUTS, predictionGraph } from "../inference/predictionModel.ts";
import { createStitcher } from "../inference/stitch.ts";
import { type Panel, renderFigure } from "../io/figure.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { writeAtomic } from "./files.ts";

/** Looks at the network while it learns: pictures of what it predicts, and statistics of it. */
export interface TrainingPictures {
  /** Draws `reconstructions/epoch_NNNN.png`, and `…_object.png` with the stitched object where asked for. */
  draw(epoch: number, values: ParameterValues): Promise<readonly string[]>;
  /** Writes `analysis/patch_stats.csv`, one row a batch. */
  statistics(values: ParameterValues): Promise<string>;
}

export interface PictureMaterial {
  readonly runtime: Runtime;
  readonly source: BatchSource;
  /** `[frame, 2]` as (y, x). */
  readonly positions: Float64Array;
  /** `[mode, y, x]` */
  readonly probe: ComplexArray;
}

/** @throws PtychonautError "usage" when a fixed index is no training pattern */
export function trainingPictures(payload: TrainingPayload, material: PictureMaterial): TrainingPictures {
  const { execution, outputDir, training } = payload;
  const { groups } = material.source;
  const shown =
    execution.reconLogFixedIndices === null
      ? spread(groups.count, execution.reconLogNumPatches)
      : execution.reconLogFixedIndices.map((frame) => groupOf(material.source, frame));
  return {
    async draw(epoch, values) {
      const folder = join(outputDir, "reconstructions");
      await mkdir(folder, { recursive: true });
      const name = join(folder, `epoch_${String(epoch).padStart(4, "0")}`);
      const panels: Panel[] = [];
      for await (const { patches, frames } of predict(payload, material, values, shown)) {
        const first = firstPatch(patches);
        panels.push(...panelsOf(first, `frame ${frames[0]}`));
      }
      await writeAtomic(`${name}.png`, renderFigure(panels, { panelSize: 128 }));
      if (!execution.reconLogStitch) return [`${name}.png`];
      await writeAtomic(`${name}_object.png`, renderFigure(await stitched(payload, material, values)));
      return [`${name}.png`, `${name}_object.png`];
    },
    async statistics(values) {
      const folder = join(outputDir, "analysis");
      await mkdir(folder, { recursive: true });
      const limit = (execution.patchStatsLimit ?? Number.POSITIVE_INFINITY) * training.batchSize;
      const all = spread(groups.count, Math.min(limit, groups.count));
      const rows: string[] = [];
      for (let at = 0; at < all.length; at += training.batchSize) {
        const parts: ComplexArray[] = [];
        for await (const { patches } of predict(payload, material, values, all.slice(at, at + training.batchSize))) {
          parts.push(patches);
        }
        const amplitudes = parts.flatMap((part) => Array.from(amplitudeOf(part)));
        const phases = parts.flatMap((part) => Array.from(phaseOf(part)));
        rows.push([rows.length, ...moments(amplitudes), ...moments(phases)].join(","));
      }
      const names = ["amp", "phase"].flatMap((what) => ["mean", "std", "min", "max"].map((k) => `${what}_${k}`));
      const path = join(folder, "patch_stats.csv");
      await writeAtomic(path, `${["batch", ...names].join(",")}\n${rows.join("\n")}\n`);
      return path;
    },
  };
}

interface Predicted {
  /** `[C, N, N]` */
  readonly patches: ComplexArray;
  /** `[C]` */
  readonly frames: Int32Array;
}

/** Patches of some groups, one group after the other. */
async function* predict(
  { model, training }: TrainingPayload,
  { runtime, source }: PictureMaterial,
  values: ParameterValues,
  groups: readonly number[],
): AsyncGenerator<Predicted, void, void> {
  const batch = Math.min(training.batchSize, groups.length);
  const graph = predictionGraph(model, batch);
  const own = Object.fromEntries(graph.specs.map(({ name }) => [name, values[name]!]));
  const session = await runtime.load(graph.export(own));
  const { N, gridsize } = model;
  const shape = [gridsize ** 2, N, N];
  const size = gridsize ** 2 * N * N;
  try {
    for (const request of planEpoch(groups.length, batch)) {
      const { images, frames } = assembleBatch(source, { ...request, groups: request.groups.map((i) => groups[i]!) });
      const out = await session.run({ [PREDICTION_INPUT]: { data: images, shape: [batch, ...shape] } });
      const [re, im] = [PREDICTION_OUTPUTS.re, PREDICTION_OUTPUTS.im].map((key) => out[key]!.data as Float32Array);
      for (let k = 0; k < batch && request.weights[k] === 1; k++) {
        const part = (data: Float32Array): Float32Array => data.subarray(k * size, (k + 1) * size);
        const members = frames.slice(k * gridsize ** 2, (k + 1) * gridsize ** 2);
        yield { patches: joinComplex(shape, part(re!), part(im!)), frames: members };
      }
    }
  } finally {
    await session.dispose();
  }
}

async function stitched(
  payload: TrainingPayload,
  material: PictureMaterial,
  values: ParameterValues,
): Promise<readonly Panel[]> {
  const { groups } = material.source;
  const trim = payload.model.N / 2;
  const chosen = spread(groups.count, payload.execution.reconLogMaxStitchSamples ?? groups.count);
  const positionsOf = (frames: Int32Array): Float64Array =>
    Float64Array.from({ length: 2 * frames.length }, (_, i) => material.positions[2 * frames[i >> 1]! + (i % 2)]!);
  const canvas = planCanvas(positionsOf(groups.frames), trim);
  const stitcher = createStitcher({ canvas, trim, weights: probeWeights(material.probe, trim) });
  for await (const { patches, frames } of predict(payload, material, values, chosen)) {
    stitcher.add(patches, positionsOf(frames));
  }
  const { object, weight } = stitcher.finish();
  const covered = weight.map((value) => (value > 0 ? 1 : 0));
  return panelsOf(object, "object").map((panel) => ({ ...panel, mask: covered }));
}

function panelsOf(object: ComplexArray, title: string): Panel[] {
  const [height, width] = object.shape as [number, number];
  return [
    { title: `${title}: amplitude`, image: amplitudeOf(object), height, width },
    { title: "phase", image: phaseOf(object), height, width, unit: "rad" },
  ];
}

function firstPatch({ shape, data }: ComplexArray): ComplexArray {
  const [, height, width] = shape as [number, number, number];
  return { shape: [height, width], data: data.subarray(0, 2 * height * width) };
}

/** `count` numbers spread evenly over 0 … total − 1. */
function spread(total: number, count: number): number[] {
  const n = Math.min(total, count);
  return Array.from({ length: n }, (_, i) => Math.floor((i * total) / n));
}

function groupOf({ groups }: BatchSource, frame: number): number {
  for (let group = 0; group < groups.count; group++) if (groups.frames[group * groups.size] === frame) return group;
  throw new PtychonautError("usage", "recon_log_fixed_indices names a pattern that training does not use", {
    got: String(frame),
    fix: "name others, or hold fewer patterns back",
  });
}

function moments(values: readonly number[]): number[] {
  let [sum, squares, low, high] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    sum += value;
    squares += value * value;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const mean = sum / values.length;
  return [mean, Math.sqrt(Math.max(0, squares / values.length - mean * mean)), low, high];
}
