import { PtychonautError } from "../../src/errors.ts";
import { chooseRuntime } from "../../src/runtime/node/accelerator.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { takeSoftwareDriver } from "./softwareDriver.ts";

/** WebGPU on a software adapter, to test the GPU path without a GPU; or why there is none here. */
export async function softwareGpu(): Promise<Runtime | string> {
  const missing = takeSoftwareDriver();
  if (missing !== undefined) return missing;
  try {
    return await chooseRuntime("gpu", { allowSoftware: true });
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
}
