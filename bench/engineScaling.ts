import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { residentPeak } from "./residentPeak.ts";
import { writeTiledScan } from "./tiledScan.ts";

const SIDE = 64;

/** `reconstruct` on scans of more and more patterns that stay in their file: milliseconds a pattern, and memory. */
export async function engineScaling(engines: readonly string[], counts: readonly number[], threads: number) {
  const folder = mkdtempSync(join(tmpdir(), "ptychonaut-engines-"));
  console.log(`| engine, ${threads} thread${threads > 1 ? "s" : ""} | patterns | ms a pattern | peak MiB |`);
  console.log("|---|---:|---:|---:|");
  try {
    for (const count of counts) {
      const file = join(folder, "scan.npz");
      await writeTiledScan(file, SIDE, count);
      for (const engine of engines) {
        const { seconds, peak } = await reconstructed(file, engine, threads, join(folder, "out"));
        console.log(
          `| ${engine} | ${count} | ${((seconds * 1e3) / count).toFixed(3)} | ${(peak / 2 ** 20).toFixed(0)} |`,
        );
      }
      rmSync(file);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Seconds of the faster of two epochs, and the highest resident memory of all. */
async function reconstructed(file: string, engine: string, threads: number, out: string) {
  const entry = fileURLToPath(new URL("../dist/node/cli/ptychonaut.js", import.meta.url));
  const settings = ["--epochs", "2", "--held_out_fraction", "0", "--patterns_in_memory", "no", "--logger", "csv"];
  const told = ["--engine", engine, ...settings, "--threads", String(threads), "--output_dir", out, "--quiet"];
  const child = spawn(process.execPath, [entry, "reconstruct", file, ...told], { stdio: ["ignore", 2, 2] });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, residentPeak(child.pid as number));
  }, 50);
  const code = await new Promise((resolve, reject) => child.on("exit", resolve).on("error", reject));
  clearInterval(watch);
  if (code !== 0) throw new Error(`reconstruct ended with ${code}`);
  const [heading, ...rows] = readFileSync(join(out, "lightning_logs/version_0/metrics.csv"), "utf8").trim().split("\n");
  const column = heading.split(",").indexOf("seconds");
  rmSync(out, { recursive: true });
  return { seconds: Math.min(...rows.map((row) => Number(row.split(",")[column]))), peak };
}
