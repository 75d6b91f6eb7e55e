import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { quietHooks, writeRandomBundle } from "../runs/inferRun.ts";
import { chromiumPath } from "./harness.ts";
import { epochShown, openScan, scanFile, toView } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

/** Runs of the page that are gone on with, in one way or another. */
describe.skipIf(chromiumPath === undefined)("runs of the page go on", () => {
  let site: PageSite;
  let folder = "";
  const scan = scanFile();
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ptychonaut-page-on-"));
    writeFileSync(join(folder, scan.name), scan.buffer);
    site = await servePage();
  });
  afterAll(async () => {
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  it("say how long they will take, as the command line does", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await reconstruct(page, { Engine: "rpie", Epochs: "600" });
    const first = await progressOf(page, "reconstructing", 1);
    const begun = Date.now();
    const seen = await progressOf(page, "reconstructing", first.percent + 8);
    const expected = (((Date.now() - begun) / 1000) * (100 - seen.percent)) / (seen.percent - first.percent);
    expect(seen.left).toBeGreaterThan(expected / 3);
    expect(seen.left).toBeLessThan(expected * 3);
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await toView(page, "Train");
    await page.getByLabel("Epochs", { exact: true }).fill("50");
    await page.getByLabel("Patterns together, along a side").fill("1");
    await page.getByLabel("Size of the network").fill("1");
    await page.getByRole("button", { name: "Start" }).click();
    expect((await progressOf(page, "training", 1)).left).toBeGreaterThan(0);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("with other steps, which are refused where they make no sense and are in the record", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await reconstruct(page, { Engine: "rpie", Epochs: "5000" });
    await page.getByText("Steps", { exact: true }).click();
    const steps = page.getByRole("form", { name: "Steps" });
    await steps.getByLabel("Step of the object").fill("-1");
    await steps.getByRole("button", { name: "Change" }).click();
    await expect.poll(() => steps.getByRole("alert").textContent()).toMatch(/objectStep of rpie cannot be -1/);
    await steps.getByLabel("Step of the object").fill("0.125");
    await steps.getByRole("button", { name: "Change" }).click();
    await page.getByText(/from epoch \d+ on: object_step 0\.125 instead of 0\.5/).waitFor();
    await expect.poll(() => steps.getByRole("alert").count()).toBe(0);
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    // Also by a page that is loaded anew.
    await page.reload();
    await ended(page, "paused");
    await page.getByText("Steps", { exact: true }).click();
    await expect.poll(() => steps.getByLabel("Step of the object").getAttribute("placeholder")).toBe("0.125");
    await steps.getByLabel("Step of the probe").fill("0");
    await steps.getByRole("button", { name: "Go on with these" }).click();
    await expect.poll(() => steps.getByRole("alert").textContent()).toMatch(/probeStep of rpie cannot become 0/);
    await steps.getByLabel("Step of the probe").fill("0.0625");
    await steps.getByRole("button", { name: "Go on with these" }).click();
    const changed = page.getByText(/from epoch \d+ on: probe_step 0\.0625 instead of 0\.25/);
    await changed.waitFor();
    // From that epoch on a checkpoint has it.
    const first = Number(/from epoch (\d+) on: probe_step/.exec((await changed.textContent()) ?? "")?.[1]);
    await expect.poll(() => epochShown(page)).toBeGreaterThanOrEqual(first);
    // Paused before, it goes all the same on by itself where its page is loaded anew.
    await page
      .getByTestId("run-state")
      .and(page.getByText("running", { exact: true }))
      .waitFor();
    await page.reload();
    await page.getByText(/(resuming after epoch \d+.*){2}/s).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await page
      .getByText(/^Steps were changed while it ran.*objectStep 0\.125 instead of 0\.5 from epoch \d+ on;/)
      .waitFor();
    const record = JSON.parse(readFileSync(await saved(page, "run.json"), "utf8"));
    expect(record.changes).toEqual([
      { epoch: expect.any(Number), stage: 1, settings: { objectStep: { from: 0.5, to: 0.125 } } },
      { epoch: expect.any(Number), stage: 1, settings: { probeStep: { from: 0.25, to: 0.0625 } } },
    ]);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("with another learning rate", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await toView(page, "Train");
    await page.getByLabel("Epochs", { exact: true }).fill("500");
    await page.getByLabel("Patterns together, along a side").fill("1");
    await page.getByLabel("Size of the network").fill("1");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("Steps", { exact: true }).click();
    const steps = page.getByRole("form", { name: "Steps" });
    await steps.getByLabel("Learning rate").fill("0");
    await steps.getByRole("button", { name: "Change" }).click();
    await expect.poll(() => steps.getByRole("alert").textContent()).toMatch(/learning_rate|learningRate/);
    await steps.getByLabel("Learning rate").fill("0.0005");
    await steps.getByRole("button", { name: "Change" }).click();
    await page.getByText(/from epoch \d+ on: learning_rate 0\.0005 instead of 0\.001/).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("as a record says that had its steps changed, which is dropped", async () => {
    const request = { scan: join(folder, scan.name), outputDir: join(folder, "run"), overrides: { engine: "rpie" } };
    const changes = [{ epoch: 3, settings: { objectStep: 0.125 } }];
    const asked = { ...request, overrides: { ...request.overrides, epochs: 5 }, changes };
    const made = await createReconstructionPayload(asked, nodeHome);
    await runReconstruction(made, quietHooks(), nodeHome);
    const { page, context, offences } = await site.open();
    await page.getByLabel("Choose files").setInputFiles([join(folder, "run", "run.json"), request.scan]);
    await ended(page, "finished");
    await page.getByText("from epoch 3 on: object_step 0.125 instead of 0.5").waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("as another engine that begins where one ended", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await reconstruct(page, { Engine: "rpie", Epochs: "30" });
    await ended(page, "finished");
    const [first, last] = await errorsOf(page);
    expect(last).toBeLessThan(first / 3);
    const refine = page.getByRole("form", { name: "Refine" });
    await refine.getByLabel("Engine that goes on").selectOption("epie");
    await refine.getByLabel("Epochs of it").fill("3");
    const before = page.url();
    await refine.getByRole("button", { name: "Refine" }).click();
    await page.waitForURL((url) => url.href !== before);
    await ended(page, "finished");
    // It begins where the other ended, not with an empty object.
    const [begins] = await errorsOf(page);
    expect(begins).toBeLessThan(first / 2);
    await expect
      .poll(() => page.getByLabel("Command line that does the same").textContent())
      .toMatch(/ --engine epie .*--init 'scan reconstruct \d[^/]*'/);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("as an inference that was cut off: the network anew, an engine from its checkpoint", async () => {
    const model = join(await writeRandomBundle(folder, join(folder, scan.name), 1), "model.zip");
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await page.getByLabel("Choose files").setInputFiles(model);
    await page.getByLabel("Refine by an engine").selectOption("rpie");
    await page.getByLabel("Epochs of the engine").fill("4000");
    await page.getByRole("button", { name: "Start" }).click();
    await expect.poll(() => page.evaluate(IS_KEPT), { timeout: 60_000, interval: 20 }).toBe(true);
    await page.reload();
    await page.getByText("before its network had seen all patterns: it begins anew").waitFor({ timeout: 60_000 });
    await page.getByText(/epoch [1-9]\d+, R factor/).waitFor({ timeout: 60_000 });
    await page.reload();
    await page.getByText("the network has predicted; going on with rpie").waitFor({ timeout: 60_000 });
    await page.getByText(/resuming after epoch [1-9]/).waitFor({ timeout: 60_000 });
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await toView(page, "Runs");
    await page.getByRole("cell", { name: "paused", exact: true }).waitFor();
    await page.getByRole("button", { name: /^Go on with scan infer/ }).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("in one page, and are shown in another when that has let go of them", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scan);
    await reconstruct(page, { Engine: "rpie", Epochs: "5000" });
    await page.getByText(/epoch [1-9]\d*, R factor/).waitFor({ timeout: 60_000 });
    const other = await context.newPage();
    await other.goto(page.url());
    await other.getByText("goes on in another page").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await ended(other, "paused");
    expect(offences).toEqual([]);
    await context.close();
  });
});

/** Whether the browser keeps the scan, which is copied last before a run begins. */
const IS_KEPT = `(async () => {
  try {
    let scans = await navigator.storage.getDirectory();
    for (const name of ["ptychonaut", "scans"]) scans = await scans.getDirectoryHandle(name);
    for await (const [, marked] of scans.entries())
      for await (const [name, folder] of marked.entries())
        if (name === "scan.npz") return (await folder.getFileHandle(name)) !== undefined;
  } catch {}
  return false;
})()`;

async function reconstruct(page: Page, settings: Readonly<Record<string, string>>): Promise<void> {
  await toView(page, "Reconstruct");
  for (const [label, value] of Object.entries(settings)) {
    const control = page.getByLabel(label, { exact: true });
    if (label === "Engine") await control.selectOption(value);
    else await control.fill(value);
  }
  await page.getByRole("button", { name: "Start" }).click();
}

const ended = (page: Page, word: string): Promise<unknown> =>
  page
    .getByTestId("run-state")
    .and(page.getByText(word, { exact: true }))
    .waitFor({ timeout: 120_000 });

/** What the progress says once at least so much is done, the time in seconds. */
async function progressOf(
  page: Page,
  label: string,
  least: number,
): Promise<{ readonly percent: number; readonly left: number }> {
  let found = { percent: 0, left: 0 };
  await expect
    .poll(
      async () => {
        const text = (await page.locator("progress + span").textContent()) ?? "";
        const words = /^(.*), (\d+) %, (?:(?:(\d+):)?(\d+):)?(\d+)(?: s)? left$/.exec(text) ?? [];
        const [, what, percent, hours, minutes, seconds] = words;
        found = {
          percent: what === label ? Number(percent) : 0,
          left: 3600 * Number(hours ?? 0) + 60 * Number(minutes ?? 0) + Number(seconds ?? 0),
        };
        return found.percent;
      },
      { timeout: 120_000 },
    )
    .toBeGreaterThanOrEqual(least);
  return found;
}

/** A file that the run has left. @returns where it is */
async function saved(page: Page, name: string | RegExp): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name, exact: typeof name === "string" }).click(),
  ]);
  return download.path();
}

/** R of the first and the last epoch of the run that is shown. */
async function errorsOf(page: Page): Promise<readonly [first: number, last: number]> {
  const [header, ...rows] = readFileSync(await saved(page, /metrics\.csv$/), "utf8")
    .trim()
    .split("\n")
    .map((line) => line.split(","));
  const errors = rows.map((row) => Number(row[header.indexOf("r_factor")]));
  return [errors[0], errors[errors.length - 1]];
}
