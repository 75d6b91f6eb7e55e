import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { build, preview } from "vite";

/** Where Chromium is: the environment's word, or Debian's package. */
export const chromiumPath: string | undefined = [process.env["PTYCHONAUT_CHROMIUM"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);

/** Headless, alone and without calls home; WebGPU on SwiftShader, which Chromium brings along. */
const flags: string[] = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
];

export interface TestSite {
  /** A fresh browser with the page loaded. */
  open(): Promise<{ readonly browser: Browser; readonly page: Page }>;
  close(): Promise<void>;
}

/** Bundles the page as an application would, and serves it from localhost, cross-origin isolated so that WASM has threads. */
export async function serveTestPage(): Promise<TestSite> {
  const outDir = mkdtempSync(join(tmpdir(), "ptychonaut-page-"));
  const root = join(import.meta.dirname, "page");
  const shared = { root, configFile: false, logLevel: "error", worker: { format: "es" } } as const;
  await build({ ...shared, build: { outDir, emptyOutDir: true, target: "es2023" } });
  const server = await preview({
    ...shared,
    build: { outDir },
    preview: {
      host: "127.0.0.1",
      port: 0,
      headers: { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" },
    },
  });
  const url = server.resolvedUrls!.local[0];
  return {
    async open() {
      const browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForFunction("globalThis.page !== undefined");
      return { browser, page };
    },
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true });
    },
  };
}
