// Writes the pages of the package's interface to docs/api/ with TypeDoc, which brings a TypeScript of its own.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { npm, run } from "./commands.mjs";

const folder = join(dirname(fileURLToPath(import.meta.url)), "docs");
npm(["ci"], folder);
run(
  process.execPath,
  [join(folder, "node_modules/typedoc/bin/typedoc"), "--options", join(folder, "typedoc.json")],
  folder,
);
