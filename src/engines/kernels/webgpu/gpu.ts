import type { AdapterInfo } from "../../../runtime/accelerator.ts";

/** The part of WebGPU's interface that is needed: the core has no types of it. Browsers and Dawn have it alike. */
export interface GpuDevice {
  readonly limits: GpuLimits;
  readonly queue: GpuQueue;
  readonly lost: Promise<{ readonly reason?: string; readonly message: string }>;
  createBuffer(descriptor: { size: number; usage: number }): GpuBuffer;
  createShaderModule(descriptor: { code: string }): GpuObject;
  createBindGroupLayout(descriptor: { entries: GpuLayoutEntry[] }): GpuObject;
  createPipelineLayout(descriptor: { bindGroupLayouts: GpuObject[] }): GpuObject;
  createComputePipeline(descriptor: {
    layout: GpuObject;
    compute: { module: GpuObject; entryPoint: string };
  }): GpuObject;
  createBindGroup(descriptor: { layout: GpuObject; entries: GpuEntry[] }): GpuObject;
  createCommandEncoder(): GpuEncoder;
  addEventListener(type: "uncapturederror", listener: (event: { readonly error: GpuError }) => void): void;
  destroy(): void;
}

/** Where devices come from: `navigator.gpu`, or what Dawn makes. */
export interface Gpu {
  requestAdapter(options: { powerPreference: "high-performance" }): Promise<GpuAdapter | null>;
}

interface GpuAdapter {
  readonly info: AdapterInfo;
  readonly limits: GpuLimits;
  requestDevice(descriptor: { requiredLimits: Record<string, number> }): Promise<GpuDevice>;
}

export interface GpuLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
}

/** Handles of the device that are only passed on. */
export type GpuObject = object;

export interface GpuError {
  readonly message: string;
}

export interface GpuBuffer {
  readonly size: number;
  mapAsync(mode: number, offset: number, size: number): Promise<unknown>;
  getMappedRange(offset: number, size: number): ArrayBuffer;
  unmap(): void;
  destroy(): void;
}

interface GpuLayoutEntry {
  binding: number;
  visibility: number;
  buffer: { type: "uniform" | "storage" | "read-only-storage"; hasDynamicOffset?: boolean; minBindingSize?: number };
}

interface GpuEntry {
  binding: number;
  resource: { buffer: GpuBuffer; offset?: number; size?: number };
}

interface GpuQueue {
  submit(commands: GpuObject[]): void;
  writeBuffer(buffer: GpuBuffer, at: number, data: ArrayBufferView, from?: number, length?: number): void;
}

export interface GpuEncoder {
  beginComputePass(): GpuPass;
  copyBufferToBuffer(from: GpuBuffer, fromAt: number, to: GpuBuffer, toAt: number, bytes: number): void;
  finish(): GpuObject;
}

export interface GpuPass {
  setPipeline(pipeline: GpuObject): void;
  setBindGroup(index: number, group: GpuObject, offsets: number[]): void;
  dispatchWorkgroups(x: number, y: number): void;
  end(): void;
}

/** Of GPUBufferUsage. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, uniform: 0x40, storage: 0x80 } as const;
/** Of GPUMapMode and GPUShaderStage. */
export const MAP_READ = 1;
export const STAGE_COMPUTE = 4;
