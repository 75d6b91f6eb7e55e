import type { Settings } from "../../../src/config/group.ts";
import { PtychonautError } from "../../../src/errors.ts";
import type { RunHooks, RunOutcome } from "../../../src/runs/hooks.ts";
import { resumeInference, runInference } from "../../../src/runs/infer/inferAndRefine.ts";
import {
  createInferencePayload,
  createReconstructionPayload,
  createTrainingPayload,
} from "../../../src/runs/payloads.ts";
import { runReconstruction } from "../../../src/runs/reconstruct/reconstruct.ts";
import { writeJson } from "../../../src/runs/store.ts";
import { runTraining } from "../../../src/runs/train/train.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import type { Answer } from "../protocol.ts";
import { RUNS, type RunRequest, requestPath, runFolder } from "../runEntries.ts";
import type { Answers, Desk } from "./answer.ts";
import { hooksTold } from "./hooks.ts";
import { withSteering } from "./steps.ts";

/**
 * A run, from its settings to its last file. What it was asked is kept beside it first, and its scan, where there is room,
 * so that it can go on after the page was closed.
 */
export const run: Answers<"run"> = (request, desk, asked) =>
  withSteering(request.id, request.change, asked.tell, (steering) =>
    done(request, desk, { ...hooksTold(asked), steering }),
  );

async function done(request: RunRequest, { home, stored }: Desk, hooks: RunHooks): Promise<Answer<"run">> {
  const { store } = home;
  if (!(await store.isWhole(request.scan.path)))
    throw new PtychonautError("data", "the scan of this run is not kept in the browser", {
      where: request.scan.path,
      fix: "open its file again, then go on",
    });
  if (request.model !== undefined && !(await store.isWhole(request.model)))
    throw new PtychonautError("data", "the model of this run is not kept in the browser", {
      where: request.model,
      fix: "open its file again, then infer anew",
    });
  await store.claim(RUNS);
  const { resume: _, change: __, ...entry } = request;
  await writeJson(requestPath(request.id), entry, store);
  if (stored.kind === "opfs") {
    if (request.model !== undefined) await store.keep(request.model, hooks.progress);
    const kept = await store.keep(request.scan.path, hooks.progress);
    if (!kept)
      hooks.log("the scan is too large to be kept in the browser: once the page was closed, open it again to go on");
  }
  const { status, advice, files } = await started(request, home, hooks);
  return { status, files, ...(advice === undefined ? {} : { advice }) };
}

async function started(
  { id, kind, scan, model, settings, changes, resume }: RunRequest,
  home: Desk["home"],
  hooks: RunHooks,
): Promise<RunOutcome> {
  const again = resume && kind !== "infer" ? { resume: "last" } : {};
  const overrides = { ...asSettings(scan.stated), ...settings, ...again };
  const output = { outputDir: runFolder(id), overrides };
  const planned = changes === undefined ? {} : { changes };
  if (kind === "train") {
    const payload = await createTrainingPayload({ trainDataFile: scan.path, ...output, ...planned }, home);
    return runTraining(payload, hooks, home);
  }
  if (model !== undefined) {
    const request = { modelPath: model, testDataFile: scan.path, ...output, overwrite: resume };
    const payload = await createInferencePayload(request, home);
    for (const line of payload.notes) hooks.warn(line);
    return resume ? resumeInference(payload, hooks, home) : runInference(payload, hooks, home);
  }
  const payload = await createReconstructionPayload({ scan: scan.path, ...output, ...planned }, home);
  for (const line of payload.notes) hooks.warn(line);
  return runReconstruction(payload, hooks, home);
}

/** What is known of a scan, under the names of settings; that frames are left out follows from those that are. */
export function asSettings({ geometry = {}, someLeftOut: _, ...options }: ScanOptions): Settings {
  return { ...options, ...geometry };
}
