import type { ComplexArray } from "../../arrays.ts";
import type { TrainingPayload } from "../../config/payload.ts";
import { assembleBatch, type BatchSource, planEpoch } from "../../data/batches.ts";
import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import { planCanvas } from "../../inference/canvas.ts";
import { probeWeights } from "../../inference/patchWeights.ts";
import { objectScales, physicalPredictor } from "../../inference/physicalObject.ts";
import { predictionGraph } from "../../inference/predictionModel.ts";
import { loadPredictor, type PredictedScan } from "../../inference/predictor.ts";
import { createStitcher, type Stitched } from "../../inference/stitch.ts";
import { seesProbe } from "../../nets/network.ts";
import type { ParameterValues } from "../../nets/parameters.ts";
import { figure, type Panel } from "../../pictures/figure.ts";
import { objectPanels } from "../../pictures/objectFigure.ts";
import type { Sheet } from "../../pictures/sheet.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { WatchedPicture } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { outputs, subfolders } from "../outputs.ts";
import { patchStatsFiles } from "../patchStatsFiles.ts";
import { joinPath } from "../paths.ts";
import { pictureFiles } from "../pictureFiles.ts";
import { physicsValues } from "./trainingSetup.ts";

/** Looks at the network while it learns: pictures of what it predicts, and statistics of it. */
export interface TrainingPictures {
  /**
   * Whether this is an epoch for pictures. Unless their interval was stated they may take a twentieth of the time: one
   * that would exceed it, by what the last one took, is left out.
   * @param seconds that training took until now
   */
  due(epoch: number, seconds: number): boolean;
  /** Draws `reconstructions/epoch_NNNN`, and `…_object` with the stitched object where asked for. */
  draw(epoch: number, values: ParameterValues): Promise<readonly string[]>;
  /** `[y, x]`: the object as the network predicts it, stitched. */
  object(values: ParameterValues): Promise<Pick<WatchedPicture, "object" | "known" | "pixelSizeM">>;
  /** Writes `analysis/patch_stats.json`, one entry a batch, and the picture `analysis/patch_grid`. */
  statistics(values: ParameterValues): Promise<readonly string[]>;
}

export interface PictureMaterial {
  readonly home: Home;
  readonly runtime: Runtime;
  readonly source: BatchSource;
  /** What the source's groups are of, in this order; probes scaled to the patterns (`scaledProbe`). */
  readonly scans: readonly (Pick<Dataset, "positions" | "geometry"> & PredictedScan)[];
}

/** Largest part of the time that pictures nobody asked for may take. */
const LARGEST_SHARE = 0.05;

/** @throws PtychonautError "usage" when a fixed index is no training pattern */
export function trainingPictures(payload: TrainingPayload, material: PictureMaterial): TrainingPictures {
  const { execution, outputDir, training } = payload;
  const { groups } = material.source;
  const { store } = material.home;
  const pictures = pictureFiles(execution.pictureFormats, material.home);
  const shown =
    execution.reconLogFixedIndices === null
      ? spread(groups.count, execution.reconLogNumPatches)
      : execution.reconLogFixedIndices.map((frame) => groupOf(material.source, frame));
  const stated = payload.overridden.some(({ name }) => name === "reconLogEveryNEpochs");
  const every = execution.reconLogEveryNEpochs;
  const spent = { last: 0, all: 0 };
  return {
    due(epoch, seconds) {
      if (material.home.machine.pictures === undefined || every === 0 || epoch % every !== 0) return false;
      return stated || spent.all + spent.last <= LARGEST_SHARE * seconds;
    },
    async draw(epoch, values) {
      const start = performance.now();
      const folder = joinPath(outputDir, subfolders.pictures);
      await store.makeFolder(folder);
      const panels: Panel[] = [];
      for await (const { patches, frames } of predict(payload, material, values, shown)) {
        for (let k = 0; k < frames.length; k += groups.size) {
          panels.push(...panelsOf(patchAt(patches, k), `frame ${frames[k]}`));
        }
      }
      const patches = (): Sheet => figure(panels, { panelSize: 128, ...pixelOf(material.scans) });
      const files = await pictures.write(joinPath(folder, outputs.epoch(epoch)), patches);
      if (execution.reconLogStitch) {
        const object = async (): Promise<Sheet> => {
          const { object, weight } = await stitched(payload, material, values);
          return figure(panelsOf(object, "object", coveredBy(weight)), pixelOf(material.scans.slice(0, 1)));
        };
        files.push(...(await pictures.write(joinPath(folder, outputs.epochObject(epoch)), object)));
      }
      spent.last = (performance.now() - start) / 1000;
      spent.all += spent.last;
      return files;
    },
    async object(values) {
      const { object, weight } = await stitched(payload, material, values);
      return { object, known: coveredBy(weight), ...pixelOf(material.scans.slice(0, 1)) };
    },
    async statistics(values) {
      const { patchStatsLimit } = execution;
      const wanted = (patchStatsLimit ?? Number.POSITIVE_INFINITY) * training.batchSize;
      const stats = patchStatsFiles("train", patchStatsLimit);
      for await (const { patches } of predict(payload, material, values, spread(groups.count, wanted))) {
        stats.add(patches);
      }
      return stats.write(outputDir, store, pictures);
    },
  };
}

