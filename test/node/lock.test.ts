import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkUnlocked, lockFolder } from "../../src/node/files/lock.ts";

const script = join(import.meta.dirname, "lockAndWait.ts");
const LOCK = ".ptychonaut.lock";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ptychonaut-lock-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

interface Locker {
  readonly process: ChildProcess;
  readonly said: string;
}

/** A process that locks the folder, once it has said how that went. */
async function locker(ms?: number): Promise<Locker> {
  const args = ["--import", "tsx", script, folder, ...(ms === undefined ? [] : [String(ms)])];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [said] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return { process: child, said };
}

async function killed({ process: child }: Locker): Promise<void> {
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}

it("one process at a time; the next may have it when it was released or its process ended", async () => {
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({ kind: "usage", exitCode: 2 });
  const second = await locker();
  expect(second.said).toMatch(
    new RegExp(`the output folder is in use; in .*; got process ${process.pid} writes to it`),
  );
  await lock.release();
  expect(await readdir(folder)).toEqual([]);
  const third = await locker(0);
  expect(third.said).toBe("locked");
  await once(third.process, "exit");
  expect(await readdir(folder)).toEqual([]);
});

it("the lock of a killed process is taken over, and said", async () => {
  const first = await locker();
  expect(first.said).toBe("locked");
  await expect(checkUnlocked(folder)).rejects.toThrow(/in use/);
  await killed(first);
  await checkUnlocked(folder);
  const lock = await lockFolder(folder);
  expect(lock.takenOver).toMatch(new RegExp(`^process ${first.process.pid} on .*, since 20`));
  expect(await readdir(folder)).toEqual([LOCK]);
  await lock.release();
});

it("of many that find a dead lock at once, one gets it", async () => {
  await killed(await locker());
  const many = await Promise.all(Array.from({ length: 6 }, () => locker(3000)));
  const got = many.filter(({ said }) => said.startsWith("taken over"));
  expect(got).toHaveLength(1);
  for (const { said } of many) if (said !== got[0].said) expect(said).toMatch(/in use.*got process/);
  await Promise.all(many.map(({ process: child }) => child.exitCode ?? once(child, "exit")));
  expect(await readdir(folder)).toEqual([]);
}, 60_000);

it("of many in one process, one gets a dead lock", async () => {
  await killed(await locker());
  const tries = await Promise.allSettled(Array.from({ length: 30 }, () => lockFolder(folder)));
  const got = tries.flatMap((of) => (of.status === "fulfilled" ? [of.value] : []));
  expect(got).toHaveLength(1);
  expect(await readdir(folder)).toEqual([LOCK]);
  await got[0].release();
});

/** The lock of a process that lived, with other words for who it was. */
async function foreign(change: Record<string, unknown>): Promise<void> {
  const first = await locker();
  const holder = JSON.parse(await readFile(join(folder, LOCK), "utf8")) as Record<string, unknown>;
  await killed(first);
  await writeFile(join(folder, LOCK), JSON.stringify({ ...holder, ...change }));
}

it("a number that another process has now is no holder", async () => {
  await foreign({ pid: process.ppid });
  expect((await lockFolder(folder)).takenOver).toContain(`process ${process.ppid}`);
});

it.each([{ host: "elsewhere.example" }, { among: "pid:[1]" }])(
  "nobody here knows whether a process of %j lives: its lock counts while it is touched",
  async (change) => {
    await foreign(change);
    await expect(lockFolder(folder)).rejects.toThrow(/in use.*If it has ended|in use/);
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(join(folder, LOCK), anHourAgo, anHourAgo);
    const lock = await lockFolder(folder);
    expect(lock.takenOver).toBeDefined();
    expect(await readdir(folder)).toEqual([LOCK]);
    await lock.release();
  },
);

it("a lock that is no lock is nobody's to delete", async () => {
  await writeFile(join(folder, LOCK), "{}");
  await expect(lockFolder(folder)).rejects.toThrow(/cannot be read; in .*lock\. If no run is writing/);
});

it.each<[string, (path: string) => unknown]>([
  ["a folder", (path) => mkdir(path)],
  ["a link", (path) => symlink("nowhere", path)],
  ["no regular file", (path) => execFileSync("mkfifo", [path])],
])("%s in the place of the lock is said, and not waited for", async (got, make) => {
  await make(join(folder, LOCK));
  const said = {
    exitCode: 2,
    message: expect.stringMatching(`cannot be read; in .*lock; got ${got}. If no run is writing .*, delete the lock`),
  };
  await expect(lockFolder(folder)).rejects.toMatchObject(said);
  await expect(checkUnlocked(folder)).rejects.toMatchObject(said);
  expect(await readdir(folder)).toEqual([LOCK]);
});

it("a turn to take a dead lock over that nobody can have is said, too", async () => {
  await foreign({ pid: process.ppid });
  const { nonce } = JSON.parse(await readFile(join(folder, LOCK), "utf8")) as { readonly nonce: string };
  await mkdir(join(folder, `${LOCK}.${nonce}`));
  await expect(lockFolder(folder)).rejects.toThrow(/cannot be read; in .*lock\.[0-9a-f]{16}; got a folder/);
});
