import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath } from "../../src/node/server/shared.ts";
import { startViewServer } from "../../src/node/server/viewServer.ts";
import { nodeStore } from "../../src/node/store.ts";
import type { SharedNews } from "../../src/runs/sharedEntry.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { chromiumPath } from "./harness.ts";
import { builtPage, type PageSite, servePage } from "./pageSite.ts";

const program = join(import.meta.dirname, "../../src/node/cli/ptychonaut.ts");

/** A program of this project, which ends with the test. */
function started(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", program, ...args], { stdio: ["ignore", "pipe", "ignore"] });
}

describe.skipIf(chromiumPath === undefined)("a run of the command line in the page", () => {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-watch-"));
  const [scan, run] = [join(folder, "scan <b>hurt.npz"), join(folder, "run")];
  const running: ChildProcess[] = [];
  let site: PageSite;

  beforeAll(async () => {
    // Large enough for the page to see epochs come.
    const { object: _, ...dataset } = simulate({ n: 64, patterns: 100, seed: 3, photons: 1e5 });
    writeFileSync(scan, writeScanNpz(dataset));
    site = await servePage();
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  const reconstruct = (epochs: number): ChildProcess => {
    const flags = `--engine rpie --epochs ${epochs} --threads 1 --recon_log_every_n_epochs 20`;
    const more = "--checkpoint_every_n_epochs 1 --resume last --output_dir";
    const child = started("reconstruct", scan, ...flags.split(" "), ...more.split(" "), run);
    running.push(child);
    return child;
  };
  const state = (page: Page) => page.getByTestId("watched-state");
  const epochOf = async (page: Page): Promise<number> =>
    Number(/epoch (\d+)/.exec((await state(page).textContent()) ?? "")?.[1]);

  it("is called damaged where its run.json is cut off, and its log is shown without colour codes", async () => {
    const broken = join(folder, "broken");
    mkdirSync(broken);
    writeFileSync(join(broken, "run.json"), '{ "startedAt": "2026');
    writeFileSync(join(broken, "run-log.txt"), "\u001b[1;31mtoo hot\u001b[0m to go on\n");
    const server = started("view", broken);
    running.push(server);
    const [address] = await once(server.stdout!.setEncoding("utf8"), "data");
    const { page, offences, context } = await site.open({ at: String(address).trim() });
    await page.getByText("broken: damaged", { exact: true }).waitFor();
    await page.getByText(/^What the run left of itself is damaged: run\.json: the file is not JSON/).waitFor();
    await page.getByText("too hot to go on", { exact: true }).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("is listed no longer where the program was started again without it", async () => {
    const other = join(folder, "other.npz");
    writeFileSync(other, "PK");
    const serve = async (port: number, ...paths: readonly string[]) =>
      startViewServer({
        ...{ pageFolder: builtPage, store: nodeStore, port },
        shared: await Promise.all(paths.map((path) => sharedPath(path))),
      });
    const before = await serve(0, scan, other);
    const { page, context } = await site.open({ at: before.url });
    const names = (): Promise<string[]> => page.getByRole("list", { name: "What is shared" }).allTextContents();
    await expect.poll(names).toEqual(["scan <b>hurt.npzother.npz"]);
    await before.close();
    await page.getByText("The program that serves this page does not answer.").waitFor();
    const after = await serve(Number(new URL(before.url).port), scan);
    await expect.poll(names).toEqual(["scan <b>hurt.npz"]);
    await context.close();
    await after.close();
  });

  it("is shown as it goes, is killed, is resumed, and ends; its scan is opened", async () => {
    const first = reconstruct(100_000);
    await expect.poll(() => existsSync(run), { timeout: 60_000 }).toBe(true);
    const server = started("view", run, scan);
    running.push(server);
    const [address] = await once(server.stdout!.setEncoding("utf8"), "data");
    const url = new URL(String(address).trim());
    const { page, offences, context } = await site.open({ at: url.href });
    let rows = 0;
    page.on("websocket", (socket) =>
      socket.on("framereceived", ({ payload }) => {
        rows += (JSON.parse(String(payload)) as SharedNews).run?.rows.length ?? 0;
      }),
    );
    await page.reload();
    await state(page)
      .filter({ hasText: /running/ })
      .waitFor({ timeout: 60_000 });
    // What it was asked and what it says is there before it ends.
    const log = page.locator(".panel", { has: page.getByRole("heading", { name: "Log" }) }).locator("pre");
    await log.filter({ hasText: /^== \S+Z reconstruct, .*\ncomputing with /s }).waitFor({ timeout: 30_000 });
    await page.getByText("run-settings.json", { exact: true }).first().click();
    await page
      .getByText(/"engine": "rpie"/)
      .first()
      .waitFor();
    expect(await page.getByText("run.json", { exact: true }).count()).toBe(0);
    await page
      .getByRole("table", { name: "Last epoch" })
      .getByRole("row", { name: /^deviance \d/ })
      .waitFor();
    const lines = await log.textContent();
    const seen = await epochOf(page);
    await expect.poll(() => epochOf(page), { timeout: 60_000 }).toBeGreaterThan(seen + 5);
    first.kill("SIGKILL");
    await state(page)
      .filter({ hasText: /ended in the middle/ })
      .waitFor({ timeout: 30_000 });
    const killed = await epochOf(page);
    const ended = once(reconstruct(killed + 40), "exit");
    await state(page)
      .filter({ hasText: /running/ })
      .waitFor({ timeout: 60_000 });
    await state(page)
      .filter({ hasText: /finished/ })
      .waitFor({ timeout: 90_000 });
    expect(await ended).toEqual([0, null]);
    await log.filter({ hasText: /resuming after epoch \d+.*== \S+Z finished\n$/s }).waitFor({ timeout: 30_000 });
    expect((await log.textContent())?.startsWith(lines ?? "?")).toBe(true);
    // Each epoch was told once, those that were done again twice.
    expect(rows).toBeGreaterThanOrEqual(killed + 40);
    expect(rows).toBeLessThan(2 * (killed + 40));
    await expect.poll(() => epochOf(page)).toBe(killed + 40);
    await page.getByLabel(/^object, amplitude; /).waitFor();
    await page.getByRole("img", { name: /^reconstructions\/epoch_\d+\.png/ }).waitFor();
    await page.getByText("metrics.json", { exact: true }).first().click();
    await page
      .getByText(/"r_factor"|"deviance"/)
      .first()
      .waitFor();

    await page.getByRole("link", { name: "scan <b>hurt.npz" }).click();
    await page.getByRole("button", { name: "Open scan <b>hurt.npz" }).click();
    await page.getByText("100 of 64 × 64 pixels").waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });
});
