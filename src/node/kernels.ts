import type { Kernels } from "../engines/kernels/kernels.ts";
import { webAssembly } from "../engines/kernels/wasm/module.ts";
import { wasmKernels } from "../engines/kernels/wasm/wasmKernels.ts";
import { webgpuKernels } from "../engines/kernels/webgpu/webgpuKernels.ts";
import { packageFile } from "../formats/packageFile.ts";
import type { KernelOptions } from "../runs/machine.ts";
import { openGpu } from "./gpuDevice.ts";
import { startKernelThread } from "./workers/kernelThread.ts";

/**
 * Kernels of engines on this computer: its processors, or a GPU through WebGPU.
 *
 * @throws PtychonautError "device" when what was asked for is not there; it says what was found
 */
export async function chooseKernels({ threads, accelerator = "cpu" }: KernelOptions): Promise<Kernels> {
  if (accelerator === "cpu") return nodeKernels({ threads });
  const { kernelChoice } = await import("../runtime/node/accelerator.ts");
  const { provider, why } = await kernelChoice(accelerator);
  return provider === "webgpu" ? webgpuKernels(await openGpu(), why) : nodeKernels({ threads, why });
}

/** Kernels of engines on this computer's processors. */
export async function nodeKernels({
  threads,
  why,
}: {
  readonly threads: number;
  readonly why?: string;
}): Promise<Kernels> {
  const name = threads > 1 ? "engines.threads" : "engines";
  const bytes = await packageFile(new URL(`../../wasm/${name}.wasm`, import.meta.url), "the code of the kernels");
  const module = await webAssembly.compile(bytes);
  return wasmKernels({ module, threads, startThread: startKernelThread, ...(why === undefined ? {} : { why }) });
}
