/**
 * Trains on a scan that is larger than the memory it is given, and reconstructs part of it:
 * `npm run bench:out-of-core -- [--gib 6] [--limit 1.5] [--groups 1024] [--folder DIR] [--file npz|hdf5] [--keep]`.
 *
 * The scan is written piece by piece, its patterns repeated from a small simulated set; in HDF5 they are counts that are
 * compressed with bitshuffle, and `--gib` is of the numbers that they are. Training and inference are the
 * commands that a user calls, in processes of their own. Linux only: util-linux's prlimit lets none of them have more
 * private memory than the limit (RLIMIT_DATA), and their highest resident memory is read from /proc while they run.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { residentPeak } from "./residentPeak.ts";
import { writeTiledHdf5, writeTiledScan } from "./tiledScan.ts";

const { values } = parseArgs({
  options: {
    gib: { type: "string", default: "6" },
    limit: { type: "string", default: "1.5" },
    groups: { type: "string", default: "1024" },
    folder: { type: "string", default: tmpdir() },
    side: { type: "string", default: "64" },
    file: { type: "string", default: "npz" },
    workers: { type: "string", default: "0" },
    keep: { type: "boolean", default: false },
  },
});
const GIB = 2 ** 30;
const limit = Number(values.limit) * GIB;
const N = Number(values.side);
const hdf5 = values.file === "hdf5";
const count = Math.ceil((Number(values.gib) * GIB) / ((hdf5 ? 2 : 4) * N * N));
const folder = mkdtempSync(join(values.folder, "ptychonaut-out-of-core-"));
const path = (name: string): string => join(folder, name);
// Whatever way this ends, gigabytes do not stay behind.
process.on("exit", () => values.keep || rmSync(folder, { recursive: true, force: true }));
process.on("SIGINT", () => process.exit(130));

const scan = path(hdf5 ? "scan.h5" : "scan.npz");
await timed("writing", () => (hdf5 ? writeTiledHdf5 : writeTiledScan)(scan, N, count));
console.log(`${count} patterns of ${N} x ${N}, a file of ${(statSync(scan).size / GIB).toFixed(2)} GiB: ${scan}`);
const storage = ["--patterns_in_memory", "no", "--accelerator", "cpu", "--quiet"];
if (hdf5) storage.push("--measurement", "counts");
const peaks = [
  await command(
    "train",
    ["--train_data_file", scan, "--output_dir", path("run"), "--max_epochs", "1", "--gridsize", "1"],
    ["--n_filters_scale", "1", "--n_groups", values.groups, "--validation_fraction", "0.001"].concat(
      values.workers === "0" ? [] : ["--num_workers", values.workers],
    ),
  ),
  await command(
    "infer",
    ["--model_path", path("run"), "--test_data", scan, "--output_dir", path("object")],
    ["--n_patterns", values.groups],
  ),
];
const highest = Math.max(...peaks);
console.log(`highest resident memory ${(highest / GIB).toFixed(2)} GiB, limit ${values.limit} GiB`);
process.exitCode = highest < limit ? 0 : 1;

/** Runs a command of the program and gives its highest resident memory, bytes. */
async function command(name: string, files: readonly string[], settings: readonly string[]): Promise<number> {
  const entry = new URL("../dist/node/cli/ptychonaut.js", import.meta.url).pathname;
  let peak = 0;
  await timed(name, async () => {
    const program = [process.execPath, entry, name, ...files, ...settings, ...storage];
    const child = spawn("prlimit", [`--data=${limit}`, "--", ...program], { stdio: "inherit" });
    const watch = setInterval(() => {
      peak = Math.max(peak, residentPeak(child.pid!));
    }, 200);
    const code = await new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
    clearInterval(watch);
    if (code !== 0) throw new Error(`${name} ended with ${code}`);
  });
  console.log(`${name}: highest resident memory ${(peak / GIB).toFixed(2)} GiB`);
  return peak;
}

async function timed(what: string, work: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await work();
  console.log(`${what}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
