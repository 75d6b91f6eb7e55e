import { abs, add, cast, cos, div, floor, greater, mul, sin, sub } from "../graph/ops/elementwise.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import type { Patches } from "../nets/generator.ts";
import { absoluteError } from "../physics/likelihood.ts";
import { sampleMean } from "../physics/perSample.ts";

/** Names of a batch's labels as graph inputs, `[batch, C, N, N]`. */
export const LABEL_INPUTS = { amplitude: "label/amplitude", phase: "label/phase", known: "label/known" } as const;

/** What patches are compared with. */
export interface LabelTensors {
  readonly amplitude: Tensor;
  /** Radians. */
  readonly phase: Tensor;
  /** 1, or 0 where nothing is known. */
  readonly known: Tensor;
}

export function labelInputs(graph: Graph, shape: readonly number[]): LabelTensors {
  const input = (name: keyof LabelTensors): Tensor => graph.input(LABEL_INPUTS[name], shape);
  return { amplitude: input("amplitude"), phase: input("phase"), known: input("known") };
}

/**
 * Mean absolute errors of patches against labels, per pixel, `[batch]` each. Pixels without a label count as no error.
 *
 * - Polar patches: |A − A*|, and |φ − φ*| around the circle, 0 … π, so that a label at π and a phase at −π agree. Where a
 *   label is zero it has no phase, and none is asked for.
 * - Cartesian patches O: in the label's own frame, U = O exp(−iφ*), |Re U − A*| along the label and |Im U| across it. To
 *   first order these are |A − A*| and A |φ − φ*|; their slopes are finite everywhere, at O = 0 and opposite to the label
 *   too, where a modulus and an angle have none, and they are convex in O.
 */
export function labelErrors(patches: Patches, label: LabelTensors): { amplitude: Tensor; phase: Tensor } {
  const { known } = label;
  if (patches.kind === "polar") {
    const hasPhase = mul(known, cast(greater(label.amplitude, 0), "float32"));
    return {
      amplitude: sampleMean(mul(absoluteError(patches.amplitude, label.amplitude), known)),
      phase: sampleMean(mul(abs(aroundCircle(sub(patches.phase, label.phase))), hasPhase)),
    };
  }
  const [c, s] = [cos(label.phase), sin(label.phase)];
  const along = add(mul(patches.re, c), mul(patches.im, s));
  const across = sub(mul(patches.im, c), mul(patches.re, s));
  return {
    amplitude: sampleMean(mul(absoluteError(along, label.amplitude), known)),
    phase: sampleMean(mul(abs(across), known)),
  };
}

/** An angle brought to [−π, π) by whole turns, through which no gradient flows. */
function aroundCircle(angle: Tensor): Tensor {
  const turns = floor(add(div(angle, 2 * Math.PI), 0.5));
  return sub(angle, mul(turns, 2 * Math.PI));
}
