import { PtychonautError } from "../errors.ts";
import { type Complex, complexReshape, complexSum, each, intensity, scale } from "../graph/complex.ts";
import { add, greater, maximum, mul, neg, reciprocal, sub, where } from "../graph/ops/elementwise.ts";
import { reshape, slice } from "../graph/ops/layout.ts";
import { max, sum } from "../graph/ops/reduce.ts";
import { perGraph } from "../graph/perGraph.ts";
import { type Graph, shapeError, type Tensor } from "../graph/tensor.ts";
import { translate } from "./translate.ts";

/**
 * A group's patches share the object where they overlap: they are merged on a small canvas, and cut out of it again
 * before the physics sees them. The canvas's centre stands for the group's mean position r̄; patch k sits at r_k − r̄.
 */

/** How patches are averaged: the central N/2 square (with a slight pull to zero), the same without it, or Σ|P|². */
export type PatchWeighting = "central_mask" | "uniform" | "probe";

export interface MergeOptions {
  /** M, such that no patch is cut off. */
  readonly side: number;
  readonly weighting: PatchWeighting;
  /** `[mode, N, N]`, or one a sample, `[B, 1, mode, N, N]`; needed by weighting "probe". */
  readonly probe?: Complex;
}

export interface MergedGroup {
  /** `[B, M, M]`, zero outside the support. */
  readonly canvas: Complex;
  /** `[B, M, M]`: sum of the weights placed on each pixel. */
  readonly count: Tensor;
}

/**
 * Merges patches into one picture: Σ_k T[O_k] T[w] / Σ_k T[w] with T the shift by r_k − r̄.
 *
 * "central_mask" adds 0.001 to the denominator, as the reference system trains; the other two divide exactly. Where the
 * denominator is under 1e-6 ("probe": of the group's largest) nothing was seen and the canvas is zero.
 *
 * @param patches `[B, C, N, N]`
 * @param offsets `[B, C, 2]`, r_k − r̄ as (y, x) in pixels (`data/groupGeometry.ts`)
 * @throws PtychonautError "usage" when weighting "probe" has no probe, "shape" when patches and offsets do not fit
 */
export function mergeGroup(patches: Complex, offsets: Tensor, options: MergeOptions): MergedGroup {
  const { side } = options;
  if (patches.re.rank !== 4 || offsets.shape.join() !== [...patches.re.shape.slice(0, 2), 2].join())
    throw shapeError("merge", "patches [B, C, N, N] and offsets [B, C, 2]", patches.re, offsets);
  const weights = translate(patchWeights(patches.re, options), offsets, [side, side]);
  const seen = options.weighting === "probe" ? patches : each(patches, weighed);
  const placed = each(seen, (part) => mul(translate(part, offsets, [side, side]), weights));
  const count = sum(weights, { axes: [1] });
  return { canvas: scale(complexSum(placed, [1]), inverseCount(count, options.weighting)), count };
}

/**
 * Cuts the patches' windows out of the canvas: the adjoint, and for whole-pixel positions the exact inverse, of placing
 * them. What a window sees beyond the canvas is zero.
 *
 * @param canvas `[B, M, M]`
 * @param offsets `[B, C, 2]`, the same as in `mergeGroup`
 * @param n side N of the windows
 * @returns `[B, C, N, N]`
 */
export function extractGroup(canvas: Complex, offsets: Tensor, n: number): Complex {
  const [batch, side] = canvas.re.shape as [number, number];
  if (canvas.re.rank !== 3 || offsets.rank !== 3 || offsets.shape[0] !== batch)
    throw shapeError("extract", "canvas [B, M, M] and offsets [B, C, 2]", canvas.re, offsets);
  const shared = complexReshape(canvas, [batch, 1, side, side]);
  const back = neg(offsets);
  return each(shared, (part) => translate(part, back, [n, n]));
}

