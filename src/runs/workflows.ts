import type { Workflows } from "./hooks.ts";
import { runInference } from "./infer/inferAndRefine.ts";
import type { Home } from "./machine.ts";
import { runReconstruction } from "./reconstruct/reconstruct.ts";
import { runTraining } from "./train/train.ts";

/** Training, inference and iterative reconstruction in a home, for runs that are made of them. */
export function workflowsIn(home: Home): Workflows {
  return {
    train: (payload, hooks) => runTraining(payload, hooks, home),
    infer: (payload, hooks) => runInference(payload, hooks, home),
    reconstruct: (payload, hooks) => runReconstruction(payload, hooks, home),
  };
}
