import { stepOf } from "../src/benchmark/geometry.ts";
import type { LinesSplit } from "../src/benchmark/linesData.ts";
import { type StitchedImage, scoreImage, stitchedImages } from "../src/benchmark/score.ts";
import type { DataConfig } from "../src/config/dataConfig.ts";
import type { ModelConfig } from "../src/config/modelConfig.ts";
import { inlineLoader } from "../src/data/batches.ts";
import { scaledProbe } from "../src/data/normalisation.ts";
import { createAssembler } from "../src/inference/assemble.ts";
import { planCanvas } from "../src/inference/canvas.ts";
import { uniformWeights } from "../src/inference/patchWeights.ts";
import { predictionSource } from "../src/inference/predictionSource.ts";
import { loadPredictor } from "../src/inference/predictor.ts";
import { predictPatches } from "../src/inference/predictPatches.ts";
import { toReconstruction } from "../src/inference/reconstruction.ts";
import type { ParameterValues } from "../src/nets/parameters.ts";
import { compatImages } from "../src/reference/compat.ts";
import type { Runtime } from "../src/runtime/runtime.ts";

/** How good a network is on a test image, as `benchmark lines` scores it. */
export interface Look {
  readonly amplitudeSsim: number;
  readonly phaseSsim: number;
  readonly amplitudeMae: number;
  readonly phaseMae: number;
  /** Rings, of the amplitude. */
  readonly frc50: number;
  /** Pixels, of the complex object. */
  readonly halfBit: number | null;
  readonly complexError: number;
  readonly error: TileErrors;
}

/** Shares of the squared error of the amplitude. */
export interface TileErrors {
  /** The same in every tile: a raster. */
  readonly fixed: number;
  /** The tiles' own means: a raster, too. */
  readonly means: number;
  /** The rest, inside tiles. */
  readonly inside: number;
}

export async function look(
  runtime: Runtime,
  weights: ParameterValues,
  model: ModelConfig,
  data: DataConfig,
  { dataset, geometry, amplitudeUnit }: LinesSplit,
): Promise<Look> {
  const { source, scales } = predictionSource(dataset, data, model.gridsize, null);
  const { groups } = source;
  const { positions } = dataset;
  const trim = stepOf(geometry);
  const assembler = createAssembler({
    ...{ canvas: planCanvas(positions, trim), trim, weights: uniformWeights(trim), phaseAlignment: false },
    patches: groups.count * groups.size,
  });
  const predictor = await loadPredictor(runtime, model, weights, 16, { probe: scaledProbe(dataset.probe, scales) });
  await predictPatches({ groups, positions, loader: inlineLoader(source), predictor, assembler });
  await predictor.dispose();
  const made = toReconstruction((await assembler.finish()).stitched, positions);
  const [image] = stitchedImages(made, dataset.object!, geometry, amplitudeUnit);
  const { compat, standard } = scoreImage(image);
  return {
    amplitudeSsim: rounded(compat.amplitude.ssim),
    phaseSsim: rounded(compat.phase.ssim),
    amplitudeMae: rounded(compat.amplitude.mae),
    phaseMae: rounded(compat.phase.mae),
    frc50: rounded(compat.amplitude.frc50),
    halfBit: standard.frc.halfBit,
    complexError: rounded(standard.complexError),
    error: tileErrors(image, trim),
  };
}

const rounded = (value: number): number => Number(value.toPrecision(4));

function tileErrors({ reconstruction, truth }: StitchedImage, tile: number): TileErrors {
  const { amplitude } = compatImages(reconstruction, truth);
  const [height, width] = amplitude.truth.shape;
  const error = amplitude.prediction.data.map((value, i) => value - amplitude.truth.data[i]);
  const [across, down, pixels] = [Math.floor(width / tile), Math.floor(height / tile), tile * tile];
  const at = (k: number, i: number): number =>
    error[(Math.floor(k / across) * tile + Math.floor(i / tile)) * width + (k % across) * tile + (i % tile)];
  const tiles = Array.from({ length: across * down }, (_, k) =>
    Float64Array.from({ length: pixels }, (_, i) => at(k, i)),
  );
  const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value ** 2, 0);
  const fixed = Float64Array.from(
    { length: pixels },
    (_, i) => tiles.reduce((sum, own) => sum + own[i], 0) / tiles.length,
  );
  const total = tiles.reduce((sum, own) => sum + squares(own), 0);
  const means = tiles.map((own) => own.reduce((sum, value, i) => sum + value - fixed[i], 0) / pixels);
  const shares = {
    fixed: (tiles.length * squares(fixed)) / total,
    means: (pixels * squares(Float64Array.from(means))) / total,
  };
  return {
    fixed: rounded(shares.fixed),
    means: rounded(shares.means),
    inside: rounded(1 - shares.fixed - shares.means),
  };
}
