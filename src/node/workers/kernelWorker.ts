import { parentPort, workerData } from "node:worker_threads";
import { serveKernels, type ThreadStart } from "../../engines/kernels/wasm/threads.ts";

/** One of the threads of kernels. */
serveKernels(workerData as ThreadStart, () => parentPort!.postMessage("ready"));
