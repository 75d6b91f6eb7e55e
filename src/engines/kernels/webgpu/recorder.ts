import { type Device, PARAMETER_BYTES } from "./device.ts";
import { type GpuBuffer, type GpuEncoder, type GpuObject, type GpuPass, USAGE } from "./gpu.ts";
import { type Kernel, type Operand, packParameters, slotsOf } from "./shader.ts";

/** Operations that wait for each other before they are submitted. */
const MOST_RECORDED = 256;

export interface Dispatch {
  /** By the names of the kernel's. */
  readonly operands: Readonly<Record<string, Operand>>;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly groups: readonly [x: number, y: number];
}

/** Records operations, which a device runs in their order, and compiles what they need. */
export class Recorder {
  readonly device: Device;
  readonly #parameters: GpuBuffer;
  readonly #words = new Uint32Array((PARAMETER_BYTES / 4) * MOST_RECORDED);
  readonly #floats = new Float32Array(this.#words.buffer);
  readonly #groups = new Map<string, GpuObject>();
  readonly #numbers = new Map<GpuObject, number>();
  #encoder: GpuEncoder | undefined;
  #pass: GpuPass | undefined;
  #recorded = 0;

  constructor(device: Device) {
    this.device = device;
    this.#parameters = device.buffer(this.#words.byteLength, USAGE.uniform | USAGE.copyTarget);
  }

  record(kernel: Kernel, { operands, scalars = {}, groups: [x, y] }: Dispatch): void {
    if (this.#recorded === MOST_RECORDED) this.flush();
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    const inOrder = Object.keys(kernel.operands).map((name) => operands[name]);
    const slots = slotsOf(inOrder);
    const program = this.device.program(kernel, slots);
    const at = (PARAMETER_BYTES / 4) * this.#recorded;
    packParameters(kernel, inOrder, scalars, this.#words.subarray(at), this.#floats.subarray(at));
    const pass = this.#openPass();
    pass.setPipeline(program.pipeline);
    pass.setBindGroup(0, this.#bind(program.layout, inOrder, slots), [PARAMETER_BYTES * this.#recorded]);
    // Kernels go on to the pixels and planes that are beyond.
    pass.dispatchWorkgroups(Math.min(x, most), Math.min(y, most));
    this.#recorded++;
  }

  /** Which buffers an operation goes to. Engines take the same ones over and over. */
  #bind(layout: GpuObject, operands: readonly Operand[], slots: readonly number[]): GpuObject {
    const key = [layout, ...operands.map(({ buffer }) => buffer)].map((object) => this.#number(object)).join(" ");
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = this.#newGroup(layout, operands, slots);
      this.#groups.set(key, group);
    }
    return group;
  }

  #number(object: GpuObject): number {
    let number = this.#numbers.get(object);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(object, number);
    }
    return number;
  }

  /** To be called when buffers are destroyed. */
  forgetBuffers(): void {
    this.#groups.clear();
    this.#numbers.clear();
  }

  #newGroup(layout: GpuObject, operands: readonly Operand[], slots: readonly number[]): GpuObject {
    const entries: { binding: number; resource: { buffer: GpuBuffer; size?: number } }[] = [
      { binding: 0, resource: { buffer: this.#parameters, size: PARAMETER_BYTES } },
    ];
    slots.forEach((slot, i) => {
      if (slots.indexOf(slot) === i) entries.push({ binding: slot + 1, resource: { buffer: operands[i].buffer } });
    });
    return this.device.gpu.createBindGroup({ layout, entries });
  }

  #openPass(): GpuPass {
    this.#encoder ??= this.device.gpu.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  /** Hands over what is recorded, and what `last` adds. Whatever is written to buffers afterwards comes later. */
  flush(last?: (encoder: GpuEncoder) => void): void {
    this.device.check();
    if (this.#encoder === undefined && last === undefined) return;
    const encoder = this.#encoder ?? this.device.gpu.createCommandEncoder();
    this.#pass?.end();
    last?.(encoder);
    const words = (PARAMETER_BYTES / 4) * this.#recorded;
    if (words > 0) this.device.gpu.queue.writeBuffer(this.#parameters, 0, this.#words, 0, words);
    this.device.gpu.queue.submit([encoder.finish()]);
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#recorded = 0;
  }

  /** Leaves out what is recorded still, and gives back what it has. */
  close(): void {
    this.#encoder = undefined;
    this.#pass = undefined;
    this.#recorded = 0;
    this.forgetBuffers();
    this.#parameters.destroy();
  }
}
