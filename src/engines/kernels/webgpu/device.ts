import { PtychonautError, setting } from "../../../errors.ts";
import { type GpuBuffer, type GpuDevice, type GpuLimits, type GpuObject, STAGE_COMPUTE, USAGE } from "./gpu.ts";
import { type Kernel, shaderCode, writtenSlots } from "./shader.ts";

/** Bytes of a kernel's parameters, as far apart as every device wants them. */
export const PARAMETER_BYTES = 256;

interface Program {
  readonly pipeline: GpuObject;
  readonly layout: GpuObject;
}

/** Devices that kernels were opened on. */
const devices = new WeakMap<GpuDevice, Device>();

/**
 * A device with the programs that were compiled for it, which takes longer than to run them. Its trouble, which comes late
 * and without a place, is kept until somebody can be told.
 */
export class Device {
  readonly gpu: GpuDevice;
  readonly #programs = new Map<string, Program>();
  readonly #layouts = new Map<string, GpuObject>();
  #trouble: PtychonautError | undefined;
  #lost = false;

  static of(gpu: GpuDevice): Device {
    let device = devices.get(gpu);
    if (device === undefined) {
      device = new Device(gpu);
      devices.set(gpu, device);
    }
    return device;
  }

  private constructor(gpu: GpuDevice) {
    this.gpu = gpu;
    gpu.addEventListener("uncapturederror", ({ error }) => {
      this.#trouble ??= /memory/i.test(`${error.constructor.name} ${error.message}`)
        ? outOfMemory(error.message)
        : new PtychonautError("device", "the GPU refuses what it is told", { got: error.message });
    });
    gpu.lost.then(({ reason, message }) => {
      this.#lost = true;
      this.#trouble = new PtychonautError("device", "the GPU was lost while it computed", {
        got: [reason, message].filter(Boolean).join(": ") || "no reason",
        fix: `go on from the last checkpoint, or compute without it: ${setting("accelerator", "cpu")}`,
      });
    });
  }

  get limits(): GpuLimits {
    return this.gpu.limits;
  }

  /** @throws PtychonautError "device" or "memory" for what the device reported since */
  check(): void {
    const trouble = this.#trouble;
    if (!this.#lost) this.#trouble = undefined;
    if (trouble !== undefined) throw trouble;
  }

  /** Says why a wait for the device failed. */
  async explain(cause: unknown): Promise<never> {
    // The device tells its loss in the same breath.
    for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    this.check();
    throw new PtychonautError("device", "the GPU gives nothing back", {
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }

  /** @throws PtychonautError "memory" where it is more than the device binds at once */
  buffer(bytes: number, usage: number): GpuBuffer {
    const most = Math.min(this.limits.maxBufferSize, this.limits.maxStorageBufferBindingSize);
    if (bytes > most)
      throw new PtychonautError("memory", "the GPU holds no array as large as this", {
        expected: `at most ${mebibytes(most)} MiB`,
        got: `${mebibytes(bytes)} MiB`,
        fix: `take fewer frames at once (${setting("batch_size")}), or compute without it: ${setting("accelerator", "cpu")}`,
      });
    return this.gpu.createBuffer({ size: bytes, usage });
  }

  /** A buffer of constants. */
  filled(values: Float32Array): GpuBuffer {
    const buffer = this.buffer(values.byteLength, USAGE.storage | USAGE.copyTarget);
    this.gpu.queue.writeBuffer(buffer, 0, values);
    return buffer;
  }

  /** A kernel for one way in which its operands share buffers. */
  program(kernel: Kernel, slots: readonly number[]): Program {
    const key = `${kernel.name} ${slots}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      const layout = this.#layout(writtenSlots(kernel, slots));
      const module = this.gpu.createShaderModule({ code: shaderCode(kernel, slots) });
      const pipeline = this.gpu.createComputePipeline({
        layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      program = { pipeline, layout };
      this.#programs.set(key, program);
    }
    return program;
  }

  #layout(written: readonly boolean[]): GpuObject {
    const key = `${written}`;
    let layout = this.#layouts.get(key);
    if (layout === undefined) {
      const visibility = STAGE_COMPUTE;
      const parameters = { type: "uniform", hasDynamicOffset: true, minBindingSize: PARAMETER_BYTES } as const;
      const operands = written.map((writes, slot) => {
        const buffer = { type: writes ? ("storage" as const) : ("read-only-storage" as const) };
        return { binding: slot + 1, visibility, buffer };
      });
      layout = this.gpu.createBindGroupLayout({
        entries: [{ binding: 0, visibility, buffer: parameters }, ...operands],
      });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}

const outOfMemory = (got: string): PtychonautError =>
  new PtychonautError("memory", "the GPU's memory is full", {
    got,
    fix: `take fewer frames at once (${setting("batch_size")}), or compute without it: ${setting("accelerator", "cpu")}`,
  });

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
