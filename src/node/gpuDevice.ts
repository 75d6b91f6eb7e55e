import type { Gpu } from "../engines/kernels/webgpu/gpu.ts";
import { type OpenedGpu, openDevice } from "../engines/kernels/webgpu/open.ts";
import { PtychonautError } from "../errors.ts";

/** Kept, since devices do not outlive it. */
let gpu: Gpu | undefined;

/**
 * The GPU of this computer through Dawn, the optional package `webgpu`.
 *
 * @throws PtychonautError "device" where the package is not installed, or finds no adapter
 */
export async function openGpu(): Promise<OpenedGpu> {
  gpu ??= (await dawn()).create([]);
  return openDevice(gpu);
}

interface Dawn {
  create(options: string[]): Gpu;
}

async function dawn(): Promise<Dawn> {
  try {
    return (await import("webgpu")) as unknown as Dawn;
  } catch (cause) {
    throw new PtychonautError("device", "WebGPU in Node needs the package webgpu, which is not installed", {
      got: cause instanceof Error ? cause.message : String(cause),
      fix: "npm install webgpu",
      cause,
    });
  }
}
