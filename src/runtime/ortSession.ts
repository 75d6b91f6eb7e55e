import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";
import { PtychonautError } from "../errors.ts";
import type { HostTensor, Session } from "./runtime.ts";

/** What differs between ONNX Runtime's packages for Node and for browsers, beside how a session is made. */
export interface OrtFlavour {
  /** The package's own class: each package recognises only its own tensors. */
  readonly Tensor: TensorConstructor;
  /** Whether a run can write its outputs into memory that the caller brings. */
  readonly writesInto: boolean;
  /** An output at which a run ends by an error, with everything computed but nothing returned. */
  readonly stop?: { readonly output: string; is(error: unknown): boolean };
}

/** A `Session` over one of ONNX Runtime's JavaScript packages, which share their interface. */
export class OrtSession implements Session {
  readonly #session: InferenceSession;
  readonly #flavour: OrtFlavour;

  constructor(session: InferenceSession, flavour: OrtFlavour) {
    this.#session = session;
    this.#flavour = flavour;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames.filter((name) => name !== this.#flavour.stop?.output);
  }

  async run(
    feeds: Readonly<Record<string, HostTensor>>,
    fetches?: readonly string[],
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    const { Tensor, writesInto, stop } = this.#flavour;
    const inputs: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new PtychonautError("usage", `graph input "${name}" is not fed`);
      inputs[name] = toOrt(Tensor, feed);
    }
    const wanted: Record<string, Tensor | null> = {};
    for (const name of fetches ?? this.outputNames) {
      const target = writesInto ? into[name] : undefined;
      wanted[name] = target === undefined ? null : toOrt(Tensor, target);
    }
    if (stop !== undefined) {
      await this.#runUnreturned(stop, inputs, wanted);
      return Object.fromEntries(Object.keys(wanted).map((name) => [name, into[name]!]));
    }
    const results = await this.#session.run(inputs, wanted);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const value = fromOrt(tensor);
        return [name, writesInto || into[name] === undefined ? value : copied(name, value, into[name])];
      }),
    );
  }

  async #runUnreturned(
    stop: NonNullable<OrtFlavour["stop"]>,
    inputs: Record<string, Tensor>,
    wanted: Record<string, Tensor | null>,
  ): Promise<void> {
    const missing = Object.keys(wanted).find((name) => wanted[name] === null);
    if (missing !== undefined) throw new PtychonautError("usage", `no memory for graph output "${missing}"`);
    const proof = overwritten(Object.values(wanted) as Tensor[]);
    try {
      await this.#session.run(inputs, { [stop.output]: null, ...wanted });
    } catch (error) {
      if (!stop.is(error) || !proof()) throw error;
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/** A number that no operator makes, a NaN with a message of its own, as the first element of a float32 tensor. */
const UNWRITTEN = 0x7fc0_5afe;

/** Marks a tensor, and tells later whether something was written over the mark. */
function overwritten(tensors: readonly Tensor[]): () => boolean {
  const data = tensors.map(({ data }) => data).find((data) => data instanceof Float32Array && data.length > 0);
  if (!(data instanceof Float32Array)) return () => true;
  const bits = new Uint32Array(data.buffer, data.byteOffset, 1);
  bits[0] = UNWRITTEN;
  return () => bits[0] !== UNWRITTEN;
}

export function toOrt(Tensor: TensorConstructor, { data, shape }: HostTensor): Tensor {
  if (data instanceof Float32Array) return new Tensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new Tensor("int64", data, shape);
  if (data instanceof Int32Array) return new Tensor("int32", data, shape);
  return new Tensor("bool", data, shape);
}

export function fromOrt(tensor: Tensor): HostTensor {
  const { data, dims: shape } = tensor;
  if (data instanceof Float32Array || data instanceof BigInt64Array || data instanceof Int32Array)
    return { data, shape };
  if (data instanceof Uint8Array) return { data, shape };
  throw new PtychonautError("shape", `a graph output of type ${tensor.type} has no place in this program`);
}

function copied(name: string, { data, shape }: HostTensor, target: HostTensor): HostTensor {
  if (target.data.length !== data.length || target.data.constructor !== data.constructor) {
    throw new PtychonautError("shape", `the memory for graph output "${name}" does not fit`, {
      expected: `${data.constructor.name} of ${data.length}`,
      got: `${target.data.constructor.name} of ${target.data.length}`,
    });
  }
  (target.data as Float32Array).set(data as Float32Array);
  return { data: target.data, shape };
}
