import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { PtychonautError } from "../../errors.ts";
import type { HostTensor, Provider, Runtime, Session, SessionOptions } from "../runtime.ts";

/** The runtime in Node: onnxruntime-node with one execution provider. Which one to take: `accelerator.ts`. */
export function nodeRuntime(provider: Provider, description: string, defaults: SessionOptions = {}): Runtime {
  return {
    provider,
    description,
    load: async (model, options) => new NodeSession(await create(model, provider, { ...defaults, ...options })),
  };
}

async function create(model: Uint8Array, provider: Provider, options: SessionOptions): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      logSeverityLevel: 3,
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    });
  } catch (cause) {
    throw new PtychonautError("device", `ONNX Runtime refuses the graph on provider ${provider}`, {
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

class NodeSession implements Session {
  readonly #session: InferenceSession;

  constructor(session: InferenceSession) {
    this.#session = session;
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
    const inputs: Record<string, OrtTensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new PtychonautError("usage", `graph input "${name}" is not fed`);
      inputs[name] = toOrt(feed);
    }
    const wanted: Record<string, OrtTensor | null> = {};
    for (const name of fetches ?? this.outputNames) wanted[name] = into[name] === undefined ? null : toOrt(into[name]);
    const results = await this.#session.run(inputs, wanted);
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, { data: hostData(tensor), shape: tensor.dims }]),
    );
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function toOrt({ data, shape }: HostTensor): OrtTensor {
  if (data instanceof Float32Array) return new OrtTensor("float32", data, shape);
  if (data instanceof BigInt64Array) return new OrtTensor("int64", data, shape);
  if (data instanceof Int32Array) return new OrtTensor("int32", data, shape);
  return new OrtTensor("bool", data, shape);
}

function hostData(tensor: OrtTensor): HostTensor["data"] {
  const { data } = tensor;
  if (data instanceof Float32Array || data instanceof BigInt64Array || data instanceof Int32Array) return data;
  if (data instanceof Uint8Array) return data;
  throw new PtychonautError("shape", `a graph output of type ${tensor.type} has no place in this program`);
}
