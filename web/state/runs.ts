import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { PtychonautError } from "../../src/errors.ts";
import type { RunSteps } from "../../src/runs/hooks.ts";
import type { MetricRow } from "../../src/runs/loggers/metricsLogger.ts";
import { startWorker, type WorkerClient } from "../worker/client.ts";
import type { Answer, RunPicture, WorkerEvent } from "../worker/protocol.ts";
import { type RunEntry, type RunRequest, type RunWork, runFolder } from "../worker/runEntries.ts";
import { about, asError, filesOf, looker, opening, openScan, session } from "./session.ts";

/** A run that this page started, as it goes. */
export interface LiveRun {
  readonly request: RunRequest;
  readonly rows: Signal<readonly MetricRow[]>;
  readonly picture: Signal<RunPicture | undefined>;
  readonly lines: Signal<readonly RunLine[]>;
  readonly progress: Signal<Extract<WorkerEvent, { kind: "progress" }> | undefined>;
  /** How long its steps are; undefined before that is known. */
  readonly steps: Signal<RunSteps | undefined>;
  /** How it ended; undefined while it goes on. */
  readonly end: Signal<RunEnd | undefined>;
  /** Asks it to save what there is and to end. */
  stop(): void;
  /**
   * Makes its steps others from its next epoch on; one that was paused goes on with them.
   * @throws PtychonautError "usage" for steps that make no sense
   */
  change(wanted: Readonly<Record<string, number>>): Promise<void>;
}

/** Something that a run says. */
export interface RunLine {
  readonly warning: boolean;
  readonly text: string;
}

export type RunEnd = Answer<"run"> | { readonly status: "failed"; readonly error: PtychonautError };

const live = signal<ReadonlyMap<string, LiveRun>>(new Map());
const stored = signal<readonly RunEntry[]>([]);

/** What computes, for all runs that the page starts: they share its machine. */
export const accelerator: Signal<string> = signal("auto");

/** Runs that this page started, by id. */
export const liveRuns: ReadonlySignal<ReadonlyMap<string, LiveRun>> = live;
/** Runs in the store, as they were last looked at. */
export const storedRuns: ReadonlySignal<readonly RunEntry[]> = stored;

/** Looks anew which runs there are. */
export async function refreshRuns(): Promise<void> {
  stored.value = await looker.ask("runs", undefined);
}

