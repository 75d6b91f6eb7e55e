import type { Settings } from "../../src/config/group.ts";
import type { PlannedChange } from "../../src/config/payload.ts";
import type { RunStanding } from "../../src/runs/runCourse.ts";
import type { ScanAddress } from "./scanAddress.ts";

export type RunKind = "reconstruct" | "train" | "infer";

/** What a run does. */
export interface RunWork {
  readonly kind: RunKind;
  /** The trained network's file, of one that infers. */
  readonly model?: string;
  readonly scan: ScanAddress;
  /** Settings that were said, under their names; the others are the defaults of this version. */
  readonly settings: Settings;
  /** Steps that become others while it goes, as in the run that is made again. */
  readonly changes?: readonly PlannedChange[];
}

/** What a run was asked to do. It is kept beside the run, so that a page that is loaded anew can go on with it. */
export interface RunRequest extends RunWork {
  /** The name of its folder. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Go on from its last checkpoint. */
  readonly resume: boolean;
  /** Steps that become others at once, of one that goes on. */
  readonly change?: Readonly<Record<string, number>>;
}

/** A run of the store. */
export interface RunEntry extends Omit<RunRequest, "resume" | "change">, RunStanding {
  /** `running`: in this page or another; `cut`: also by a page that was closed. */
  readonly state: RunStanding["state"];
  /** Names of the files in its folder. */
  readonly files: readonly string[];
}

/** Where runs are in the store: a folder each, and beside it what it was asked. */
export const RUNS = "/runs";
export const runFolder = (id: string): string => `${RUNS}/${id}`;
export const requestPath = (id: string): string => `${RUNS}/${id}.json`;