/**
 * What a group says of the place of each of its patches: patch k becomes Σ_j T[w_j O_j] / Σ_j T[w_j], T the shift by
 * r_j − r_k from j's place to k's. Unlike on a canvas, patch k itself is not moved, so it stays sharp where positions are
 * between pixels. Zero where no patch has weight.
 *
 * @param offsets `[B, C, 2]`, as in `mergeGroup`
 * @param weights w ≥ 0, `[1, 1, N, N]` or one a patch, `[B, C, N, N]`
 * @returns from patches `[B, C, N, N]` to `[B, C, N, N]`; what no patch changes is computed once
 * @throws PtychonautError "shape" when offsets, weights and patches do not fit
 */
export function groupView(offsets: Tensor, weights: Tensor): (patches: Complex) => Complex {
  if (offsets.rank !== 3 || weights.rank !== 4)
    throw shapeError("group view", "offsets [B, C, 2] and weights [B, C, N, N]", offsets, weights);
  const [batch, members] = offsets.shape as [number, number, number];
  const shifts = sub(reshape(offsets, [batch, 1, members, 2]), reshape(offsets, [batch, members, 1, 2]));
  const [groups, own, n] = weights.shape as [number, number, number, number];
  const light = reshape(weights, [groups, 1, own, n, n]);
  const inverse = inverseCount(sum(translate(light, shifts), { axes: [2] }), "probe");
  const shape = [batch, members, n, n];
  return (patches) => {
    if (patches.re.shape.join() !== shape.join())
      throw shapeError("group view", `patches [${shape.join(", ")}]`, patches.re, offsets);
    return each(patches, (part) => {
      const weighed = mul(reshape(part, [batch, 1, members, n, n]), light);
      return mul(sum(translate(weighed, shifts), { axes: [2] }), inverse);
    });
  };
}

/** `[N, N]`, or with a probe a sample `[B, 1, N, N]`. */
function patchWeights(patch: Tensor, { weighting, probe }: MergeOptions): Tensor {
  const n = patch.shape.at(-1)!;
  if (weighting !== "probe") return centralSquare(patch.graph, n);
  if (probe === undefined)
    throw new PtychonautError("usage", "patches are to be weighted by the probe, but none is given");
  if (probe.re.rank < 3 || probe.re.shape.at(-2) !== n || probe.re.shape.at(-1) !== n)
    throw shapeError("merge", `a probe of [mode, ${n}, ${n}]`, probe.re);
  return sum(intensity(probe), { axes: [-3] });
}

/** 1 in the central half of each axis, from ⌊N/4⌋ on. */
const centralSquare: (graph: Graph, n: number) => Tensor = perGraph((graph: Graph, n: number): Tensor => {
  const start = Math.floor(n / 4);
  const inside = (i: number): boolean => i >= start && i < start + Math.floor(n / 2);
  const data = Float32Array.from({ length: n * n }, (_, k) => (inside(Math.floor(k / n)) && inside(k % n) ? 1 : 0));
  return graph.constant(data, [n, n]);
});

/** The part of a patch `[..., N, N]` that the central square weighs, and the pixel around it that interpolation reaches. */
function weighed(patch: Tensor): Tensor {
  const n = patch.shape.at(-1)!;
  if (n % 4 !== 0) return patch;
  const range = { start: n / 4 - 1, end: (3 * n) / 4 + 1 };
  return slice(patch, [
    { axis: -2, ...range },
    { axis: -1, ...range },
  ]);
}

/** Least weight that counts as seen: below it a bilinear rim divides rounding errors by rounding errors. */
const SUPPORT = 1e-6;
/** What the reference system adds to the count in training. */
const CENTRAL_MASK_DAMPING = 1e-3;
/** Keeps the division finite where the result is discarded. */
const SMALLEST_DIVISOR = 1e-12;

function inverseCount(count: Tensor, weighting: PatchWeighting): Tensor {
  const divisor = weighting === "central_mask" ? add(count, CENTRAL_MASK_DAMPING) : maximum(count, SMALLEST_DIVISOR);
  // Of the group's largest, not the batch's: what a group becomes must not depend on its company.
  const threshold =
    weighting === "probe" ? mul(max(count, { axes: [-2, -1], keepDims: true }), SUPPORT) : count.graph.scalar(SUPPORT);
  return where(greater(count, threshold), reciprocal(divisor), 0);
}
