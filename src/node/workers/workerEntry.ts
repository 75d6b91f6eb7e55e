import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts a worker thread from a module beside the caller, compiled or as TypeScript source: from sources (tests, tools)
 * the thread loads them through tsx, in the package the file has been compiled.
 *
 * @param name the module's name without suffix, for example "batchWorker"
 * @param base the caller's `import.meta.url`
 */
export function startWorker(name: string, base: string, options: WorkerOptions): Worker {
  if (!base.endsWith(".ts")) return new Worker(new URL(`./${name}.js`, base), options);
  // On Node 20 a thread's own `--import` comes too late for its entry module, so the thread registers tsx itself.
  // `resolve` answers with tsx's CommonJS twin of the module.
  const tsx = pathToFileURL(
    createRequire(base)
      .resolve("tsx/esm/api")
      .replace(/\.cjs$/, ".mjs"),
  ).href;
  const entry = new URL(`./${name}.ts`, base).href;
  const source = `import(${JSON.stringify(tsx)}).then(({ register }) => { register(); return import(${JSON.stringify(entry)}); });`;
  return new Worker(source, { ...options, eval: true });
}
