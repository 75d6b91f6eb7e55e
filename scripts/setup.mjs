// Makes a clone ready to run: installs what package-lock.json names, when it is not there, and compiles WebAssembly and
// TypeScript. Plain JavaScript without dependencies, since on a fresh clone there are none.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm, run } from "./commands.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Whether node_modules holds the version of every package that the lock file names. */
function isInstalled() {
  const record = join(root, "node_modules/.package-lock.json");
  if (!existsSync(record)) return false;
  const packages = (file) => JSON.parse(readFileSync(file, "utf8")).packages;
  const installed = packages(record);
  return Object.entries(packages(join(root, "package-lock.json")))
    .filter(([path, { optional, link }]) => path.startsWith("node_modules/") && !optional && !link)
    .every(([path, { version }]) => installed[path]?.version === version);
}

if (!isInstalled()) npm(["ci"], root);
run(process.execPath, [join(root, "scripts/buildWasm.mjs")], root);
run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", root], root);
