import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ConstantData, DType } from "../tensor.ts";

/** What models that we save are made of. */
type StoredType = Exclude<DType, "float64">;

/** A tensor stored inside an ONNX model: a weight or a constant. */
export interface Initializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: StoredType;
  readonly data: ConstantData;
}

/** Field numbers of onnx.proto. */
const MODEL_GRAPH = 7;
const GRAPH_INITIALIZER = 5;
const TENSOR = { dims: 1, dataType: 2, floatData: 4, name: 8, rawData: 9 } as const;

const dtypes: Readonly<Record<number, StoredType>> = { 1: "float32", 6: "int32", 7: "int64", 9: "bool" };
const bytesPerElement: Record<StoredType, number> = { float32: 4, int32: 4, int64: 8, bool: 1 };

/**
 * Reads the initializers of a serialised ONNX model and skips everything else.
 * @throws PtychonautError "data" when the bytes are no ONNX model, are cut short, hold one name twice or a dtype that this
 * program never writes
 */
export function readInitializers(model: Uint8Array): Map<string, Initializer> {
  const initializers = new Map<string, Initializer>();
  let graphs = 0;
  for (const field of fieldsOf(model)) {
    if (field.number !== MODEL_GRAPH) continue;
    graphs++;
    for (const member of fieldsOf(bytesOf(field))) {
      if (member.number !== GRAPH_INITIALIZER) continue;
      const tensor = readTensor(bytesOf(member));
      if (initializers.has(tensor.name)) throw damaged(`two initializers are named "${tensor.name}"`);
      initializers.set(tensor.name, tensor);
    }
  }
  if (graphs !== 1) throw damaged(`it holds ${graphs} graphs`);
  return initializers;
}

function readTensor(bytes: Uint8Array): Initializer {
  let name = "";
  let typeNumber = 0;
  let raw: Uint8Array | undefined;
  const shape: number[] = [];
  const floats: Uint8Array[] = [];
  for (const field of fieldsOf(bytes)) {
    if (field.number === TENSOR.dims) shape.push(...integersOf(field));
    else if (field.number === TENSOR.dataType) typeNumber = integersOf(field)[0] ?? 0;
    else if (field.number === TENSOR.name) name = new TextDecoder().decode(bytesOf(field));
    else if (field.number === TENSOR.floatData) floats.push(bytesOf(field));
    else if (field.number === TENSOR.rawData) raw = bytesOf(field);
  }
  const dtype = dtypes[typeNumber];
  if (dtype === undefined) throw damaged(`initializer "${name}" has the ONNX data type ${typeNumber}`);
  const content = raw ?? joined(floats);
  if (content.length !== sizeOf(shape) * bytesPerElement[dtype])
    throw damaged(`initializer "${name}" of shape [${shape.join(", ")}] holds ${content.length} bytes`);
  return { name, shape, dtype, data: typed(dtype, content) };
}

/** Copies, because a tensor may start at any byte of the file. ONNX is little-endian, as every machine we run on. */
function typed(dtype: StoredType, bytes: Uint8Array): ConstantData {
  const { buffer } = bytes.slice();
  if (dtype === "float32") return new Float32Array(buffer);
  if (dtype === "int32") return new Int32Array(buffer);
  return dtype === "int64" ? new BigInt64Array(buffer) : new Uint8Array(buffer);
}

/** One field of a protocol-buffer message: an integer (wire type 0) or bytes (wire types 1, 2 and 5). */
interface Field {
  readonly number: number;
  readonly value: number | Uint8Array;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 63) throw damaged("it is cut short or no protocol buffer");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (wireType === 0) {
      yield { number, value: varint() };
      continue;
    }
    if (wireType !== 1 && wireType !== 2 && wireType !== 5) throw damaged(`wire type ${wireType} in field ${number}`);
    const length = wireType === 2 ? varint() : wireType === 1 ? 8 : 4;
    if (at + length > message.length) throw damaged("it is cut short or no protocol buffer");
    yield { number, value: message.subarray(at, at + length) };
    at += length;
  }
}

function bytesOf({ number, value }: Field): Uint8Array {
  if (typeof value === "number") throw damaged(`field ${number} is an integer where bytes belong`);
  return value;
}

/** A repeated integer comes one by one or packed into bytes. */
function integersOf({ value }: Field): number[] {
  if (typeof value === "number") return [value];
  const integers: number[] = [];
  let scale = 1;
  let current = 0;
  for (const byte of value) {
    current += (byte & 127) * scale;
    scale *= 128;
    if (byte >= 128) continue;
    integers.push(current);
    scale = 1;
    current = 0;
  }
  return integers;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const damaged = (why: string): PtychonautError =>
  new PtychonautError("data", `not a readable ONNX model: ${why}`, { fix: "write or copy the model again" });
