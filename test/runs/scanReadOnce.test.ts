import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { sha256 } from "../../src/node/hash.ts";
import { createTrainingPayload, runTraining } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "./inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-once-"));
const scan = join(folder, "scan.npz");
const bytes = writeScanNpz(simulate({ n: 32, patterns: 12, seed: 4, photons: 1e5 }));
const aMinuteAgo = Math.floor(Date.now() / 1000) - 60;
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  writeFileSync(scan, bytes);
  utimesSync(scan, aMinuteAgo, aMinuteAgo);
});

const overrides = { nFiltersScale: 1, maxEpochs: 1, reconLogEveryNEpochs: 0, batchSize: 8, accelerator: "cpu" };
const payloadFor = (name: string, settings = {}) =>
  createTrainingPayload({
    trainDataFile: scan,
    outputDir: join(folder, name),
    overrides: { ...overrides, ...settings },
  });

/** Other bytes in the same file, as long as before. */
function overwrite(when: number): void {
  writeFileSync(scan, new Uint8Array(bytes.length), { flag: "r+" });
  utimesSync(scan, when, when);
}

it("reads a scan once: what settings were checked with is what is trained on", async () => {
  const payload = await payloadFor("once");
  const { ino } = statSync(scan);
  overwrite(aMinuteAgo);
  expect(statSync(scan).ino).toBe(ino);
  expect((await runTraining(payload, quietHooks())).status).toBe("finished");
  const { inputs } = JSON.parse(readFileSync(join(folder, "once", "run.json"), "utf8"));
  expect(inputs[0].sha256).toBe(sha256(bytes));
});

it("reads it again when the file was changed in between, and for a second run", async () => {
  const changed = await payloadFor("changed");
  overwrite(aMinuteAgo + 1);
  await expect(runTraining(changed, quietHooks())).rejects.toThrow(/scan\.npz/);
  writeFileSync(scan, bytes);
  utimesSync(scan, aMinuteAgo, aMinuteAgo);
  const twice = await payloadFor("twice");
  expect((await runTraining(twice, quietHooks())).status).toBe("finished");
  overwrite(aMinuteAgo);
  await expect(runTraining(twice, quietHooks())).rejects.toThrow(/scan\.npz/);
});

it("leaves the patterns in the file when that is asked for", async () => {
  const payload = await payloadFor("file", { patternsInMemory: "no" });
  overwrite(aMinuteAgo);
  await expect(runTraining(payload, quietHooks())).rejects.toThrow(/scan\.npz/);
});
