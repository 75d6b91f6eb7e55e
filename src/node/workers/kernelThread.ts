import type { KernelThread, ThreadStart } from "../../engines/kernels/wasm/threads.ts";
import { startWorker } from "./workerEntry.ts";

/** Starts a thread of kernels, which does not keep the program from ending. */
export async function startKernelThread(start: ThreadStart): Promise<KernelThread> {
  const worker = startWorker("kernelWorker", import.meta.url, { workerData: start });
  const thread = {
    failure: undefined as unknown,
    terminate: async (): Promise<void> => {
      await worker.terminate();
    },
  };
  worker.once("error", (error) => {
    thread.failure ??= error;
  });
  worker.once("exit", (code) => {
    thread.failure ??= new Error(`the thread ended with code ${code}`);
  });
  await new Promise<void>((resolve, reject) => {
    worker.once("message", () => resolve());
    worker.once("error", reject);
    worker.once("exit", () => reject(thread.failure));
  });
  worker.unref();
  return thread;
}
