import { type ReadonlySignal, signal } from "@preact/signals";
import type { PtychonautError } from "../../src/errors.ts";
import type { GivenFile } from "../worker/protocol.ts";
import { go } from "./route.ts";
import { startRun } from "./runs.ts";
import { asError, looker, openFiles, session } from "./session.ts";

const objects = signal<readonly string[]>([]);
const model = signal<string | undefined>(undefined);
const trouble = signal<PtychonautError | undefined>(undefined);

/** Paths of reconstructions that the user dropped, the last one first. */
export const droppedObjects: ReadonlySignal<readonly string[]> = objects;
/** The path of the model that was dropped last. */
export const droppedModel: ReadonlySignal<string | undefined> = model;
/** Why a run that was dropped does not run. */
export const droppedTrouble: ReadonlySignal<PtychonautError | undefined> = trouble;

/**
 * Takes what the user dropped: a scan is opened, the record of a run runs again, a reconstruction or a model goes to the view
 * that shows what can be done with it.
 */
export async function takeFiles(files: readonly File[]): Promise<void> {
  if (files.length > 0) await takeFrom(files[0].name, async () => files);
}

/** The same with files that have to be brought first. @returns the path of the scan that is open now, if one was among them */
export async function takeFrom(name: string, bring: () => Promise<readonly GivenFile[]>): Promise<string | undefined> {
  trouble.value = undefined;
  const { results, scan } = await openFiles(name, bring);
  const of = (kind: string): readonly string[] => results.flatMap((each) => (each.kind === kind ? [each.path] : []));
  const [[run], [bundle], found] = [of("run"), of("model"), of("object")];
  if (found.length > 0) objects.value = [...found, ...objects.value.filter((path) => !found.includes(path))];
  if (bundle !== undefined) model.value = bundle;
  if (run !== undefined) await runAgain(run);
  else if (bundle !== undefined) go("infer");
  else if (found.length > 0) go("compare", { a: found[0], b: found[1] });
  return scan;
}

async function runAgain(path: string): Promise<void> {
  const open = session.value?.path;
  try {
    const listed = (file: string | undefined): readonly string[] => (file === undefined ? [] : [file]);
    const { work, leftOut } = await looker.ask("again", { path, scans: listed(open), models: listed(model.value) });
    const note = `run.json: left out, as it is said of another machine: ${leftOut.join(", ")}`;
    go(work.kind, { run: startRun(work, leftOut.length === 0 ? [] : [note]).request.id });
  } catch (error) {
    trouble.value = asError(error);
  }
}
