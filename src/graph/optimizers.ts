import { PtychonautError } from "../errors.ts";
import { add, div, mul, sqrt, square, sub } from "./ops/elementwise.ts";
import type { Graph, Tensor } from "./tensor.ts";

/**
 * Optimisers as graph pieces: from a parameter, its gradient and its moments to the parameter and moments after one
 * step. What changes from step to step (learning rate, bias corrections) enters as scalar graph inputs, so that one
 * compiled graph serves a whole run. Semantics are PyTorch's.
 *
 * Each parameter is updated on its own rather than all of them as one long vector: a tensor's moments then stay in the
 * cache from operator to operator, which on one thread makes the update about a fifth faster.
 */
export interface Optimizer {
  readonly name: string;
  /** Tensors of the parameter's shape that are carried from step to step, zero at the start. */
  readonly moments: readonly string[];
  /** Names of the scalar graph inputs, in the order of `scalarValues`. */
  readonly scalars: readonly string[];
  /**
   * Values of the scalars.
   * @param step counts from 1
   */
  scalarValues(learningRate: number, step: number): readonly number[];
  /**
   * @param scalars tensors in the order of `scalars`
   * @param part factor on the step, default 1
   */
  update(
    parameter: Tensor,
    gradient: Tensor,
    moments: readonly Tensor[],
    scalars: readonly Tensor[],
    part?: number,
  ): Updated;
}

export interface Updated {
  readonly parameter: Tensor;
  readonly moments: readonly Tensor[];
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  /** Added to the root of the second moment. */
  readonly epsilon?: number;
  /** `adam`: an L2 term, λp added to the gradient. `adamw`: decoupled, p shrinks by the factor 1 − ηλ. */
  readonly weightDecay?: number;
}

/** Adam (Kingma & Ba 2015). */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamFamily("adam", options, false);
}

/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). */
export function adamw(options: AdamOptions = {}): Optimizer {
  return adamFamily("adamw", options, true);
}

/**
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², p ← p − (η / (1 − β₁ᵗ)) m / (√v / √(1 − β₂ᵗ) + ε).
 *
 * The moments are kept as M = m / (1 − β₁) and V = v / (1 − β₂), so that M ← β₁M + g and V ← β₂V + g², and the step is
 * evaluated as M / (√V · r + s) with the scalars r = √(1 − β₂) / (ρ √(1 − β₂ᵗ)), s = ε / ρ and ρ = η (1 − β₁) / (1 − β₁ᵗ):
 * three passes over memory less.
 */
function adamFamily(name: string, options: AdamOptions, decoupled: boolean): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  const shrinks = decoupled && weightDecay > 0;
  return {
    name,
    moments: ["moment1", "moment2"],
    scalars: ["rootScale", "rootOffset", ...(shrinks ? ["shrinkage"] : [])],
    scalarValues: (learningRate, step) => {
      requirePositive(learningRate);
      const rate = (learningRate * (1 - beta1)) / (1 - beta1 ** step);
      const root = Math.sqrt((1 - beta2) / (1 - beta2 ** step)) / rate;
      return [root, epsilon / rate, ...(shrinks ? [1 - learningRate * weightDecay] : [])];
    },
    update: (parameter, gradient, [m, v], [rootScale, rootOffset, shrinkage], part = 1) => {
      const g = decoupled ? gradient : withDecay(gradient, parameter, weightDecay);
      const moment1 = add(mul(m, beta1), g);
      const moment2 = add(mul(v, beta2), square(g));
      const step = div(moment1, add(mul(sqrt(moment2), rootScale), rootOffset));
      const start = shrinkage === undefined ? parameter : mul(parameter, shrinkage);
      return { parameter: partOfStep(parameter, sub(start, step), part), moments: [moment1, moment2] };
    },
  };
}

export interface SgdOptions {
  readonly momentum?: number;
  /** Look ahead along the momentum (Nesterov). */
  readonly nesterov?: boolean;
  /** L2 term: λp added to the gradient. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent: b ← μb + g; p ← p − η b, or with Nesterov's look-ahead p ← p − η (g + μb). */
export function sgd(options: SgdOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
  if (nesterov && momentum === 0) {
    throw new PtychonautError("usage", "Nesterov's look-ahead needs momentum", { expected: "momentum above 0" });
  }
  return {
    name: "sgd",
    moments: momentum === 0 ? [] : ["momentum"],
    scalars: ["learningRate"],
    scalarValues: (learningRate) => [learningRate],
    update: (parameter, gradient, [b], [learningRate], part = 1) => {
      const g = withDecay(gradient, parameter, weightDecay);
      if (b === undefined)
        return { parameter: partOfStep(parameter, sub(parameter, mul(g, learningRate)), part), moments: [] };
      const velocity = add(mul(b, momentum), g);
      const direction = nesterov ? add(g, mul(velocity, momentum)) : velocity;
      return {
        parameter: partOfStep(parameter, sub(parameter, mul(direction, learningRate)), part),
        moments: [velocity],
      };
    },
  };
}

/** The moment that is the running mean of the parameter itself. */
export const AVERAGE = "average";

/**
 * An optimiser that also keeps the running mean of each parameter, a ← a + s (p − a) after every step (Polyak & Juditsky
 * 1992, with exponential weights), as its last moment. The steps are as without it.
 *
 * The share is s = max(1 − decay, 9 / (t + 8)) at step t: the first step's parameter is taken whole, a young mean looks back
 * over about a ninth of the steps so far, and an old one over 1 / (1 − decay) steps.
 */
export function averaging(optimizer: Optimizer, decay: number): Optimizer {
  const own = optimizer.moments.length;
  return {
    name: optimizer.name,
    moments: [...optimizer.moments, AVERAGE],
    scalars: [...optimizer.scalars, "averageShare"],
    scalarValues: (learningRate, step) => [
      ...optimizer.scalarValues(learningRate, step),
      Math.max(1 - decay, 9 / (step + 8)),
    ],
    update: (parameter, gradient, moments, scalars, part) => {
      const updated = optimizer.update(parameter, gradient, moments.slice(0, own), scalars.slice(0, -1), part);
      const [average, share] = [moments[own], scalars[scalars.length - 1]];
      const next = add(average, mul(sub(updated.parameter, average), share));
      return { parameter: updated.parameter, moments: [...updated.moments, next] };
    },
  };
}

const partOfStep = (from: Tensor, to: Tensor, part: number): Tensor =>
  part === 1 ? to : add(from, mul(sub(to, from), part));

/** Graph inputs for an optimiser's scalars. */
export function optimizerScalars(graph: Graph, optimizer: Optimizer): Tensor[] {
  return optimizer.scalars.map((name) => graph.input(`optimizer.${name}`, []));
}

const withDecay = (gradient: Tensor, parameter: Tensor, weightDecay: number): Tensor =>
  weightDecay === 0 ? gradient : add(gradient, mul(parameter, weightDecay));

function requirePositive(learningRate: number): void {
  if (!(learningRate > 0)) {
    throw new PtychonautError("usage", "the learning rate must be above zero", { got: String(learningRate) });
  }
}
