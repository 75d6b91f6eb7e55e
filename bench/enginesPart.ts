/**
 * The process of this product in `engines.ts`: `enginesPart.ts SCAN.npz ENGINE whole|bilinear THREADS OBJECT.npy`. Every
 * line on standard input asks for an epoch; the answer has its milliseconds a pattern, the object lies in the file then.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { computeScales } from "../src/data/normalisation.ts";
import type { SubPixel } from "../src/engines/canvas.ts";
import { estimateOf } from "../src/engines/driverState.ts";
import { engineNamed } from "../src/engines/registry.ts";
import { RunningStage } from "../src/engines/runningStage.ts";
import type { EngineScan } from "../src/engines/scan.ts";
import { completeSettings } from "../src/engines/settings.ts";
import { writeNpy } from "../src/formats/npy.ts";
import { nodeKernels } from "../src/node/kernels.ts";
import { Random } from "../src/random.ts";
import { engineScanOf } from "../src/runs/reconstruct/engineScan.ts";
import { readScanNpz } from "../src/scans/scanNpz.ts";

const [file, name, subPixel, threads, found] = process.argv.slice(2) as [string, string, SubPixel, string, string];

function readScan(): EngineScan {
  const dataset = readScanNpz(readFileSync(file));
  const scales = computeScales(
    dataset,
    Array.from({ length: dataset.patterns.count }, (_, k) => k),
  );
  const scan = engineScanOf(dataset, scales);
  // Windows on whole pixels are not interpolated: so little between them changes nothing but the work.
  return subPixel === "whole" ? scan : { ...scan, positions: scan.positions.map((value) => value + 2 ** -20) };
}

const scan = readScan();
const engine = engineNamed(name);
const kernels = await nodeKernels({ threads: Number(threads) });
const stage = new RunningStage({ kernels, runtime: undefined }, scan, estimateOf(scan), {
  ...{ engine, settings: completeSettings(engine), epochs: 1, subPixel, wrappers: [] },
});
const random = new Random(1);
const frames = Int32Array.from({ length: scan.amplitudes.count }, (_, k) => k);
console.log(JSON.stringify("ready"));
const end = kernels.numbers(1);
let number = 0;
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now();
  await stage.step({ number: number++, frames, random: random.fork(), checkpoint: () => undefined });
  // Steps are recorded; what reads a number waits until they are done.
  await kernels.read(end);
  const milliseconds = performance.now() - start;
  const { object } = await stage.estimate();
  const [height, width] = object.values.shape.slice(-2);
  writeFileSync(found, writeNpy({ shape: [height, width], dtype: "complex64", data: object.values.data }));
  console.log(JSON.stringify({ ms_per_pattern: milliseconds / frames.length }));
}
await stage.release();
await kernels.close();
