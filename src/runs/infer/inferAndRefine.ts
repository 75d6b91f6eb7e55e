import type { InferencePayload, ReconstructionPayload } from "../../config/payload.ts";
import { parseRefinement } from "../../config/refinement.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { outputs, subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { createReconstructionPayload } from "../payloads.ts";
import { readingFor } from "../readingFor.ts";
import { runReconstruction } from "../reconstruct/reconstruct.ts";
import { isThere, type RunStore, readJson } from "../store.ts";
import { runPrediction } from "./infer.ts";
import type { InferenceDeps } from "./inferenceRun.ts";

/**
 * A whole reconstruction with a trained network (`infer.ts`) and, where the setting `refine` asks for it, an iterative engine
 * that begins with what the network predicted, in the folder `refined`.
 * @throws PtychonautError as both
 */
export async function runInference(
  payload: InferencePayload,
  hooks: RunHooks,
  home: Home,
  deps: InferenceDeps = {},
): Promise<RunOutcome> {
  // What an engine would refuse is refused before the network runs.
  const refining = await refinement(payload, home);
  const predicted = await runPrediction(payload, hooks, home, deps);
  if (refining === undefined || predicted.status !== "finished") return predicted;
  hooks.log(`refining by ${refining.reconstruction.engine}`);
  const refined = await runReconstruction(refining, hooks, home);
  return { ...refined, files: [...predicted.files, ...refined.files] };
}

/**
 * Goes on with an inference that was interrupted: with the engine, from its last checkpoint, where the network was done; else
 * from the beginning, since a network predicts in one pass.
 * @throws PtychonautError as `runInference`
 */
export async function resumeInference(payload: InferencePayload, hooks: RunHooks, home: Home): Promise<RunOutcome> {
  const { outputDir } = payload;
  const refining = await refinement(payload, home, { resume: "last" });
  const predicted = await filesOfPrediction(outputDir, home.store);
  if (refining === undefined || predicted === undefined) {
    hooks.log("the inference was interrupted before its network had seen all patterns: it begins anew");
    return runInference(payload, hooks, home);
  }
  hooks.log(`the network has predicted; going on with ${refining.reconstruction.engine}`);
  const refined = await runReconstruction(refining, hooks, home);
  return { ...refined, files: [...predicted, ...refined.files] };
}

/** What a network left that has seen all patterns; nothing where it has not. */
async function filesOfPrediction(outputDir: string, store: RunStore): Promise<readonly string[] | undefined> {
  const path = joinPath(outputDir, outputs.run);
  if (!(await isThere(path, store))) return undefined;
  const { outcome, files = [] } = (await readJson(path, store)) as {
    readonly outcome?: { readonly status?: string };
    readonly files?: readonly string[];
  };
  return outcome?.status === "finished" ? [...files, path] : undefined;
}

async function refinement(
  {
    inference: { refine, confidence },
    execution: { threads },
    testDataFile: scan,
    outputDir,
    overridden,
  }: InferencePayload,
  home: Home,
  goOn: { readonly resume?: "last" } = {},
): Promise<ReconstructionPayload | undefined> {
  if (refine === null) return undefined;
  const { engine, epochs } = parseRefinement(refine);
  return createReconstructionPayload(
    {
      ...{ scan, outputDir: joinPath(outputDir, subfolders.refined), overwrite: true },
      overrides: {
        ...readingFor("reconstruction", overridden),
        engine,
        epochs,
        threads,
        confidence,
        init: outputDir,
        ...goOn,
      },
    },
    home,
  );
}
