import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";
import { PtychonautError } from "../errors.ts";
import type { HostTensor, Session } from "./runtime.ts";

/** What differs between ONNX Runtime's packages for Node and for browsers, beside how a session is made. */
export interface OrtFlavour {
  /** The package's own class: each package recognises only its own tensors. */
  readonly Tensor: TensorConstructor;
  /** Whether a run can write its outputs into memory that the caller brings. */
  readonly writesInto: boolean;
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
    return this.#session.outputNames;
  }

  async run(
    feeds: Readonly<Record<string, HostTensor>>,
    fetches?: readonly string[],
    into: Readonly<Record<string, HostTensor>> = {},
  ): Promise<Record<string, HostTensor>> {
    const { Tensor, writesInto } = this.#flavour;
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
    const results = await this.#session.run(inputs, wanted);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => {
        const value = fromOrt(tensor);
        return [name, writesInto || into[name] === undefined ? value : copied(name, value, into[name])];
      }),
    );
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
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
