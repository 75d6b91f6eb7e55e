import { join } from "node:path";
import { defineConfig } from "vite";

/** The canvas as one module, for pages that are not built: `dist/page/canvas.js`, beside the page. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  build: {
    outDir: join(import.meta.dirname, "../../dist/page"),
    emptyOutDir: false,
    target: "es2023",
    lib: { entry: "door.ts", formats: ["es"], fileName: () => "canvas.js" },
    // What libraries build is not made small unless it is said.
    minify: true,
  },
});
