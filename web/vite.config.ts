import { join } from "node:path";
import { defineConfig, type Plugin } from "vite";
import { runtimeApart, runtimeFiles } from "./build/runtimeApart.ts";
import { contentPolicy, pageHeaders } from "./contentPolicy.ts";

/** Puts the policy into the page, and the headers beside it as `headers.json`, for whoever serves it. */
const policy: Plugin = {
  name: "content-policy",
  apply: "build",
  transformIndexHtml: () => [
    {
      tag: "meta",
      attrs: { "http-equiv": "Content-Security-Policy", content: contentPolicy },
      injectTo: "head-prepend",
    },
  ],
  generateBundle() {
    this.emitFile({ type: "asset", fileName: "headers.json", source: `${JSON.stringify(pageHeaders, null, 2)}\n` });
  },
};

const { "Content-Security-Policy": _, ...isolation } = pageHeaders;

/** The page: `npm run build:page` leaves it in `dist/page`, which any host can serve from any folder. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  plugins: [policy, runtimeApart(), runtimeFiles],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  worker: { format: "es", plugins: () => [runtimeApart()] },
  build: {
    outDir: join(import.meta.dirname, "../dist/page"),
    emptyOutDir: true,
    target: "es2023",
    // What is inlined would be an address of data, which the policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 4000,
  },
  // While it is worked on, modules and styles are put in by the server's own script.
  server: { host: "127.0.0.1", headers: isolation },
});
