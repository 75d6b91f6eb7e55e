import { wellCovered } from "../../../src/inference/coverage.ts";
import { readReconstructionFile } from "../../../src/runs/evaluate.ts";
import { withArrays } from "../../../src/runs/openArrays.ts";
import { outputs, subfolders } from "../../../src/runs/outputs.ts";
import { joinPath } from "../../../src/runs/paths.ts";
import { refinedProbe } from "../../../src/runs/refinedProbe.ts";
import { runCourse, runStanding } from "../../../src/runs/runCourse.ts";
import { isThere, type RunStore, readJson } from "../../../src/runs/store.ts";
import type { RunPicture } from "../protocol.ts";
import { RUNS, type RunEntry, type RunRequest, requestPath, runFolder } from "../runEntries.ts";
import type { Answers } from "./answer.ts";
import { removeAll } from "./removeAll.ts";

export const runs: Answers<"runs"> = async (_, { home: { store } }) => {
  const names = (await store.list(RUNS)).filter((name) => name.endsWith(".json"));
  const entries: RunEntry[] = [];
  for (const name of names) {
    const request = (await readJson(joinPath(RUNS, name), store)) as Omit<RunRequest, "resume">;
    const folder = runFolder(request.id);
    entries.push({ ...request, ...(await runStanding(folder, store)), files: await store.list(folder) });
  }
  return entries.sort((a, b) => b.startedAt - a.startedAt);
};

export const course: Answers<"course"> = async ({ id }, { home: { store } }) =>
  runCourse(await lastFolder(id, store), store);

export const words: Answers<"words"> = async ({ id }, { home: { store } }) => {
  const lines: string[] = [];
  for (const folder of [runFolder(id), joinPath(runFolder(id), subfolders.refined)]) {
    const path = joinPath(folder, outputs.words);
    if (!(await isThere(path, store))) continue;
    const text = new TextDecoder().decode(await store.read(path));
    lines.push(...text.split("\n").filter((line) => line !== ""));
  }
  return lines;
};

/** Where the last object of a run is: an engine that refines what a network predicted has a folder of its own. */
export async function lastFolder(id: string, store: RunStore): Promise<string> {
  const refined = joinPath(runFolder(id), subfolders.refined);
  return (await isThere(joinPath(refined, outputs.reconstruction), store)) ? refined : runFolder(id);
}

export const reconstruction: Answers<"reconstruction"> = async ({ id }, { home }) => {
  const folder = await lastFolder(id, home.store);
  const path = joinPath(folder, outputs.reconstruction);
  if (!(await isThere(path, home.store))) return undefined;
  const { object, coverage, pixelSizeM } = await readReconstructionFile(path, home.store);
  return { object, known: wellCovered(coverage), pixelSizeM, ...(await probeOf(folder, home.store)) };
};

/** The probe that a run refined, where it did. */
async function probeOf(folder: string, store: RunStore): Promise<Partial<Pick<RunPicture, "probe">>> {
  const path = joinPath(folder, refinedProbe.file);
  if (!(await isThere(path, store))) return {};
  return withArrays(path, store, (arrays) => {
    const { shape, data } = arrays.readNumbers(refinedProbe.key);
    return { probe: { shape, data: Float32Array.from(data as Float32Array) } };
  });
}

/** @throws PtychonautError "usage" while it runs */
export const forgetRun: Answers<"forgetRun"> = async ({ id }, { home: { store } }) => {
  const folder = runFolder(id);
  const lock = await store.lock(folder);
  try {
    await removeAll(folder, store);
    await store.remove(requestPath(id));
  } finally {
    await lock.release();
  }
};
