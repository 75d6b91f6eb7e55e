import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page as Tab } from "playwright-core";
import { build, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { makers } from "./canvas/arrays.ts";
import { chromiumPath, flags } from "./harness.ts";

const root = join(import.meta.dirname, "../..");

/** The example for notebooks, from a folder that a server without any knowledge serves. */
describe.skipIf(chromiumPath === undefined)("a page that is not built", () => {
  let folder: string;
  let server: PreviewServer;
  let browser: Browser;
  let tab: Tab;
  const asked: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ptychonaut-notebook-"));
    const outDir = join(folder, "dist/page");
    await build({ configFile: join(root, "web/canvas/vite.config.ts"), logLevel: "error", build: { outDir } });
    mkdirSync(join(folder, "examples"));
    copyFileSync(join(root, "examples/notebook.html"), join(folder, "examples/notebook.html"));
    const { shape, data } = makers.object();
    const coverage = Float32Array.from(makers.object().known ?? []);
    const positions = Float64Array.of(110, 220, 130, 240);
    const origin = { y: 100, x: 200 };
    writeFileSync(
      join(folder, "reconstruction.npz"),
      writeReconstruction({ object: { shape, data }, coverage, positions, origin, pixelSizeM: 2e-8 }),
    );
    server = await preview({
      ...{ root: folder, configFile: false, logLevel: "error", appType: "mpa" },
      build: { outDir: folder },
      preview: { host: "127.0.0.1", port: 0 },
    });
    browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
    tab = await browser.newPage();
    tab.on("request", (request) => asked.push(new URL(request.url()).pathname));
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  const page = (file: string): string => `${server.resolvedUrls!.local[0]}examples/notebook.html?file=${file}`;

  it("shows a reconstruction.npz with the canvas, from one module", async () => {
    await tab.goto(page("../reconstruction.npz"));
    await tab.getByRole("status").filter({ hasText: "150 × 203 pixels" }).waitFor();
    expect(asked.filter((path) => path !== "/favicon.ico")).toEqual([
      "/examples/notebook.html",
      "/dist/page/canvas.js",
      "/reconstruction.npz",
    ]);
    const labels = await tab.getByRole("application").evaluateAll((stages) => stages.map((stage) => stage.ariaLabel));
    expect(labels).toHaveLength(3);
    expect(labels[0]).toMatch(/^object, amplitude; 150 rows by 203 columns of 20 nm; amplitudes from 0\.2\d* to 1;/);
    expect(labels[1]).toMatch(/^object, phase; .* rad\.$/);
    const first = tab.getByRole("application").first();
    await first.focus();
    await tab.keyboard.press("c");
    await expect.poll(() => tab.locator(".reading").first().textContent()).toMatch(/^y 75 {2}x 101 {2}· .* rad /);
  });

  it("says in place what is wrong with a file", async () => {
    await tab.goto(page("notebook.html"));
    await tab.getByRole("status").filter({ hasText: "notebook.html" }).waitFor();
    expect(await tab.getByRole("status").textContent()).toMatch(/notebook\.html.*NPZ/s);
    await tab.goto(page("absent.npz"));
    await tab.getByRole("status").filter({ hasText: "absent.npz: the server answers 404" }).waitFor();
  });
});
