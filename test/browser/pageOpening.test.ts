import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, type ScanFile, scanFile, toView } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

const FRAMES = 400;
const BRIGHT = 7;

/** Counts as integers, which do not say whether they are counts. @param bright a frame that is far brighter than the others */
function doubtfulScan(name: string, bright?: number): ScanFile {
  const made = simulate({ n: 32, patterns: FRAMES, step: 4, seed: 3, object: "deadLeaves", scan: "raster" });
  const file = openNpz(writeScanNpz(made));
  const arrays: Record<string, NpyArray> = {};
  for (const key of file.keys) if (key !== "diff3d") arrays[key] = file.read(key);
  const counts = new Float32Array(FRAMES * 32 * 32);
  made.patterns.read([...Array(FRAMES).keys()], counts);
  const data = Uint32Array.from(counts, (value, i) => (Math.floor(i / 1024) === bright ? 1000 * value : value));
  const written = writeNpz({ ...arrays, diffraction: { shape: [FRAMES, 32, 32], dtype: "uint32", data } });
  return { name, mimeType: "", buffer: Buffer.from(written) };
}

/** Another scan under the same name. */
function otherScan(): ScanFile {
  const { object: _, ...scan } = simulate({ n: 32, patterns: 100, step: 4, seed: 5, object: "siemensStar" });
  return { ...scanFile(), buffer: Buffer.from(writeScanNpz(scan)) };
}

const choose = (page: Page, ...files: readonly ScanFile[]): Promise<void> =>
  page.getByLabel("Choose files").setInputFiles([...files]);

/** Presses buttons within one turn of the page, by the beginnings of their names, and goes to a view. */
const pressAtOnce = (page: Page, names: readonly string[], view: string): Promise<unknown> =>
  page.evaluate(`
    for (const name of ${JSON.stringify(names)})
      document.querySelector(\`button[aria-label^="\${name}"]\`).click();
    location.hash = ${JSON.stringify(view)};
  `);

describe.skipIf(chromiumPath === undefined)("opening scans in the page", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  it("leaves the one that was wished for last, also where an earlier one is there later", async () => {
    const { page, context, offences } = await site.open();
    let give = (): void => {};
    const given = new Promise<void>((resolve) => {
      give = resolve;
    });
    await page.route("**/slow.npz", async (route) => {
      await given;
      await route.fulfill({ body: otherScan().buffer, contentType: "application/octet-stream" });
    });
    await page.getByLabel("Or a file on this server, by its address").fill("slow.npz");
    await page.getByRole("button", { name: "Open the address" }).click();
    await page.getByText("Opening slow.npz").waitFor();
    await openScan(page, scanFile());
    // The earlier one is still on its way, and said to be.
    await page.getByText("Opening slow.npz").waitFor();
    give();
    await page.getByText("Drop a scan here").waitFor();
    expect(await page.getByTestId("scan-name").textContent()).toBe("scan.npz");
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    expect(new URL(page.url()).search).toBe("");
    expect(offences).toEqual([]);
    await context.close();
  });

  it("takes all that is said of a scan while it is read, and asks anew for what it was asked for meanwhile", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scanFile());
    // Their code is there then.
    await toView(page, "Patterns");
    await toView(page, "Open");
    await choose(page, doubtfulScan("doubtful.npz", BRIGHT));
    await page.getByRole("alert").waitFor();
    await toView(page, "Doctor");
    const said = ["Apply measurement=counts", `Apply skip_frames=${BRIGHT}`];
    for (const name of said) await page.getByRole("button", { name }).first().waitFor();
    await pressAtOnce(page, said, "doctor");
    await page.getByRole("row", { name: `skip_frames ${BRIGHT}` }).waitFor();
    await page.getByRole("row", { name: "measurement counts" }).waitFor();
    // What is looked at while the scan is read anew is seen once it is read.
    await pressAtOnce(page, ["Take back skip_frames"], "patterns?frame=3");
    await page.getByLabel(/^pattern 3; 32 rows by 32 columns/).waitFor();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    await page.getByText(`Pattern 3 of ${FRAMES}`).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("shows what the doctor finds in a file that was mended, not what it found before", async () => {
    const { page, context, offences } = await site.open();
    await choose(page, doubtfulScan("scan.npz", BRIGHT));
    const outlying = page.getByRole("listitem").filter({ hasText: "outlying frames" });
    await outlying.waitFor();
    await choose(page, doubtfulScan("scan.npz"));
    await expect.poll(() => outlying.count()).toBe(0);
    await page.getByRole("button", { name: "Apply measurement=counts" }).first().waitFor();
    expect(await outlying.count()).toBe(0);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("lets the same file be chosen once more, and refuses two of one name together", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scanFile());
    // A browser says nothing of a choice that is the one before.
    expect(await page.getByLabel("Choose files").inputValue()).toBe("");
    await choose(page, scanFile(), otherScan());
    const alert = page.getByRole("alert");
    await expect.poll(() => alert.textContent()).toMatch(/two of the files have the same name.*scan\.npz/s);
    await page.getByText("64 of 32 × 32 pixels").waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("keeps scans of one name apart: a run that was paused goes on with its own", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scanFile());
    await toView(page, "Reconstruct");
    await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
    await page.getByLabel("Epochs", { exact: true }).fill("100000");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText(/^epoch [1-9]\d*, R factor/).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    const paused = page.getByTestId("run-state").and(page.getByText("paused", { exact: true }));
    await paused.waitFor({ timeout: 60_000 });
    const first = page.url();
    await toView(page, "Open");
    await choose(page, otherScan());
    await page.getByText("100 of 32 × 32 pixels").waitFor();
    await finishRun(page, 2);
    await page.goto(first);
    await page.reload();
    await page.getByRole("button", { name: "Go on", exact: true }).click();
    await page.getByText(/resuming after epoch [1-9]/).waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await paused.waitFor({ timeout: 60_000 });
    await toView(page, "Runs");
    await expect.poll(() => page.getByRole("button", { name: /^Delete the scan scan\.npz, / }).count()).toBe(2);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("says so where the browser makes no picture of what is seen", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scanFile());
    await toView(page, "Patterns");
    await page.getByLabel(/^pattern 0; /).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "PNG", exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toBe("pattern-0.png");
    await page.evaluate("HTMLCanvasElement.prototype.toBlob = (made) => made(null)");
    await page.getByRole("button", { name: "PNG", exact: true }).click();
    await page.getByRole("alert").filter({ hasText: "the browser made no PNG" }).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });
});
