import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Download, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { relativeError } from "../../src/metrics/differences.ts";
import { nodeHome } from "../../src/node/home.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { createInferencePayload, createReconstructionPayload } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks, writeRandomBundle } from "../runs/inferRun.ts";
import { chromiumPath } from "./harness.ts";
import { type OpenedPage, type PageSite, servePage } from "./pageSite.ts";

const made = simulate({
  ...{ n: 32, patterns: 36, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3, noise: false },
  ...{ photons: 1e5, smoothing: 1 },
  geometry: { wavelengthM: 1e-10, detectorDistanceM: 1, detectorPixelM: 5e-5 },
});

/** A name that no shell reads as it stands. */
const SCAN = "it's a $scan.npz";

const numbers = ({ data }: ComplexArray): Float64Array => Float64Array.from(data);

/** The same object three pixels further down and two further left, in another phase: its edges come back on the other side. */
function turnedAndMoved({ shape, data }: ComplexArray): ComplexArray {
  const [height, width] = shape;
  const moved = new Float32Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const [from, to] = [2 * (y * width + x), 2 * (((y + 3) % height) * width + ((x + width - 2) % width))];
      // Times i.
      moved[to] = -data[from + 1];
      moved[to + 1] = data[from];
    }
  return { shape, data: moved };
}

