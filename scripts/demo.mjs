// The main job from nothing: simulate a scan, train a network on its diffraction alone, reconstruct, and compare with the
// truth and with two reconstructions that need no method at all. `npm run demo` runs the set-up first.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = "demo-run";
const [scan, training, reconstruction, comparison] = ["scan.npz", "training", "reconstruction", "comparison"].map(
  (name) => join(folder, name),
);
const startedAt = performance.now();

process.chdir(root);
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);

const settings = JSON.parse(readFileSync(join(root, "scripts/demo.json"), "utf8"));
ptychonaut("simulate", "--output", scan, ...flags(settings.simulate));
ptychonaut("train", "--train_data_file", scan, "--output_dir", training, ...flags(settings.train));
ptychonaut(
  ...["infer", "--model_path", training, "--test_data", scan, "--output_dir", reconstruction],
  ...flags(settings.infer),
);
const object = join(reconstruction, "reconstruction.npz");
ptychonaut("evaluate", object, "--reference", scan);
ptychonaut("compare", `network=${object}`, "--reference", scan, "--output_dir", comparison);

/** A constant image has no correlation. */
const number = (value) => (value === null || Number.isNaN(value) ? "none" : value.toFixed(3));
const { trivialReconstructions } = await import("./trivialReconstructions.mjs");
const network = JSON.parse(readFileSync(join(reconstruction, "metrics.json"), "utf8"));
const rows = [["network", network], ...Object.entries(await trivialReconstructions(scan, object))];
console.log(`\n${"".padEnd(20)}complex error  phase SSIM  phase correlation`);
for (const [name, { complexError, phase }] of rows) {
  const cells = [complexError.toFixed(3), number(phase.ssim), number(phase.correlation)];
  console.log(name.padEnd(20) + cells[0].padStart(13) + cells[1].padStart(12) + cells[2].padStart(19));
}
console.log(`\npictures: ${join(comparison, "comparison.png")}, ${join(reconstruction, "phase.png")}`);
console.log(`numbers:  ${join(reconstruction, "metrics.json")}`);
console.log(`${((performance.now() - startedAt) / 1000).toFixed(0)} s in all`);

function flags(settings) {
  return Object.entries(settings).flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, value]));
}

function ptychonaut(...args) {
  console.log(`\n$ ptychonaut ${args.join(" ")}`);
  const program = join(root, "dist/node/cli/ptychonaut.js");
  const { status } = spawnSync(process.execPath, [program, ...args.map(String)], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
