import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "./harness.ts";
import { type PageSite, servePage } from "./pageSite.ts";

/** Everything that is fetched before a scan is opened, what computes included. */
const SHELL_BYTES = 100_000;
const FIRST_PAINT_MS = 2000;

describe.skipIf(chromiumPath === undefined)("the page when it is opened for the first time", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  it("is light, and soon painted", async () => {
    const { page, context } = await site.open({ path: "headers.json" });
    const asked = new Set<string>();
    context.on("request", (request) => asked.add(request.url()));
    await page.goto(site.url);
    await page
      .getByText(/^WebAssembly/)
      .first()
      .waitFor();
    await page.waitForLoadState("networkidle");
    const sizes = await Promise.all(
      [...asked].map(async (url) => {
        const bytes = gzipSync(Buffer.from(await (await fetch(url)).arrayBuffer())).length;
        return [url.slice(site.url.length), bytes] as const;
      }),
    );
    const paint = Number(await page.evaluate(`performance.getEntriesByName("first-contentful-paint")[0].startTime`));
    const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
    console.log(`${total} bytes compressed, painted after ${paint.toFixed(0)} ms`);
    expect(total, JSON.stringify(sizes)).toBeLessThan(SHELL_BYTES);
    expect(paint).toBeLessThan(FIRST_PAINT_MS);
    await context.close();
  });
});
