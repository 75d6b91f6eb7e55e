import type { Worker } from "node:worker_threads";
import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ReplicaOptions } from "../../runs/machine.ts";
import type { HostTensor } from "../../runtime/runtime.ts";
import { stateLayout, trainableLayout } from "../../training/parameterStore.ts";
import type { GradientSource, StepBatch } from "../../training/trainingStep.ts";
import type { ReplicaData, ReplicaJob, ReplicaReply } from "./replicaProtocol.ts";
import { startWorker } from "./workerEntry.ts";

/**
 * Gradients from several threads, each with its own session and its share of every batch; on a CPU this scales better
 * than threads inside operators. The shares are added in the order of the replicas, so a result does not depend on timing.
 */
export async function replicaGradients(options: ReplicaOptions): Promise<GradientSource> {
  const replicas = await Promise.all(Array.from({ length: options.replicas }, () => startReplica(options)));
  return {
    async accumulate(batches, { parameters, state }, total, nextState) {
      const jobs = replicas.map((replica, i) => {
        const shares = batches.map((batch) => shareOf(batch, i, options.batchPerReplica));
        return replica.run({ batches: shares }, parameters, state);
      });
      await Promise.all(jobs);
      nextState.fill(0);
      for (const { data } of replicas) {
        for (let i = 0; i < total.length; i++) total[i] += data.total[i];
        for (let i = 0; i < nextState.length; i++) nextState[i] += data.nextState[i] / replicas.length;
      }
    },
    dispose: async () => {
      await Promise.all(replicas.map(({ worker }) => worker.terminate()));
    },
  };
}

interface Replica {
  readonly worker: Worker;
  readonly data: ReplicaData;
  run(job: ReplicaJob, parameters: Float32Array, state: Float32Array): Promise<void>;
}

async function startReplica({ model, threads = 1 }: ReplicaOptions): Promise<Replica> {
  const shared = (length: number): Float32Array<SharedArrayBuffer> =>
    new Float32Array(new SharedArrayBuffer(4 * length));
  const { specs, measures, gradient } = model;
  const trained = trainableLayout(specs).length;
  const untrained = stateLayout(specs).length;
  const data: ReplicaData = {
    model: { specs: specs.map(({ name, shape, trainable }) => ({ name, shape, trainable })), measures, gradient },
    threads,
    parameters: shared(trained),
    state: shared(untrained),
    total: shared(trained + 1 + measures.length),
    nextState: shared(untrained),
  };
  const worker = startWorker("replicaWorker", import.meta.url, { workerData: data });
  await answer(worker);
  worker.unref();
  return {
    worker,
    data,
    async run(job, parameters, state) {
      data.parameters.set(parameters);
      data.state.set(state);
      worker.ref();
      worker.postMessage(job);
      await answer(worker);
      worker.unref();
    },
  };
}

/** The next message; a thread that ends instead is an error. */
function answer(worker: Worker): Promise<ReplicaReply> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      worker.off("message", onMessage).off("error", onError).off("exit", onExit);
    };
    const onMessage = (message: ReplicaReply): void => {
      settle();
      if (message.kind === "failed") reject(PtychonautError.fromPlain(message.error));
      else resolve(message);
    };
    const onError = (error: unknown): void => {
      settle();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const onExit = (): void => onError(new Error("a replica's thread ended"));
    worker.on("message", onMessage).on("error", onError).on("exit", onExit);
  });
}

/** Samples `replica * size …` of a batch; past its end the last one again, with weight 0. */
function shareOf({ inputs, sampleWeights }: StepBatch, replica: number, size: number): StepBatch {
  const batch = sampleWeights.length;
  const rows = Array.from({ length: size }, (_, k) => replica * size + k);
  const pick = (name: string, { data, shape }: HostTensor): HostTensor => {
    if (shape[0] !== batch || !(data instanceof Float32Array || data instanceof BigInt64Array)) {
      throw new PtychonautError("shape", `replicas cannot share graph input "${name}"`, {
        expected: `float32 or int64 [${batch}, …]`,
        got: `[${shape.join(", ")}]`,
      });
    }
    const row = sizeOf(shape) / batch;
    const index = (i: number): number => Math.min(rows[Math.floor(i / row)], batch - 1) * row + (i % row);
    const picked =
      data instanceof Float32Array
        ? Float32Array.from({ length: size * row }, (_, i) => data[index(i)])
        : BigInt64Array.from({ length: size * row }, (_, i) => data[index(i)]);
    return { data: picked, shape: [size, ...shape.slice(1)] };
  };
  return {
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, pick(name, tensor)])),
    sampleWeights: Float32Array.from(rows, (row) => (row < batch ? sampleWeights[row] : 0)),
  };
}
