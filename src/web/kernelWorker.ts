import { serveKernels, type ThreadStart } from "../engines/kernels/wasm/threads.ts";

/** One of the threads of kernels: told once what to take part in. */
addEventListener("message", ({ data }: MessageEvent<ThreadStart>) => serveKernels(data, () => postMessage("ready")), {
  once: true,
});
