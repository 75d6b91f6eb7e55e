import { isThere, type RunStore, withFile } from "./store.ts";

/** What came to a file of lines since it was looked at last. */
export interface Growth {
  /** Whole lines, with their ends. */
  readonly lines: string;
  /** It is not the file that it was, or was cut: these are its lines from the first. */
  readonly anew: boolean;
}

/** A file of lines that somebody else adds to, of which only what was added is read. */
export interface GrownFile {
  /** @returns undefined where nothing has come, or the file cannot be read at this moment */
  look(): Promise<Growth | undefined>;
}

/** Bytes before the place that was come to, by which another file is told that has taken its place. */
const MARK = 64;

/** The file need not be there yet. */
export function grownFile(path: string, store: RunStore): GrownFile {
  let [seen, mark] = [0, new Uint8Array(0)];
  return {
    async look() {
      if (!(await isThere(path, store))) {
        const was = seen > 0;
        [seen, mark] = [0, new Uint8Array(0)];
        return was ? { lines: "", anew: true } : undefined;
      }
      // It may be written to while it is read: then the next look finds what came.
      return withFile(path, store, (file) => {
        const goesOn = file.size >= seen && isEqual(file.read(seen - mark.length, mark.length), mark);
        if (goesOn && file.size === seen) return undefined;
        const from = goesOn ? seen : 0;
        const bytes = file.read(from, file.size - from);
        const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
        if (whole.length === 0 && goesOn) return undefined;
        seen = from + whole.length;
        mark = file.read(Math.max(0, seen - MARK), Math.min(seen, MARK)).slice();
        return { lines: new TextDecoder().decode(whole), anew: !goesOn };
      }).catch(() => undefined);
    },
  };
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);
