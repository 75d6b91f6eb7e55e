import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const at = join(import.meta.dirname, "../../node_modules/onnxruntime-web");
const { version } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as { readonly version: string };

/** A folder of the page of its own, which whoever keeps files does not confuse with another version's. */
const FOLDER = `onnxruntime-${version}`;

/** A module of ONNX Runtime, with the code that it loads from beside itself. */
const builds = {
  "onnxruntime-web/wasm": { module: "ort.wasm.bundle.min", code: "ort-wasm-simd-threaded.wasm" },
  "onnxruntime-web/webgpu": { module: "ort.webgpu.bundle.min", code: "ort-wasm-simd-threaded.asyncify.wasm" },
} as const;

/** Files of the page by the files of the package that they are. Not every host knows what a name with `.mjs` is. */
const borrowed: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(builds).flatMap(({ module, code }) => [
    [`${FOLDER}/${module}.js`, `dist/${module}.mjs`],
    [`${FOLDER}/${code}`, `dist/${code}`],
  ]),
);

const PREFIX = "\0runtime-apart:";

/**
 * Leaves ONNX Runtime as it is, beside the page, where whoever has its package can serve it from there: `borrowed.json` says
 * which file is which. What imports it asks for it when it is needed.
 */
export const runtimeApart = (): Plugin => ({
  name: "runtime-apart",
  apply: "build",
  enforce: "pre",
  resolveId: (name) => (name in builds ? PREFIX + name : undefined),
  load(id) {
    if (!id.startsWith(PREFIX)) return undefined;
    const { module } = builds[id.slice(PREFIX.length) as keyof typeof builds];
    // Chunks are one folder below the page. What looks like the address of a file would be bundled.
    return `const own = import.meta.url;
const at = own.slice(0, own.lastIndexOf("/", own.lastIndexOf("/") - 1) + 1);
export const { env, InferenceSession, Tensor } = await import(/* @vite-ignore */ at + "${FOLDER}/${module}.js");`;
  },
});

/** The files themselves. */
export const runtimeFiles: Plugin = {
  name: "runtime-files",
  apply: "build",
  generateBundle() {
    for (const [fileName, path] of Object.entries(borrowed))
      this.emitFile({ type: "asset", fileName, source: readFileSync(join(at, path)) });
    const package_ = Object.fromEntries(
      Object.entries(borrowed).map(([file, path]) => [file, { package: "onnxruntime-web", path }]),
    );
    this.emitFile({ type: "asset", fileName: "borrowed.json", source: `${JSON.stringify(package_, null, 2)}\n` });
  },
};