describe.skipIf(chromiumPath === undefined)("results of the page", () => {
  let site: PageSite;
  let opened: OpenedPage;
  let page: Page;
  let folder = "";
  const path = (name: string): string => join(folder, name);
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ptychonaut-page-results-"));
    const { object: _, ...withoutTruth } = made;
    writeFileSync(path(SCAN), writeScanNpz(withoutTruth));
    site = await servePage();
    opened = await site.open();
    page = opened.page;
    await page.getByLabel("Choose files").setInputFiles(path(SCAN));
    await page.getByText("36 of 32 × 32 pixels").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Reconstruct" }).click();
    await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
    await page.getByLabel("Epochs", { exact: true }).fill("20");
    await page.getByRole("button", { name: "Start" }).click();
    await page
      .getByTestId("run-state")
      .and(page.getByText("finished", { exact: true }))
      .waitFor();
  }, 60_000);
  afterAll(async () => {
    await site?.close();
    rmSync(folder, { recursive: true });
  });

  /** Presses a button and keeps the files that it gives, by their endings. */
  const saved = (name: string, count = 1): Promise<string[]> => savedFrom(page, name, count);

  async function savedFrom(page: Page, name: string, count = 1): Promise<string[]> {
    const given: Download[] = [];
    const take = (download: Download): unknown => given.push(download);
    page.on("download", take);
    await page.getByRole("button", { name, exact: true }).click();
    await expect.poll(() => given.length, { timeout: 20_000 }).toBe(count);
    page.off("download", take);
    const paths = given.map((download) => path(download.suggestedFilename()));
    for (const [i, download] of given.entries()) await download.saveAs(paths[i]);
    return paths;
  }

  it("are saved as CXI, HDF5, TIFF and PNG, which hold the object", async () => {
    const [own] = await saved("reconstruction.npz");
    const { object } = await readObjectFile(own, nodeHome);
    for (const [name, count] of [
      ["CXI", 1],
      ["HDF5", 1],
      ["TIFF, amplitude and phase", 2],
    ] as const) {
      const [first] = await saved(`Save as ${name}`, count);
      const again = await readObjectFile(first, nodeHome);
      expect(again.object.shape).toEqual(object.shape);
      expect(relativeError(numbers(again.object), numbers(object))).toBeLessThan(1e-6);
    }
    const pictures = await saved("Save as PNG, amplitude and phase", 2);
    for (const picture of pictures) expect(readFileSync(picture).subarray(1, 4).toString()).toBe("PNG");
  });

  it("are the same as on the command line, of the same run.json, which is refused without its scan", async () => {
    const hooks = quietHooks();
    const request = {
      scan: path(SCAN),
      outputDir: path("run"),
      overrides: { engine: "lsqml", epochs: 12, seed: 7 },
      executionConfig: { threads: 2 },
    };
    await runReconstruction(await createReconstructionPayload(request, nodeHome), hooks, nodeHome);
    const record = join(path("run"), "run.json");

    const other = await site.open();
    await other.page.getByLabel("Choose files").setInputFiles(record);
    await expect.poll(() => other.page.getByRole("alert").textContent()).toContain("the scan of this run is not open");
    expect(await other.page.getByRole("alert").textContent()).toContain(SCAN);
    await other.page.getByLabel("Choose files").setInputFiles([record, path(SCAN)]);
    await other.page
      .getByTestId("run-state")
      .and(other.page.getByText("finished", { exact: true }))
      .waitFor();
    await other.page.getByText(/left out, as it is said of another machine: threads$/m).waitFor();
    const [own] = await savedFrom(other.page, "reconstruction.npz");
    const [here, there] = [
      await readObjectFile(own, nodeHome),
      await readObjectFile(join(path("run"), "reconstruction.npz"), nodeHome),
    ];
    expect(relativeError(numbers(here.object), numbers(there.object))).toBeLessThan(1e-3);
    expect(other.offences).toEqual([]);
    await other.context.close();
  });

  it("are opened again, laid on one another, and compared", async () => {
    const [own] = await saved("reconstruction.npz");
    const [cxi] = await saved("Save as CXI");
    const moved = path("moved.npz");
    const { object, origin } = await readObjectFile(own, nodeHome);
    writeFileSync(moved, writeNpz({ object: { ...turnedAndMoved(object), dtype: "complex64" } }));

    const other = await site.open();
    const { page } = other;
    await page.getByLabel("Choose files").setInputFiles([own, cxi]);
    const agreement = (name: string): Promise<string | null> =>
      page.getByRole("row", { name }).getByRole("cell").textContent();
    page.setDefaultTimeout(20_000);
    await expect.poll(() => agreement("complex error"), { timeout: 20_000 }).toMatch(/^0\.000|e-/);
    await page.getByRole("application", { name: /They agree down to a full period of 2\.00 pixels/ }).waitFor();
    await expect.poll(() => page.getByLabel("Compared with it").locator(":checked").textContent()).toBe(basename(cxi));

    // What one picture is made to show, both show.
    await page.getByRole("button", { name: "Amplitude", exact: true }).first().click();
    await expect.poll(() => page.getByLabel(/^(reference|compared), amplitude;/).count()).toBe(2);
    await page.getByRole("button", { name: "Swipe" }).click();
    const divider = page.getByRole("slider");
    await divider.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => divider.getAttribute("aria-valuenow")).toBe("51");
    await page.getByRole("button", { name: "Difference", exact: true }).click();
    await page.getByRole("heading", { name: "Difference of the phases" }).waitFor();

    await page.getByRole("link", { name: "Open" }).click();
    await page.getByLabel("Choose files").setInputFiles(moved);
    await page
      .getByLabel("Reference")
      .locator(":checked")
      .and(page.getByText(basename(moved)))
      .waitFor({ state: "attached" });
    await page.getByLabel("Compared with it").selectOption({ label: basename(own) });
    // The moved one says no place: it is laid where object pixels begin.
    const [down, right] = [3 - (origin?.y ?? 0), -2 - (origin?.x ?? 0)];
    await expect
      .poll(async () => (await agreement("shift taken out"))?.match(/-?\d+\.\d+/g)?.map(Number), { timeout: 20_000 })
      .toEqual([expect.closeTo(down, 1), expect.closeTo(right, 1)]);
    expect(other.offences).toEqual([]);
    await other.context.close();
  });

  it("are told apart where they have one name, and a pair is shown once it is compared, not before", async () => {
    const [own] = await saved("reconstruction.npz");
    const { object } = await readObjectFile(own, nodeHome);
    const other = await site.open();
    const { page } = other;
    const opens = async (content: ComplexArray): Promise<void> => {
      await page.getByRole("link", { name: "Open", exact: true }).click();
      const buffer = Buffer.from(writeNpz({ object: { ...content, dtype: "complex64" } }));
      await page.getByLabel("Choose files").setInputFiles({ name: "reconstruction.npz", mimeType: "", buffer });
      await page.getByLabel("Reference").waitFor();
    };
    await opens(object);
    await opens(turnedAndMoved(object));
    await opens({ shape: object.shape, data: object.data.map((value, i) => (i % 14 === 0 ? 2 * value : value)) });
    const titles = page.getByLabel("Reference").getByRole("option");
    const names = ["reconstruction.npz (3)", "reconstruction.npz (2)", "reconstruction.npz"];
    await expect.poll(() => titles.allTextContents()).toEqual(names);
    const error = page.getByRole("row", { name: "complex error" }).getByRole("cell");
    await page.getByLabel("Compared with it").selectOption({ label: names[2] });
    await error.waitFor({ timeout: 20_000 });
    const first = await error.textContent();
    // What is busy is said, and nothing of the pair before is seen meanwhile.
    await page.evaluate(`{
      const seen = (globalThis.seen = []);
      const text = () => document.querySelector("main").textContent;
      new MutationObserver(() => {
        if (/laying one on the other|being read/.test(text())) seen.push(/complex error/.test(text()));
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    }`);
    await page.getByLabel("Compared with it").selectOption({ label: names[1] });
    await expect.poll(() => page.evaluate("globalThis.seen.length")).toBeGreaterThan(0);
    await error.waitFor({ timeout: 20_000 });
    expect(await error.textContent()).not.toBe(first);
    expect(await page.evaluate("globalThis.seen.includes(true)")).toBe(false);
    await page.getByLabel("Compared with it").selectOption({ label: "nothing" });
    await page.getByLabel(/^object, amplitude; /).waitFor();
    await page.evaluate("void globalThis.seen.splice(0)");
    await page.getByLabel("Reference").selectOption({ label: names[2] });
    await expect.poll(() => page.evaluate("globalThis.seen.length")).toBeGreaterThan(0);
    await page.getByLabel(/^object, amplitude; /).waitFor();
    expect(other.offences).toEqual([]);
    await other.context.close();
  });

  it("are inferred by a network of elsewhere as the command line infers them, and refined by an engine", async () => {
    const bundle = join(await writeRandomBundle(folder, path(SCAN), 1), "model.zip");
    const request = { modelPath: bundle, testDataFile: path(SCAN), outputDir: path("inferred") };
    await runInference(await createInferencePayload(request, nodeHome), quietHooks(), nodeHome);
    const there = await readObjectFile(join(path("inferred"), "reconstruction.npz"), nodeHome);

    const other = await site.open();
    const { page } = other;
    await page.getByLabel("Choose files").setInputFiles(path(SCAN));
    await page.getByText("36 of 32 × 32 pixels").waitFor();
    await page.getByLabel("Choose files").setInputFiles(bundle);
    await expect.poll(() => page.getByLabel("Network").locator(":checked").textContent()).toBe("model.zip, dropped");
    await page.getByLabel("Refine by an engine").selectOption("rpie");
    await page.getByLabel("Epochs of the engine").fill("5");
    await page.getByRole("button", { name: "Start" }).click();
    await page
      .getByTestId("run-state")
      .and(page.getByText("finished", { exact: true }))
      .waitFor();
    await page.getByText(/epoch 5, R factor/).waitFor();
    const here = await readObjectFile((await savedFrom(page, "reconstruction.npz"))[0], nodeHome);
    expect(relativeError(numbers(here.object), numbers(there.object))).toBeLessThan(1e-3);
    await page.getByRole("button", { name: "refined/reconstruction.npz" }).waitFor();
    await expect
      .poll(() => page.getByLabel("Command line that does the same").textContent())
      .toMatch(/^ptychonaut infer --model_path model\.zip --test_data_file .* --refine rpie:5 /);
    await page.getByRole("link", { name: "Compare" }).click();
    await page
      .getByLabel("Reference")
      .getByText(/, refined$/)
      .waitFor({ state: "attached" });
    expect(other.offences).toEqual([]);
    await other.context.close();
  });

  it("come with the command line that does the same, which a shell reads as it is meant", async () => {
    const region = page.getByLabel("Command line that does the same");
    await expect.poll(() => region.textContent()).toMatch(/--seed \d+ /);
    const line = (await region.textContent()) ?? "";
    expect(line).toContain("ptychonaut reconstruct 'it'\\''s a $scan.npz' --engine rpie --epochs 20 --seed");
    await page.getByRole("button", { name: "Copy" }).click();
    await page.getByText(/^copied|^selected/).waitFor();
    expect(opened.offences).toEqual([]);
  });
});
