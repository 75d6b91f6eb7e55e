import { type Complex, each, intensity } from "../../graph/complex.ts";
import { gradients } from "../../graph/gradients.ts";
import type { Target } from "../../graph/lowering/target.ts";
import { buildModel } from "../../graph/onnx/model.ts";
import { add, mul, sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { concat, expand, reshape, slice } from "../../graph/ops/layout.ts";
import { sum } from "../../graph/ops/reduce.ts";
import { type Optimizer, optimizerScalars } from "../../graph/optimizers.ts";
import { Graph, type Tensor } from "../../graph/tensor.ts";
import { multisliceExit } from "../../physics/multislice.ts";
import { sampleSum } from "../../physics/perSample.ts";
import { halfDeviance } from "../../physics/poisson.ts";
import type { Propagator } from "../../physics/propagation/propagator.ts";
import { cutWindows } from "../../physics/windows.ts";
import { POISSON_DARK } from "../kernels/kernels.ts";

/** What the graphs of a scan are built for. */
export interface AdShape {
  /** Frames of a batch; fewer are filled up with such that weigh nothing. */
  readonly frames: number;
  readonly modes: number;
  readonly window: readonly [height: number, width: number];
  readonly canvas: readonly [height: number, width: number];
  readonly slices: number;
  readonly between: boolean;
  readonly masked: boolean;
}

export interface AdPhysics {
  readonly shape: AdShape;
  readonly propagator: Propagator;
  /** From slice to slice, where there are several. */
  readonly between?: Propagator;
  readonly noise: "gaussian" | "poisson";
  /** Variance of the detector's read-out, in the unit of the measured intensities. */
  readonly dark: number;
}

/** What moves, each `[slices, H W]` or `[M, h, w]`. */
export const objectNames = ["object.re", "object.im"] as const;
export const probeNames = ["probe.re", "probe.im"] as const;
export type ParameterName = (typeof objectNames)[number] | (typeof probeNames)[number];

/** Of each part of a wave. */
export const shapeOf = ({ canvas, slices, modes, window }: AdShape, wave: "object" | "probe"): readonly number[] =>
  wave === "object" ? [slices, canvas[0] * canvas[1]] : [modes, ...window];

export const movingNames = (movesProbe: boolean): readonly ParameterName[] =>
  movesProbe ? [...objectNames, ...probeNames] : objectNames;

/**
 * Keeps the slope of √Î finite where there is no light, and small where there is only rounding: in float32 waves of 10⁻⁷ are
 * of no phase in particular, and would else be asked to become what was measured in that direction.
 */
const NO_LIGHT = 1e-9;

/** A scan's likelihood as one graph: the physics that trains networks, on pixels. */
export interface AdGraph {
  readonly graph: Graph;
  readonly parameters: Readonly<Record<ParameterName, Tensor>>;
  /** Scalar: Σ over frames of their weight times Σ (√Î − √I)², or half the Poisson deviance, over valid pixels. */
  readonly loss: Tensor;
  /** `[B, 4]`, as `Kernels.likelihood` says. */
  readonly misfits: Tensor;
}

/** Inputs beside the parameters: `measured` `[B, h, w]`, `weights` `[B]`, `pixels`, `fractions`, `mask` `[h, w]`. */
export function adGraph({ shape, propagator, between: step = propagator, noise, dark }: AdPhysics): AdGraph {
  const { frames, window, between, masked } = shape;
  const graph = new Graph();
  const object = complexInput(graph, objectNames, shapeOf(shape, "object"));
  const probe = complexInput(graph, probeNames, shapeOf(shape, "probe"));
  const rim = between ? 1 : 0;
  const pixels = graph.input("pixels", [frames, (window[0] + rim) * (window[1] + rim)], "int64");
  const fractions = between ? { fractions: graph.input("fractions", [frames, 2]) } : {};
  const measured = graph.input("measured", [frames, ...window]);
  const weights = graph.input("weights", [frames]);
  const mask = masked ? graph.input("mask", [...window]) : undefined;
  const patches = slicesOf(object).map((slice) => cutWindows(slice, { pixels, ...fractions }, window));
  const expected = sum(intensity(propagator.forward(multisliceExit(patches, probe, step))), { axes: [-3] });
  const valid = (x: Tensor): Tensor => sampleSum(mask === undefined ? x : mul(x, mask));
  const counts = square(measured);
  const off = valid(square(sub(sqrt(add(expected, NO_LIGHT)), measured)));
  const own = noise === "gaussian" ? off : valid(halfDeviance(add(expected, dark), add(counts, dark)));
  const deviance = mul(valid(halfDeviance(add(expected, POISSON_DARK), counts)), 2);
  const pixelCount = mask === undefined ? graph.scalar(window[0] * window[1]) : sum(mask);
  const column = (x: Tensor): Tensor => reshape(x, [frames, 1]);
  const ones = graph.constant(new Float32Array(frames).fill(1), [frames]);
  return {
    graph,
    parameters: {
      "object.re": object.re,
      "object.im": object.im,
      "probe.re": probe.re,
      "probe.im": probe.im,
    },
    loss: sum(mul(own, weights)),
    misfits: concat([off, valid(counts), deviance, mul(ones, pixelCount)].map(column), 1),
  };
}

/** `[slices, H W]` one by one. */
function slicesOf(object: Complex): Complex[] {
  const [count, pixels] = object.re.shape as [number, number];
  return Array.from({ length: count }, (_, k) =>
    each(object, (part) => reshape(slice(part, [{ axis: 0, start: k, end: k + 1 }]), [pixels])),
  );
}

function complexInput(graph: Graph, [re, im]: readonly [string, string], shape: readonly number[]): Complex {
  return { re: graph.input(re, shape), im: graph.input(im, shape) };
}

/** Outputs `misfits`, `loss`, and `grad/NAME` of what moves. */
export function gradientModel(physics: AdPhysics, names: readonly ParameterName[], target: Target): Uint8Array {
  const { parameters, loss, misfits } = adGraph(physics);
  const grads = gradients(
    loss,
    names.map((name) => parameters[name]),
  );
  const slopes = Object.fromEntries(names.map((name, i) => [`grad/${name}`, grads[i]]));
  return buildModel({ outputs: { loss, misfits, ...slopes }, target });
}

/** Of an optimiser, one step: inputs `scale/NAME` on the gradients and moments `MOMENT/NAME` too, outputs `next/…`. */
export function stepModel(
  physics: AdPhysics,
  names: readonly ParameterName[],
  optimizer: Optimizer,
  target: Target,
): Uint8Array {
  const { graph, parameters, loss, misfits } = adGraph(physics);
  const moving = names.map((name) => parameters[name]);
  return buildModel({
    outputs: { misfits, ...updates(graph, names, moving, gradients(loss, moving), optimizer) },
    target,
  });
}

/** The same of gradients that others have found: inputs `grad/NAME` and `NAME`. */
export function updateModel(
  { shape }: AdPhysics,
  names: readonly ParameterName[],
  optimizer: Optimizer,
  target: Target,
): Uint8Array {
  const graph = new Graph();
  const inputs = (prefix: string): Tensor[] =>
    names.map((name) => graph.input(`${prefix}${name}`, shapeOf(shape, waveOf(name))));
  return buildModel({ outputs: updates(graph, names, inputs(""), inputs("grad/"), optimizer), target });
}

const waveOf = (name: ParameterName): "object" | "probe" =>
  objectNames.some((part) => part === name) ? "object" : "probe";

/** Outputs `next/…` of a step. */
function updates(
  graph: Graph,
  names: readonly ParameterName[],
  parameters: readonly Tensor[],
  grads: readonly Tensor[],
  optimizer: Optimizer,
): Record<string, Tensor> {
  const outputs: Record<string, Tensor> = {};
  const scalars = optimizerScalars(graph, optimizer);
  names.forEach((name, i) => {
    const parameter = parameters[i];
    const moments = optimizer.moments.map((moment) => graph.input(`${moment}/${name}`, parameter.shape));
    const rate = graph.input(`rate/${name}`, []);
    // In units of the step that a full one would be, so that one learning rate serves object and probe.
    const slope = mul(grads[i], graph.input(`scale/${name}`, []));
    const still = expand(graph.scalar(0), parameter.shape);
    const { parameter: step, moments: after } = optimizer.update(still, slope, moments, scalars);
    outputs[`next/${name}`] = add(parameter, mul(step, rate));
    optimizer.moments.forEach((moment, k) => {
      outputs[`next/${moment}/${name}`] = after[k];
    });
  });
  return outputs;
}
