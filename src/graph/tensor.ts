import { sizeOf } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";

/**
 * Symbolic tensors: a value that a graph will compute, with its shape and dtype known now. Operators are free functions
 * over tensors (`graph/ops/`); each appends one node of a standard ONNX operator to the graph it works on. Those compute in
 * float32; float64 is for graphs that are translated to measure what float32 costs.
 */
export type DType = "float32" | "float64" | "int64" | "int32" | "bool";

/** ONNX's number of each dtype (onnx.proto, `TensorProto.DataType`). */
export const onnxType: Readonly<Record<DType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };

/** Plain numbers are integers; `{ float }` marks the few attributes that are not. */
export type Attribute = number | readonly number[] | string | { readonly float: number };

export type ConstantData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

export interface Node {
  readonly id: number;
  /**
   * ONNX operator type; "domain::Op" outside the standard set. Those that `lowering/portable/rules.ts` lists are not ONNX's: each
   * target of `lowering/` has its own way of computing them.
   */
  readonly op: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly Tensor[];
  /** Where in the model this node came from ("encoder.0.conv1"), for profiles. */
  readonly scope: string;
}

export class Tensor {
  readonly graph: Graph;
  readonly id: number;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** What computes it; undefined for inputs and constants. */
  node: Node | undefined;
  /** Name of a graph input. */
  readonly inputName: string | undefined;
  /** Value of a constant. */
  readonly constant: ConstantData | undefined;

  constructor(
    graph: Graph,
    id: number,
    shape: readonly number[],
    dtype: DType,
    source: { inputName?: string; constant?: ConstantData } = {},
  ) {
    this.graph = graph;
    this.id = id;
    this.shape = shape;
    this.dtype = dtype;
    this.inputName = source.inputName;
    this.constant = source.constant;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  toString(): string {
    return `${this.inputName ?? this.node?.op ?? "constant"}#${this.id} ${this.dtype}[${this.shape.join(", ")}]`;
  }
}

export interface OutputType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/**
 * A static graph under construction. Emitting the same operator on the same operands twice gives the same tensor, so
 * forward and backward passes share what they have in common without anybody arranging it.
 */
export class Graph {
  readonly nodes: Node[] = [];
  readonly inputs: Map<string, Tensor> = new Map();
  #nextId = 0;
  #known = new Map<string, readonly Tensor[]>();
  #scopes: string[] = [];

  /** A value fed at run time. Names are unique in a graph. */
  input(name: string, shape: readonly number[], dtype: DType = "float32"): Tensor {
    if (this.inputs.has(name)) throw new PtychonautError("usage", `graph input "${name}" exists already`);
    checkShape(shape);
    const tensor = new Tensor(this, this.#nextId++, [...shape], dtype, { inputName: name });
    this.inputs.set(name, tensor);
    return tensor;
  }

  /** A value baked into the model. */
  constant(data: ConstantData, shape: readonly number[]): Tensor {
    checkShape(shape);
    if (sizeOf(shape) !== data.length) {
      throw new PtychonautError("shape", "constant does not fill its shape", {
        expected: `${sizeOf(shape)} elements for [${shape.join(", ")}]`,
        got: String(data.length),
      });
    }
    const make = (): Tensor[] => [new Tensor(this, this.#nextId++, [...shape], dtypeOf(data), { constant: data })];
    if (data.length > 64) return make()[0];
    const key = `${dtypeOf(data)}|${shape.join()}|${data.join()}${isFloating(data) ? negativeZeros(data) : ""}`;
    return this.#remember(key, make)[0];
  }

  scalar(value: number): Tensor {
    return this.constant(Float32Array.of(value), []);
  }

  /** Integers for shapes, axes and indices, as ONNX wants them. */
  int64(values: readonly number[]): Tensor {
    return this.constant(BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** Appends a node. For operators (`graph/ops/`) only; everything else calls those. */
  emit(
    op: string,
    inputs: readonly Tensor[],
    attributes: Readonly<Record<string, Attribute>>,
    outputs: readonly OutputType[],
  ): readonly Tensor[] {
    for (const tensor of inputs) {
      if (tensor.graph !== this)
        throw new PtychonautError("usage", `${op}: operand ${tensor} belongs to another graph`);
    }
    const key = `${op}|${inputs.map((t) => t.id).join()}|${JSON.stringify(attributes)}|${outputs.length}`;
    return this.#remember(key, () => {
      const made = outputs.map((type) => new Tensor(this, this.#nextId++, type.shape, type.dtype));
      const scope = this.#scopes.join(".");
      const node: Node = { id: this.nodes.length, op, inputs, attributes, outputs: made, scope };
      for (const tensor of made) tensor.node = node;
      this.nodes.push(node);
      return made;
    });
  }

  /** Labels the nodes that `build` emits, for profiles. */
  scoped<T>(name: string, build: () => T): T {
    this.#scopes.push(name);
    try {
      return build();
    } finally {
      this.#scopes.pop();
    }
  }

  #remember(key: string, make: () => readonly Tensor[]): readonly Tensor[] {
    let tensors = this.#known.get(key);
    if (tensors === undefined) {
      tensors = make();
      this.#known.set(key, tensors);
    }
    return tensors;
  }
}

/** What operators accept: a tensor, or a number that becomes a float32 scalar constant. */
export type Operand = Tensor | number;

/** Turns numbers among operands into scalars of the graph that the tensors belong to. */
export function operands(...values: readonly Operand[]): Tensor[] {
  const graph = values.find((value) => value instanceof Tensor)?.graph;
  if (graph === undefined) throw new PtychonautError("usage", "an operator needs at least one tensor");
  return values.map((value) => (value instanceof Tensor ? value : graph.scalar(value)));
}

/** The value of a scalar float constant, if that is what `tensor` is. */
export function scalarValue(tensor: Operand): number | undefined {
  if (typeof tensor === "number") return tensor;
  return tensor.size === 1 && tensor.constant instanceof Float32Array ? tensor.constant[0] : undefined;
}

/** The integers of an int64 constant (axes, starts, shapes). */
export function integers(tensor: Tensor): number[] {
  if (!(tensor.constant instanceof BigInt64Array)) {
    throw new PtychonautError("usage", `${tensor} is not a constant list of integers`);
  }
  return Array.from(tensor.constant, Number);
}

export function requireDtype(op: string, tensor: Tensor, dtype: DType): void {
  if (tensor.dtype !== dtype) {
    throw new PtychonautError("shape", `${op}: wrong dtype of ${tensor}`, { expected: dtype, got: tensor.dtype });
  }
}

export function shapeError(op: string, expected: string, ...tensors: readonly Tensor[]): PtychonautError {
  return new PtychonautError("shape", `${op}: shapes do not fit`, { expected, got: tensors.map(String).join(" and ") });
}

function checkShape(shape: readonly number[]): void {
  if (!shape.every((extent) => Number.isInteger(extent) && extent >= 0)) {
    throw new PtychonautError("shape", "a shape must hold whole numbers", { got: `[${shape.join(", ")}]` });
  }
}

function dtypeOf(data: ConstantData): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof BigInt64Array) return "int64";
  return data instanceof Int32Array ? "int32" : "bool";
}

const isFloating = (data: ConstantData): data is Float32Array | Float64Array =>
  data instanceof Float32Array || data instanceof Float64Array;

/** `join` writes −0 as 0; they differ as divisors. */
const negativeZeros = (data: Float32Array | Float64Array): string => (data.some((x) => Object.is(x, -0)) ? "|-0" : "");
