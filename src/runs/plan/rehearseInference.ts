import type { InferencePayload } from "../../config/payload.ts";
import type { RunHooks } from "../hooks.ts";
import { PREDICTING, runPrediction } from "../infer/infer.ts";
import type { Home } from "../machine.ts";
import { totalMemory } from "../memory.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { silentProgress } from "../progress.ts";
import { readJson } from "../store.ts";

/** What a reconstruction takes, from one that was cut short. Seconds. */
export interface InferenceRehearsal {
  /** Until the first batch is predicted. */
  readonly preparing: number;
  /** A group's prediction, as a part of its batch. */
  readonly group: number;
  /** Evaluation, stitching and files, of as many frames as there are. */
  readonly concluding: number;
  readonly groups: number;
  /** Bytes in memory, as the run estimates them. */
  readonly memory: number;
  /** That were predicted here. */
  readonly groupsTried: number;
}

const CALIBRATION_MS = 2000;
const LEAST_BATCHES = 3;

/** A reconstruction from its beginning to its end that is interrupted after its first batches. */
export async function rehearseInference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
): Promise<InferenceRehearsal> {
  await home.store.claim(payload.outputDir);
  let enough = false;
  const begun = performance.now();
  /** When the network began to predict, and when each batch was placed. */
  const times: number[] = [];
  let [groups, tried] = [0, 0];
  const watching: RunHooks = {
    ...hooks,
    signal: {
      ...hooks.signal,
      get aborted() {
        return enough || hooks.signal.aborted;
      },
    },
    progress(what, total) {
      // What follows the prediction is rehearsed by itself.
      if (what !== PREDICTING) {
        enough = true;
        return silentProgress;
      }
      groups = total;
      times.push(performance.now());
      return {
        update(done) {
          tried = done;
          times.push(performance.now());
          enough ||= times.length > LEAST_BATCHES && performance.now() - times[0] > CALIBRATION_MS;
        },
        finish() {},
      };
    },
  };
  let memory = 0;
  await runPrediction(payload, watching, home, {
    onMemory: (shares) => {
      memory = totalMemory(shares);
    },
  });
  const all = performance.now() - begun;
  const record = (await readJson(joinPath(payload.outputDir, outputs.run), home.store)) as {
    readonly seconds?: { readonly evaluation?: number };
  };
  const evaluation = Math.min(record.seconds?.evaluation ?? 0, all / 1000);
  const [first, last] = [times[0] ?? performance.now(), times[times.length - 1] ?? performance.now()];
  const after = (begun + all - last) / 1000;
  return {
    preparing: (first - begun) / 1000,
    group: tried === 0 ? 0 : (last - first) / 1000 / tried,
    // What is compared with the patterns grows with their number; the canvas is that of all.
    concluding: after + evaluation * (tried === 0 ? 0 : groups / tried - 1),
    ...{ memory, groups },
    groupsTried: tried,
  };
}
