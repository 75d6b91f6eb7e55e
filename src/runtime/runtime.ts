import type { Target } from "../graph/lowering/target.ts";

/**
 * Where graphs run. One interface, two homes: `runtime/node` (onnxruntime-node) and `runtime/web` (onnxruntime-web).
 * Nothing above this file knows which one it has.
 */
export type Provider = "cpu" | "wasm" | "webgpu" | "cuda";

export type HostData = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor in host memory: row-major data and its shape. The data's type says the dtype; Uint8Array holds booleans. */
export interface HostTensor {
  readonly data: HostData;
  readonly shape: readonly number[];
}

export interface SessionOptions {
  /** Threads inside one operator. Default: the runtime's. CPU and WASM only. */
  readonly threads?: number;
  /** Every run brings memory for all that it fetches (`into`): the results are then written there and never copied, where the runtime can. */
  readonly bringsMemory?: boolean;
  /** Writes the provider's own operator timings to this file prefix (CPU only), for finding where the time goes. */
  readonly profile?: string;
}

export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph once. Every input must be fed; feeds are only read, and may be reused as soon as the promise settles.
   * @param fetches names of the outputs to return; all of them when absent
   * @param into where outputs are to be written, by name. Shapes must fit
   */
  run(
    feeds: Readonly<Record<string, HostTensor>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, HostTensor>>,
  ): Promise<Record<string, HostTensor>>;
  dispose(): Promise<void>;
}

/** A tensor in the memory of the device that computes. */
export interface DeviceTensor {
  readonly shape: readonly number[];
  /** Frees the memory; nothing else does. */
  dispose(): void;
}

/** A session that leaves some of its outputs on the device. */
export interface ResidentSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Runs the graph once. Every input must be fed, from either memory. */
  run(feeds: Readonly<Record<string, HostTensor | DeviceTensor>>): Promise<{
    readonly host: Readonly<Record<string, HostTensor>>;
    /** The caller's to dispose. */
    readonly device: Readonly<Record<string, DeviceTensor>>;
  }>;
  dispose(): Promise<void>;
}

/** Keeps values that go from run to run (weights, moments) where they are computed. */
export interface DeviceMemory {
  /** @param resident names of the outputs that stay on the device */
  load(model: Uint8Array, resident: readonly string[], options?: SessionOptions): Promise<ResidentSession>;
  /** Copies float32 tensors to the host. */
  read(tensors: Readonly<Record<string, DeviceTensor>>): Promise<Record<string, HostTensor>>;
}

export interface Runtime {
  readonly provider: Provider;
  /** One line for people: what was taken and why. */
  readonly description: string;
  /** What models for this runtime are best built for. */
  readonly target: Target;
  /** Loads a serialised ONNX model. */
  load(model: Uint8Array, options?: SessionOptions): Promise<Session>;
  /** Where the device has memory of its own that this program can use (WebGPU). */
  readonly memory?: DeviceMemory;
}
