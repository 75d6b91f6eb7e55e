import { PtychonautError } from "../../../errors.ts";
import { adapterOf } from "../../../runtime/accelerator.ts";
import type { Gpu, GpuDevice, GpuLimits } from "./gpu.ts";

export interface OpenedGpu {
  readonly device: GpuDevice;
  /** Of the adapter. */
  readonly name: string;
}

/** Limits of which engines want as much as there is. */
const WANTED: readonly (keyof GpuLimits)[] = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxComputeWorkgroupStorageSize",
];

/** Devices are kept, with what is compiled for them, for all that compute on them one after the other. */
const opened = new WeakMap<Gpu, Promise<OpenedGpu>>();

/**
 * A device of WebGPU with all the memory that it can have; the same each time, unless it was lost.
 *
 * @throws PtychonautError "device" where there is no adapter
 */
export function openDevice(gpu: Gpu): Promise<OpenedGpu> {
  let device = opened.get(gpu);
  if (device === undefined) {
    device = request(gpu);
    opened.set(gpu, device);
  }
  return device;
}

async function request(gpu: Gpu): Promise<OpenedGpu> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null)
    throw new PtychonautError("device", "WebGPU finds no adapter", {
      fix: "install a driver of Vulkan, Metal or Direct3D",
    });
  const requiredLimits = Object.fromEntries(WANTED.map((limit) => [limit, adapter.limits[limit]]));
  const device = await adapter.requestDevice({ requiredLimits });
  device.lost.then(() => opened.delete(gpu));
  return { device, name: adapterOf(adapter.info).name };
}
