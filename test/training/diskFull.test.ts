import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type { FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
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
  const command = `train --train_file ${scan} --output_dir ${outputDir} --accelerator cpu --gridsize 1`;
  const sizes = "--n_filters_scale 1 --max_epochs 4 --batch_size 8 --validation_fraction 0";
  let stderr = "";
  const code = await main(`${command} ${sizes}`.split(" "), {
    terminal: false,
    stdout: () => {},
    stderr: (text) => {
      stderr += text;
    },
  });
  expect(stderr).toMatch(/cannot be written; in .*checkpoints.last\.ckpt\.zip.*ENOSPC.*Free space on this disk/s);
  expect(code).toBe(1);
  const left = readdirSync(outputDir, { recursive: true }).map(String);
  expect(left.filter((name) => name.endsWith(".tmp"))).toEqual([]);
  const found = (await findCheckpoint("last", outputDir, nodeStore))!;
  expect(found.restore(found.identity).epoch).toBe(1);
});
