import { startsOf } from "../data/frameNumbers.ts";
import { PtychonautError } from "../errors.ts";
import { add, div, exp, mul } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { concat, reshape, slice } from "../graph/ops/layout.ts";
import { mean, sum } from "../graph/ops/reduce.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Parameters, ParameterValues } from "../nets/parameters.ts";

/**
 * A beam that is not equally bright in every pattern: λ_f = c_f |F(O P)|² with a positive factor c_f for each frame, of mean
 * one over the training frames of each scan, since a factor on all of them is the object's scale.
 *
 * In training c = exp(θ) / mean exp(θ) of a parameter θ, from θ = 0. Frames that training does not see have none: in
 * evaluation every pattern takes the factor that fits it best, which for Poisson counts is known in closed form,
 * ∂/∂c Σ (c λ − k ln c λ) = 0 at c = Σ k / Σ λ over the valid pixels.
 */
export const FRAME_INTENSITY = "physics.frameIntensity";

/** Name of the graph input `[batch, C]`, int64: which entry of the table each pattern has. */
export const FRAMES = "frames";

export interface FrameIntensityOptions {
  /** Training frames of each scan; the table has an entry for each, scan after scan. */
  readonly frames: readonly number[];
  /** `[batch, C, N, N]`, measured intensity in the units of the prediction. */
  readonly measured: Tensor;
  /** `[N, N]`, 1 = valid. */
  readonly valid?: Tensor | undefined;
}

/**
 * The predicted intensity under a beam of every frame's own brightness.
 * @param predicted `[batch, C, N, N]`
 */
export function withFrameIntensity(parameters: Parameters, predicted: Tensor, options: FrameIntensityOptions): Tensor {
  const { frames, measured, valid } = options;
  const [batch, channels] = predicted.shape as [number, number, number, number];
  if (!parameters.training) return mul(predicted, bestFactor(predicted, measured, valid));
  const table = parameters.within("physics", () =>
    parameters.trainable("frameIntensity", [frames.reduce((a, b) => a + b, 0)], (shape) => new Float32Array(shape[0])),
  );
  const brightness = exp(table);
  const own = ranges(frames).map(([start, end]) => slice(brightness, [{ axis: 0, start, end }]));
  const factors = concat(
    own.map((part) => div(part, mean(part))),
    0,
  );
  const picked = gather(factors, predicted.graph.input(FRAMES, [batch, channels], "int64"));
  return mul(predicted, reshape(picked, [batch, channels, 1, 1]));
}

/** Where each scan's entries are in the table; scans without training frames have none. */
function ranges(frames: readonly number[]): (readonly [start: number, end: number])[] {
  const starts = startsOf(frames.map((count) => ({ count })));
  return frames.map((count, scan) => [starts[scan], starts[scan] + count] as const).filter(([a, b]) => b > a);
}

/** Keeps the division finite where nothing is predicted. */
const NOTHING = 1e-12;

/** Σ k / Σ λ of each pattern, `[batch, C, 1, 1]`. */
function bestFactor(predicted: Tensor, measured: Tensor, valid: Tensor | undefined): Tensor {
  const total = (x: Tensor): Tensor => sum(valid === undefined ? x : mul(x, valid), { axes: [-2, -1], keepDims: true });
  return div(total(measured), add(total(predicted), NOTHING));
}

/** Where each frame of a scan stands in the table; −1 for frames that training does not see. */
export function tableIndex(trainingFrames: readonly number[], frames: number): Int32Array {
  const index = new Int32Array(frames).fill(-1);
  for (const [place, frame] of trainingFrames.entries()) index[frame] = place;
  return index;
}

/**
 * Graph input `frames` of a batch.
 * @param frames `[batch · C]`, of training
 * @param index from `tableIndex`
 * @throws PtychonautError "usage" for a frame that has no entry
 */
export function framesInput(frames: Int32Array, index: Int32Array): BigInt64Array {
  return BigInt64Array.from(frames, (frame) => {
    const place = index[frame];
    if (place < 0) throw new PtychonautError("usage", `frame ${frame} is no training frame, so its beam has no factor`);
    return BigInt(place);
  });
}

/**
 * The factors that training arrived at, in the order of the training frames; undefined when there are none.
 * @param frames training frames of each scan
 */
export function trainedIntensities(values: ParameterValues, frames: readonly number[]): Float64Array | undefined {
  const table = values[FRAME_INTENSITY];
  if (table === undefined) return undefined;
  const factors = Float64Array.from(table, Math.exp);
  for (const [start, end] of ranges(frames)) {
    const own = factors.subarray(start, end);
    const average = own.reduce((a, b) => a + b, 0) / own.length;
    for (let i = 0; i < own.length; i++) own[i] /= average;
  }
  return factors;
}
