// Packs the package as npm would publish it, checks what is in it, installs it into a fresh project, and there imports and
// type-checks every entry of `exports` and runs the program. What it finds is printed; it ends with 1 when anything fails.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { name, exports, bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-package-"));
let failed = 0;

/** Unpacked; what dependencies have is theirs. */
const MOST_MEGABYTES = 25;

try {
  const tarball = pack();
  check("publint", tool("publint"), [tarball, "--strict"]);
  // CommonJS and Node 10's resolution are not served: the package is ESM.
  check("are the types wrong", tool("attw"), [tarball, "--profile", "esm-only", "--format", "ascii"]);
  const project = freshProject(tarball);
  const entries = Object.keys(exports)
    .filter((entry) => !entry.endsWith(".json"))
    .map((entry) => name + entry.slice(1));
  for (const entry of entries) importsIn(project, entry);
  typesIn(project, entries);
  for (const program of Object.keys(bin)) {
    const { stdout } = check(program, join(project, "node_modules/.bin", program), ["--help"], project);
    if (!stdout.includes("--output_dir") && !stdout.includes("train")) fail(`${program} --help`, stdout);
  }
  linksIn(project);
  await pageIn(project);
} finally {
  rmSync(folder, { recursive: true });
}
process.exit(failed === 0 ? 0 : 1);

function pack() {
  // What builds the page speaks where the list of files is expected.
  check("build of the page", "npm", ["run", "build:page"], root);
  const packed = check("npm pack", "npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root);
  const [{ filename, files }] = JSON.parse(packed.stdout);
  for (const path of ["dist/page/index.html", "dist/page/headers.json"])
    if (!files.some((file) => file.path === path)) fail("the page is not in the package", path);
  const stray = files.map(({ path }) => path).filter((path) => /\.(map|tsbuildinfo|tgz)$|(?<!\.d)\.ts$/.test(path));
  if (stray.length > 0) fail("files that do not belong into the package", stray.join("\n"));
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/onnxruntime-web/package.json"), "utf8"));
  const twice = files.filter(({ path }) => /onnxruntime-|ort-wasm/.test(path));
  if (twice.length > 0) fail(`what onnxruntime-web ${version} has is in the package too`, twice[0].path);
  const megabytes = files.reduce((sum, { size }) => sum + size, 0) / 1e6;
  if (megabytes > MOST_MEGABYTES) fail("the package is too large", `${megabytes.toFixed(1)} MB`);
  return join(folder, filename);
}

/** The page that the installed program serves, in a browser: whole, also what it borrows, and able to train. */
async function pageIn(project) {
  const program = join(project, "node_modules", name, bin.ptychonaut);
  const server = spawn(process.execPath, [program, "view"], { cwd: project, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [address] = await once(server.stdout.setEncoding("utf8"), "data");
    const page = new URL(String(address).trim());
    for (const file of Object.keys(JSON.parse(readFileSync(join(root, "dist/page/borrowed.json"), "utf8")))) {
      const answer = await fetch(new URL(file, page));
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (!bytes.equals(readFileSync(join(root, "dist/page", file)))) fail("the page lacks what it borrows", file);
    }
    await trainsAt(page.href);
  } catch (error) {
    fail("the page of the installed program", String(error));
  } finally {
    server.kill();
  }
}

async function trainsAt(address) {
  const executablePath = [process.env.PTYCHONAUT_CHROMIUM, "/usr/bin/chromium"].find(
    (path) => path && existsSync(path),
  );
  if (executablePath === undefined) return console.log("no Chromium: the page of the installed program is not opened");
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const tab = await browser.newPage();
    await tab.goto(new URL("#open", address).href);
    await tab.getByRole("button", { name: "Try a sample" }).click();
    await tab.getByText("144 of 64 × 64 pixels").waitFor();
    await tab.getByRole("navigation").getByRole("link", { name: "Train" }).click();
    for (const label of ["Epochs", "Size of the network", "Patterns together, along a side"])
      await tab.getByLabel(label, { exact: true }).fill("1");
    await tab.getByRole("button", { name: "Start" }).click();
    // A step was computed by what the page borrows.
    await tab.getByText(/^training, [1-9]/).waitFor({ timeout: 180_000 });
    console.log("the page of the installed program trains: fine");
  } finally {
    await browser.close();
  }
}

function freshProject(tarball) {
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "fresh", private: true, type: "module" }));
  check(
    "npm install",
    "npm",
    ["install", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", tarball],
    project,
  );
  // What docs/install.md says of machines without a network: the folder runs wherever it is copied to.
  const moved = join(folder, "moved");
  renameSync(project, moved);
  return moved;
}

/** Imports an entry in Node. The one for pages is imported too: it must load without a page's globals. */
function importsIn(project, entry) {
  const source = `const door = await import(${JSON.stringify(entry)}); if (Object.keys(door).length === 0) process.exit(1);`;
  check(`import "${entry}"`, process.execPath, ["--input-type=module", "-e", source], project);
}

/** The program in README, and every entry by name, under the strictest settings that a user may have. */
function typesIn(project, entries) {
  const imports = entries.map((entry, k) => `import * as door${k} from "${entry}";\nexport { door${k} };`);
  writeFileSync(join(project, "doors.ts"), `${imports.join("\n")}\n`);
  const example = /```ts\n(import [\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8"));
  if (example === null) fail("README has no program to check", "");
  else writeFileSync(join(project, "readme.ts"), example[1]);
  const compilerOptions = {
    ...{ target: "ES2022", module: "NodeNext", strict: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ noUncheckedIndexedAccess: true, skipLibCheck: false, lib: ["ES2023", "ESNext.Disposable", "DOM"], types: [] },
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["doors.ts", "readme.ts"] }));
  check("types in a fresh project", tool("tsc"), ["-p", project], project);
}

/** Links of the README that point at files: they must be in the package, or at an address. */
function linksIn(project) {
  const installed = join(project, "node_modules", name);
  const readme = readFileSync(join(installed, "README.md"), "utf8");
  const links = [...readme.matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => target);
  const broken = links.filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(installed, target)));
  if (broken.length > 0) fail("README links to what is not in the package", [...new Set(broken)].join("\n"));
}

function tool(command) {
  return join(root, "node_modules/.bin", command);
}

function check(what, command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status !== 0) fail(what, `${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
  else console.log(`${what}: fine`);
  return { stdout: stdout ?? "" };
}

function fail(what, output) {
  failed++;
  console.log(`${what}: FAILED\n${output}`);
}
