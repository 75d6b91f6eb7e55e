import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { align } from "../../src/metrics/align.ts";
import { relativeError } from "../../src/metrics/differences.ts";
import { nodeHome } from "../../src/node/home.ts";
import { type Reconstruction, readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { runConversion } from "../../src/runs/convert.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { chromiumPath } from "./harness.ts";
import { epochShown } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

const made = simulate({
  ...{ n: 32, patterns: 64, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3, noise: false },
  ...{ photons: 1e5, smoothing: 1 },
  geometry: { wavelengthM: 1e-10, detectorDistanceM: 1, detectorPixelM: 5e-5 },
});
/** What an engine reaches on this scan within so many epochs, of the object's norm. */
const ENGINE = { epochs: 60, error: 0.05 } as const;

/** Whether markup in a name became part of the page. */
const HURT = '"hurt" in globalThis || document.querySelector("img") !== null';

/** Notes canvases that become empty and curves that lose their rows, and so the name of what they show. */
const NOTE_GONE = `(() => {
  const gone = (globalThis.gone = []);
  const emptied = ["Nothing is shown.", "loss over epochs"];
  new MutationObserver((changes) => {
    for (const { target } of changes) if (emptied.includes(target.ariaLabel)) gone.push(target.ariaLabel);
  }).observe(document.body, { subtree: true, attributeFilter: ["aria-label"] });
})()`;

/** The page as it is published, used as a person would. */
describe.skipIf(chromiumPath === undefined)("the page", () => {
  let site: PageSite;
  let folder = "";
  const path = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ptychonaut-page-scans-"));
    const { object: _, ...withoutTruth } = made;
    writeFileSync(path("scan.npz"), writeScanNpz(withoutTruth));
    for (const name of ["scan.cxi", "scan.h5"])
      await runConversion(
        { input: path("scan.npz"), output: path(name), reading: {}, stated: [] },
        quietHooks(),
        nodeHome,
      );
    site = await servePage();
  });
  afterAll(async () => {
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  const epochIs = (page: Page, least: number): Promise<void> =>
    expect.poll(() => epochShown(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(least);
  const ended = (page: Page, word: string): Promise<unknown> =>
    page
      .getByTestId("run-state")
      .and(page.getByText(word, { exact: true }))
      .waitFor({ timeout: 120_000 });

  it.each(["scan.npz", "scan.cxi", "scan.h5"])(
    "reads a dropped %s and reconstructs the object that was there",
    async (name) => {
      const opened = await site.open();
      const { page } = opened;
      await drop(page, name, readFileSync(path(name)));
      await page.getByText("64 of 32 × 32 pixels").waitFor();
      await page.getByRole("link", { name: "Look at the patterns" }).click();
      await page.getByLabel(/^pattern 0; 32 rows by 32 columns/).waitFor();
      await start(page, { Engine: "rpie", Epochs: String(ENGINE.epochs) });
      await ended(page, "finished");
      const reconstruction = readReconstruction(await saved(page, "reconstruction.npz"));
      expect(errorOf(reconstruction)).toBeLessThan(ENGINE.error);
      expect(opened.offences).toEqual([]);
      await opened.context.close();
    },
  );

  it("goes on where it was when it is loaded anew in the middle of a run, and after a pause", async () => {
    const opened = await site.open();
    const { page } = opened;
    await page.getByLabel("Choose files").setInputFiles(path("scan.npz"));
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    await start(page, { Engine: "rpie", Epochs: "3000" });
    await epochIs(page, 20);
    await page.reload();
    await page.getByText("resuming after epoch").waitFor();
    await epochIs(page, 25);
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    // What is seen of it stays until there is more.
    await page.evaluate(NOTE_GONE);
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.getByText(/resuming after epoch \d+.*resuming after epoch \d/s).waitFor();
    expect(await page.evaluate("globalThis.gone")).toEqual([]);
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("button", { name: /^Go on with scan reconstruct/ }).click();
    // Under what it said before.
    await page.getByText(/(resuming after epoch \d+.*){2}resuming after epoch (2[5-9]|[3-9]\d|\d{3})/s).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await ended(page, "paused");
    await page.getByRole("link", { name: "Runs" }).click();
    await page.getByRole("button", { name: /^Delete (?!the scan )/ }).click();
    await page.getByText("There are none yet.").waitFor();
    expect(opened.offences).toEqual([]);
    await opened.context.close();
  });

  it("trains a network, with a loss that falls", async () => {
    const opened = await site.open();
    const { page } = opened;
    await page.getByLabel("Choose files").setInputFiles(path("scan.npz"));
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    await start(
      page,
      { Epochs: "3", "Patterns in a batch": "16", "Patterns together, along a side": "1", "Size of the network": "1" },
      "Train",
    );
    await ended(page, "finished");
    const [header, ...rows] = new TextDecoder()
      .decode(await saved(page, "lightning_logs/version_0/metrics.csv"))
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    const losses = rows.map((row) => Number(row[header.findIndex((name) => name.endsWith("_train_loss"))]));
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0]);
    await page.getByRole("button", { name: "model.zip" }).waitFor();
    expect(opened.offences).toEqual([]);
    await opened.context.close();
  });

  it("refuses a broken file where it is, in the words of the library, and takes no markup from names", async () => {
    const opened = await site.open();
    const { page } = opened;
    const hostile = "<img src=x onerror=globalThis.hurt=1>.npz";
    await drop(page, hostile, readFileSync(path("scan.npz")).subarray(0, 5000));
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain(hostile);
    expect(await page.evaluate(HURT)).toBe(false);
    await drop(page, hostile, readFileSync(path("scan.npz")));
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    expect(await page.evaluate(HURT)).toBe(false);
    expect(opened.offences).toEqual([]);
    await opened.context.close();
  });

  it("says its policy, runs no inline script, and says why it computes on one thread where it is not isolated", async () => {
    const policy =
      (await (await fetch(site.url)).text()).match(/Content-Security-Policy" content="([^"]+)"/)?.[1] ?? "";
    expect(policy.replaceAll("&#39;", "'")).toMatch(/default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; /);
    expect(policy).not.toContain("unsafe-inline");
    const plain = await servePage({ isolated: false });
    const { page, offences } = await plain.open();
    await page.getByText(/^one thread: whoever serves this page/).waitFor();
    expect(offences).toEqual([]);
    await plain.close();
  });
});

async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const [file, text] = [JSON.stringify(name), JSON.stringify(Buffer.from(bytes).toString("base64"))];
  const dataTransfer = await page.evaluateHandle(`{
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(${text}), (letter) => letter.charCodeAt(0))], ${file}));
    transfer;
  }`);
  await page.getByRole("region", { name: "Files" }).dispatchEvent("drop", { dataTransfer });
}

/** Fills in settings by their labels and starts. */
async function start(
  page: Page,
  settings: Readonly<Record<string, string>>,
  view: "Reconstruct" | "Train" = "Reconstruct",
): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: view }).click();
  for (const [label, value] of Object.entries(settings)) {
    const control = page.getByLabel(label, { exact: true });
    if (label === "Engine") await control.selectOption(value);
    else await control.fill(value);
  }
  await page.getByRole("button", { name: "Start" }).click();
}

async function saved(page: Page, name: string): Promise<Uint8Array> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name, exact: true }).click(),
  ]);
  return readFileSync(await download.path());
}

/** Relative error of the complex object where the windows have their centres, up to what no scan tells. */
function errorOf({ object, origin, positions }: Reconstruction): number {
  // Positions of other formats begin elsewhere.
  const [top, left] = [0, 1].map((axis) => [origin.y, origin.x][axis] + made.positions[axis] - positions[axis]);
  const [height, width] = object.shape;
  const inside = (pixel: number, axis: number): boolean => {
    const along = made.positions.filter((_, i) => i % 2 === axis);
    return pixel >= Math.min(...along) && pixel <= Math.max(...along);
  };
  const data = Float32Array.from({ length: height * width }, (_, i) =>
    inside(Math.floor(i / width) + top, 0) && inside((i % width) + left, 1) ? 1 : 0,
  );
  const { aligned, truth, covered } = align(object, made.object as ComplexArray, {
    origin: [top, left],
    mask: { shape: object.shape, data },
  });
  const kept = (values: Float64Array): Float64Array => values.filter((_, i) => covered[i >> 1] === 1);
  return relativeError(kept(aligned.data), kept(truth.data));
}
