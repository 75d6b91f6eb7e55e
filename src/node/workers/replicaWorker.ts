import { parentPort, workerData } from "node:worker_threads";
import { PtychonautError } from "../../errors.ts";
import { nodeRuntime } from "../../runtime/node/ort.ts";
import { sessionGradients } from "../../training/steps.ts";
import type { GradientSource } from "../../training/trainingStep.ts";
import type { ReplicaData, ReplicaJob, ReplicaReply } from "./replicaProtocol.ts";

/** One replica of a training step, in its own thread with its own session. */
const { model, threads, parameters, state, total, nextState } = workerData as ReplicaData;
const port = parentPort!;
const reply = (message: ReplicaReply): void => port.postMessage(message);

/** Does work and says so; an error of ours goes to the main thread as what it is. */
const said = async (done: ReplicaReply, work: () => Promise<void>): Promise<void> => {
  try {
    await work();
    reply(done);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    reply({ kind: "failed", error: error.toPlain() });
  }
};

let source: GradientSource | undefined;
// ONNX Runtime takes no shared memory, so each job starts with a copy.
const weights = { parameters: new Float32Array(parameters.length), state: new Float32Array(state.length) };
port.on("message", ({ batches }: ReplicaJob) =>
  said({ kind: "done" }, async () => {
    weights.parameters.set(parameters);
    weights.state.set(state);
    total.fill(0);
    await source?.accumulate(batches, weights, total, nextState);
  }),
);
await said({ kind: "ready" }, async () => {
  source = await sessionGradients(nodeRuntime("cpu", "replica", { threads }), model);
});
