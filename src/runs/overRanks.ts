import type { InferencePayload, ReconstructionPayload } from "../config/payload.ts";
import { AUTO } from "../config/reconstructionConfig.ts";
import { engineNamed } from "../engines/registry.ts";
import { PtychonautError, setting } from "../errors.ts";

/** @throws PtychonautError "usage" for engines that cannot share frames as they are set; what chooses among them is not looked at */
export function checkEnginesOverRanks({ stages }: ReconstructionPayload, processes: number): void {
  if (processes === 1) return;
  for (const { engine, settings } of stages) {
    const refusal = engine === AUTO ? undefined : engineNamed(engine).alone?.(settings);
    if (refusal === undefined) continue;
    throw new PtychonautError("usage", `engine ${engine} reconstructs in one process alone here: ${refusal.why}`, {
      got: `${processes} processes`,
      fix: `${refusal.fix}; or start one process, with the others' processors for its threads`,
    });
  }
}

/** What is to be said of batches that have too few frames for every process to have one. */
export function idleProcesses({ stages }: Pick<ReconstructionPayload, "stages">, processes: number): readonly string[] {
  return stages.flatMap(({ engine, settings }) => {
    const batch = settings["batchSize"];
    // L-BFGS moves by all frames together.
    if (typeof batch !== "number" || batch >= processes || settings["optimizer"] === "lbfgs") return [];
    const idle = `batches of ${batch} patterns leave ${processes - batch} of ${processes} processes idle`;
    return [`${idle} (${engine}): say ${setting("batch_size", processes)} or more, or start fewer`];
  });
}

/** @throws PtychonautError "usage" for what looks at all patches in their order, or runs an engine */
export function checkInferenceOverRanks({ inference, execution }: InferencePayload, processes: number): void {
  if (processes === 1 || (!execution.logPatchStats && inference.refine === null)) return;
  const what = execution.logPatchStats ? setting("log_patch_stats") : setting("refine", inference.refine ?? "");
  throw new PtychonautError("usage", "this is done by one process alone", {
    got: `${what} with ${processes} processes`,
    fix: `leave it out here${execution.logPatchStats ? "" : ", and reconstruct from the prediction afterwards with the setting init"}`,
  });
}
