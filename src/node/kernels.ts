import { readFile } from "node:fs/promises";
import type { Kernels } from "../engines/kernels/kernels.ts";
import { webAssembly } from "../engines/kernels/wasm/module.ts";
import { wasmKernels } from "../engines/kernels/wasm/wasmKernels.ts";

/** Kernels of engines on this processor. */
export async function nodeKernels(): Promise<Kernels> {
  const bytes = await readFile(new URL("../../wasm/engines.wasm", import.meta.url));
  return wasmKernels(await webAssembly.compile(bytes));
}
