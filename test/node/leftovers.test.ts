import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { removeLeftovers, temporaryName } from "../../src/node/files/leftovers.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ptychonaut-leftovers-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes two single files into the folder, as commands with --output do. */
async function init(): Promise<number> {
  const said = (): void => {};
  return main(["init", "--output", join(folder, "config.yaml")], { stdout: said, stderr: said });
}

it("what a killed writer left in a folder goes when the next file is written there; what is being written stays", async () => {
  const script = join(import.meta.dirname, "writeForever.ts");
  const start = () =>
    spawn(process.execPath, ["--import", "tsx", script, join(folder, "scan.npz")], {
      stdio: ["ignore", "pipe", "inherit"],
    });
  const [killed, alive] = [start(), start()];
  await Promise.all([once(killed.stdout, "data"), once(alive.stdout, "data")]);
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const temporaries = (await readdir(folder)).sort();
  expect(temporaries).toHaveLength(2);
  expect(await init()).toBe(0);
  const left = await readdir(folder);
  expect(left.filter((name) => name.startsWith("."))).toEqual(
    temporaries.filter((name) => name.includes(`.${alive.pid}.`)),
  );
  expect(left).toContain("config.yaml");
  alive.kill("SIGKILL");
  await once(alive, "exit");
});

it("of processes that cannot be asked, on other hosts, only what is very old goes", async () => {
  // No process has the largest number that there is.
  const own = temporaryName("scan.npz").replace(`.${process.pid}.`, ".4194304.");
  const mark = /\.4194304\.([0-9a-f]{4})/.exec(own)?.[1] ?? "";
  const foreign = own.replace(`.4194304.${mark}`, `.4194304.${mark === "0000" ? "0001" : "0000"}`);
  expect(foreign).not.toBe(own);
  for (const name of [own, foreign]) await writeFile(join(folder, name), "");
  await removeLeftovers(folder);
  expect(await readdir(folder)).toEqual([foreign]);
  const lastYear = new Date(Date.now() - 365 * 86_400_000);
  await utimes(join(folder, foreign), lastYear, lastYear);
  await removeLeftovers(folder);
  expect(await readdir(folder)).toEqual([]);
});
