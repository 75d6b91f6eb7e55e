import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";

/** The homes that are there on this machine, by name. */
export const homes: Readonly<Record<string, () => Promise<Kernels>>> = {
  float64: async () => float64Kernels(),
  wasm: () => nodeKernels({ threads: 1 }),
  "wasm, 2 threads": () => nodeKernels({ threads: 2 }),
};
