import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build, preview } from "vite";
import { afterAll, beforeAll } from "vitest";

/** Where Chromium is: the environment's word, or Debian's package. */
export const chromiumPath: string | undefined = [process.env["PTYCHONAUT_CHROMIUM"], "/usr/bin/chromium"].find(
  (path) => path !== undefined && existsSync(path),
);

/** Headless, alone and without calls home; WebGPU and WebGL on SwiftShader, which Chromium brings along. */
export const flags: string[] = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
];

export interface TestSite {
  /** A fresh browser with the page loaded. @param before run in the page before its own scripts */
  open(options?: BrowserContextOptions, before?: string): Promise<{ readonly browser: Browser; readonly page: Page }>;
  close(): Promise<void>;
}

/**
 * Bundles a page as an application would, and serves it from localhost, cross-origin isolated so that WASM has threads.
 * @param folder with its index.html
 * @param ready what the page leaves in its global scope when it is ready
 */
export async function serveTestPage(folder = "page", ready = "page"): Promise<TestSite> {
  const outDir = mkdtempSync(join(tmpdir(), "ptychonaut-page-"));
  const root = join(import.meta.dirname, folder);
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
    async open(options = {}, before = "") {
      const browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
      const page = await browser.newPage(options);
      await page.addInitScript(before);
      await page.goto(url);
      await page.waitForFunction(`globalThis.${ready} !== undefined`);
      return { browser, page };
    },
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true });
    },
  };
}

/** The page in a fresh browser, for the tests of a `describe`. */
export function openedPage(): { readonly tab: Page } {
  let opened: { readonly browser: Browser; readonly page: Page };
  let site: TestSite;
  beforeAll(async () => {
    site = await serveTestPage();
    opened = await site.open();
  });
  afterAll(async () => {
    await opened?.browser.close();
    await site?.close();
  });
  return {
    get tab() {
      return opened.page;
    },
  };
}

/** What the page finds at once, in a browser of its own. */
export async function foundInPage<T>(look: (tab: Page) => Promise<T>): Promise<T> {
  const site = await serveTestPage();
  const { browser, page } = await site.open();
  try {
    return await look(page);
  } finally {
    await browser.close();
    await site.close();
  }
}
