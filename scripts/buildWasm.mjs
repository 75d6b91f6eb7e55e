// Compiles the project's own WebAssembly, assembly/NAME/index.ts, to wasm/NAME.wasm, where a source is newer than what
// is there. A module that threads share is compiled twice: NAME.threads.wasm needs shared memory, NAME.wasm runs where
// a page may have none. Plain SIMD: relaxed SIMD rounds differently from processor to processor.
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "./commands.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const sources = join(root, "assembly");
const target = join(root, "wasm");

const COMMON = ["--runtime", "stub", "--importMemory", "-O3", "--noAssert"];
const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
const KINDS = {
  alone: ["--enable", "simd,bulk-memory"],
  // Shared memory must say how far it may grow: to all that 32 bits reach.
  shared: ["--enable", "simd,bulk-memory,threads", "--sharedMemory", "--maximumMemory", "65536"],
};

/** Compilations by the file that each leaves: the folder of its sources, and its kind of memory. */
const builds = {
  bitshuffle: { module: "bitshuffle", kind: "alone" },
  engines: { module: "engines", kind: "alone" },
  "engines.threads": { module: "engines", kind: "shared" },
};

const newest = (folder) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true }).map(
      (entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs,
    ),
  );

function compile(name, { module, kind }) {
  const output = join(target, `${name}.wasm`);
  const since = Math.max(newest(join(sources, module)), statSync(fileURLToPath(import.meta.url)).mtimeMs);
  if (existsSync(output) && statSync(output).mtimeMs > since) return;
  mkdirSync(target, { recursive: true });
  // Two programs may compile at once; neither may see half of the other's file.
  const part = join(target, `${name}.${process.pid}.part.wasm`);
  run(process.execPath, [asc, `assembly/${module}/index.ts`, ...COMMON, ...KINDS[kind], "-o", part], root);
  renameSync(part, output);
}

/** Sources that are written by a script beside them. */
const generators = ["engines/generateFft.mjs"];

for (const generator of generators) await import(pathToFileURL(join(sources, generator)).href);
for (const [name, build] of Object.entries(builds)) compile(name, build);
