import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ComplexArray } from "../src/arrays.ts";
import type { Settings } from "../src/config/group.ts";
import type { Dataset } from "../src/data/dataset.ts";
import { nodeHome } from "../src/node/home.ts";
import { createReconstructionPayload } from "../src/node/runs.ts";
import { makeObject } from "../src/optics/objects.ts";
import { Random } from "../src/random.ts";
import { withScan } from "../src/runs/inputs/scanFileSet.ts";
import type { Home } from "../src/runs/machine.ts";
import { runReconstruction } from "../src/runs/reconstruct/reconstruct.ts";
import { readScanTruth, type ScanTruth } from "../src/scans/withoutPatterns.ts";
import { writeScanNpz } from "../src/scans/writeScanNpz.ts";
import { simulateTruth } from "../src/simulation/simulateTruth.ts";
import { quietHooks } from "../test/runs/inferRun.ts";

const USAGE = `npm run bench:auto -- SCAN [--coarser 2] [--patterns 196] [--photons 461000] [--object TEST]
    [--jitter 0.02] [--background 0.005] [--off 0.24] [--seeds 1] [--engines auto,rpie,lsqml] [--set name=value,...]
  True errors of auto and of engines with their defaults on a scan with the probe, the positions, the object and the dose of
  a file, so many pixels put together to one: docs/engines.md has what it prints.
  --object      a test object instead of the file's own
  --jitter      of the beam, relative; --background: part of the counts that is flat
  --off         positions, RMS along an axis in pixels of the simulation, as a walk of the stage that neighbours share
  --set         settings of all engines, probe_step=0`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    coarser: { type: "string", default: "2" },
    patterns: { type: "string", default: "196" },
    photons: { type: "string", default: "461000" },
    object: { type: "string" },
    jitter: { type: "string", default: "0" },
    background: { type: "string", default: "0" },
    off: { type: "string", default: "0" },
    seeds: { type: "string", default: "1" },
    engines: { type: "string", default: "auto,rpie,lsqml" },
    set: { type: "string" },
  },
});
const [file] = positionals;
const [coarser, patterns, photons, jitter, background, off] = (
  ["coarser", "patterns", "photons", "jitter", "background", "off"] as const
).map((name) => Number(values[name]));
if (file === undefined || !(coarser >= 1)) throw new Error(USAGE);

const plain: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};
const folder = mkdtempSync(join(tmpdir(), "auto-"));

/** Means over squares of pixels. */
function coarse({ shape, data }: ComplexArray): ComplexArray {
  const [height, width] = shape.slice(-2).map((side) => Math.floor(side / coarser));
  const count = shape.length === 3 ? shape[0] : 1;
  const out = new Float32Array(2 * count * height * width);
  for (let row = 0; row < count * height; row++)
    for (let k = 0; k < 2 * width * coarser ** 2; k++) {
      const [part, column] = [k & 1, (k >> 1) % width];
      const [dy, dx] = [Math.floor((k >> 1) / width) % coarser, Math.floor((k >> 1) / width / coarser)];
      const [h, w] = [shape[shape.length - 2], shape[shape.length - 1]];
      const [image, y] = [Math.floor(row / height), row % height];
      const from = (image * h + y * coarser + dy) * w + column * coarser + dx;
      out[2 * (row * width + column) + part] += data[2 * from + part] / coarser ** 2;
    }
  return { shape: count === 1 && shape.length === 2 ? [height, width] : [count, height, width], data: out };
}

