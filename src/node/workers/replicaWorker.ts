import { parentPort, workerData } from "node:worker_threads";
import { nodeRuntime } from "../../runtime/node/ort.ts";
import { sessionGradients } from "../../training/steps.ts";
import type { ReplicaData, ReplicaJob, ReplicaReply } from "./replicaProtocol.ts";

/** One replica of a training step, in its own thread with its own session. */
const { model, threads, parameters, state, total, nextState } = workerData as ReplicaData;
const port = parentPort!;
const reply = (message: ReplicaReply): void => port.postMessage(message);

const source = await sessionGradients(nodeRuntime("cpu", "replica", { threads }), model);
// ONNX Runtime takes no shared memory, so each job starts with a copy.
const weights = { parameters: new Float32Array(parameters.length), state: new Float32Array(state.length) };
port.on("message", async ({ batches }: ReplicaJob) => {
  weights.parameters.set(parameters);
  weights.state.set(state);
  total.fill(0);
  await source.accumulate(batches, weights, total, nextState);
  reply({ kind: "done" });
});
reply({ kind: "ready" });
