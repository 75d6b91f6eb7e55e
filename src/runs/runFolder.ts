import { PtychonautError } from "../errors.ts";
import { printableLine } from "../printable.ts";
import { version } from "../version.ts";
import { inLockedFolder } from "./claimFolder.ts";
import type { RunHooks, RunOutcome } from "./hooks.ts";
import type { Home } from "./machine.ts";
import { outputs } from "./outputs.ts";
import { joinPath } from "./paths.ts";
import { isThere, type RunStore, withFile } from "./store.ts";

/**
 * Does a run in its folder, which nobody else writes to meanwhile. What it says is added to the folder's `run-log.txt` as it is said,
 * between a line that says when it began and one that says how it ended; a new folder has none of a run that was refused before it
 * wrote its settings.
 * @param work is given hooks that write what they are told
 * @throws PtychonautError "usage" when another run has the folder; what `work` throws
 */
export function inRunFolder(
  { command, outputDir }: { readonly command: string; readonly outputDir: string },
  hooks: RunHooks,
  { store, machine: { ranks } }: Home,
  work: (hooks: RunHooks) => Promise<RunOutcome>,
): Promise<RunOutcome> {
  return inLockedFolder(outputDir, store, hooks.log, async () => {
    // Others than rank 0 are not heard.
    if (ranks.rank > 0) return work(hooks);
    const path = joinPath(outputDir, outputs.words);
    const words = openWords(path, store, hooks.warn);
    const told = (say: (line: string) => void) => (line: string) => {
      words.add(line);
      say(line);
    };
    const goesOn = await isThere(path, store);
    if (await endsWithinALine(path, store)) words.add("");
    words.add(mark(`${command}, ptychonaut ${version}`));
    try {
      const outcome = await work({ ...hooks, log: told(hooks.log), warn: told(hooks.warn) });
      words.add(mark(outcome.advice === undefined ? outcome.status : `${outcome.status}: ${outcome.advice}`));
      return outcome;
    } catch (error) {
      words.add(mark(`failed: ${error instanceof Error ? error.message : String(error)}`));
      await words.written();
      // A run that is refused before it began leaves nothing: a folder that it made goes away empty.
      if (!goesOn && isRefusal(error) && !(await isThere(joinPath(outputDir, outputs.settings), store)))
        await store.remove(path);
      throw error;
    } finally {
      await words.written();
    }
  });
}

/** Not of a program that fails, nor of a disk that has no room. */
const isRefusal = (error: unknown): boolean => error instanceof PtychonautError && error.kind !== "output";

/** Whether a program was killed while it wrote a line. */
async function endsWithinALine(path: string, store: RunStore): Promise<boolean> {
  if (!(await isThere(path, store))) return false;
  return withFile(path, store, (file) => file.size > 0 && file.read(file.size - 1, 1)[0] !== NEWLINE);
}

const NEWLINE = 0x0a;

/** A line that begins or ends a run. */
const mark = (text: string): string => `== ${new Date().toISOString()} ${text}`;

interface Words {
  add(line: string): void;
  /** Waits until all is in the file. */
  written(): Promise<void>;
}

/** Lines that go to the end of a file, in order and whole, without anybody having to wait for them. */
function openWords(path: string, store: RunStore, warn: (line: string) => void): Words {
  let waiting = "";
  let writing: Promise<void> | undefined;
  let lost = false;
  const write = async (): Promise<void> => {
    while (waiting !== "" && !lost) {
      const text = waiting;
      waiting = "";
      await store.append(path, text).catch((cause: unknown) => {
        // A run is worth more than what it says.
        lost = true;
        warn(`warning: what is said is not kept any more: ${cause instanceof Error ? cause.message : String(cause)}`);
      });
    }
    writing = undefined;
  };
  return {
    add(line) {
      waiting += `${printableLine(line)}\n`;
      writing ??= write();
    },
    written: async () => writing,
  };
}
