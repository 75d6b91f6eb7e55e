import { describe, expect, it } from "vitest";
import type { PtychonautError } from "../../src/errors.ts";
import { withFlags } from "../../src/node/cli/flagWords.ts";
import { isSoftwareAdapter } from "../../src/runtime/accelerator.ts";
import { choose, chooseForKernels, chooseRuntime } from "../../src/runtime/node/accelerator.ts";
import { chosenAdapter, type Finding, type Findings, vulkanDevices } from "../../src/runtime/node/adapterProbe.ts";

const real = (name: string): Finding => ({ adapter: { name, software: false } });
const software: Finding = { adapter: { name: "SwiftShader Device (Subzero)", software: true } };
const nothing: Finding = { missing: "no adapter for WebGPU" };
const noCuda: Finding = { missing: "ONNX Runtime's CUDA provider is not installed" };

function machine(cuda: Finding, webgpu: Finding, platform: NodeJS.Platform = "linux"): Findings {
  return { platform, cuda: async () => cuda, webgpu: async () => webgpu, kernelGpu: async () => webgpu };
}

const bare = machine(noCuda, nothing);
const radeon = machine(noCuda, real("AMD Radeon RX 7800"));
const cluster = machine(real("NVIDIA H100"), real("NVIDIA H100"));
const mac = machine(noCuda, real("Apple Metal"), "darwin");
const pretender = machine(noCuda, software);

