import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateFolder } from "../../src/web/privateFiles.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, scanFile, toView } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

/** Bytes of the browser's private files, by their paths below the page's folder. */
const privateFiles = (page: Page): Promise<Record<string, number>> =>
  page.evaluate(async () => {
    const found: Record<string, number> = {};
    const look = async (folder: PrivateFolder, path: string): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        if (name === ".parts") continue;
        if (handle.kind === "directory") await look(handle, `${path}/${name}`);
        else found[`${path}/${name}`] = (await handle.getFile()).size;
      }
    };
    const { navigator } = globalThis as unknown as {
      readonly navigator: { readonly storage: { getDirectory(): Promise<PrivateFolder> } };
    };
    await look(await (await navigator.storage.getDirectory()).getDirectoryHandle("ptychonaut"), "");
    return found;
  });

const scansIn = async (page: Page): Promise<string[]> =>
  Object.keys(await privateFiles(page)).filter((path) => path.startsWith("/scans/"));

describe.skipIf(chromiumPath === undefined)("scans that the browser keeps", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  it("are listed with their size and what needs them, and are gone from the disk once they are deleted", async () => {
    const { page, context, offences } = await site.open();
    await page.getByRole("button", { name: "Try a sample" }).click();
    await page.getByText("144 of 64 × 64 pixels").waitFor();
    await openScan(page, scanFile());
    await finishRun(page, 2);
    const before = await privateFiles(page);
    const [sample, scan] = (await scansIn(page)).sort((a, b) => before[b] - before[a]);
    expect([sample, scan]).toEqual([
      expect.stringContaining("/scans/simulated here/"),
      expect.stringMatching(/^\/scans\/[0-9a-f]{16}\/scan\.npz\/scan\.npz$/),
    ]);
    await toView(page, "Runs");
    const row = page.getByRole("row").filter({ hasText: "Delete the scan scan.npz" });
    await row.getByRole("cell", { name: `${(before[scan] / 1e6).toFixed(1)} MB`, exact: true }).waitFor();
    await row.getByText("no run that goes on").waitFor();
    await page
      .getByTestId("room")
      .filter({ hasText: /take \d+\.\d MB of \d+\.\d GB/ })
      .waitFor();
    for (const path of [sample, scan]) {
      const name = path === scan ? "scan.npz" : path.slice(path.lastIndexOf("/") + 1);
      await page.getByRole("button", { name: `Delete the scan ${name}` }).press("Enter");
      await page.getByRole("button", { name: `Delete the scan ${name}` }).waitFor({ state: "detached" });
      expect(await scansIn(page)).not.toContain(path);
    }
    await page.getByText("None.", { exact: true }).waitFor();
    expect(await scansIn(page)).toEqual([]);
    // The user's own file is where it was, and so is the run.
    await toView(page, "Patterns");
    await page.getByLabel(/^pattern 0; 32 rows by 32 columns/).waitFor();
    expect(Object.keys(await privateFiles(page)).some((path) => path.endsWith("/reconstruction.npz"))).toBe(true);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("stay while a run works on them; the scan that is deleted is open no longer", async () => {
    const { page, context, offences } = await site.open();
    await page.getByRole("button", { name: "Try a sample" }).click();
    await page.getByText("144 of 64 × 64 pixels").waitFor();
    const [path] = await scansIn(page);
    const name = path.slice(path.lastIndexOf("/") + 1);
    await toView(page, "Reconstruct");
    await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
    await page.getByLabel("Epochs", { exact: true }).fill("100000");
    await page.getByRole("button", { name: "Start" }).click();
    await page
      .getByText(/^engine|epoch \d+/)
      .first()
      .waitFor();
    await toView(page, "Runs");
    const remove = page.getByRole("button", { name: `Delete the scan ${name}` });
    await page.getByTitle(/ is working on this scan: wait for it, or pause it$/).waitFor();
    expect(await remove.isDisabled()).toBe(true);
    expect(await scansIn(page)).toEqual([path]);
    await page
      .getByRole("link", { name: /reconstruct/ })
      .first()
      .click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText("paused", { exact: true }).first().waitFor();
    await toView(page, "Runs");
    await page
      .getByRole("row")
      .filter({ hasText: `Delete the scan ${name}` })
      .getByText(/reconstruct/)
      .waitFor();
    await remove.click();
    await page.getByText("no scan is open").waitFor();
    expect(await scansIn(page)).toEqual([]);
    expect(offences).toEqual([]);
    await context.close();
  });
});
