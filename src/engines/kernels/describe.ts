import { counted } from "../../printable.ts";
import type { Kernels } from "./kernels.ts";

const homes: Readonly<Record<Kernels["home"], string>> = {
  float64: "plain loops in double precision",
  wasm: "WebAssembly",
  webgpu: "WebGPU",
};

/** What computes, for people. */
export const describeKernels = ({ home, threads }: Kernels): string => `${homes[home]}, ${counted(threads, "thread")}`;
