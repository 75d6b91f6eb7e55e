/**
 * How long a frame takes while an object of 4096 × 4096 pixels is pushed about in the page, without a run and during one in
 * a worker. Needs a browser (PTYCHONAUT_CHROMIUM, or Debian's).
 *
 *     npm run bench:page-pan
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { writeNpz } from "../src/formats/npz.ts";
import { makers } from "../test/browser/canvas/arrays.ts";
import { openScan, scanFile, toView } from "../test/browser/pageScan.ts";
import { servePage } from "../test/browser/pageSite.ts";

const FRAMES = 120;

/** Pushes the held picture by a few pixels a frame, and says how long each frame took, milliseconds. */
const push = `(async () => {
  const stage = document.querySelector("[aria-label^='object, amplitude; 4096 rows']");
  const { left, top } = stage.getBoundingClientRect();
  const times = [];
  let before = performance.now();
  for (let frame = 0; frame < ${FRAMES}; frame++) {
    const at = { clientX: left + 100 + 7 * (frame % 20), clientY: top + 100 + 3 * (frame % 20) };
    stage.dispatchEvent(new PointerEvent("pointermove", { pointerId: 1, bubbles: true, ...at }));
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    times.push(now - before);
    before = now;
  }
  return times;
})()`;

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-page-pan-"));
const site = await servePage();
try {
  const { shape, data } = makers.large();
  writeFileSync(join(folder, "large.npz"), writeNpz({ object: { shape, data, dtype: "complex64" } }));
  const { page } = await site.open({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(120_000);
  await openScan(page, scanFile());
  await page.getByLabel("Choose files").setInputFiles(join(folder, "large.npz"));
  const stage = page.getByLabel(/^object, amplitude; 4096 rows by 4096 columns/);

  const measure = async (what: string): Promise<void> => {
    await stage.waitFor();
    await stage.focus();
    await page.keyboard.press("1");
    await stage.hover({ position: { x: 100, y: 100 } });
    await page.mouse.down();
    await page.waitForTimeout(1000); // what is new is on the device by now
    const times = ((await page.evaluate(push)) as number[]).sort((a, b) => a - b);
    await page.mouse.up();
    const [median, late] = [times[FRAMES / 2], times[Math.floor(0.95 * FRAMES)]];
    console.log(
      `${what}: median ${median.toFixed(1)} ms, p95 ${late.toFixed(1)} ms a frame; load of the machine ${loadavg()[0].toFixed(1)}`,
    );
  };
  await measure("no run");

  await toView(page, "Reconstruct");
  await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
  await page.getByLabel("Epochs", { exact: true }).fill("100000");
  await page.getByRole("button", { name: "Start" }).click();
  const epoch = page.getByText(/^epoch \d+,/);
  await epoch.waitFor();
  const before = await epoch.textContent();
  const address = page.url();
  await toView(page, "Compare");
  await measure("during a run in a worker");
  await page.goto(address);
  await epoch.waitFor();
  console.log(`the run went on meanwhile: ${before}; ${await epoch.textContent()}`);
} finally {
  await site.close();
  rmSync(folder, { recursive: true });
}
