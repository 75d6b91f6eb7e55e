import { decode } from "fast-png";
import type { Browser, BrowserContextOptions, Page as Tab } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { dotInk } from "../../src/pictures/sheet.ts";
import type { CanvasState, StateChange } from "../../web/canvas/canvasState.ts";
import { type ArrayName, type MadeArray, makers } from "./canvas/arrays.ts";
import { wrongPixels } from "./canvas/expectedColours.ts";
import type { Lab, Seen } from "./canvas/labTypes.ts";
import { chromiumPath, serveTestPage, type TestSite } from "./harness.ts";

interface LabWindow {
  readonly lab: Lab;
}

/** Keeps hold of what loses the context, which the canvas does not show. */
const keepLoss = `
  const get = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const context = get.call(this, kind, ...rest);
    if (kind === "webgl2") globalThis.loss = context.getExtension("WEBGL_lose_context");
    return context;
  };`;
const noWebGl = `
  const get = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind === "webgl2" ? null : get.call(this, kind, ...rest);
  };`;

const place = (
  seen: Seen,
  [height, width]: readonly [number, number],
  { zoom, y, x }: { zoom: number; y: number; x: number },
) => ({
  zoom,
  top: Math.round(seen.height / 2 - (zoom === seen.height / height ? height / 2 : y) * zoom),
  left: Math.round(seen.width / 2 - (zoom === seen.width / width ? width / 2 : x) * zoom),
});

const pixelsOf = ({ data }: Seen): Uint8Array => Buffer.from(data, "base64");

/** The first of the pixels that have not the colours that figures give to the array's numbers. */
function wrongColours(seen: Seen, array: MadeArray, view: { zoom: number; y: number; x: number }, dark = false) {
  if (seen.colouring === undefined) throw new Error("nothing is shown");
  const shown = {
    ...{ array, colouring: seen.colouring, height: seen.height, width: seen.width },
    ...place(seen, array.shape, view),
    ...{ hatching: 6 * seen.ratio, dark },
  };
  return wrongPixels(shown, pixelsOf(seen)).slice(0, 3);
}

const expectColours = (...shown: Parameters<typeof wrongColours>): void => expect(wrongColours(...shown)).toEqual([]);

