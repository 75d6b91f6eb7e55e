import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import type { Random } from "../random.ts";

/** Fills a fresh parameter of the given shape. */
export type Initialiser = (shape: readonly number[], random: Random) => Float32Array;

export interface ParameterSpec {
  /** Dotted path, unique in a model: "encoder.0.conv1.weight". */
  readonly name: string;
  readonly shape: readonly number[];
  /** False for what the optimiser leaves alone: frozen parameters, and state (running statistics of batch normalisation). */
  readonly trainable: boolean;
  readonly initialise: Initialiser;
}

/** Values of parameters by name. */
export type ParameterValues = Readonly<Record<string, Float32Array>>;

export interface ParametersOptions {
  readonly training: boolean;
  /** Scopes that training leaves as they are: no gradient, no moments, no update of running statistics. Default none. */
  readonly frozen?: readonly string[];
}

/**
 * The parameters that a network asks for while it is built into a graph. Each becomes a graph input of its name, which a
 * training step feeds, and which an exported model has baked in.
 */
export class Parameters {
  readonly graph: Graph;
  readonly specs: ParameterSpec[] = [];
  readonly tensors: Map<string, Tensor> = new Map();
  /** New values of untrained state that this step computes. */
  readonly updates: Map<string, Tensor> = new Map();
  readonly #training: boolean;
  readonly #frozen: readonly string[];
  #path: string[] = [];

  constructor(graph: Graph, { training, frozen = [] }: ParametersOptions) {
    this.graph = graph;
    this.#training = training;
    this.#frozen = frozen;
  }

  /** Batch normalisation uses the batch's statistics and updates its running ones. Never so in a frozen scope. */
  get training(): boolean {
    return this.#training && !this.#isFrozen;
  }

  /** Parameters and graph nodes made inside `build` get `name` in front of theirs. */
  within<T>(name: string, build: () => T): T {
    this.#path.push(name);
    try {
      return this.graph.scoped(name, build);
    } finally {
      this.#path.pop();
    }
  }

  trainable(name: string, shape: readonly number[], initialise: Initialiser): Tensor {
    return this.#add(name, shape, initialise, !this.#isFrozen);
  }

  /** State that is carried along but not optimised. */
  state(name: string, shape: readonly number[], initialise: Initialiser): Tensor {
    return this.#add(name, shape, initialise, false);
  }

  /** Says what a piece of state becomes after this step. */
  update(name: string, value: Tensor): void {
    this.updates.set(this.#full(name), value);
  }

  #add(name: string, shape: readonly number[], initialise: Initialiser, trainable: boolean): Tensor {
    const full = this.#full(name);
    const tensor = this.graph.input(full, shape);
    this.specs.push({ name: full, shape: [...shape], trainable, initialise });
    this.tensors.set(full, tensor);
    return tensor;
  }

  get #isFrozen(): boolean {
    const path = this.#path.join(".");
    return this.#frozen.some((scope) => path === scope || path.startsWith(`${scope}.`));
  }

  #full(name: string): string {
    return [...this.#path, name].join(".");
  }
}

/** Fresh values for all parameters, in the order of their definition. */
export function initialise(specs: readonly ParameterSpec[], random: Random): Record<string, Float32Array> {
  return Object.fromEntries(specs.map((spec) => [spec.name, spec.initialise(spec.shape, random)]));
}

/** Number of values that training changes. */
export function countTrainable(specs: readonly ParameterSpec[]): number {
  return specs.reduce((total, spec) => total + (spec.trainable ? sizeOf(spec.shape) : 0), 0);
}

/** Checks that values belong to exactly these parameters: none missing, none extra, every length right. */
export function checkValues(specs: readonly ParameterSpec[], values: ParameterValues, where: string): void {
  const names = new Set(specs.map((spec) => spec.name));
  const missing = specs.filter((spec) => values[spec.name] === undefined).map((spec) => spec.name);
  const extra = Object.keys(values).filter((name) => !names.has(name));
  if (missing.length > 0 || extra.length > 0) {
    throw new PtychonautError("bundle", "weights do not belong to this network", {
      where,
      got: [
        ...(missing.length > 0 ? [`missing ${missing.slice(0, 5).join(", ")} (${missing.length})`] : []),
        ...(extra.length > 0 ? [`extra ${extra.slice(0, 5).join(", ")} (${extra.length})`] : []),
      ].join("; "),
      fix: "use the configuration that the weights were trained with",
    });
  }
  for (const spec of specs) {
    if (values[spec.name].length !== sizeOf(spec.shape)) {
      throw new PtychonautError("bundle", `weight "${spec.name}" has another size`, {
        where,
        expected: `[${spec.shape.join(", ")}]`,
        got: `${values[spec.name].length} values`,
      });
    }
  }
}
