import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { aboutCheckpoint } from "../../src/runs/reconstruct/reconstructionCheckpoint.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

/** Writes of the last checkpoint before the disk is full. */
const disk = vi.hoisted(() => ({ room: 1 }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const openOrFill = async (...args: Parameters<typeof open>): Promise<FileHandle> => {
    const file = await real.open(...args);
    if (!String(args[0]).includes(".last.ckpt.zip.") || disk.room-- > 0) return file;
    const { writeFile } = file;
    file.writeFile = async (data) => {
      // As on a real disk, a part gets there.
      await writeFile.call(file, (data as Uint8Array).subarray(0, 1000));
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    return file;
  };
  return { ...real, open: openOrFill };
});

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-full-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("a disk that fills up under a checkpoint ends the run with a message, and leaves the checkpoint before", async () => {
  const scan = join(folder, "scan.npz");
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 24, seed: 3, photons: 1e5 })));
  const outputDir = join(folder, "run");
  const flags = "--epochs 4 --threads 1 --checkpoint_every_n_epochs 1";
  let stderr = "";
  const code = await main(`reconstruct ${scan} --output_dir ${outputDir} ${flags}`.split(" "), {
    terminal: false,
    stdout: () => {},
    stderr: (text) => {
      stderr += text;
    },
  });
  expect(stderr).toMatch(/cannot be written; in .*checkpoints.last\.ckpt\.zip.*ENOSPC.*Free space on this disk/s);
  expect(code).toBe(1);
  const left = readdirSync(outputDir, { recursive: true }).map(String);
  expect(left.filter((name) => /\.tmp$|run\.json/.test(name))).toEqual([]);
  const checkpoint = join(outputDir, "checkpoints", "last.ckpt.zip");
  expect(aboutCheckpoint(readFileSync(checkpoint), checkpoint).identity["seed"]).toBe(42);
});
