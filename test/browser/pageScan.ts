import type { Page } from "playwright-core";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** A small scan as a file that playwright can choose. */
export interface ScanFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** 64 simulated patterns with a geometry, so that the page shows lengths too. */
export function scanFile(name = "scan.npz"): ScanFile {
  const { object: _, ...scan } = simulate({
    ...{ n: 32, patterns: 64, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0.3, noise: false },
    ...{ photons: 1e5, smoothing: 1 },
    geometry: { wavelengthM: 1e-10, detectorDistanceM: 1, detectorPixelM: 5e-5 },
  });
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(writeScanNpz(scan)) };
}

/** Opens a scan by the button, and waits until it is read. */
export async function openScan(page: Page, file: ScanFile): Promise<void> {
  await page.getByLabel("Choose files").setInputFiles(file);
  await page.getByText("64 of 32 × 32 pixels").first().waitFor();
}

/** Reconstructs the open scan, and waits until it ends. */
export async function finishRun(page: Page, epochs = 5): Promise<void> {
  await toView(page, "Reconstruct");
  await page.getByLabel("Engine", { exact: true }).selectOption("rpie");
  await page.getByLabel("Epochs", { exact: true }).fill(String(epochs));
  await page.getByRole("button", { name: "Start" }).click();
  await page
    .getByTestId("run-state")
    .and(page.getByText("finished", { exact: true }))
    .waitFor({ timeout: 120_000 });
}

/** The last epoch of the run that is shown; 0 before the first. */
export const epochShown = async (page: Page): Promise<number> =>
  Number(/^epoch (\d+),/.exec((await page.locator(".row.held .number").textContent()) ?? "")?.[1] ?? 0);

/** Titles of the views that the page offers. */
export const viewsOf = (page: Page): Promise<string[]> =>
  page.getByRole("navigation", { name: "Views" }).getByRole("link").allTextContents();

/** Goes to a view, and waits until its code is there and shows something. */
export async function toView(page: Page, title: string): Promise<void> {
  const link = page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: title, exact: true });
  await link.click();
  await link.and(page.locator('[aria-current="page"]')).waitFor();
  await page.locator(".view > h1 + *").first().waitFor();
}