describe.skipIf(chromiumPath === undefined)("an array's canvas", () => {
  let site: TestSite;
  let browser: Browser;
  let tab: Tab;

  beforeAll(async () => {
    site = await serveTestPage("canvas", "lab");
    ({ browser, page: tab } = await site.open({}, keepLoss));
  });
  afterEach(() => tab.evaluate(() => (globalThis as unknown as LabWindow).lab.clear()));
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  const add = (name: ArrayName, size: readonly [number, number], change: StateChange = {}, page = tab): Promise<Seen> =>
    page.evaluate(([n, s, c]) => (globalThis as unknown as LabWindow).lab.add(n, s, c), [name, size, change] as const);
  const set = (index: number, change: StateChange): Promise<Seen> =>
    tab.evaluate(([i, c]) => (globalThis as unknown as LabWindow).lab.set(i, c), [index, change] as const);
  const seen = (index: number, page = tab): Promise<Seen> =>
    page.evaluate((i) => (globalThis as unknown as LabWindow).lab.seen(i), index);
  const state = (index: number): Promise<CanvasState> =>
    tab.evaluate((i) => (globalThis as unknown as LabWindow).lab.state(i), index);
  const told = (index: number): Promise<ReturnType<Lab["told"]>> =>
    tab.evaluate((i) => (globalThis as unknown as LabWindow).lab.told(i), index);
  async function another<T>(
    options: BrowserContextOptions,
    before: string,
    use: (page: Tab) => Promise<T>,
  ): Promise<T> {
    const other = await site.open(options, before);
    try {
      return await use(other.page);
    } finally {
      await other.browser.close();
    }
  }

  it("has the colours of figures, pixel by pixel: amplitude, phase, complex, one to one, zoomed in, averaged", async () => {
    const array = makers.object();
    await add("object", [120, 160]);
    for (const quantity of ["amplitude", "phase", "complex"] as const)
      for (const view of [
        { zoom: 1, y: 60, x: 80 },
        { zoom: 3, y: 20, x: 31.2 },
        { zoom: 0.43, y: 70, x: 100 },
      ]) {
        const picture = await set(0, { view, look: { quantity } });
        expect([picture.by, picture.colouring?.quantity]).toEqual(["webgl2", quantity]);
        expectColours(picture, array, view);
      }
  });

  it("shows counts on a logarithmic scale, hatches what is masked, and leaves it out of averages", async () => {
    for (const view of [
      { zoom: 2, y: 20, x: 40 },
      { zoom: 0.37, y: 64, x: 64 },
    ]) {
      const picture = await add("pattern", [100, 90], { view, look: { scale: "log" } });
      expect(picture.colouring).toMatchObject({ log: true, colormap: "sequential", limits: [1, 3e5] });
      expectColours(picture, makers.pattern(), view);
      await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.clear());
    }
  });

  it("moves by what it has painted and paints the rest, to the same pixels", async () => {
    const array = makers.object();
    await add("object", [90, 100], { look: { quantity: "complex" }, view: { zoom: 0.7, y: 75, x: 100 } });
    for (const [y, x] of [
      [80, 96],
      [71.3, 108],
      [71.3, 109.9],
      [20, 180],
    ]) {
      const view = { zoom: 0.7, y, x };
      expectColours(await set(0, { view }), array, view);
    }
  });

  it("is exact on a screen with two pixels for one of the page", async () => {
    await another({ deviceScaleFactor: 2 }, "", async (page) => {
      const view = { zoom: 1, y: 75, x: 100 };
      const picture = await add("object", [120, 160], { view, look: { quantity: "phase" } }, page);
      expect([picture.ratio, picture.width, picture.height]).toEqual([2, 320, 240]);
      expectColours(picture, makers.object(), view);
    });
  });

  it("hatches what is not known, on a dark page darkly, by WebGL2 and without, and says how much it is", async () => {
    for (const before of ["", noWebGl])
      await another({ colorScheme: "dark" }, before, async (page) => {
        for (const view of [
          { zoom: 3, y: 20, x: 31 },
          { zoom: 0.43, y: 70, x: 100 },
        ]) {
          const picture = await add("object", [90, 100], { view }, page);
          expect(picture.label).toContain("; 2 % is not known; ");
          expectColours(picture, makers.object(), view, true);
          await page.evaluate(() => (globalThis as unknown as LabWindow).lab.clear());
        }
        // The page turns light: what was painted is painted again.
        const view = { zoom: 3, y: 20, x: 31 };
        await add("object", [90, 100], { view }, page);
        await page.emulateMedia({ colorScheme: "light" });
        await expect.poll(async () => wrongColours(await seen(0, page), makers.object(), view)).toEqual([]);
      });
  });

  it("chooses the marked place next to a click, or to the cursor by Space, but not where the pointer was dragged", async () => {
    await add("object", [150, 203], { view: { zoom: 1, y: 75, x: 101.5 } });
    await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.mark(0, 100, [20, 20]));
    // Ten by ten of them, 15 rows and 20.3 columns apart.
    const { x, y } = (await tab.locator(".stage").boundingBox())!;
    await tab.mouse.click(x + 43, y + 58);
    expect((await told(0)).pick).toBe(42);
    await drag(tab, [x + 100, y + 100], [x + 90, y + 90]);
    expect((await told(0)).pick).toBe(42);
    await set(0, { view: { zoom: 1, y: 75, x: 101.5 } });
    await tab.locator(".stage").focus();
    await tab.keyboard.press(" ");
    expect((await told(0)).pick).toBe(42);
    for (const key of ["c", "ArrowDown", " "]) await tab.keyboard.press(key);
    // The cursor is at (76, 101).
    expect((await told(0)).pick).toBe(55);
  });

  it("is drawn without WebGL2 in the same colours, and says so", async () => {
    await another({}, noWebGl, async (page) => {
      for (const view of [
        { zoom: 2, y: 20, x: 31 },
        { zoom: 0.43, y: 70, x: 100 },
      ]) {
        const picture = await add("object", [120, 160], { view, look: { quantity: "complex" } }, page);
        expect(picture).toMatchObject({ by: "2d", why: "this browser has no WebGL2" });
        expect(picture.reading).toBe("Drawn without WebGL2: this browser has no WebGL2.");
        expectColours(picture, makers.object(), view);
        await page.evaluate(() => (globalThis as unknown as LabWindow).lab.clear());
      }
    });
  });

  it("outlives the loss of the graphics device", async () => {
    const view = { zoom: 1, y: 60, x: 80 };
    await add("object", [80, 90], { view });
    await tab.evaluate("loss.loseContext()");
    await expect.poll(async () => (await seen(0)).by).toBe("2d");
    const without = await seen(0);
    expect(without.reading).toContain("the graphics device was lost");
    expectColours(without, makers.object(), view);
    await tab.evaluate("loss.restoreContext()");
    await expect.poll(async () => (await seen(0)).by).toBe("webgl2");
    const again = await set(0, { view: { ...view, x: 90 } });
    expectColours(again, makers.object(), { ...view, x: 90 });
    expect(again.reading).toBe("");
  });

  it("reads the array's own numbers under the pointer", async () => {
    const { data } = makers.scaled();
    await add("scaled", [120, 160], { view: { zoom: 4, y: 50, x: 60 } });
    const box = await tab.locator(".stage").boundingBox();
    // Four pixels of the screen to a pixel: 10 below and 13 right of the middle is 2 and 3 further.
    await tab.mouse.move(box!.x + 80 + 13, box!.y + 60 + 10);
    const { reading } = await told(0);
    const at = 2 * (52 * 203 + 63);
    expect(reading).toEqual({
      ...{ y: 52, x: 63, masked: false, known: true },
      ...{ amplitude: Math.hypot(data[at], data[at + 1]), phase: Math.atan2(data[at + 1], data[at]) },
    });
    expect((await seen(0)).reading).toMatch(
      /^y 52 {2}x 63 {2}· {2}0\.\d+ {2}· {2}−?\d\.\d+ rad {2}· {2}1\.05 µm, 1\.27 µm$/,
    );
  });

  it("takes a profile where the pointer draws with Shift, and drags and wheels move and zoom", async () => {
    const { data } = makers.scaled();
    await add("scaled", [120, 160], { view: { zoom: 1, y: 60, x: 80 } });
    const { x, y } = (await tab.locator(".stage").boundingBox())!;
    await tab.keyboard.down("Shift");
    await drag(tab, [x + 10.5, y + 20.5], [x + 40.5, y + 60.5]);
    await tab.keyboard.up("Shift");
    const { profile } = await told(0);
    expect(profile).toMatchObject({ from: [20, 10], to: [60, 40], inMetres: true });
    expect(profile?.readings).toHaveLength(51);
    expect(profile?.distance[50]).toBeCloseTo(50 * 2e-8, 12);
    for (const { y: row, x: column, amplitude } of profile?.readings ?? []) {
      const at = 2 * (row * 203 + column);
      expect(amplitude).toBe(Math.hypot(data[at], data[at + 1]));
    }
    await drag(tab, [x + 50, y + 50], [x + 40, y + 70]);
    expect((await state(0)).view).toEqual({ zoom: 1, y: 40, x: 90 });
    await tab.mouse.move(x + 80, y + 60);
    await tab.mouse.wheel(0, -300);
    await expect.poll(async () => (await state(0)).view).toEqual({ zoom: 2, y: 40, x: 90 });
  });

  it("zooms and moves by two fingers, and what is between them stays there", async () => {
    await another({ hasTouch: true }, "", async (page) => {
      await add("scaled", [120, 160], { view: { zoom: 1, y: 60, x: 80 } }, page);
      const { x, y } = (await page.locator(".stage").boundingBox())!;
      const touch = await page.context().newCDPSession(page);
      const fingers = (type: "touchStart" | "touchMove" | "touchEnd", ...at: (readonly [number, number])[]) =>
        touch.send("Input.dispatchTouchEvent", {
          type,
          touchPoints: at.map(([right, down], id) => ({ x: x + right, y: y + down, id })),
        });
      await fingers("touchStart", [60, 40], [100, 40]);
      await fingers("touchMove", [40, 50], [120, 50]);
      await fingers("touchEnd");
      const { view } = await page.evaluate(() => (globalThis as unknown as LabWindow).lab.state(0));
      // Twice as far from one another; the pixel that was between them, (40, 80), is 10 lower than the fingers began.
      expect(view.zoom).toBeCloseTo(2, 6);
      expect([view.y, view.x]).toEqual([45, 80]);
    });
  });

  it("does everything by the keyboard", async () => {
    await add("scaled", [120, 160], { view: { zoom: 1, y: 60, x: 80 } });
    await tab.locator(".stage").focus();
    const press = async (...keys: string[]): Promise<CanvasState> => {
      for (const key of keys) await tab.keyboard.press(key);
      return state(0);
    };
    expect((await press("ArrowRight", "ArrowDown")).view).toEqual({ zoom: 1, y: 72, x: 96 });
    expect((await press("Shift+ArrowLeft")).view.x).toBe(0);
    expect((await press("+")).view.zoom).toBe(2);
    expect((await press("-", "-")).view.zoom).toBe(0.5);
    expect((await press("0")).view.zoom).toBe("fit");
    expect((await press("1")).view.zoom).toBe(1);
    await set(0, { view: { zoom: 1, y: 60, x: 80 } });
    expect((await press("c", "ArrowRight", "Shift+ArrowUp")).cursor).toEqual([50, 81]);
    expect((await told(0)).reading).toMatchObject({ y: 50, x: 81 });
    expect((await press("Enter", "Shift+ArrowRight", "ArrowDown")).line).toEqual({ from: [50, 81], to: [51, 91] });
    expect((await told(0)).profile?.readings.at(-1)).toMatchObject({ y: 51, x: 91 });
    expect(await press("Enter")).toMatchObject({ line: { to: [51, 91] } });
    const cleared = await press("p", "Escape");
    expect([cleared.tool, cleared.line, cleared.cursor]).toEqual(["profile", undefined, undefined]);
    expect(await tab.locator(".stage").getAttribute("aria-label")).toMatch(
      /^object, amplitude; 150 rows by 203 columns of 20 nm; amplitudes from 0\.2\d* to 1; colours from /,
    );
  });

  it("zooms together with others, and sets two arrays beside one another at a divider", async () => {
    await add("object", [90, 100]);
    await add("flat", [120, 80]);
    await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.link());
    const view = { zoom: 2, y: 40, x: 50 };
    await set(0, { view });
    expect((await state(1)).view).toEqual(view);
    await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.compare(0, "flat"));
    await tab.locator(".divider").first().focus();
    await tab.keyboard.press("Shift+ArrowLeft");
    const { swipe } = await state(0);
    expect(swipe).toBeCloseTo(0.4, 9);
    const picture = await seen(0);
    const [data, { width }] = [pixelsOf(picture), picture];
    const [left, right] = [20, 80].map(
      (column) => new Set(Array.from({ length: 90 }, (_, row) => data[4 * (row * width + column)])),
    );
    expect([left.size > 10, right.size]).toEqual([true, 1]);
  });

  it("marks a hundred thousand places, and the frame at hand", async () => {
    const before = await add("object", [150, 203], { view: { zoom: 1, y: 75, x: 101.5 } });
    const few = await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.mark(0, 100, [20, 20]));
    const inked = (picture: Seen): number => {
      const data = pixelsOf(picture);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (dotInk.every((value, c) => data[i + c] === value)) count++;
      return count;
    };
    expect(inked(before)).toBe(0);
    // A hundred squares of four pixels a side, less those at the edges and under the frame's lines.
    expect(inked(few)).toBeGreaterThan(80 * 16);
    const began = performance.now();
    await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.mark(0, 100_000, [20, 20]));
    console.log(`100,000 places marked and drawn in ${Math.round(performance.now() - began)} ms`);
  });

  it("writes what is seen as PNG, with the colour bar beside it", async () => {
    const picture = await add("pattern", [100, 90], { look: { scale: "log" } });
    const png = decode(Uint8Array.from(await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.png(0))));
    expect([png.width, png.height]).toEqual([picture.width + 76, picture.height]);
    const data = pixelsOf(picture);
    const wrong: string[] = [];
    for (let i = 0; i < data.length / 4; i++) {
      const at = png.channels * (Math.floor(i / picture.width) * png.width + (i % picture.width));
      // What is not opaque lies on the page's background.
      if (data[4 * i + 3] === 255 && [0, 1, 2].some((c) => png.data[at + c] !== data[4 * i + c])) wrong.push(`${i}`);
    }
    expect(wrong).toEqual([]);
    const bar = Array.from(png.data.subarray(png.channels * 50 * png.width, png.channels * 51 * png.width));
    expect(new Set(bar.slice(png.channels * picture.width)).size).toBeGreaterThan(3);
  });

  it("moves 4096 × 4096 complex numbers: how long a frame takes is printed", async () => {
    const picture = await add("large", [600, 800]);
    const times = await tab.evaluate(() => (globalThis as unknown as LabWindow).lab.pan(0, 40));
    const sorted = [...times].sort((a, b) => a - b);
    console.log(
      `panning 4096², software renderer: median ${sorted[20].toFixed(1)} ms, p95 ${sorted[38].toFixed(1)} ms a frame`,
    );
    expect(picture.by).toBe("webgl2");
  }, 300_000);
});

async function drag(tab: Tab, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  await tab.mouse.move(...from);
  await tab.mouse.down();
  await tab.mouse.move(...to);
  await tab.mouse.up();
}
