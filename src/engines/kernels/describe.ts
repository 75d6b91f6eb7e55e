import { counted } from "../../printable.ts";
import type { Kernels } from "./kernels.ts";

const homes: Readonly<Record<Kernels["home"], string>> = {
  float64: "plain loops in double precision",
  wasm: "WebAssembly",
  webgpu: "WebGPU",
};

/** What computes, and why, for people. */
export function describeKernels({ home, threads, device, why }: Kernels): string {
  const where = device === undefined ? `${homes[home]}, ${counted(threads, "thread")}` : `${homes[home]} on ${device}`;
  return why === undefined ? where : `${where} (${why})`;
}
