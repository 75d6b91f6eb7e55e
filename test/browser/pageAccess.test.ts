import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sharedPath } from "../../src/node/server/shared.ts";
import { startViewServer } from "../../src/node/server/viewServer.ts";
import { nodeStore } from "../../src/node/store.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, scanFile, toView, viewsOf } from "./pageScan.ts";
import { type OpenedPage, type PageSite, servePage } from "./pageSite.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds wrong in the page as it is, each with the elements that it is about. */
async function violations(page: Page): Promise<string[]> {
  const { violations } = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResults;
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}

/** The page for those who do not see it, or not as others do. */
describe.skipIf(chromiumPath === undefined)("the page, by axe", () => {
  let site: PageSite;
  let opened: OpenedPage;
  beforeAll(async () => {
    site = await servePage();
    opened = await site.open();
    // Not by a script in the page, which its policy would refuse.
    await opened.page.evaluate(axe);
    await opened.page.evaluate(`document.body.append(document.createElement("button"))`);
    expect(await violations(opened.page)).toContainEqual(expect.stringMatching(/^button-name:/));
    await opened.page.evaluate("document.body.lastElementChild.remove()");
    await openScan(opened.page, scanFile());
    await finishRun(opened.page);
  });
  afterAll(() => site?.close());

  it.each(["light", "dark"] as const)("has nothing to say against any view in %s", async (colorScheme) => {
    const { page, offences } = opened;
    await page.emulateMedia({ colorScheme });
    const found: Record<string, string[]> = {};
    const views = await viewsOf(page);
    for (const title of views) {
      await toView(page, title);
      found[title] = await violations(page);
    }
    expect(found).toEqual(Object.fromEntries(views.map((title) => [title, []])));
    expect(offences).toEqual([]);
  });

  it("has nothing to say against a scan that is refused, and what the doctor says of it", async () => {
    const { page, context } = await site.open();
    await page.evaluate(axe);
    const whole = scanFile("broken.npz");
    await page.getByLabel("Choose files").setInputFiles({ ...whole, buffer: whole.buffer.subarray(0, 5000) });
    await page.getByRole("alert").first().waitFor();
    expect(await violations(page)).toEqual([]);
    await toView(page, "Doctor");
    expect(await violations(page)).toEqual([]);
    await context.close();
  });

  it("has nothing to say against files of the disk that the program serves", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "ptychonaut-access-")), "scan.npz");
    writeFileSync(file, scanFile().buffer);
    const pageFolder = join(import.meta.dirname, "../../dist/page");
    const served = await startViewServer({ pageFolder, shared: [await sharedPath(file)], store: nodeStore });
    const page = await opened.context.newPage();
    await page.goto(served.url);
    await page.evaluate(axe);
    await toView(page, "On disk");
    await page.getByRole("link", { name: "scan.npz" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
    await served.close();
    rmSync(dirname(file), { recursive: true });
  });
});
