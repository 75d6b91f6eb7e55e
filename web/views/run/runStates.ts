import { subfolders } from "../../../src/runs/outputs.ts";
import type { RunState } from "../../../src/runs/runCourse.ts";
import type { RunKind } from "../../worker/runEntries.ts";

/** How it stands with a run, in words. */
export const runStates: Readonly<Record<RunState, string>> = {
  running: "running",
  paused: "paused",
  cut: "ended in the middle",
  finished: "finished",
  diverged: "diverged",
  damaged: "damaged",
};

/** What going on with a run is called: a network that was interrupted predicts anew. @param files that it has left */
export const goOnWords = (kind: RunKind, files: readonly string[]): string =>
  kind === "infer" && !files.some((name) => name.split("/").includes(subfolders.refined)) ? "Start again" : "Go on";
