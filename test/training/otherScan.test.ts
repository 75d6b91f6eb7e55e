import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { createTrainingPayload, readScan } from "../../src/node/runs.ts";
import { runTraining } from "../../src/runs/train/train.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";
import { plainHome } from "../runs/plainHome.ts";

/** A scan to validate on that is not the one to train on. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-other-"));
const path = (...names: string[]): string => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true }));

const N = 32;
const saved = (name: string, scan: Dataset): void => writeFileSync(path(`${name}.npz`), writeScanNpz(scan));

/** The same scan in other units: amplitudes a tenth, the probe three times, and masked pixels that say anything. */
function inOtherUnits(scan: Dataset): Dataset {
  const { patterns, probe, mask } = scan;
  const values = new Float32Array(patterns.count * N * N);
  patterns.read([...Array(patterns.count).keys()], values);
  const data = values.map((value, i) => (mask?.data[i % (N * N)] === 0 ? 0.7 : value / 10));
  return {
    ...scan,
    patterns: memoryPatterns(data, [patterns.count, N, N]),
    probe: { ...probe, data: probe.data.map((value) => 3 * value) },
  };
}

async function validated(on: string, settings: Settings): Promise<{ loss: number; explained: number }> {
  const overrides = {
    ...{ batchSize: 4, maxEpochs: 1, accelerator: "cpu", reconLogEveryNEpochs: 0, seed: 3 },
    ...{ loggerBackend: "none", testDataFile: path(`${on}.npz`), gridsize: 1 },
    ...settings,
  };
  const outputDir = path(`run-${on}-${Object.keys(settings).join()}`);
  const payload = await createTrainingPayload({ trainDataFile: path("learned.npz"), outputDir, overrides });
  await runTraining(payload, quietHooks(), plainHome);
  const { history, explained } = JSON.parse(readFileSync(join(outputDir, "training.json"), "utf8"));
  return { loss: history[0].validationLoss, explained: explained.deviance };
}

it.each([
  ["deviance", { nFiltersScale: 1 }],
  ["amplitudes", { nFiltersScale: 1, lossFunction: "mae" }],
  ["a network with the physics inside", { architecture: "unrolled", unrolledWidth: 4 }],
] as [string, Settings][])(
  "is judged by its own light, probe and mask, whatever their units: %s",
  async (_, settings) => {
    saved("learned", simulate({ n: N, patterns: 24, seed: 3, photons: 1e5 }));
    const other = simulate({ n: N, patterns: 16, seed: 4, photons: 3e3, modes: 2, beamstop: 4, object: "deadLeaves" });
    expect(other.mask).toBeDefined();
    saved("own", other);
    saved("units", inOtherUnits(await readScan(path("own.npz"))));
    const [own, units] = [await validated("own", settings), await validated("units", settings)];
    expect(own.loss).toBeGreaterThan(0);
    expect(Math.abs(units.loss / own.loss - 1)).toBeLessThan(1e-4);
    expect(Math.abs(units.explained / own.explained - 1)).toBeLessThan(1e-4);
  },
);
