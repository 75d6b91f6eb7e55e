import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { distance } from "../engines/problem.ts";
import { tolerances } from "../tolerances.ts";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, scanFile } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

/** WebGPU is SwiftShader's here, a software adapter, which is taken where it is chosen. */
describe.skipIf(chromiumPath === undefined)("what computes in the page", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  const ended = (page: Page) =>
    page
      .getByTestId("run-state")
      .and(page.getByText("finished", { exact: true }))
      .waitFor({ timeout: 120_000 });

  /** Goes on from the open run by an engine that takes all patterns at once, so that no order is drawn. @returns its object */
  async function refined(page: Page, accelerator: string, computes: RegExp): Promise<Float32Array> {
    await page.getByLabel("Computes on", { exact: true }).selectOption(accelerator);
    await page.getByLabel("Engine that goes on").selectOption("dm");
    await page.getByLabel("Epochs of it").fill("3");
    const before = page.url();
    await page.getByRole("button", { name: "Refine" }).click();
    await page.waitForURL((url) => url.href !== before);
    await ended(page);
    await expect.poll(() => page.locator(".log").textContent()).toMatch(computes);
    const line = page.getByLabel("Command line that does the same");
    await expect.poll(() => line.textContent()).toContain(`--accelerator ${accelerator}`);
    const { object } = readReconstruction(await saved(page, "reconstruction.npz"));
    await page.goBack();
    await page.waitForURL(before);
    await expect.poll(() => line.textContent()).toContain("--engine rpie");
    return object.data as Float32Array;
  }

  it("is chosen, said with the reason, and gives the same object on WebGPU as in WebAssembly", async () => {
    const { page, context, offences } = await site.open();
    await openScan(page, scanFile());
    await page
      .getByText(/WebAssembly.*\(auto: no GPU; WebGPU has only a software adapter/)
      .first()
      .waitFor();
    // Where an object begins flat the far field has pixels without light, whose phases are any.
    await finishRun(page, 10);
    await expect.poll(() => page.locator(".log").textContent()).toMatch(/WebAssembly, \d+ threads? \(auto: no GPU/);
    const onGpu = await refined(page, "webgpu", /WebGPU on .*swiftshader.*\(webgpu, as asked\)/i);
    const inWasm = await refined(page, "cpu", /WebAssembly, \d+ threads?/);
    expect(distance(onGpu, inWasm)).toBeGreaterThan(0);
    expect(distance(onGpu, inWasm)).toBeLessThan(tolerances.engines.singlePrecision);
    expect(offences).toEqual([]);
    await context.close();
  });
});

async function saved(page: Page, name: string): Promise<Uint8Array> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name, exact: true }).click(),
  ]);
  return readFileSync(await download.path());
}
