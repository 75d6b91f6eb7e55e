import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { build, preview } from "vite";
import { chromiumPath, flags } from "./harness.ts";

const root = join(import.meta.dirname, "../..");
/** The folder of the page, once `servePage` was called. */
export const builtPage: string = join(root, "dist/page");
const configFile = join(root, "web/vite.config.ts");

/** The page as it is published, served as a host would that knows its headers. */
export interface PageSite {
  readonly url: string;
  /** The page in a context of its own: nothing is kept from one to the next. */
  open(
    options?: BrowserContextOptions & {
      readonly path?: string;
      /** Another address, where somebody else serves the page. */
      readonly at?: string;
    },
  ): Promise<OpenedPage>;
  close(): Promise<void>;
}

export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Everything that must not happen: requests that leave the page, and words of errors in its console. */
  readonly offences: readonly string[];
}

/** @param isolated whether the host sends the headers that threads need */
export async function servePage({ isolated = true }: { readonly isolated?: boolean } = {}): Promise<PageSite> {
  if (!isBuilt()) await build({ configFile, logLevel: "error" });
  const headers = JSON.parse(readFileSync(join(builtPage, "headers.json"), "utf8")) as Record<string, string>;
  if (!isolated) for (const name of Object.keys(headers)) if (name.startsWith("Cross-Origin")) delete headers[name];
  const server = await preview({
    ...{ configFile: false, root, logLevel: "error" },
    build: { outDir: builtPage },
    preview: { host: "127.0.0.1", port: 0, headers },
  });
  const url = server.resolvedUrls?.local[0] ?? "";
  const browser: Browser = await chromium.launch({ executablePath: chromiumPath!, args: flags });
  return {
    url,
    async open({ path, at = url, ...options } = {}) {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const offences: string[] = [];
      context.on("request", (request) => {
        const address = request.url();
        if (new URL(address).host !== new URL(at).host && !/^(blob|data):/.test(address))
          offences.push(`request to ${address}`);
      });
      page.on("console", (message) => {
        if (message.type() === "error") offences.push(`console: ${message.text()}`);
      });
      page.on("pageerror", (error) => offences.push(`error: ${error.message}`));
      await page.goto(path === undefined ? at : new URL(path, at).href);
      return { page, context, offences };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** Whether the page that is there was built from what is there now. */
function isBuilt(): boolean {
  const index = join(builtPage, "index.html");
  if (!existsSync(index)) return false;
  const at = statSync(index).mtimeMs;
  return ["src", "web", "wasm", "package-lock.json"].every((name) => newest(join(root, name)) < at);
}

function newest(path: string): number {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(...readdirSync(path).map((name) => newest(join(path, name))), 0);
}
