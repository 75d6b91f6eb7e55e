import { beforeAll, describe, expect, it } from "vitest";
import { nodeKernels } from "../../src/node/kernels.ts";
import { chromiumPath, foundInPage } from "./harness.ts";
import { computeWith, type KernelsFindings } from "./page/kernelsScenario.ts";
import type { Page } from "./page/page.ts";

/** The kernels of engines in Chromium, bundled as an application would: one thread and two, in a worker and in the page. */
describe.skipIf(chromiumPath === undefined)("kernels in a browser", () => {
  let found: readonly KernelsFindings[];
  let expected: KernelsFindings;

  beforeAll(async () => {
    expected = await computeWith(await nodeKernels({ threads: 1 }));
    found = await foundInPage((page) =>
      page.evaluate(() => (globalThis as unknown as { readonly page: Page }).page.kernels()),
    );
  }, 240_000);

  it("have threads in a worker, and one in the page itself, which may not wait", () => {
    expect(found.map(({ threads }) => threads)).toEqual([1, 2, 1]);
  });

  it("find what they find in Node, bit for bit", () => {
    expect(expected.object.every(Number.isFinite)).toBe(true);
    for (const { object, misfit } of found) {
      expect(object).toEqual(expected.object);
      expect(misfit).toEqual(expected.misfit);
    }
  });
});
