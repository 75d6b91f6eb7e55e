import { PtychonautError } from "../../errors.ts";
import { lower } from "../lowering/lower.ts";
import type { Target } from "../lowering/target.ts";
import { peakBytes } from "../peakBytes.ts";
import { reachable } from "../reachable.ts";
import { type Attribute, type ConstantData, type Node, onnxType, type Tensor } from "../tensor.ts";
import { ProtobufWriter } from "./protobuf.ts";

/** Serialises a graph as an ONNX model (onnx.proto, IR version 9, operator set 20). */
export interface ModelOptions {
  /** Values to compute, by the name under which a session returns them. */
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** Graph inputs to bake in as initializers of the same name (a trained network's weights). */
  readonly bind?: Readonly<Record<string, Float32Array>>;
  /** What the model is to run on. Default "portable": standard ONNX operators only. */
  readonly target?: Target;
  /** Stored with the model, readable by any ONNX tool. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const IR_VERSION = 9;
const OPERATOR_SET = 20;
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** Only what the outputs depend on is written; inputs that nothing uses disappear. */
export function buildModel(options: ModelOptions): Uint8Array {
  return measuredModel(options).bytes;
}

/** A model, and the bytes of all values that running it holds at once, at most (`peakBytes`). */
export function measuredModel(options: ModelOptions): { readonly bytes: Uint8Array; readonly peak: number } {
  if (Object.keys(options.outputs).length === 0)
    throw new PtychonautError("usage", "a model needs at least one output");
  const outputs = Object.entries(lower(options.outputs, options.target ?? "portable"));
  const { nodes, leaves } = reachable(outputs.map(([, tensor]) => tensor));
  const { names, copies } = nameTensors(nodes, leaves, outputs);
  const bind = options.bind ?? {};

  const model = new ProtobufWriter().integer(1, IR_VERSION).string(2, "ptychonaut");
  model.message(7, (graph) => {
    for (const node of nodes) graph.message(1, (message) => writeNode(message, node, names));
    for (const [from, to] of copies) {
      graph.message(1, (message) =>
        message.string(1, from).string(2, to).string(3, `output ${to}`).string(4, "Identity"),
      );
    }
    graph.string(2, "ptychonaut");
    for (const leaf of leaves) {
      const data = leaf.constant ?? bind[leaf.inputName!];
      if (data === undefined) continue;
      if (data.length !== leaf.size) {
        throw new PtychonautError("shape", `value for graph input "${leaf.inputName}" does not fit`, {
          expected: `${leaf.size} elements`,
          got: String(data.length),
        });
      }
      graph.message(5, (message) => writeInitializer(message, names.get(leaf)!, leaf, data));
    }
    for (const leaf of leaves) {
      if (leaf.inputName === undefined || bind[leaf.inputName] !== undefined) continue;
      graph.message(11, (message) => writeValueInfo(message, leaf.inputName!, leaf));
    }
    for (const [name, tensor] of outputs) graph.message(12, (message) => writeValueInfo(message, name, tensor));
  });
  model.message(8, (set) => set.string(1, "").integer(2, OPERATOR_SET));
  for (const domain of new Set(nodes.map((node) => splitDomain(node.op)[0]))) {
    if (domain !== "") model.message(8, (set) => set.string(1, domain).integer(2, 1));
  }
  for (const [key, value] of Object.entries(options.metadata ?? {})) {
    model.message(14, (entry) => entry.string(1, key).string(2, value));
  }
  return { bytes: model.finish(), peak: peakBytes(outputs.map(([, tensor]) => tensor)) };
}

/** Outputs give their names to the tensors they are; a second name for one tensor, or for an input, needs a copy. */
function nameTensors(
  nodes: readonly Node[],
  leaves: readonly Tensor[],
  outputs: readonly (readonly [string, Tensor])[],
): { names: Map<Tensor, string>; copies: [string, string][] } {
  const names = new Map<Tensor, string>();
  for (const leaf of leaves) names.set(leaf, leaf.inputName ?? `c${leaf.id}`);
  const copies: [string, string][] = [];
  for (const [name, tensor] of outputs) {
    if (leaves.some((leaf) => leaf.inputName === name)) {
      throw new PtychonautError("usage", `model output "${name}" has the name of an input`, {
        fix: "give it another name",
      });
    }
    const known = names.get(tensor);
    if (known === undefined) names.set(tensor, name);
    else copies.push([known, name]);
  }
  for (const node of nodes) {
    for (const tensor of node.outputs) if (!names.has(tensor)) names.set(tensor, `t${tensor.id}`);
  }
  return { names, copies };
}

function writeNode(message: ProtobufWriter, node: Node, names: ReadonlyMap<Tensor, string>): void {
  for (const tensor of node.inputs) message.string(1, names.get(tensor)!);
  for (const tensor of node.outputs) message.string(2, names.get(tensor)!);
  const [domain, op] = splitDomain(node.op);
  message.string(3, `${node.scope}/${op}_${node.id}`).string(4, op);
  if (domain !== "") message.string(7, domain);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, (attribute) => writeAttribute(attribute.string(1, name), value));
  }
}

/** "domain::Op" is an operator outside the standard set. */
function splitDomain(op: string): [string, string] {
  const at = op.indexOf("::");
  return at < 0 ? ["", op] : [op.slice(0, at), op.slice(at + 2)];
}

function writeAttribute(message: ProtobufWriter, value: Attribute): void {
  if (typeof value === "number") message.integer(3, value).integer(20, attributeType.int);
  else if (typeof value === "string") message.string(4, value).integer(20, attributeType.string);
  else if ("float" in value) message.float(2, value.float).integer(20, attributeType.float);
  else {
    for (const item of value) message.integer(8, item);
    message.integer(20, attributeType.ints);
  }
}

function writeInitializer(message: ProtobufWriter, name: string, tensor: Tensor, data: ConstantData): void {
  for (const extent of tensor.shape) message.integer(1, extent);
  message.integer(2, onnxType[tensor.dtype]).string(8, name);
  message.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValueInfo(message: ProtobufWriter, name: string, tensor: Tensor): void {
  message.string(1, name).message(2, (type) =>
    type.message(1, (tensorType) =>
      tensorType.integer(1, onnxType[tensor.dtype]).message(2, (shape) => {
        for (const extent of tensor.shape) shape.message(1, (dimension) => dimension.integer(1, extent));
      }),
    ),
  );
}
