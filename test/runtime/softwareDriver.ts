import { existsSync } from "node:fs";

/** SwiftShader, a Vulkan driver on the processor, as Chromium's packages bring it. */
const drivers = ["/usr/lib/chromium/vk_swiftshader_icd.json", "/usr/lib/chromium-browser/vk_swiftshader_icd.json"];

/** Lets Vulkan find a software adapter where the environment names no driver; or says why there is none here. */
export function takeSoftwareDriver(): string | undefined {
  if (process.env["VK_ICD_FILENAMES"] !== undefined || process.env["VK_DRIVER_FILES"] !== undefined) return undefined;
  const driver = drivers.find((path) => existsSync(path));
  if (driver === undefined) return "no SwiftShader: install Debian's packages chromium and libvulkan1";
  process.env["VK_ICD_FILENAMES"] = driver;
  return undefined;
}
