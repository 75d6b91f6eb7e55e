import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { dotInk } from "../../src/pictures/sheet.ts";
import { isObject } from "../../src/runs/convert.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { sampleOptions, usualSample } from "../../web/state/sampleChoice.ts";
import type { Desk } from "../../web/worker/answers/answer.ts";
import { light } from "../../web/worker/answers/light.ts";
import { chromiumPath } from "./harness.ts";
import { type PageSite, servePage } from "./pageSite.ts";

const made = simulate({ n: 32, patterns: 64, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3 });
const BRIGHT = 7;

/** Counts as integers, which do not say whether they are counts, and one frame far brighter than the others. */
function doubtfulScan(): Uint8Array {
  const file = openNpz(writeScanNpz(made));
  const arrays: Record<string, NpyArray> = {};
  for (const key of file.keys) if (key !== "diff3d") arrays[key] = file.read(key);
  const counts = new Float32Array(64 * 32 * 32);
  made.patterns.read([...Array(64).keys()], counts);
  const data = Uint32Array.from(counts, (value, i) => (Math.floor(i / 1024) === BRIGHT ? 1000 * value : value));
  return writeNpz({ ...arrays, diffraction: { shape: [64, 32, 32], dtype: "uint32", data } });
}

describe.skipIf(chromiumPath === undefined)("looking at a scan in the page", () => {
  let site: PageSite;
  beforeAll(async () => {
    site = await servePage();
  });
  afterAll(async () => {
    await site?.close();
  });

  it("has the doctor look at a scan that is refused, and reads it as the doctor's buttons say", async () => {
    const { page, context, offences } = await site.open();
    const file = { name: "doubtful.npz", mimeType: "", buffer: Buffer.from(doubtfulScan()) };
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.getByRole("alert").waitFor();
    await page
      .getByRole("button", { name: /^Apply measurement=counts/ })
      .first()
      .click();
    await page.getByText("64 of 32 × 32 pixels, counts").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Doctor" }).click();
    await page.getByLabel(/^mean pattern; 32 rows by 32 columns/).waitFor();
    await page.getByAltText("Counts of each frame; frames that stand out: 7").waitFor();
    // By keyboard, as everything can be.
    await page.getByRole("button", { name: `Apply skip_frames=${BRIGHT} (outlying frames)` }).press("Enter");
    await page.getByRole("row", { name: "skip_frames 7" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Reconstruct" }).click();
    await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
    await page.getByLabel("Epochs", { exact: true }).fill("2");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("finished", { exact: true }).waitFor();
    expect(await page.locator(".log").textContent()).toContain("1 of 64 frames are left out: 7");
    await page.getByRole("navigation").getByRole("link", { name: "Doctor" }).click();
    await page.getByRole("button", { name: "Take back skip_frames" }).click();
    await page.getByRole("link", { name: `pattern ${BRIGHT}` }).click();
    await page.getByLabel(/^pattern 7; 32 rows by 32 columns/).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("shows where the scan went, with the frame at hand, its pattern, the probe and what the file says", async () => {
    const { page, context, offences } = await site.open();
    const file = { name: "scan.npz", mimeType: "", buffer: Buffer.from(writeScanNpz(made)) };
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.getByRole("link", { name: "Positions and probe" }).click();
    await page.getByLabel(/^object\b/).waitFor();
    const slider = page.getByLabel("Pattern 0 of 64");
    await slider.press("ArrowRight");
    const [y, x] = made.positions.slice(2, 4);
    await page.getByText(`row ${y.toFixed(2)}, column ${x.toFixed(2)}`).waitFor();
    await page.getByLabel(/^pattern 1; 32 rows by 32 columns/).waitFor();
    await page.getByLabel(/^probe\b.*; 32 rows by 32 columns/).waitFor();
    await page.getByRole("button", { name: "Light" }).press("Enter");
    await page.getByLabel(/^light\b/).waitFor();
    await expect.poll(() => page.url()).toMatch(/#positions\?.*frame=1/);

    // A click on a place chooses its frame: the slider, the words and the pattern follow, and the mark goes there.
    const stage = page.getByLabel(/^light\b/);
    const box = (await stage.boundingBox())!;
    const { origin, height, width } = planCanvas(made.positions, 32);
    const zoom = Math.floor(Math.min(box.width / width, box.height / height));
    const onStage = (frame: number): { x: number; y: number } => ({
      x: box.width / 2 + (made.positions[2 * frame + 1] - origin.x + 0.5 - width / 2) * zoom,
      y: box.height / 2 + (made.positions[2 * frame] - origin.y + 0.5 - height / 2) * zoom,
    });
    const markAt = async (frame: number): Promise<number> => {
      const { x, y } = onStage(frame);
      const clip = { x: box.x + x - 6, y: box.y + y - 6, width: 12, height: 12 };
      return redOf(decode(await page.screenshot({ clip })));
    };
    const before = await markAt(27);
    await stage.click({ position: onStage(27) });
    await page.getByLabel("Pattern 27 of 64").waitFor();
    await expect.poll(() => page.getByLabel("Pattern 27 of 64").inputValue()).toBe("27");
    await page.getByLabel(/^pattern 27; 32 rows by 32 columns/).waitFor();
    await expect.poll(() => page.url()).toMatch(/#positions\?.*frame=27/);
    await expect.poll(() => markAt(27)).toBeGreaterThan(before + 10);
    // By the keyboard: the place next to the cursor, which says where it is.
    await stage.focus();
    for (const key of ["c", "Shift+ArrowUp", "Space"]) await page.keyboard.press(key);
    const read = (await page.locator(".reading").first().textContent()) ?? "";
    const [row, column] = (read.match(/^y (\d+) {2}x (\d+)/) ?? []).slice(1).map(Number);
    const apart = Array.from({ length: 64 }, (_, frame) =>
      Math.hypot(made.positions[2 * frame] - origin.y - row, made.positions[2 * frame + 1] - origin.x - column),
    );
    await page.getByLabel(`Pattern ${apart.indexOf(Math.min(...apart))} of 64`).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("measures how the detector lies when it is asked to, and reads the scan so by a button", async () => {
    const scan = simulate({ n: 32, patterns: 100, object: "deadLeaves", photons: 1e5, seed: 2 });
    // Positions as a stage says them whose first axis is the detector's second, and runs the other way.
    const positions = scan.positions.map((_, i) => (i % 2 === 0 ? scan.positions[i + 1] : -scan.positions[i - 1]));
    const { page, context, offences } = await site.open();
    const { object: _, ...turned } = { ...scan, positions };
    const file = { name: "turned.npz", mimeType: "", buffer: Buffer.from(writeScanNpz(turned)) };
    await page.getByLabel("Choose files").setInputFiles(file);
    await page.getByText("100 of 32 × 32 pixels").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Doctor" }).click();
    await page.getByText("What was found").waitFor();
    const apply = page.getByRole("button", { name: /^Apply position_swap=true position_flip=y/ });
    expect(await apply.count()).toBe(0);
    await page.getByRole("button", { name: "Measure the orientation" }).press("Enter");
    await apply.first().press("Enter", { timeout: 120_000 });
    // It is measured anew, of the scan as it is read now.
    await page.getByText("detector and positions lie alike").waitFor({ state: "attached", timeout: 120_000 });
    await expect.poll(() => apply.count()).toBe(0);
    await page.getByRole("row", { name: "position_flip y" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Positions" }).click();
    // Of a position: the doctor's page, which may still be there, says where it found the centre.
    const place = async (): Promise<readonly number[]> =>
      (/row (-?[\d.]+), column (-?[\d.]+) object pixels/.exec((await page.locator("main").textContent()) ?? "") ?? [])
        .slice(1)
        .map(Number);
    await expect.poll(place).toHaveLength(2);
    const first = await place();
    await page.getByLabel("Pattern 0 of 100").press("ArrowRight");
    await page.getByLabel(/^pattern 1; /).waitFor();
    await expect.poll(place).not.toEqual(first);
    const second = await place();
    for (const axis of [0, 1])
      expect(second[axis] - first[axis]).toBeCloseTo(scan.positions[2 + axis] - scan.positions[axis], 1);
    expect(offences).toEqual([]);
    await context.close();
  });

  it("gives who has no file a sample, and a picture of it within a minute", async () => {
    const { page, context, offences } = await site.open();
    const begun = performance.now();
    await page.getByRole("button", { name: "Try a sample" }).click();
    await page.getByText("144 of 64 × 64 pixels").waitFor();
    await page.getByRole("link", { name: "Reconstruct" }).last().click();
    await page.getByRole("button", { name: "Start" }).click();
    await page
      .getByLabel(/^object\b/)
      .first()
      .waitFor({ timeout: 60_000 });
    expect(performance.now() - begun).toBeLessThan(60_000);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(offences).toEqual([]);
    await context.close();
  });

  it("simulates what sliders say, seen before it is made", async () => {
    const { page, context, offences } = await site.open({ path: "#sample" });
    await page.getByLabel(/^first pattern; /).waitFor();
    await page.getByLabel("Object", { exact: true }).selectOption("siemensStar");
    await page.getByLabel("Patterns", { exact: true }).selectOption("81");
    await page.getByLabel("Step of the scan: 5 pixels").press("ArrowRight");
    await page.getByLabel("Dose: 100,000 photons a pattern").press("Home");
    const options = sampleOptions({ ...usualSample, object: "siemensStar", patterns: 81, step: 5.5, dose: 2 });
    const expected = simulate(options);
    const counts = new Float32Array(64 * 64);
    expected.patterns.read([0], counts);
    await page.getByLabel(new RegExp(`^first pattern; .* to ${Math.max(...counts)} counts`)).waitFor();
    await page.getByRole("button", { name: "Simulate and open" }).press("Enter");
    await page.getByRole("heading", { name: "Reconstruct" }).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Positions" }).click();
    const [y, x] = expected.positions;
    await page.getByText(`row ${y.toFixed(2)}, column ${x.toFixed(2)}`).waitFor();
    expect(offences).toEqual([]);
    await context.close();
  });
});

it("takes complex patterns for a scan that cannot be read, not for an object", () => {
  const file = openNpz(writeScanNpz(made));
  const arrays = Object.fromEntries(file.keys.map((key) => [key, file.read(key)]));
  const diff3d: NpyArray = { shape: [64, 32, 32], dtype: "complex64", data: new Float32Array(2 * 64 * 32 * 32) };
  expect(isObject(openNpz(writeNpz({ ...arrays, diff3d })), "complex.npz")).toBe(false);
  const { objectGuess } = arrays;
  expect(isObject(openNpz(writeNpz({ objectGuess })), "object.npz")).toBe(true);
});

it("puts the light of a probe of one pixel where its window's centre is", async () => {
  const { positions } = made;
  const probe = { shape: [1, 32, 32], data: new Float32Array(2 * 32 * 32) };
  probe.data[2 * (16 * 32 + 16)] = 3;
  const desk = { scan: () => ({ dataset: { ...made, probe } }) } as unknown as Desk;
  const asked = { signal: new AbortController().signal, tell() {} };
  const { shape, data } = await light(undefined, desk, asked);
  const { origin } = planCanvas(positions, 32);
  const expected = new Float32Array(data.length);
  for (let frame = 0; frame < 64; frame++)
    expected[
      Math.round(positions[2 * frame] - origin.y) * shape[1] + Math.round(positions[2 * frame + 1] - origin.x)
    ]++;
  expect(data).toEqual(expected);
});

/** How many pixels have about the ink of marks, as thin lines have it. */
function redOf({ data, channels }: { readonly data: ArrayLike<number>; readonly channels: number }): number {
  let count = 0;
  for (let i = 0; i < data.length; i += channels)
    if (dotInk.every((value, c) => Math.abs(data[i + c] - value) < 60)) count++;
  return count;
}
