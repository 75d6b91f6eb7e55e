import { arch, availableParallelism, cpus, hostname, platform, totalmem, userInfo } from "node:os";
import { alone } from "../communicator.ts";
import type { Machine } from "../runs/machine.ts";
import { sha256 } from "./hash.ts";
import { batchWorkers } from "./workers/batchWorkers.ts";
import { replicaGradients } from "./workers/replicas.ts";

/** This computer, with worker threads. What is large is loaded when it is asked for. */
export const nodeMachine: Machine = {
  ranks: alone,
  runtime: async (accelerator) => (await import("../runtime/node/accelerator.ts")).chooseRuntime(accelerator),
  checkAccelerator: async (...asked) => (await import("../runtime/node/accelerator.ts")).checkAccelerator(...asked),
  batches: batchWorkers,
  replicas: replicaGradients,
  kernels: async (options) => (await import("./kernels.ts")).chooseKernels(options),
  get parallelism() {
    return availableParallelism();
  },
  get memory() {
    return usableMemory();
  },
  heldMost: () => 1024 * process.resourceUsage().maxRSS,
  sha256: async (bytes) => sha256(bytes),
  logServer: async (settings) => (await import("./mlflow/logServer.ts")).mlflowLogServer(settings),
  pictures: {
    write: async (sheet, format) => (await import("./pictures/pictureWriter.ts")).pictureWriter.write(sheet, format),
  },
  get about() {
    const all = cpus();
    return {
      versions: { node: process.version },
      platform: platform(),
      arch: arch(),
      cpu: all[0]?.model ?? "unknown",
      cores: all.length,
      host: hostname(),
      user: userName(),
      process: String(process.pid),
    };
  },
};

/** Bytes, with the limit of a container where there is one. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Containers may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
