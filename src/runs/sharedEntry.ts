import type { MetricRow } from "./loggers/metricsLogger.ts";
import type { RunStanding } from "./runCourse.ts";

/** What a page is told of a folder or a file that it may look at, as it is at a moment. */
export interface SharedEntry {
  readonly id: number;
  readonly kind: "folder" | "file";
  readonly name: string;
  /** Of a folder that has a run: how it stands, and the epochs that it has logged. */
  readonly run?: RunStanding & { readonly rows: readonly MetricRow[] };
  /** Names below the folder, with slashes, and a stamp that changes when the file does. */
  readonly files: readonly { readonly name: string; readonly bytes: number; readonly stamp: string }[];
}

/** The same as it is sent: of its epochs those that are other than they were. */
export interface SharedNews extends Omit<SharedEntry, "run"> {
  readonly run?: NonNullable<SharedEntry["run"]> & {
    /** How many epochs before the first of `rows` are as they were; those after it are forgotten. */
    readonly from: number;
  };
}

/** What is known of an entry, with news of it. */
export function withNews(entry: SharedEntry | undefined, { run, ...news }: SharedNews): SharedEntry {
  if (run === undefined) return news;
  const { from, rows, ...standing } = run;
  return { ...news, run: { ...standing, rows: [...(entry?.run?.rows.slice(0, from) ?? []), ...rows] } };
}