/** For the scale bar: the size of a pixel where all scans have the same. */
function pixelOf(scans: PictureMaterial["scans"]): { readonly pixelSizeM?: number } {
  const [first, ...others] = scans.map(({ geometry }) => geometry?.objectPixelM);
  return first === undefined || others.some((other) => other !== first) ? {} : { pixelSizeM: first };
}

interface Predicted {
  /** `[groups · C, N, N]` */
  readonly patches: ComplexArray;
  /** `[groups · C]` */
  readonly frames: Int32Array;
}

/** Patches of some groups, batch by batch, and where the network sees the probe scan by scan. */
async function* predict(
  payload: TrainingPayload,
  material: PictureMaterial,
  values: ParameterValues,
  groups: readonly number[],
): AsyncGenerator<Predicted, void, void> {
  const { source, scans } = material;
  if (!seesProbe(payload.model)) return yield* predictUnder(scans[0], payload, material, values, groups);
  for (const [number, scan] of scans.entries()) {
    const own = groups.filter((group) => (source.experiments?.[group] ?? 0) === number);
    if (own.length > 0) yield* predictUnder(scan, payload, material, values, own);
  }
}

async function* predictUnder(
  scan: PredictedScan,
  { model, training }: TrainingPayload,
  { runtime, source }: PictureMaterial,
  values: ParameterValues,
  groups: readonly number[],
): AsyncGenerator<Predicted, void, void> {
  const batch = Math.min(training.batchSize, groups.length);
  const own = Object.fromEntries(predictionGraph(model, batch).specs.map(({ name }) => [name, values[name]]));
  const network = await loadPredictor(runtime, model, own, batch, scan);
  const predictor = physicalPredictor(network, objectScales(model, physicsValues(values)));
  try {
    for (const request of planEpoch(groups.length, batch)) {
      const assembled = assembleBatch(source, { ...request, groups: request.groups.map((i) => groups[i]) });
      const { shape, data } = await predictor.predict(assembled);
      // Groups that only fill up the last batch come last, with weight 0.
      const count = request.weights.filter((weight) => weight === 1).length * source.groups.size;
      const [, height, width] = shape as [number, number, number];
      yield {
        patches: { shape: [count, height, width], data: data.subarray(0, 2 * count * height * width) },
        frames: assembled.frames.slice(0, count),
      };
    }
  } finally {
    await network.dispose();
  }
}

/** Of several scans the first: each has an object of its own. */
async function stitched(
  payload: TrainingPayload,
  material: PictureMaterial,
  values: ParameterValues,
): Promise<Stitched> {
  const { groups, experiments } = material.source;
  const { positions, probe } = material.scans[0];
  const trim = payload.model.N / 2;
  const count = experiments?.filter((scan) => scan === 0).length ?? groups.count;
  const chosen = spread(count, payload.execution.reconLogMaxStitchSamples ?? count);
  const positionsOf = (frames: Int32Array): Float64Array =>
    Float64Array.from({ length: 2 * frames.length }, (_, i) => positions[2 * frames[i >> 1] + (i % 2)]);
  const canvas = planCanvas(positionsOf(groups.frames.subarray(0, count * groups.size)), trim);
  const stitcher = createStitcher({ canvas, trim, weights: probeWeights(probe, trim) });
  for await (const { patches, frames } of predict(payload, material, values, chosen)) {
    stitcher.add(patches, positionsOf(frames));
  }
  return stitcher.finish();
}

const coveredBy = (weight: Float32Array): Float32Array => weight.map((value) => (value > 0 ? 1 : 0));

function panelsOf(object: ComplexArray, title: string, known?: ArrayLike<number>): readonly Panel[] {
  const { amplitude, phase } = objectPanels(object, known, title);
  return [amplitude, phase];
}

function patchAt({ shape, data }: ComplexArray, index: number): ComplexArray {
  const [, height, width] = shape as [number, number, number];
  const size = 2 * height * width;
  return { shape: [height, width], data: data.subarray(index * size, (index + 1) * size) };
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
