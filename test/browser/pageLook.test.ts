import { decode } from "fast-png";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath } from "./harness.ts";
import { epochShown, finishRun, openScan, scanFile, toView } from "./pageScan.ts";
import { type OpenedPage, type PageSite, servePage } from "./pageSite.ts";

const EPOCHS = 6;

/** How many pixels of an element are within a few units of a colour, as it is seen. */
async function inked(element: Locator, colour: readonly number[]): Promise<number> {
  const { data, channels } = decode(await element.screenshot());
  let count = 0;
  for (let i = 0; i < data.length; i += channels)
    if (colour.every((value, c) => Math.abs(data[i + c] - value) < 12)) count++;
  return count;
}

/** The page's accent, light and dark. */
const accent = { light: [11, 92, 134], dark: [108, 192, 234] } as const;

describe.skipIf(chromiumPath === undefined)("what the page shows", () => {
  let site: PageSite;
  let opened: OpenedPage;
  let page: Page;
  beforeAll(async () => {
    site = await servePage();
    opened = await site.open({ viewport: { width: 1280, height: 900 } });
    page = opened.page;
    await openScan(page, scanFile());
    await finishRun(page, EPOCHS);
  }, 120_000);
  afterAll(() => site?.close());

  const params = (): Record<string, string> =>
    Object.fromEntries(new URLSearchParams(new URL(page.url()).hash.split("?")[1]));

  it("draws curves in the page's colours, read by keyboard and by pointer, and as a table", async () => {
    const plot = page.getByRole("application", { name: /^R factor over epochs; last 0\.\d+/ });
    await plot.scrollIntoViewIfNeeded();
    await plot.locator("canvas").waitFor();
    await expect.poll(() => inked(plot, accent.light)).toBeGreaterThan(100);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(() => inked(plot, accent.dark)).toBeGreaterThan(100);
    await page.emulateMedia({ colorScheme: "light" });

    const figure = page.locator("figure.curve").first();
    const reading = figure.locator(".curve-reading");
    const lastReading = (await reading.textContent()) ?? "";
    expect(lastReading).toMatch(/^epoch 6 {2}· {2}r factor 0\.\d+ {2}· {2}held out r factor 0\.\d+$/);
    await plot.focus();
    await page.keyboard.press("Home");
    await expect.poll(() => reading.textContent()).toMatch(/^epoch 1 /);
    expect(await reading.getAttribute("aria-live")).toBe("polite");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => reading.textContent()).toMatch(/^epoch 2 /);
    const second = (await reading.textContent()) ?? "";
    await page.keyboard.press("Shift+ArrowRight");
    await expect.poll(() => reading.textContent()).toBe(lastReading);
    await page.keyboard.press("Escape");
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + 57, box.y + box.height / 2);
    await expect.poll(() => reading.textContent()).toMatch(/^epoch 1 /);
    expect(await reading.getAttribute("aria-live")).toBe("off");

    await figure.getByText("Numbers").click();
    const rows = figure.getByRole("row");
    // A browser says later than the click that something was opened, and the table is made then.
    await expect.poll(() => rows.count()).toBe(1 + EPOCHS);
    const numbers = await rows.nth(2).getByRole("cell").allTextContents();
    expect(second).toBe(`epoch 2  ·  r factor ${numbers[0]}  ·  held out r factor ${numbers[1]}`);
    // What the run itself said of its last epoch.
    const said = Number((await page.getByText(/^epoch 6, R factor 0\.\d+$/).textContent())?.match(/0\.\d+$/)?.[0]);
    expect(Number((await rows.nth(EPOCHS).getByRole("cell").first().textContent()) ?? "")).toBeCloseTo(said, 4);

    // On another scale the curve lies elsewhere.
    await page.mouse.move(0, 0);
    const before = await plot.screenshot();
    const linear = page
      .getByRole("group", { name: "Scale of R factor over epochs" })
      .getByRole("button", { name: "Linear" });
    await linear.click();
    await expect.poll(() => linear.getAttribute("aria-pressed")).toBe("true");
    await page.mouse.move(0, 0);
    await expect.poll(async () => Buffer.compare(await plot.screenshot(), before)).not.toBe(0);
    expect(opened.offences).toEqual([]);
  });

  it("shows a profile that is drawn by keyboard, with the numbers of its pixels", async () => {
    const stage = page.getByLabel(/^object, phase/);
    await stage.focus();
    for (const key of ["c", "Enter", "Shift+ArrowRight", "Enter"]) await page.keyboard.press(key);
    const phase = page.getByRole("application", { name: /^profile of phase, rad from row \d+, column \d+ to row/ });
    await phase.focus();
    await page.keyboard.press("Home");
    const reading = page.locator(".profile figure").nth(1).locator(".curve-reading");
    await expect.poll(() => reading.textContent()).toMatch(/^at 0 {2}· {2}phase, rad −?\d/);
    const [row, column] = ((await phase.getAttribute("aria-label"))?.match(/\d+/g) ?? []).map(Number);
    const first = (await reading.textContent())?.match(/−?[\d.]+$/)?.[0] ?? "";
    await stage.focus();
    await page.keyboard.press("c");
    const there = page.locator(".reading").filter({ hasText: `y ${row}  x ${column}  ·` });
    await expect.poll(() => there.textContent()).toContain(`·  ${first} rad`);
    // On a tablet it is no wider than its panel.
    await page.setViewportSize({ width: 820, height: 1180 });
    const rightOf = (of: Locator): Promise<number> => of.boundingBox().then((box) => box!.x + box!.width);
    expect(await rightOf(phase)).toBeLessThanOrEqual(await rightOf(page.locator(".panel").filter({ has: phase })));
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.keyboard.press("Escape");
    await expect.poll(() => phase.count()).toBe(0);
  });

  it("leaves the cursor where keys put it, before a curve is drawn and when a run adds to it", async () => {
    const { page, context, offences } = await site.open();
    let draw: () => void = () => {};
    const mayDraw = new Promise<void>((resolve) => {
      draw = resolve;
    });
    // What draws curves comes late.
    await page.route(/\/plot-[^/]*\.js$/, async (route) => {
      await mayDraw;
      await route.continue();
    });
    await openScan(page, scanFile());
    await toView(page, "Reconstruct");
    await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
    await page.getByLabel("Epochs", { exact: true }).fill("100000");
    await page.getByRole("button", { name: "Start" }).click();
    const epoch = (): Promise<number> => epochShown(page);
    await expect.poll(epoch).toBeGreaterThan(2);
    const plot = page.getByRole("application", { name: /^R factor over epochs/ });
    const reading = page.locator("figure.curve").first().locator(".curve-reading");
    await plot.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => reading.textContent()).toMatch(/^epoch 2 /);
    const read = await reading.textContent();
    draw();
    await plot.locator("canvas").waitFor();
    const seen = await epoch();
    await expect.poll(epoch, { timeout: 60_000 }).toBeGreaterThan(3 * seen);
    expect(await reading.textContent()).toBe(read);
    // Keys go on from there, and the pointer takes the cursor.
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => reading.textContent()).toMatch(/^epoch 3 /);
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width - 30, box.y + box.height / 2);
    await expect.poll(() => reading.textContent()).not.toMatch(/^epoch [123] /);
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByTestId("run-state").filter({ hasText: "paused" }).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("keeps colour map, limits, scale and place in the address, which makes another tab look the same", async () => {
    await toView(page, "Patterns");
    const panel = page.locator(".main .panel").first();
    await page.getByLabel(/^pattern 0, .*|^pattern 0; /).waitFor();
    await panel.getByLabel("Colour map").selectOption("warm");
    await panel.getByLabel("Limits of the colours").selectOption("hand");
    await panel.getByLabel("Lowest colour's value").fill("2");
    await panel.getByLabel("Highest colour's value").fill("500");
    await panel.getByRole("button", { name: "Linear" }).click();
    const stage = panel.getByRole("application").first();
    await stage.focus();
    for (const key of ["1", "+", "+", "ArrowRight"]) await page.keyboard.press(key);
    await expect
      .poll(params)
      .toMatchObject({ "pattern.map": "warm", "pattern.limits": "2..500", "pattern.scale": "linear" });
    await expect.poll(() => params()["pattern.at"]).toMatch(/^16\.\.\d+(\.\d+)?\.\.3$/);
    await expect.poll(() => stage.getAttribute("aria-label")).toContain("colours from 2 to 500.");

    // The same picture, to the pixel, from the address alone.
    const pixels = (of: Locator): Promise<unknown> =>
      of
        .locator("canvas")
        .first()
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL());
    const picture = await pixels(stage);
    const tab = await opened.context.newPage();
    await tab.setViewportSize({ width: 1280, height: 900 });
    await tab.goto(page.url());
    await toView(tab, "Open");
    await openScan(tab, scanFile());
    await toView(tab, "Patterns");
    await tab.getByLabel(/^pattern 0/).waitFor();
    const again = tab.locator(".main .panel").first();
    await expect.poll(() => again.getByLabel("Colour map").inputValue()).toBe("warm");
    await expect.poll(() => again.getByLabel("Highest colour's value").inputValue()).toBe("500");
    const other = again.getByRole("application").first();
    await expect.poll(async () => (await pixels(other)) === picture).toBe(true);
    // An address that is typed over the one that is there is followed, too; what it does not say is as it began.
    await tab.evaluate(`location.hash = "patterns?frame=1.6&pattern.limits=0.02&pattern.map=nonsense"`);
    await tab.getByLabel(/^pattern 2;/).waitFor();
    await expect.poll(() => again.getByLabel("Limits of the colours").inputValue()).toBe("0.02");
    await expect.poll(() => again.getByLabel("Colour map").inputValue()).toBe("auto");
    await expect.poll(() => again.getByRole("button", { name: "Log" }).getAttribute("aria-pressed")).toBe("true");
    await tab.close();
  });

  it("zooms and moves two objects together, by wheel and by keys, under a divider and for differences", async () => {
    await toView(page, "Reconstruct");
    await finishRun(page, 2);
    await toView(page, "Compare");
    await page.getByLabel("Compared with it").selectOption({ index: 1 });
    const reference = page.getByLabel(/^reference, phase/);
    const compared = page.getByLabel(/^compared, phase/);
    await compared.waitFor();
    await expect.poll(() => params()["both.at"]).toBeUndefined();
    const seen = async (stage: Locator): Promise<string> => (await stage.screenshot()).toString("base64");
    const [a, b] = [await seen(reference), await seen(compared)];
    // A wheel over the first zooms both, about the same place.
    await reference.hover({ position: { x: 60, y: 80 } });
    await page.mouse.wheel(0, -300);
    await expect.poll(() => params()["both.at"]).toMatch(/\.\./);
    await page.mouse.move(0, 0);
    await expect.poll(async () => (await seen(compared)) !== b && (await seen(reference)) !== a).toBe(true);
    const at = (): number[] => (params()["both.at"] ?? "").split("..").map(Number);
    const [y, x, zoom] = at();
    // What is read in both at the same point of the screen is the same pixel.
    const readAt = async (stage: Locator): Promise<string | undefined> => {
      await stage.hover({ position: { x: 150, y: 120 } });
      const texts = await page.locator(".reading").allTextContents();
      return texts.find((text) => text.startsWith("y "))?.match(/^y \d+ {2}x \d+/)?.[0];
    };
    const read = await readAt(reference);
    expect(read).toBeDefined();
    expect(await readAt(compared)).toBe(read);
    // Keys in the second move the first.
    await compared.focus();
    await page.keyboard.press("ArrowDown");
    await expect.poll(at).toEqual([expect.not.closeTo(y, 0), expect.closeTo(x, 1), expect.closeTo(zoom, 3)]);
    const lower = await readAt(compared);
    expect(lower).not.toBe(read);
    expect(await readAt(reference)).toBe(lower);
    await page.keyboard.press("0");
    await expect.poll(() => params()["both.at"]).toBeUndefined();
    // What one picture is made to show, both show; so do the colours.
    await page.getByLabel("Colour map").first().selectOption("hues");
    await expect.poll(() => page.getByLabel("Colour map").nth(1).inputValue()).toBe("hues");

    await page.getByRole("button", { name: "Swipe" }).click();
    const divider = page.getByRole("slider");
    const both = page.getByLabel(/^reference, phase/);
    await divider.focus();
    await page.keyboard.press("Home");
    const onlyCompared = await seen(both);
    await page.keyboard.press("End");
    await expect.poll(() => seen(both)).not.toBe(onlyCompared);
    await expect.poll(() => params()["swipe.divider"]).toBe("1");
    for (let i = 0; i < 5; i++) await page.keyboard.press("Shift+ArrowLeft");
    await expect.poll(() => divider.getAttribute("aria-valuenow")).toBe("50");

    await page.getByRole("button", { name: "Difference", exact: true }).click();
    const difference = page.getByLabel(/^difference, amplitude/);
    await difference.waitFor();
    // Two runs of one scan differ, but by less than the object itself.
    const most = Number((await difference.getAttribute("aria-label"))?.match(/amplitudes from \S+ to ([\d.e-]+)/)?.[1]);
    expect(most).toBeGreaterThan(0);
    await difference.focus();
    await page.keyboard.press("+");
    await expect.poll(() => params()["difference.at"]).toBeDefined();
    await expect.poll(() => params()["phases.at"]).toBe(params()["difference.at"]);
    expect(opened.offences).toEqual([]);
  });
});
