import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { nodeHome } from "../../src/node/home.ts";
import { runConversion } from "../../src/runs/convert.ts";
import type { RunHooks } from "../../src/runs/hooks.ts";
import { readScan } from "../../src/runs/inputs/scans.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { silentProgress } from "../../src/runs/progress.ts";
import { claimScan, writeScanOutput } from "../../src/runs/scanOutput.ts";
import type { FramesToWrite } from "../../src/scans/writers/framesToWrite.ts";
import { scanWriters } from "../../src/scans/writers/registry.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-convert-"));
afterAll(() => rmSync(folder, { recursive: true }));

const geometry = { energyKev: 8, detectorDistanceM: 2, detectorPixelM: 75e-6 };
const scan = simulate({ n: 16, patterns: 9, seed: 2, geometry });

function hooksOf(signal: AbortSignal, onUpdate: (done: number) => void = () => {}): RunHooks {
  const progress = { ...silentProgress, update: onUpdate };
  return { signal, log: () => {}, warn: () => {}, progress: () => progress };
}

it.each(scanWriters.map((writer) => [writer.name, writer] as const))(
  "%s: stopped or failing between two blocks of patterns, nothing is left",
  async (_name, writer) => {
    const stop = new AbortController();
    const { patterns: _, ...rest } = scan;
    const given: FramesToWrite = {
      ...rest,
      shape: [9, 16, 16],
      *frames() {
        for (let k = 0; k < 9; k += 3) yield new Float32Array(3 * 256);
      },
    };
    const options = { where: "scan", strict: false, compress: false, history: ["a line"] };
    const target = await claimScan(
      writer,
      join(folder, `scan${writer.endings[0]}`),
      { overwrite: false },
      nodeHome.store,
    );
    const seen: number[] = [];
    const hooks = hooksOf(stop.signal, (done) => {
      seen.push(done);
      if (done === 3) stop.abort();
    });
    expect(await writeScanOutput(given, target, options, hooks, nodeHome)).toBe(false);
    expect(seen).toEqual([3]);
    expect(readdirSync(folder)).toEqual([]);
    const failing: FramesToWrite = {
      ...given,
      *frames() {
        yield new Float32Array(3 * 256);
        throw new Error("the disk of the scan is gone");
      },
    };
    const going = hooksOf(new AbortController().signal);
    await expect(writeScanOutput(failing, target, options, going, nodeHome)).rejects.toThrow(
      /disk of the scan is gone/,
    );
    expect(readdirSync(folder)).toEqual([]);
  },
);

it("in memory, without a disk, from scan to scan and of an object", async () => {
  const store = memoryStore();
  const home = { ...nodeHome, store };
  const hooks = hooksOf(new AbortController().signal);
  await store.write("/scan.npz", writeScanNpz(scan));
  const convert = (input: string, output: string) =>
    runConversion({ input, output, reading: {}, stated: [] }, hooks, home);
  for (const [from, to] of [
    ["/scan.npz", "/scan.cxi"],
    ["/scan.cxi", "/scan.nxs"],
    ["/scan.nxs", "/scan_dp.hdf5"],
    ["/scan_para.hdf5", "/object.ptyr"],
    ["/object.ptyr", "/object.h5"],
  ] as const)
    expect((await convert(from, to)).status).toBe("finished");
  const { object } = await readObjectFile("/object.h5", home);
  expect(object).toEqual(scan.object);
});

it("of a pair either file is the scan, and neither is replaced", async () => {
  const store = memoryStore();
  const home = { ...nodeHome, store };
  const hooks = hooksOf(new AbortController().signal);
  await store.write("/scan.npz", writeScanNpz(scan));
  const convert = (input: string, output: string, more: { to?: string; overwrite?: boolean } = {}) =>
    runConversion({ input, output, reading: {}, stated: [], ...more }, hooks, home);
  await convert("/scan.npz", "/scan_dp.hdf5");
  for (const half of ["/scan_dp.hdf5", "/scan_para.hdf5"]) {
    await convert(half, "/again.npz", { overwrite: true });
    const again = await readScan("/again.npz", {}, home);
    expect(again.patterns.count).toBe(9);
    for (const other of ["/scan_dp.hdf5", "/scan_para.hdf5"])
      await expect(convert(half, other, { to: "hdf5", overwrite: true })).rejects.toThrow(/would overwrite an input/);
  }
  await convert("/scan_para.hdf5::object", "/object.npz");
  expect((await readObjectFile("/object.npz", home)).object).toEqual(scan.object);
});
