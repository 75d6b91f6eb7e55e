import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, scanFile, toView, viewsOf } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

/** Text that would become part of the page, and do something there, wherever it is taken for markup. */
const markup = (mark: string): string => `<img src=x onerror=globalThis.hurt=1>"'><b class=hurt>${mark}`;
const HURT = `"hurt" in globalThis || document.querySelector("img[src=x], .hurt") !== null`;

/** A scan whose arrays are called by markup, two of which could be its patterns. */
function hostileArrays(): Buffer {
  const file = openNpz(new Uint8Array(scanFile().buffer));
  const arrays: Record<string, NpyArray> = {};
  for (const key of file.keys) if (key !== "diff3d") arrays[key] = file.read(key);
  for (const mark of ["one", "two"]) arrays[markup(mark).replaceAll("/", "")] = file.read("diff3d");
  return Buffer.from(writeNpz(arrays));
}

describe.skipIf(chromiumPath === undefined)("text of files in the page", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  /** Goes through all views, and fails where one of them took text for markup. */
  async function expectUnhurt(page: Page): Promise<void> {
    for (const title of await viewsOf(page)) {
      await toView(page, title);
      expect(await page.evaluate(HURT), title).toBe(false);
    }
  }

  it("stays text in every view, from the name of a file that is read and run", async () => {
    const { page, context, offences } = await site.open();
    const file = scanFile(`${markup("name")}.npz`);
    await openScan(page, file);
    expect(await page.getByTestId("scan-name").textContent()).toBe(file.name);
    await finishRun(page);
    await expectUnhurt(page);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("stays text in a refusal and in what the doctor says of it, from the names of arrays", async () => {
    const { page, context, offences } = await site.open();
    const file = { ...scanFile("arrays.npz"), buffer: hostileArrays() };
    await page.getByLabel("Choose files").setInputFiles(file);
    const alert = page.getByRole("alert").first();
    await alert.waitFor();
    expect(await alert.textContent()).toContain(markup("one"));
    expect(await page.evaluate(HURT)).toBe(false);
    await expectUnhurt(page);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("stays text in an error, from a run.json", async () => {
    const { page, context, offences } = await site.open();
    const record = { command: markup("command"), config: { engine: markup("engine") }, scan: markup("scan") };
    const file = { name: "run.json", mimeType: "", buffer: Buffer.from(JSON.stringify(record)) };
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.getByRole("alert").first().waitFor();
    await expectUnhurt(page);
    expect(offences).toEqual([]);
    await context.close();
  });
});
