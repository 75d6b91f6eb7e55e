import type { Worker } from "node:worker_threads";
import type { ComplexArray } from "../../arrays.ts";
import { type Batch, type BatchLoader, type BatchRequest, type BatchSource, inlineLoader } from "../../data/batches.ts";
import type { Patterns } from "../../data/dataset.ts";
import { PtychonautError } from "../../errors.ts";
import { checkLoaderOptions, type LoaderOptions } from "../../runs/machine.ts";
import type { BatchJob, BatchReply, BatchWorkerData, PatternsToOpen, SharedPatterns } from "./batchWorkerProtocol.ts";
import { startWorker } from "./workerEntry.ts";

/**
 * A loader whose batches are prepared ahead by worker threads. Batches and their order are the same for any number of
 * threads. With threads, all patterns, and what labels are taken from, are copied once into shared memory as float32; patterns
 * that stay in their file are not: each thread reads that.
 *
 * @throws PtychonautError "usage" for impossible numbers, or options that need threads without any
 */
export function batchWorkers(source: BatchSource, options: LoaderOptions = {}): BatchLoader {
  checkLoaderOptions(options);
  const { numWorkers = 0, prefetchFactor = 2, persistentWorkers = false } = options;
  if (numWorkers === 0) return inlineLoader(source);
  const data = shareSource(source);
  let pool: BatchPool | undefined;
  const close = async (): Promise<void> => {
    const closing = pool;
    pool = undefined;
    await closing?.close();
  };
  return {
    async *batches(plan) {
      pool ??= new BatchPool(numWorkers, data);
      try {
        yield* inOrder(pool, plan, numWorkers * prefetchFactor);
      } finally {
        if (!persistentWorkers) await close();
      }
    },
    close,
  };
}

/** Keeps up to `ahead` jobs under way and yields their batches in the plan's order. */
async function* inOrder(pool: BatchPool, plan: readonly BatchRequest[], ahead: number): AsyncGenerator<Batch> {
  const underWay: Promise<Batch>[] = [];
  let next = 0;
  try {
    while (next < plan.length || underWay.length > 0) {
      while (next < plan.length && underWay.length < ahead) underWay.push(pool.run(plan[next++]));
      yield await underWay.shift()!;
    }
  } finally {
    // A consumer that stops early, or a failure, leaves jobs behind; nobody else waits for them.
    await Promise.allSettled(underWay);
  }
}

class BatchPool {
  readonly #workers: readonly Worker[];
  readonly #waiting = new Map<number, { resolve: (batch: Batch) => void; reject: (error: Error) => void }>();
  #jobs = 0;
  #failure: Error | undefined;

  constructor(count: number, data: BatchWorkerData) {
    this.#workers = Array.from({ length: count }, () => {
      const worker = startWorker("batchWorker", import.meta.url, { workerData: data });
      worker.on("message", (reply: BatchReply) => {
        const waiting = this.#waiting.get(reply.id);
        if ("batch" in reply) waiting?.resolve(reply.batch);
        else waiting?.reject(PtychonautError.fromPlain(reply.error));
        this.#waiting.delete(reply.id);
        if (this.#waiting.size === 0) for (const idle of this.#workers) idle.unref();
      });
      worker.on("error", (error) => this.#fail(error));
      worker.on("exit", () => this.#fail(new Error("a batch worker ended")));
      worker.unref();
      return worker;
    });
  }

  run(request: BatchRequest): Promise<Batch> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const job: BatchJob = { id: this.#jobs++, request };
    const worker = this.#workers[job.id % this.#workers.length];
    return new Promise((resolve, reject) => {
      this.#waiting.set(job.id, { resolve, reject });
      // A pool with work keeps the process alive, an idle one does not.
      worker.ref();
      worker.postMessage(job);
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}

function shareSource(source: BatchSource): BatchWorkerData {
  const { patterns, measurement, scales, groups, geometry, mask, experiments, labels } = source;
  return {
    patterns: toOpen(patterns),
    measurement,
    inputScale: scales.inputScale,
    ...(mask === undefined ? {} : { mask }),
    groups,
    geometry,
    ...(labels === undefined
      ? {}
      : { labels: labels.map((source) => ({ ...source, array: shareArray(source.array) })) }),
    ...(experiments === undefined ? {} : { experiments }),
  };
}

function toOpen(patterns: Patterns): PatternsToOpen {
  const { origin } = patterns;
  switch (origin.kind) {
    case "joined":
      return { kind: "joined", parts: origin.parts.map((part) => ({ ...part, patterns: toOpen(part.patterns) })) };
    case "file":
    case "chunked":
      return origin;
    case "selected":
      // Of what is in memory only what was chosen need be copied.
      if (origin.patterns.origin.kind === "memory") return sharedPatterns(patterns);
      return { kind: "selected", patterns: toOpen(origin.patterns), frames: origin.frames };
    case "prepared":
      if (origin.patterns.origin.kind === "memory") return sharedPatterns(patterns);
      return { ...origin, patterns: toOpen(origin.patterns) };
    case "memory":
      return sharedPatterns(patterns);
  }
}

function sharedPatterns(patterns: Patterns): SharedPatterns {
  const { count, height, width } = patterns;
  const size = height * width;
  const data = sharedFloats(count * size);
  for (let frame = 0; frame < count; frame++) patterns.read([frame], data.subarray(frame * size, (frame + 1) * size));
  return { kind: "shared", data, shape: [count, height, width] };
}

function shareArray({ shape, data }: ComplexArray): ComplexArray {
  const shared = sharedFloats(data.length);
  shared.set(data);
  return { shape, data: shared };
}

const sharedFloats = (length: number): Float32Array<SharedArrayBuffer> =>
  new Float32Array(new SharedArrayBuffer(4 * length));
