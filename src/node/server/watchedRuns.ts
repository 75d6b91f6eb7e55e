import { opendir, stat } from "node:fs/promises";
import { join } from "node:path";
import { outputs } from "../../runs/outputs.ts";
import { courseOf, type RunStanding, runStanding } from "../../runs/runCourse.ts";
import type { SharedNews } from "../../runs/sharedEntry.ts";
import type { RunStore } from "../../runs/store.ts";
import type { Shared } from "./shared.ts";

/** Files that a folder shows at most, and folders within folders. */
const [MOST_FILES, DEEPEST] = [2000, 3] as const;

/** Files of which a run's folder has one from its beginning on. */
const TRACES: readonly string[] = [outputs.settings, outputs.words, outputs.run];

/** What is shared, as it is looked at again and again. */
export interface Watched {
  /** Looks at it. @returns what is new; undefined where nothing is, or it cannot be looked at now */
  look(): Promise<SharedNews | undefined>;
  /** All that is known; undefined before the first look. */
  readonly all: SharedNews | undefined;
}

/** Of the logs only what was added is read, and told. */
export function watched(id: number, { kind, name, path }: Shared, store: RunStore): Watched {
  const course = courseOf(path, store);
  let last: SharedNews | undefined;
  let told = "";
  const lookAt = async (): Promise<{ readonly news: SharedNews; readonly all: SharedNews }> => {
    if (kind === "file") {
      const news = { id, kind, name, files: await described([name], join(path, "..")) };
      return { news, all: news };
    }
    const names: string[] = [];
    await collect(path, "", names);
    const from = (await course.look()) ?? course.rows.length;
    // A run may be clearing its folder at this moment.
    const standing = await runStanding(path, store).catch((): RunStanding => ({ state: "running" }));
    const files = await described(names.sort(), path);
    const entry = { id, kind, name, files };
    // A folder of scans is no run that came to an end, nor is one whose run was deleted.
    const isRun =
      standing.state === "running" || course.rows.length > 0 || TRACES.some((trace) => names.includes(trace));
    if (!isRun) return { news: entry, all: entry };
    return {
      news: { ...entry, run: { ...standing, from, rows: course.rows.slice(from) } },
      all: { ...entry, run: { ...standing, from: 0, rows: course.rows } },
    };
  };
  return {
    get all() {
      return last;
    },
    async look() {
      const found = await lookAt().catch(() => undefined);
      if (found === undefined) return undefined;
      last = found.all;
      const { run, ...others } = found.news;
      const now = JSON.stringify([others, run?.state, run?.damage, run?.from]);
      if (now === told && (run === undefined || run.rows.length === 0)) return undefined;
      told = now;
      return found.news;
    },
  };
}

async function collect(folder: string, below: string, names: string[], depth = 0): Promise<void> {
  const found = await opendir(join(folder, below)).catch(() => undefined);
  if (found === undefined) return;
  for await (const entry of found) {
    if (names.length >= MOST_FILES) return;
    if (entry.name.startsWith(".")) continue;
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && depth < DEEPEST) await collect(folder, name, names, depth + 1);
    else if (entry.isFile()) names.push(name);
  }
}

async function described(names: readonly string[], folder: string): Promise<SharedNews["files"]> {
  const files = [];
  for (const name of names) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found !== undefined) files.push({ name, bytes: found.size, stamp: `${found.mtimeMs} ${found.ino}` });
  }
  return files;
}
