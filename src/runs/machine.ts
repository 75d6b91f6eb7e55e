import type { Communicator } from "../communicator.ts";
import type { ExecutionConfig } from "../config/executionConfig.ts";
import { MOST_WORKERS } from "../config/mostWorkers.ts";
import type { BatchLoader, BatchSource } from "../data/batches.ts";
import type { Kernels } from "../engines/kernels/kernels.ts";
import { PtychonautError } from "../errors.ts";
import type { ByteSource } from "../formats/byteSource.ts";
import type { PictureWriter } from "../pictures/pictureWriter.ts";
import type { Accelerator, Work } from "../runtime/accelerator.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { GradientModel } from "../training/steps.ts";
import type { GradientSource } from "../training/trainingStep.ts";
import type { LogServer } from "./loggers/logServer.ts";
import type { RunStore } from "./store.ts";

/** What runs need of the machine that they run on, beside files. */
export interface Machine {
  /**
   * The processes that do the run together; `alone` for one. All take the same way through a run. What only one may do is
   * done by rank 0: others write to a store that keeps nothing, and talk to hooks that say nothing.
   */
  readonly ranks: Communicator;
  /** What computes. @throws PtychonautError "device" when what was asked for is not there; it says what was found */
  runtime(accelerator: Accelerator): Promise<Runtime>;
  /**
   * Fails where an accelerator that was asked for by name is not there for such work (default: "graphs"), without opening it.
   * @throws as `runtime`
   */
  checkAccelerator(accelerator: Accelerator, work?: Work): Promise<void>;
  /**
   * Prepares batches, ahead of their use where that is asked for. Batches and their order do not depend on it.
   * @throws PtychonautError "usage" for what cannot be, or is not here
   */
  batches(source: BatchSource, options?: LoaderOptions): BatchLoader;
  /** Gradients from several threads; absent where there are none. */
  readonly replicas?: (options: ReplicaOptions) => Promise<GradientSource>;
  /** What engines compute with. @throws PtychonautError "device" when what was asked for is not there */
  kernels(options: KernelOptions): Promise<Kernels>;
  /** Processors that a program here may use. */
  readonly parallelism: number;
  /** Memory that a program here may use, bytes. */
  readonly memory: number;
  /** Most memory that this program has held so far, bytes; absent where nobody knows. */
  readonly heldMost?: () => number;
  /** Hexadecimal SHA-256. */
  sha256(bytes: Uint8Array | ByteSource): Promise<string>;
  /** A server that follows trainings; absent where there can be none. @throws PtychonautError when it does not answer */
  readonly logServer?: (settings: ExecutionConfig) => Promise<LogServer>;
  /** Figures as files; absent where there are none. */
  readonly pictures?: PictureWriter;
  readonly about: About;
}

/** What `run.json` and logs say of where a run took place. */
export interface About {
  /** Of the programs below this one, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
  readonly host: string;
  readonly user: string;
  /** Tells programs on one host apart. */
  readonly process: string;
}

export interface KernelOptions {
  /** On the processor: so many, or one where there is no memory to share. */
  readonly threads: number;
  /** Default "cpu". */
  readonly accelerator?: Accelerator;
}

export interface LoaderOptions {
  /** Threads that prepare batches; 0 prepares them in the caller's thread. Default 0. */
  readonly numWorkers?: number;
  /** Batches that each thread prepares ahead. Default 2. Needs threads. */
  readonly prefetchFactor?: number;
  /** Keep the threads between epochs. Default false. Needs threads. */
  readonly persistentWorkers?: boolean;
}

/** @throws PtychonautError "usage" for impossible numbers, or options that need threads without any */
export function checkLoaderOptions({ numWorkers = 0, prefetchFactor, persistentWorkers }: LoaderOptions): void {
  if (!Number.isInteger(numWorkers) || numWorkers < 0 || numWorkers > MOST_WORKERS)
    throw new PtychonautError("usage", `num_workers must be from 0 to ${MOST_WORKERS}`, { got: `${numWorkers}` });
  if (prefetchFactor !== undefined && (!Number.isInteger(prefetchFactor) || prefetchFactor < 1))
    throw new PtychonautError("usage", "prefetch_factor must be 1 or more", { got: `${prefetchFactor}` });
  if (numWorkers === 0 && (prefetchFactor !== undefined || persistentWorkers === true))
    throw new PtychonautError("usage", "prefetch_factor and persistent_workers need worker threads", {
      fix: "set num_workers to 1 or more, or leave them out",
    });
}

export interface ReplicaOptions {
  /** For batches of `batchPerReplica`. */
  readonly model: GradientModel;
  readonly replicas: number;
  readonly batchPerReplica: number;
  /** Threads inside an operator of each replica. Default 1. */
  readonly threads?: number;
}

/** Where a run takes place. */
export interface Home {
  readonly machine: Machine;
  readonly store: RunStore;
}

/** How the settings ask for batches to be prepared. */
export function loaderOptions({
  numWorkers,
  prefetchFactor,
  persistentWorkers,
}: Pick<ExecutionConfig, "numWorkers" | "prefetchFactor" | "persistentWorkers">): LoaderOptions {
  return {
    numWorkers,
    ...(prefetchFactor === null ? {} : { prefetchFactor }),
    ...(persistentWorkers ? { persistentWorkers } : {}),
  };
}

/** What runs graphs, with as many threads as were asked for. */
export async function runtimeFor(
  { accelerator, threads }: Pick<ExecutionConfig, "accelerator" | "threads">,
  machine: Machine,
): Promise<Runtime> {
  const runtime = await machine.runtime(accelerator);
  if (threads === null) return runtime;
  return { ...runtime, load: (model, options) => runtime.load(model, { threads, ...options }) };
}
