import type { InferencePayload } from "../../config/payload.ts";
import { parseRefinement } from "../../config/refinement.ts";
import type { RunHooks, RunOutcome } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { subfolders } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { createReconstructionPayload } from "../payloads.ts";
import { readingFor } from "../readingFor.ts";
import { runReconstruction } from "../reconstruct/reconstruct.ts";
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
  const predicted = await runPrediction(payload, hooks, home, deps);
  const { refine } = payload.inference;
  if (refine === null || predicted.status !== "finished") return predicted;
  const { engine, epochs } = parseRefinement(refine);
  const reading = readingFor("reconstruction", payload.overridden);
  hooks.log(`refining by ${engine}`);
  const refined = await runReconstruction(
    await createReconstructionPayload(
      {
        ...{ scan: payload.testDataFile, outputDir: joinPath(payload.outputDir, subfolders.refined), overwrite: true },
        overrides: { ...reading, engine, epochs, init: payload.outputDir },
      },
      home,
    ),
    hooks,
    home,
  );
  return { ...refined, files: [...predicted.files, ...refined.files] };
}
