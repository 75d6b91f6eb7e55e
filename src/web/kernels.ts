import type { Kernels } from "../engines/kernels/kernels.ts";
import { webAssembly } from "../engines/kernels/wasm/module.ts";
import type { KernelThread, ThreadStart } from "../engines/kernels/wasm/threads.ts";
import { wasmKernels } from "../engines/kernels/wasm/wasmKernels.ts";
import type { Gpu } from "../engines/kernels/webgpu/gpu.ts";
import type { KernelOptions } from "../runs/machine.ts";
import { type ChooseRuntimeOptions, chooseProvider } from "../runtime/web/accelerator.ts";

/**
 * Kernels of engines in a page or its worker, on the processor or on a GPU.
 *
 * @throws PtychonautError "device" when what was asked for is not there; it says what was found
 */
export async function chooseKernels(
  { threads, accelerator = "cpu" }: KernelOptions,
  options: Pick<ChooseRuntimeOptions, "allowSoftware">,
): Promise<Kernels> {
  if (accelerator === "cpu") return webKernels({ threads });
  const { provider, why } = await chooseProvider(accelerator, options);
  if (provider === "wasm") return webKernels({ threads, why });
  // Loaded where they can be used alone.
  const [{ openDevice }, { webgpuKernels }] = await Promise.all([
    import("../engines/kernels/webgpu/open.ts"),
    import("../engines/kernels/webgpu/webgpuKernels.ts"),
  ]);
  return webgpuKernels(await openDevice((navigator as unknown as { readonly gpu: Gpu }).gpu), why);
}

/**
 * Kernels of engines in a page's worker. On one thread where memory cannot be shared (the page is not cross-origin
 * isolated) or where nobody may wait (in the page's own thread).
 */
export async function webKernels({
  threads,
  why,
}: {
  readonly threads: number;
  readonly why?: string;
}): Promise<Kernels> {
  const alone = threads <= 1 || !crossOriginIsolated || typeof document !== "undefined";
  // Bundlers find files by such literals.
  const address = alone
    ? new URL("../../wasm/engines.wasm", import.meta.url)
    : new URL("../../wasm/engines.threads.wasm", import.meta.url);
  const response = await fetch(address);
  const module = await webAssembly.compile(new Uint8Array(await response.arrayBuffer()));
  return wasmKernels({ module, threads: alone ? 1 : threads, startThread, ...(why === undefined ? {} : { why }) });
}

async function startThread(start: ThreadStart): Promise<KernelThread> {
  const worker = new Worker(new URL("./kernelWorker.js", import.meta.url), { type: "module" });
  const thread = { failure: undefined as unknown, terminate: async (): Promise<void> => worker.terminate() };
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = ({ message }) => {
      thread.failure ??= new Error(message);
      reject(thread.failure);
    };
    worker.postMessage(start);
  });
  return thread;
}
