import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "./harness.ts";
import { finishRun, openScan, scanFile, toView, viewsOf } from "./pageScan.ts";
import { type OpenedPage, type PageSite, servePage } from "./pageSite.ts";

/** What is wider than the page, or has text that its own edges cut off. What scrolls within itself may. */
const CUT_OFF = `(() => {
  const named = (element) => (element.tagName + "." + element.getAttribute("class") + " " + element.textContent.slice(0, 40)).trim();
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) found.push("the page scrolls sideways");
  for (const element of document.querySelectorAll(".shell *")) {
    if (element.closest(".hidden, .skip, .keys") !== null || !element.checkVisibility()) continue;
    const { left, right } = element.getBoundingClientRect();
    if (left < -0.5 || right > root.clientWidth + 0.5) found.push("beyond the edge: " + named(element));
    const { overflowX } = getComputedStyle(element);
    if (overflowX !== "visible" && overflowX !== "auto" && element.scrollWidth > element.clientWidth + 1 && element.tagName !== "INPUT")
      found.push("cut off: " + named(element));
    const svg = element.tagName === "text" ? element.closest("svg").getBoundingClientRect() : undefined;
    if (svg !== undefined && (left < svg.left - 0.5 || right > svg.right + 0.5)) found.push("beyond its picture: " + named(element));
  }
  return found;
})()`;

/** Sums up how far things have moved by themselves, from now on, also right after a click. */
const WATCH_SHIFTS = `
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries())
      shifts.push({ value, what: sources.map(({ node }) => node?.className ?? node?.nodeName).join(", ") });
  }).observe({ type: "layout-shift" });
`;

/** A view may move by itself by this much: what a page is held for that does not move (web.dev's "good" is 0.1). */
const MOST_SHIFT = 0.02;

const shifted = async (page: Page): Promise<{ readonly total: number; readonly what: readonly unknown[] }> => {
  const what = (await page.evaluate("shifts")) as { readonly value: number }[];
  return { total: what.reduce((sum, { value }) => sum + value, 0), what };
};

describe.skipIf(chromiumPath === undefined)("the page's layout", () => {
  let site: PageSite;
  let opened: OpenedPage;
  beforeAll(async () => {
    site = await servePage();
    opened = await site.open();
    await openScan(opened.page, scanFile());
    await finishRun(opened.page);
  });
  afterAll(() => site?.close());

  it.each([
    ["a small window of 1280 pixels", 1280, 800],
    ["a tablet, 820 pixels wide", 820, 1180],
    ["a window of 1280 pixels at 200 %", 640, 400],
  ])("has room for every view in %s", async (_, width, height) => {
    const { page } = opened;
    await page.setViewportSize({ width, height });
    const views = await viewsOf(page);
    const found: Record<string, unknown> = {};
    for (const title of views) {
      await toView(page, title);
      found[title] = await page.evaluate(CUT_OFF);
    }
    expect(found).toEqual(Object.fromEntries(views.map((title) => [title, []])));
  });

  it("does not move while a view loads", async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 1280, height: 800 });
    const addresses = (await page.evaluate(
      `[...document.querySelectorAll(".rail a")].map(({ hash }) => hash)`,
    )) as string[];
    for (const address of addresses) {
      const tab = await opened.context.newPage();
      await tab.addInitScript(WATCH_SHIFTS);
      await tab.goto(site.url + address);
      await tab.locator(".view > h1 + *").first().waitFor();
      await tab
        .getByText(/^WebAssembly/)
        .first()
        .waitFor();
      await tab.waitForTimeout(300);
      const { total, what } = await shifted(tab);
      expect(total, `${address}: ${JSON.stringify(what)}`).toBeLessThan(MOST_SHIFT);
      await tab.close();
    }
  });

  it("does not move while a run starts and goes on", async () => {
    const { page } = opened;
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.evaluate(WATCH_SHIFTS);
    await finishRun(page, 200);
    const { total, what } = await shifted(page);
    expect(total, JSON.stringify(what)).toBeLessThan(MOST_SHIFT);
  });
});
