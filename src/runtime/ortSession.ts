import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";
import { PtychonautError } from "../errors.ts";
import type { HostTensor, Session } from "./runtime.ts";

/** What differs between ONNX Runtime's packages for Node and for browsers, beside how a session is made. */
export interface OrtFlavour {
  /** The package's own class: each package recognises only its own tensors. */
  readonly Tensor: TensorConstructor;
  /** For sessions that write outputs into memory of the caller's and return none. */
  readonly stop?: ConversionStop;
}

/** An output at which a run ends with an error, all being computed and nothing returned. */
export interface ConversionStop {
  readonly output: string;
  is(error: unknown): boolean;
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
    const { Tensor, stop } = this.#flavour;
    const inputs: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new PtychonautError("usage", `graph input "${name}" is not fed`);
      inputs[name] = toOrt(Tensor, feed);
    }
    const names = fetches ?? this.outputNames;
    if (stop !== undefined) return this.#write(stop, inputs, names, into);
    const results = await this.#session.run(inputs, Object.fromEntries(names.map((name) => [name, null])));
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const value = fromOrt(tensor);
        return [name, into[name] === undefined ? value : copied(name, value, into[name])];
      }),
    );
  }

  async #write(
    stop: ConversionStop,
    inputs: Readonly<Record<string, Tensor>>,
    names: readonly string[],
    into: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>> {
    const targets = Object.fromEntries(
      names.map((name) => {
        if (into[name] === undefined)
          throw new PtychonautError("usage", `graph output "${name}" has no memory to go to`);
        return [name, into[name]];
      }),
    );
    const tensors = Object.entries(targets).map(
      ([name, target]) => [name, toOrt(this.#flavour.Tensor, target)] as const,
    );
    const written = watch(targets);
    try {
      await this.#session.run(inputs, { [stop.output]: null, ...Object.fromEntries(tensors) });
    } catch (error) {
      if (!stop.is(error) || !written()) throw error;
    }
    return targets;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/** A NaN that no operator makes. */
const UNWRITTEN = 0x7fc0_5afe;

/** Marks the first number of a tensor, and tells later whether something was written over it. */
function watch(targets: Readonly<Record<string, HostTensor>>): () => boolean {
  const first = Object.values(targets).find(({ data }) => data instanceof Float32Array && data.length > 0)?.data;
  if (first === undefined) return () => true;
  const bits = new Uint32Array(first.buffer, first.byteOffset, 1);
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
