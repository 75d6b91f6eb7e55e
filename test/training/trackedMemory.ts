import type { DeviceMemory, DeviceTensor, HostTensor, Runtime } from "../../src/runtime/runtime.ts";

/** A device memory that is the host's, and knows what is in it: to see what is kept, what is read and what is lost. */
export class TrackedMemory implements DeviceMemory {
  readonly #runtime: Runtime;
  /** Tensors that were not disposed of. */
  readonly alive: Set<DeviceTensor> = new Set();
  /** How often something was brought to the host. */
  reads = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  load: DeviceMemory["load"] = async (model, resident, options) => {
    const session = await this.#runtime.load(model, options);
    return {
      inputNames: session.inputNames,
      outputNames: session.outputNames,
      run: async (feeds) => {
        const inputs = Object.entries(feeds).map(([name, feed]) => [name, this.#toHost(feed)] as const);
        const results = Object.entries(await session.run(Object.fromEntries(inputs)));
        const stays = ([name]: readonly [string, HostTensor]): boolean => resident.includes(name);
        return {
          host: Object.fromEntries(results.filter((result) => !stays(result))),
          device: Object.fromEntries(results.filter(stays).map(([name, tensor]) => [name, this.#keep(tensor)])),
        };
      },
      dispose: () => session.dispose(),
    };
  };

  read: DeviceMemory["read"] = async (tensors) => {
    this.reads++;
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#toHost(tensor)]));
  };

  #keep(tensor: HostTensor): DeviceTensor {
    const kept = new TrackedTensor(tensor, this.alive);
    this.alive.add(kept);
    return kept;
  }

  #toHost(tensor: HostTensor | DeviceTensor): HostTensor {
    if (!(tensor instanceof TrackedTensor)) return tensor as HostTensor;
    if (!this.alive.has(tensor)) throw new Error("a tensor is used after it was disposed of");
    return tensor.value;
  }
}

class TrackedTensor implements DeviceTensor {
  readonly value: HostTensor;
  readonly #alive: Set<DeviceTensor>;

  constructor(value: HostTensor, alive: Set<DeviceTensor>) {
    this.value = value;
    this.#alive = alive;
  }

  get shape(): readonly number[] {
    return this.value.shape;
  }

  dispose(): void {
    if (!this.#alive.delete(this)) throw new Error("a tensor is disposed of twice");
  }
}