/** The middle of windows of an even side lies at their pixel side / 2, whatever the side. */
function coarseTruth(
  { background: _, frameIntensities: __, geometry: ___, ...truth }: ScanTruth,
  seed: number,
): ScanTruth {
  const probe = coarse(truth.probe);
  const positions = truth.positions.map((value) => value / coarser);
  if (values.object === undefined) {
    if (truth.object === undefined) throw new Error("the file has no object: --object");
    return { ...truth, probe, positions, object: coarse(truth.object) };
  }
  const side = probe.shape[1];
  const least = [0, 1].map((axis) => positions.filter((_, k) => k % 2 === axis).reduce((a, b) => Math.min(a, b)));
  const inside = positions.map((value, k) => value - least[k % 2] + side / 2 + 2);
  const size = [0, 1].map((axis) =>
    Math.ceil(inside.filter((_, k) => k % 2 === axis).reduce((a, b) => Math.max(a, b)) + side / 2 + 2),
  );
  const object = makeObject({ kind: values.object } as never, [size[0], size[1]], new Random(seed));
  return { ...truth, probe, positions: inside, object };
}

/** A walk that comes back to nothing, so that neighbours in time are off alike. */
function walk(frames: number, random: Random): Float64Array {
  const out = new Float64Array(2 * frames);
  for (let k = 2; k < out.length; k++) out[k] = 0.8 * out[k - 2] + random.normal();
  const rms = Math.sqrt(out.reduce((sum, value) => sum + value * value, 0) / out.length);
  return out.map((value) => (off * value) / rms);
}

function spoilt(truth: ScanTruth, seed: number): Dataset {
  const random = new Random(seed);
  const frames = truth.positions.length / 2;
  const size = truth.probe.shape[1] ** 2;
  const made = simulateTruth(
    {
      ...truth,
      frameIntensities: Float64Array.from({ length: frames }, () => Math.exp(jitter * random.normal())),
      ...(background === 0 ? {} : { background: flat(truth, size) }),
    },
    { patterns, photons, seed },
    file,
  );
  const { frameIntensities: _, ...unsaid } = made;
  const errors = walk(made.positions.length / 2, random);
  return { ...unsaid, positions: made.positions.map((value, k) => value + errors[k]) };
}

/** simulateTruth has it for the probe's own dose. */
function flat(truth: ScanTruth, size: number): Float32Array {
  const own = simulateTruth(truth, { patterns, noise: false }, file).photonsPerPattern ?? 0;
  return new Float32Array(size).fill((background * own) / size);
}

async function run(scan: string, engine: string): Promise<string> {
  const said = Object.fromEntries(
    (values.set ?? "")
      .split(",")
      .filter(Boolean)
      .map((each) => {
        const [name, value] = each.split("=");
        return [
          name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
          value === "false" ? false : Number(value),
        ];
      }),
  );
  const quick: Settings = { threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none", enableCheckpointing: false };
  const outputDir = join(folder, engine);
  const { user, system } = process.cpuUsage();
  const payload = await createReconstructionPayload({
    ...{ scan, outputDir, overwrite: true, overrides: { ...quick, ...said, engine } },
  });
  const outcome = await runReconstruction(payload, quietHooks(), plain);
  const used = process.cpuUsage();
  const seconds = (used.user + used.system - user - system) / 1e6;
  if (outcome.status !== "finished") return `${engine}: ${outcome.status}`;
  const read = (name: string) => JSON.parse(readFileSync(join(outputDir, name), "utf8"));
  const { complexError, heldOut } = read("metrics.json");
  const { stages, epochs } = read("reconstruction.json");
  const took = stages[0].wrappers.map((each: { name: string }) => each.name).join(", ");
  const what = engine === "auto" ? ` (${stages[0].engine}; ${took || "no wrappers"})` : "";
  return `${engine}${what}: error ${complexError?.toPrecision(3)}, held-out R ${heldOut?.rFactor.toPrecision(3)}, ${epochs} epochs, ${seconds.toFixed(0)} s`;
}

try {
  for (const seed of values.seeds.split(",").map(Number)) {
    const truth = await withScan(file, {}, nodeHome.store, ({ arrays, elsewhere }) =>
      readScanTruth(arrays, {}, file, elsewhere),
    );
    const dataset = spoilt(coarseTruth(truth, seed), seed);
    const scan = join(folder, "scan.npz");
    writeFileSync(scan, writeScanNpz(dataset));
    for (const engine of values.engines.split(",")) console.log(`seed ${seed}, ${await run(scan, engine)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
