import { printableLine } from "../printable.ts";

/** Progress of a long run, on one line that is drawn over: share done, a note, time taken and time left. */
export interface ProgressBar {
  /** @param done units finished so far, 0 … total */
  update(done: number, note?: string): void;
  /** Ends the line. Nothing may be drawn afterwards. */
  finish(): void;
}

export interface ProgressOptions {
  readonly label: string;
  /** Units of work in all. */
  readonly total: number;
  /** Units that were done before this run (a resumed one), which say nothing about its speed. */
  readonly start?: number;
  readonly write: (text: string) => void;
  /** Milliseconds from any origin. */
  readonly now?: () => number;
  /** Characters that fit on the line. */
  readonly columns?: number;
}

const BAR_CELLS = 24;
const REDRAW_MS = 100;

export function createProgressBar(options: ProgressOptions): ProgressBar {
  const { label, total, start = 0, write, now = () => performance.now(), columns = 100 } = options;
  const startedAt = now();
  let drawnAt = Number.NEGATIVE_INFINITY;
  let drawn = false;
  let finished = false;
  return {
    update(done, note = "") {
      const time = now();
      if (finished || (time - drawnAt < REDRAW_MS && done < total)) return;
      drawnAt = time;
      drawn = true;
      const line = progressLine({ label, total, start, done, elapsedMs: time - startedAt, note });
      write(`\r${line.slice(0, columns - 1).padEnd(columns - 1)}`);
    },
    finish() {
      if (drawn && !finished) write("\n");
      finished = true;
    },
  };
}

/** A bar that draws nothing: not a terminal, or asked to be quiet. */
export const silentProgress: ProgressBar = { update() {}, finish() {} };

interface Moment {
  readonly label: string;
  readonly total: number;
  readonly start: number;
  readonly done: number;
  readonly elapsedMs: number;
  readonly note: string;
}

export function progressLine({ label, total, start, done, elapsedMs, note }: Moment): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 1;
  const filled = Math.round(share * BAR_CELLS);
  const bar = "█".repeat(filled) + "·".repeat(BAR_CELLS - filled);
  const percent = `${Math.floor(100 * share)}%`.padStart(4);
  const left = timeLeft({ total, start, done, elapsedMs });
  const times = `${duration(elapsedMs)} < ${left === undefined ? "?" : duration(left)}`;
  return printableLine([label, bar, percent, times, note].filter((part) => part !== "").join(" "));
}

/**
 * Milliseconds that the rest will take; undefined before anything is done. It counts only what this run did: time per unit so far
 * times the units left.
 */
export function timeLeft({ total, start, done, elapsedMs }: Omit<Moment, "label" | "note">): number | undefined {
  return done > start ? (elapsedMs / (done - start)) * (total - done) : undefined;
}

/** `7 s`, `3:05`, `1:02:09`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