/** Starts a run on a scan. @param notes what is to be known of it from the start */
export function startRun(work: RunWork, notes: readonly string[] = []): LiveRun {
  const { kind, scan } = work;
  const startedAt = Date.now();
  const name = scan.path.slice(scan.path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
  const time = new Date(startedAt).toISOString().slice(0, 19).replace("T", " ").replaceAll(":", "");
  const computes = accelerator.value === "auto" ? {} : { accelerator: accelerator.value };
  const settings = { ...work.settings, ...computes };
  const run = follow({ id: `${name} ${kind} ${time}`, ...work, settings, startedAt, resume: false });
  run.lines.value = [...notes.map((text) => ({ warning: true, text })), ...run.lines.value];
  return run;
}

/** Goes on with a run that was stopped, here or before the page was loaded. What is seen of it stays until there is more. */
export function resumeRun(entry: Omit<RunRequest, "resume" | "change">, change?: RunRequest["change"]): LiveRun {
  const request = { ...requestOf(entry), resume: true, ...(change === undefined ? {} : { change }) };
  return follow(request, live.value.get(entry.id));
}

/** How often a run of another page is looked at, ms. */
export const LOOK_MS = 1000;

/**
 * A run of the store, to be looked at. One that was cut off goes on at once, as if nothing had happened; its scan is opened
 * too, where none is or is about to be. One that another page has, or that a page which is just being closed still has, is waited for.
 * @param isWanted asked before each look
 */
export async function showRun(id: string, isWanted: () => boolean): Promise<void> {
  for (;;) {
    if (live.value.has(id) || !isWanted()) return;
    await refreshRuns();
    const entry = stored.value.find((run) => run.id === id);
    if (entry === undefined || live.value.has(id)) return;
    if (entry.state !== "running") {
      if (session.value === undefined && opening.value === undefined) await openScan(entry.scan);
      if (live.value.has(id) || !isWanted()) return;
      if (entry.state === "cut") resumeRun(entry);
      else await recall(entry);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Begins an engine with what a run came to. */
export async function refineRun(id: string, engine: string, epochs: number | undefined): Promise<LiveRun> {
  return startRun(await looker.ask("refinement", { id, engine, ...(epochs === undefined ? {} : { epochs }) }));
}

/** What a run was asked, without what became of it. */
function requestOf(entry: Omit<RunRequest, "resume" | "change">): Omit<RunRequest, "resume" | "change"> {
  const { id, kind, scan, model, settings, changes, startedAt } = entry;
  return {
    ...{ id, kind, scan, settings, startedAt },
    ...(model === undefined ? {} : { model }),
    ...(changes === undefined ? {} : { changes }),
  };
}

/** What a run has left, as it is shown while it goes. */
async function recall(entry: RunEntry): Promise<void> {
  const { id } = entry;
  const run = added({ ...requestOf(entry), resume: false }, () => {}, looker);
  const status = entry.state === "paused" ? "interrupted" : entry.state === "diverged" ? "diverged" : "finished";
  run.end.value =
    entry.damage === undefined
      ? { status, files: entry.files.map((name) => `${runFolder(id)}/${name}`) }
      : { status: "failed", error: damaged(id, entry.damage) };
  run.lines.value = await linesOf(id);
  if (entry.damage === undefined) run.steps.value = await looker.ask("steps", { id });
  run.rows.value = await looker.ask("course", { id });
  run.picture.value = await looker.ask("reconstruction", { id });
}

const damaged = (id: string, damage: string): PtychonautError =>
  new PtychonautError("data", "what the run left of itself is damaged", {
    ...{ where: id, got: damage, fix: "delete the run, and start it anew" },
  });

/** What a run has said so far. */
async function linesOf(id: string): Promise<readonly RunLine[]> {
  const lines = await looker.ask("words", { id });
  return lines.map((line) => ({ warning: line.startsWith(WARNING), text: line.replace(WARNING, "") }));
}

const WARNING = "warning: ";

/**
 * @param worker does it
 * @param before the run as it was seen when it was stopped
 */
function added(request: RunRequest, stop: () => void, worker: WorkerClient, before?: LiveRun): LiveRun {
  const run: LiveRun = {
    request,
    rows: signal(before?.rows.value ?? []),
    picture: signal(before?.picture.value),
    lines: signal(before?.lines.value ?? []),
    progress: signal(before?.progress.value),
    ...{ steps: signal(undefined), end: signal(undefined), stop },
    async change(wanted) {
      const [steps, paused] = [run.steps.value, run.end.value !== undefined];
      if (steps === undefined) return;
      await (paused ? looker : worker).ask("change", { id: request.id, steps, wanted });
      if (paused) resumeRun(request, wanted);
    },
  };
  live.value = new Map(live.value).set(request.id, run);
  return run;
}

/** Takes a run and everything that it left out of the store. */
export async function forgetRun(id: string): Promise<void> {
  await looker.ask("forgetRun", { id });
  const others = new Map(live.value);
  others.delete(id);
  live.value = others;
  await refreshRuns();
}

function follow(request: RunRequest, before?: LiveRun): LiveRun {
  const controller = new AbortController();
  // What a memory of its own would hold would be lost to the others.
  const apart = about.value?.store.kind !== "memory";
  const worker = apart ? startWorker() : looker;
  const run = added(request, () => controller.abort(), worker, before);
  void work(run, worker, apart, controller.signal).then((end) => {
    run.end.value = end;
    return refreshRuns();
  });
  return run;
}

/** @param apart whether the worker is the run's own */
async function work(run: LiveRun, worker: WorkerClient, apart: boolean, signal: AbortSignal): Promise<RunEnd> {
  try {
    const { id, scan, model = scan.path, resume } = run.request;
    if (resume) {
      run.lines.value = await linesOf(id);
      run.picture.value ??= await worker.ask("reconstruction", { id });
    }
    for (const path of new Set([scan.path, model])) {
      const mounted = filesOf(path);
      if (apart && mounted !== undefined) await worker.ask("mount", mounted);
    }
    const end = await worker.ask("run", run.request, { signal, onEvent: (event) => take(event, run) });
    run.picture.value = (await worker.ask("reconstruction", { id })) ?? run.picture.value;
    // One that is stopped before its first epoch has not said them.
    run.steps.value ??= await worker.ask("steps", { id });
    return end;
  } catch (error) {
    return { status: "failed", error: asError(error) };
  } finally {
    if (apart) worker.close();
  }
}

function take(event: WorkerEvent, { rows, picture, lines, progress, steps }: LiveRun): void {
  if (event.kind === "row") rows.value = withRow(rows.value, event.row);
  else if (event.kind === "steps") steps.value = event.steps;
  else if (event.kind === "picture") picture.value = event.picture;
  else if (event.kind === "progress") progress.value = event;
  else lines.value = [...lines.value, { warning: event.kind === "warn", text: event.line }];
}

/** A run that goes on tells its earlier epochs again, and does anew those that it had not kept. */
function withRow(rows: readonly MetricRow[], row: MetricRow): readonly MetricRow[] {
  const last = rows.at(-1);
  const earlier = last === undefined || last.epoch < row.epoch ? rows : rows.filter(({ epoch }) => epoch < row.epoch);
  return [...earlier, row];
}
