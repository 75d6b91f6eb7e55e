import { readFile } from "node:fs/promises";
import type { Kernels } from "../engines/kernels/kernels.ts";
import { webAssembly } from "../engines/kernels/wasm/module.ts";
import { wasmKernels } from "../engines/kernels/wasm/wasmKernels.ts";
import { startKernelThread } from "./workers/kernelThread.ts";

/** Kernels of engines on this computer's processors. */
export async function nodeKernels({ threads }: { readonly threads: number }): Promise<Kernels> {
  const name = threads > 1 ? "engines.threads" : "engines";
  const bytes = await readFile(new URL(`../../wasm/${name}.wasm`, import.meta.url));
  return wasmKernels({ module: await webAssembly.compile(bytes), threads, startThread: startKernelThread });
}
