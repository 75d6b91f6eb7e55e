import type { InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";
import { PtychonautError } from "../errors.ts";
import { buildModel } from "../graph/onnx/model.ts";
import { stopGradient } from "../graph/ops/elementwise.ts";
import { Graph } from "../graph/tensor.ts";
import { fromOrt, toOrt } from "./ortSession.ts";
import type { DeviceMemory, DeviceTensor, HostTensor, ResidentSession, SessionOptions } from "./runtime.ts";

type Create = (
  model: Uint8Array,
  options: SessionOptions,
  outputLocations: Readonly<Record<string, "gpu-buffer">>,
) => Promise<InferenceSession>;

/** WebGPU's buffers through ONNX Runtime, whose two packages treat them alike. */
export function ortDeviceMemory(create: Create, TensorClass: TensorConstructor): DeviceMemory {
  const load = async (
    model: Uint8Array,
    resident: readonly string[],
    options: SessionOptions = {},
  ): Promise<ResidentSession> => {
    const locations = Object.fromEntries(resident.map((name) => [name, "gpu-buffer"] as const));
    return new OrtResidentSession(await create(model, options, locations), TensorClass);
  };
  return {
    load,
    /** A graph that copies: ONNX Runtime's own download of a buffer aborts the process in Node (1.30). */
    async read(tensors) {
      const graph = new Graph();
      const names = Object.keys(tensors);
      if (names.length === 0) return {};
      const copies = names.map(
        (name) => [`copy of ${name}`, stopGradient(graph.input(name, tensors[name].shape))] as const,
      );
      const session = await load(buildModel({ outputs: Object.fromEntries(copies) }), []);
      const { host } = await session.run(tensors);
      await session.dispose();
      return Object.fromEntries(names.map((name) => [name, host[`copy of ${name}`]]));
    },
  };
}

class OrtDeviceTensor implements DeviceTensor {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  get shape(): readonly number[] {
    return this.tensor.dims;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

class OrtResidentSession implements ResidentSession {
  readonly #session: InferenceSession;
  readonly #Tensor: TensorConstructor;

  constructor(session: InferenceSession, TensorClass: TensorConstructor) {
    this.#session = session;
    this.#Tensor = TensorClass;
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): ReturnType<ResidentSession["run"]> {
    const inputs: Record<string, Tensor> = {};
    for (const name of this.inputNames) {
      const feed = feeds[name];
      if (feed === undefined) throw new PtychonautError("usage", `graph input "${name}" is not fed`);
      inputs[name] = this.#toOrt(name, feed);
    }
    const host: Record<string, HostTensor> = {};
    const device: Record<string, DeviceTensor> = {};
    for (const [name, tensor] of Object.entries(await this.#session.run(inputs))) {
      if (tensor.location === "gpu-buffer") device[name] = new OrtDeviceTensor(tensor);
      else host[name] = fromOrt(tensor);
    }
    return { host, device };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #toOrt(name: string, feed: HostTensor | DeviceTensor): Tensor {
    if (feed instanceof OrtDeviceTensor) return feed.tensor;
    if ("data" in feed) return toOrt(this.#Tensor, feed);
    throw new PtychonautError("usage", `graph input "${name}" is in the memory of another runtime`);
  }
}
