import { existsSync } from "node:fs";
import { PtychonautError } from "../../src/errors.ts";
import { chooseRuntime } from "../../src/runtime/node/accelerator.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

/** SwiftShader, a Vulkan driver on the processor, as Chromium's packages bring it. */
const drivers = ["/usr/lib/chromium/vk_swiftshader_icd.json", "/usr/lib/chromium-browser/vk_swiftshader_icd.json"];

/** WebGPU on a software adapter, to test the GPU path without a GPU; or why there is none here. */
export async function softwareGpu(): Promise<Runtime | string> {
  const driver = drivers.find((path) => existsSync(path));
  if (process.env["VK_ICD_FILENAMES"] === undefined && process.env["VK_DRIVER_FILES"] === undefined) {
    if (driver === undefined) return "no SwiftShader: install Debian's packages chromium and libvulkan1";
    process.env["VK_ICD_FILENAMES"] = driver;
  }
  try {
    return await chooseRuntime("gpu", { allowSoftware: true });
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
}
