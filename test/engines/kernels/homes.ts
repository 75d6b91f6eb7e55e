import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { webgpuKernels } from "../../../src/engines/kernels/webgpu/webgpuKernels.ts";
import { PtychonautError } from "../../../src/errors.ts";
import { openGpu } from "../../../src/node/gpuDevice.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { takeSoftwareDriver } from "../../runtime/softwareDriver.ts";

/** Why there are no kernels on WebGPU here; undefined where there are. */
export const webgpuMissing: string | undefined = await findMissing();
if (webgpuMissing !== undefined) console.warn(`WebGPU: no adapter, its kernels are not tested: ${webgpuMissing}`);

async function findMissing(): Promise<string | undefined> {
  const missing = takeSoftwareDriver();
  if (missing !== undefined) return missing;
  try {
    await openGpu();
    return undefined;
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
}

/** Kernels on the software adapter. */
export const openWebgpu = async (): Promise<Kernels> => webgpuKernels(await openGpu());

/** The homes that are there on this machine, by name. */
export const homes: Readonly<Record<string, () => Promise<Kernels>>> = {
  float64: async () => float64Kernels(),
  wasm: () => nodeKernels({ threads: 1 }),
  "wasm, 2 threads": () => nodeKernels({ threads: 2 }),
  ...(webgpuMissing === undefined && { webgpu: openWebgpu }),
};