describe("choice of an accelerator", () => {
  it.each([
    ["auto", bare, "cpu", /^CPU \(auto: no GPU; .*CUDA provider is not installed; no adapter for WebGPU\)$/],
    ["auto", pretender, "cpu", /software adapter \(SwiftShader/],
    ["auto", radeon, "webgpu", /^WebGPU on AMD Radeon RX 7800 \(auto/],
    ["auto", cluster, "cuda", /^CUDA on NVIDIA H100/],
    ["auto", mac, "webgpu", /Apple Metal/],
    ["cpu", cluster, "cpu", /^CPU, as asked$/],
    ["gpu", cluster, "cuda", /CUDA on NVIDIA H100/],
    ["gpu", radeon, "webgpu", /WebGPU on AMD/],
    ["webgpu", cluster, "webgpu", /WebGPU on NVIDIA H100 \(webgpu, as asked/],
    ["cuda", cluster, "cuda", /CUDA/],
    ["mps", mac, "webgpu", /Apple Metal/],
  ] as const)("%s", async (accelerator, on, provider, description) => {
    const choice = await choose(accelerator, on, false);
    expect(choice.provider).toBe(provider);
    expect(choice.description).toMatch(description);
    expect(choice.description).not.toContain("\n");
  });

  it.each([
    ["gpu", bare, /accelerator gpu is not available.*no adapter for WebGPU/],
    ["webgpu", bare, /accelerator webgpu is not available.*no adapter for WebGPU/],
    ["gpu", pretender, /only a software adapter \(SwiftShader/],
    ["cuda", radeon, /accelerator cuda is not available.*CUDA provider is not installed/],
    ["mps", cluster, /macOS.*platform linux/],
    ["mps", machine(noCuda, nothing, "darwin"), /accelerator mps/],
    ["tpu", cluster, /accelerator tpu is not available.*got a machine with a CPU and CUDA on NVIDIA H100/],
    ["tpu", bare, /no provider for TPUs; got a machine with a CPU and no GPU \(.*no adapter for WebGPU/],
  ] as const)("%s that is not there is an error that says what was found", async (accelerator, on, message) => {
    const error = await choose(accelerator, on, false).then(
      () => undefined,
      (reason: PtychonautError) => reason,
    );
    expect(error?.message).toMatch(message);
    expect(error?.kind).toBe("device");
    expect(error?.exitCode).toBe(2);
  });

  it("takes a software adapter only for gpu, only when allowed, and says so", async () => {
    const choice = await choose("gpu", pretender, true);
    expect(choice).toMatchObject({ provider: "webgpu" });
    expect(choice.description).toMatch(/SwiftShader.*software adapter.*allowed for testing/);
    expect(await choose("auto", pretender, true)).toMatchObject({ provider: "cpu" });
  });
});

describe("choice of an accelerator for the kernels of engines", () => {
  it.each([
    ["auto", bare, "cpu", "auto: no adapter for WebGPU"],
    ["auto", pretender, "cpu", "auto: WebGPU has only a software adapter (SwiftShader Device (Subzero))"],
    ["auto", radeon, "webgpu", "auto: a GPU is there"],
    ["cpu", cluster, "cpu", "cpu, as asked"],
    ["gpu", cluster, "webgpu", "gpu, as asked"],
    ["webgpu", radeon, "webgpu", "webgpu, as asked"],
    ["mps", mac, "webgpu", "mps, as asked"],
  ] as const)("%s", async (accelerator, on, provider, why) => {
    expect(await chooseForKernels(accelerator, on, false)).toEqual({ provider, why });
  });

  it.each([
    [
      "cuda",
      cluster,
      /cuda is not available to iterative engines but ad.*Use --accelerator webgpu or --accelerator cpu/,
    ],
    ["tpu", cluster, /tpu is not available to iterative engines but ad/],
    ["webgpu", bare, /accelerator webgpu is not available; expected a GPU through WebGPU; got no adapter/],
    ["gpu", pretender, /only a software adapter \(SwiftShader/],
    ["mps", cluster, /macOS.*platform linux/],
  ] as const)("%s that is not there is an error that says what was found", async (accelerator, on, message) => {
    const error = await chooseForKernels(accelerator, on, false).then(
      () => undefined,
      (reason: PtychonautError) => reason,
    );
    expect(withFlags(error?.message ?? "")).toMatch(message);
    expect(error?.kind).toBe("device");
  });

  it("takes a software adapter only for gpu and webgpu, and only when allowed", async () => {
    expect(await chooseForKernels("webgpu", pretender, true)).toMatchObject({ provider: "webgpu" });
    expect(await chooseForKernels("auto", pretender, true)).toMatchObject({ provider: "cpu" });
  });
});

describe("on this machine", () => {
  it("auto finds something to run on without asking for trouble", async () => {
    const runtime = await chooseRuntime("auto", { allowSoftware: true });
    expect(["cpu", "webgpu", "cuda"]).toContain(runtime.provider);
    expect(runtime.description).not.toMatch(/allowed for testing/);
  });
});

describe("what the Vulkan loader reports", () => {
  const log = (...devices: string[]): string =>
    [
      "DRIVER:           Found ICD manifest file radeon_icd.x86_64.json",
      "INFO | DRIVER:    linux_read_sorted_physical_devices:",
      "INFO | DRIVER:         Original order:",
      ...devices.map((name, i) => `INFO | DRIVER:               [${i}] ${name}`),
      "INFO | DRIVER:         Sorted order:",
      ...devices.map((name, i) => `INFO | DRIVER:               [${i}] ${name}  `),
      "DEBUG | DRIVER:   Copying old device 0 into new device 0",
      "DEBUG:  [7] not a device",
    ].join("\n");

  it("names each device once, and nothing else", () => {
    expect(vulkanDevices(log("llvmpipe (LLVM 15.0.6, 256 bits)", "AMD Radeon"))).toEqual([
      "llvmpipe (LLVM 15.0.6, 256 bits)",
      "AMD Radeon",
    ]);
    expect(vulkanDevices("INFO: no devices")).toEqual([]);
  });

  it("counts as software where a real device may have been rejected, or where nothing is known", () => {
    expect(chosenAdapter(["llvmpipe", "AMD Radeon"], "")).toEqual({ name: "AMD Radeon", software: false });
    expect(chosenAdapter(["llvmpipe", "AMD Radeon"], "While initializing adapter")).toMatchObject({ software: true });
    expect(chosenAdapter(["llvmpipe"], "")).toMatchObject({ name: "llvmpipe", software: true });
    expect(chosenAdapter([], "")).toMatchObject({ software: true });
  });

  it.each(["SwiftShader Device (Subzero)", "llvmpipe (LLVM 15.0.6, 256 bits)", "Microsoft Basic Render Driver"])(
    "%s is software",
    (name) => expect(isSoftwareAdapter(name)).toBe(true),
  );
  it.each(["NVIDIA GeForce RTX 4070", "AMD Radeon RX 7800 XT (RADV NAVI32)", "Intel(R) Arc(tm) A770", "Apple M3"])(
    "%s is real",
    (name) => expect(isSoftwareAdapter(name)).toBe(false),
  );
});
