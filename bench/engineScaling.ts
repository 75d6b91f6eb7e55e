import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { residentPeak } from "./residentPeak.ts";
import { writeTiledHdf5, writeTiledScan } from "./tiledScan.ts";

const SIDE = 64;

/** How scans are written, by what files are called. */
const WRITERS: Readonly<Record<string, typeof writeTiledScan>> = { npz: writeTiledScan, h5: writeTiledHdf5 };

/** `reconstruct` on scans of more and more patterns that stay in their file: milliseconds a pattern, and memory. */
export async function engineScaling(
  engines: readonly string[],
  kinds: readonly string[],
  counts: readonly number[],
  threads: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-engines-"));
  // Whatever way this ends, gigabytes do not stay behind.
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  process.on("SIGINT", () => process.exit(130));
  console.log(
    `| engine, ${threads} thread${threads > 1 ? "s" : ""} | file | patterns | ms a pattern | peak MiB | s in all |`,
  );
  console.log("|---|---|---:|---:|---:|---:|");
  for (const kind of kinds) {
    const write = WRITERS[kind];
    if (write === undefined) throw new Error(`--files ${kind}: ${Object.keys(WRITERS).join(" or ")}`);
    for (const count of counts) {
      const file = join(folder, `scan.${kind}`);
      await write(file, SIDE, count);
      for (const engine of engines) {
        const { seconds, peak, whole } = await reconstructed(file, engine, threads, join(folder, "out"));
        const [each, most] = [((seconds * 1e3) / count).toFixed(4), (peak / 2 ** 20).toFixed(0)];
        console.log(`| ${engine} | ${kind} | ${count} | ${each} | ${most} | ${whole.toFixed(1)} |`);
      }
      rmSync(file);
    }
  }
}

/** Seconds of the fastest of three epochs and of the whole command, and the highest resident memory of all. */
async function reconstructed(file: string, engine: string, threads: number, out: string) {
  const entry = fileURLToPath(new URL("../dist/node/cli/ptychonaut.js", import.meta.url));
  const settings = ["--epochs", "3", "--held_out_fraction", "0", "--patterns_in_memory", "no", "--logger", "csv"];
  if (file.endsWith(".h5")) settings.push("--measurement", "counts");
  const told = ["--engine", engine, ...settings, "--threads", String(threads), "--output_dir", out, "--quiet"];
  const begun = performance.now();
  const child = spawn(process.execPath, [entry, "reconstruct", file, ...told], { stdio: ["ignore", 2, 2] });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentPeak(child.pid as number));
  }, 50);
  const code = await new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
  clearInterval(watch);
  const whole = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`reconstruct ended with ${code}`);
  const [heading, ...rows] = readFileSync(join(out, "lightning_logs/version_0/metrics.csv"), "utf8").trim().split("\n");
  const column = heading.split(",").indexOf("seconds");
  rmSync(out, { recursive: true });
  return { seconds: Math.min(...rows.map((row) => Number(row.split(",")[column]))), peak, whole };
}
