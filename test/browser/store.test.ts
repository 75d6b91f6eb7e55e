import { beforeAll, describe, expect, it } from "vitest";
import { storeCases } from "../runs/storeCases.ts";
import { chromiumPath, foundInPage } from "./harness.ts";
import type { Page } from "./page/page.ts";
import type { StoreFindings } from "./page/storeWorker.ts";

/** What runs rely on, of the private files that a browser gives a page. */
describe.skipIf(chromiumPath === undefined)("a store: the browser's private files", () => {
  let found: StoreFindings;
  beforeAll(async () => {
    found = await foundInPage((page) =>
      page.evaluate(() => (globalThis as unknown as { readonly page: Page }).page.store()),
    );
  });

  it.each(storeCases.map(({ name }) => name))("%s", (name) => {
    expect(found[name]).toBeNull();
  });
});
