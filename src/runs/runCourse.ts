import { PtychonautError } from "../errors.ts";
import { parseJson } from "../formats/json.ts";
import { type GrownFile, grownFile } from "./grownFile.ts";
import type { MetricRow } from "./loggers/metricsLogger.ts";
import { outputs, subfolders } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { isThere, type RunStore } from "./store.ts";

/** `paused`: somebody stopped it; `cut`: it ended without a word, as a program that was killed; `damaged`: what it left of itself cannot be read. */
export type RunState = "running" | "paused" | "cut" | "finished" | "diverged" | "damaged";

/** How it stands with a run, and of a damaged one which file is broken, and how. */
export interface RunStanding {
  readonly state: RunState;
  readonly damage?: string;
}

/** How it stands with the run of a folder. */
export async function runStanding(folder: string, store: RunStore): Promise<RunStanding> {
  try {
    return { state: await stateOf(folder, store) };
  } catch (error) {
    if (!(error instanceof Damaged)) throw error;
    return { state: "damaged", damage: `${error.path.slice(folder.length + 1)}: ${error.message}` };
  }
}

/** A file of a run is not what a run writes. */
class Damaged extends Error {
  readonly path: string;
  constructor(path: string, what: string) {
    super(what);
    this.path = path;
  }
}

/** @throws Damaged */
async function readRecord(path: string, store: RunStore): Promise<Record> {
  const text = new TextDecoder().decode(await store.read(path));
  let record: unknown;
  try {
    record = parseJson(text, path);
  } catch (error) {
    if (!(error instanceof PtychonautError)) throw error;
    const { cause } = error.details;
    throw new Damaged(path, cause instanceof Error ? `${error.what} (${cause.message})` : error.what);
  }
  if (typeof record !== "object" || record === null || Array.isArray(record))
    throw new Damaged(path, "there is no run in it");
  return record;
}

async function stateOf(folder: string, store: RunStore): Promise<RunState> {
  const free = await store.checkFree(folder).then(
    () => true,
    () => false,
  );
  if (!free) return "running";
  const record = joinPath(folder, outputs.run);
  if (!(await isThere(record, store))) return "cut";
  const { outcome, settings, startedAt } = await readRecord(record, store);
  // The record is of a run before the one that began last.
  const begun = joinPath(folder, outputs.settings);
  if ((await isThere(begun, store)) && (await readRecord(begun, store)).startedAt !== startedAt) return "cut";
  // An inference tells of itself by the word of its status.
  const ending = outcome?.kind ?? outcome?.status;
  if (ending === "interrupted") return "paused";
  if (ending === "diverged" || ending === "not-finite") return "diverged";
  // What a network predicted is not all where an engine goes on from there.
  const refines = typeof settings?.inference?.refine === "string";
  return refines ? stateOf(joinPath(folder, subfolders.refined), store) : "finished";
}

/** What is read of a `run.json`. */
interface Record {
  readonly startedAt?: string;
  readonly outcome?: { readonly kind?: string; readonly status?: string };
  readonly settings?: { readonly inference?: { readonly refine?: unknown } };
}

/** The epochs that a run has logged. */
export async function runCourse(folder: string, store: RunStore): Promise<readonly MetricRow[]> {
  const course = courseOf(folder, store);
  await course.look();
  return course.rows;
}

/** The epochs that a run logs, which is looked at again and again. */
export interface Course {
  /** By epoch, each as it was logged last: there is a log for each part that was run at a time. */
  readonly rows: readonly MetricRow[];
  /** Reads what was added. @returns the first of the rows that are other than they were; undefined where all are as they were */
  look(): Promise<number | undefined>;
}

interface Log {
  readonly file: GrownFile;
  /** Of its columns; none before its first line. */
  names: readonly string[] | undefined;
}

export function courseOf(folder: string, store: RunStore): Course {
  const folderOfLogs = joinPath(folder, subfolders.logs);
  let logs = new Map<string, Log>();
  let rows: MetricRow[] = [];
  /** @returns whether a log is not what it was, so that all have to be read anew; and the first row that is other than it was */
  const readAll = async (versions: readonly string[]): Promise<{ anew: boolean; first: number }> => {
    let first = Number.POSITIVE_INFINITY;
    for (const version of versions) {
      const path = joinPath(folderOfLogs, version, outputs.log);
      const log = logs.get(path) ?? { file: grownFile(path, store), names: undefined };
      logs.set(path, log);
      const growth = await log.file.look();
      if (growth?.anew === true) return { anew: true, first: 0 };
      for (const row of rowsIn(log, growth?.lines ?? "")) first = Math.min(first, put(row, rows));
    }
    return { anew: false, first };
  };
  return {
    get rows() {
      return rows;
    },
    async look() {
      const versions = [...(await store.list(folderOfLogs))].sort((a, b) => numberIn(a) - numberIn(b));
      const gone = [...logs.keys()].some(
        (path) => !versions.some((version) => path === joinPath(folderOfLogs, version, outputs.log)),
      );
      let { anew, first } = gone ? { anew: true, first: 0 } : await readAll(versions);
      if (anew) {
        [logs, rows] = [new Map(), []];
        await readAll(versions);
        first = 0;
      }
      return first === Number.POSITIVE_INFINITY ? undefined : first;
    },
  };
}

/** Puts a row to its place, instead of one of the same epoch. @returns the place */
function put(row: MetricRow, rows: MetricRow[]): number {
  let at = rows.length;
  while (at > 0 && rows[at - 1].epoch >= row.epoch) at--;
  rows.splice(at, rows[at]?.epoch === row.epoch ? 1 : 0, row);
  return at;
}

const numberIn = (name: string): number => Number(/\d+$/.exec(name)?.[0] ?? 0);

/** Rows among lines that came to a log, whose first names its columns. A line that a killed run left half has no epoch. */
function rowsIn(log: Log, text: string): MetricRow[] {
  const lines = text.split("\n").filter((line) => line !== "");
  log.names ??= lines.shift()?.split(",");
  const names = log.names ?? [];
  const rows = lines.map((line) => {
    const values = line.split(",");
    const numbers = names.map((name, i) => [name, values[i] === "" ? "" : Number(values[i])] as const);
    return Object.fromEntries(numbers) as unknown as MetricRow;
  });
  return rows.filter(({ epoch }) => Number.isInteger(epoch));
}
