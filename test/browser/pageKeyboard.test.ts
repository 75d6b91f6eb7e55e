import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "./harness.ts";
import { scanFile } from "./pageScan.ts";
import { type PageSite, servePage } from "./pageSite.ts";

interface Focused {
  readonly name: string;
  /** Whether a person sees where the focus is: an outline, on the screen, around something that has a size. */
  readonly seen: boolean;
}

/** What has the focus. A control that is not seen itself shows it by its label. */
const FOCUSED = `(() => {
  const at = document.activeElement;
  const label = at.labels?.[0];
  const shown = [at, label].filter((element) => element !== undefined && element !== null).some((element) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const { width, height, top, bottom } = element.getBoundingClientRect();
    const onScreen = bottom > 0 && top < innerHeight;
    return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 && width > 8 && height > 8 && onScreen;
  });
  const name = at.getAttribute("aria-label") ?? label?.textContent ?? at.textContent;
  return { name: name.trim(), seen: at !== document.body && shown };
})()`;

const MOST_STEPS = 80;

/** Goes on by Tab until something has the focus, which must be seen all the way. */
async function tabTo(page: Page, name: string | RegExp, key = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < MOST_STEPS; step++) {
    await page.keyboard.press(key);
    const focused = (await page.evaluate(FOCUSED)) as Focused;
    // The page's end: the focus is on its way round through the browser's own controls.
    if (await page.evaluate("document.activeElement === document.body")) continue;
    expect(focused, `after ${passed.join(", ")}`).toMatchObject({ seen: true });
    if (typeof name === "string" ? focused.name === name : name.test(focused.name)) return;
    passed.push(focused.name);
  }
  expect(passed, `${name} is not reached`).toEqual([]);
}

describe.skipIf(chromiumPath === undefined)("the page, by keyboard alone", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(() => site?.close());

  it("opens a scan, starts a run, pauses it, goes on, and works a canvas", async () => {
    const opened = await site.open();
    const { page } = opened;
    const press = (key: string): Promise<void> => page.keyboard.press(key);
    const state = (word: string): Promise<void> =>
      page
        .getByTestId("run-state")
        .and(page.getByText(word, { exact: true }))
        .waitFor();

    await press("Tab");
    expect(await page.evaluate(FOCUSED)).toEqual({ name: "Skip to the view", seen: true });
    await press("Enter");
    // Before the key, since the browser has to be told first that its dialog is not wanted.
    page.on("filechooser", (chooser) => void chooser.setFiles(scanFile()));
    await tabTo(page, "Choose files");
    await press("Enter");
    await page.getByText("64 of 32 × 32 pixels").first().waitFor();

    await tabTo(page, "Reconstruct");
    await press("Enter");
    await page.getByRole("heading", { name: "Reconstruct" }).waitFor();
    await page.getByRole("option", { name: "rpie" }).waitFor({ state: "attached" });
    await tabTo(page, "Engine");
    await page.keyboard.type("rpie");
    await tabTo(page, "Epochs");
    await page.keyboard.type("4000");
    await tabTo(page, "Start");
    await press("Enter");
    await state("running");
    await page.getByText(/^epoch \d+,/).waitFor();
    await tabTo(page, "Pause");
    await press("Enter");
    await state("paused");
    // The button that went on to be another one still has the focus.
    await expect.poll(() => page.evaluate(FOCUSED)).toEqual({ name: "Go on", seen: true });
    await press("Enter");
    await state("running");
    await page
      .getByLabel(/^object, /)
      .first()
      .waitFor();
    await tabTo(page, /^object, /);

    const reading = page.locator(".array-canvas .reading").first();
    const column = async (): Promise<number> => Number(/ x (\d+)/.exec((await reading.textContent()) ?? "")?.[1]);
    await press("c");
    await expect.poll(column).toBeGreaterThan(0);
    const before = await column();
    await press("ArrowRight");
    await expect.poll(column).toBe(before + 1);
    await tabTo(page, "Log");
    await press("Space");
    await expect.poll(() => page.evaluate("document.activeElement.ariaPressed")).toBe("true");
    await tabTo(page, "Pause", "Shift+Tab");
    await press("Space");
    await state("paused");
    expect(opened.offences).toEqual([]);
    await opened.context.close();
  });
});
