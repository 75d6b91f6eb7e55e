import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { PtychonautError } from "../../src/errors.ts";
import { createTrainingPayload, runTraining } from "../../src/node/runs.ts";
import { nodeStore } from "../../src/node/store.ts";
import { findCheckpoint } from "../../src/runs/train/checkpointFiles.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { quietHooks } from "../runs/inferRun.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-changing-"));
afterAll(() => rmSync(folder, { recursive: true }));

const scan = (seed: number): Uint8Array =>
  writeScanNpz(simulate({ n: 32, patterns: 20, seed, photons: 1e5 }), { compress: false });
const [before, after] = [scan(3), scan(4)];

const changes: readonly [name: string, change: (path: string) => void, said: RegExp][] = [
  [
    "overwritten where it is",
    (path) => {
      const file = openSync(path, "r+");
      writeSync(file, after.subarray(0, 10_000), 0, 10_000, 0);
    },
    /got other bytes|got another file/,
  ],
  [
    "replaced by another",
    (path) => {
      writeFileSync(`${path}.new`, after);
      renameSync(`${path}.new`, path);
    },
    /got another file/,
  ],
  [
    "replaced by a copy of itself",
    (path) => {
      copyFileSync(path, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
    /got another file/,
  ],
  ["cut", (path) => truncateSync(path, 20_000), /got (other bytes|another file|a shorter one)/],
  ["deleted", (path) => rmSync(path), /got no file/],
];

describe.each([0, 1])("a scan that is read where it lies, by %i worker threads", (numWorkers) => {
  it.each(changes)("ends the run when it is %s", async (name, change, said) => {
    const path = join(folder, `${numWorkers} ${name}.npz`);
    const outputDir = join(folder, `${numWorkers} ${name}`);
    writeFileSync(path, before);
    const payload = await createTrainingPayload({
      trainDataFile: path,
      outputDir,
      overrides: {
        ...{ nFiltersScale: 1, gridsize: 1, maxEpochs: 4, batchSize: 8, validationFraction: 0, accelerator: "cpu" },
        ...{ reconLogEveryNEpochs: 0, patternsInMemory: "no", numWorkers, loggerBackend: "none" },
      },
    });
    let epochs = 0;
    const log = (line: string): void => {
      if (!line.startsWith("epoch ")) return;
      if (++epochs === 1) change(path);
    };
    const error = await runTraining(payload, { ...quietHooks(), log }).catch((thrown: unknown) => thrown);
    if (!(error instanceof PtychonautError)) throw new Error(`ended with ${String(error)}`);
    expect(error.kind).toBe("changed");
    expect(error.exitCode).toBe(1);
    expect(error.message).toMatch(said);
    expect(error.details.where).toBe(path);
    // What threads had read ahead may still be trained on.
    expect(epochs).toBeLessThan(3);
    expect(existsSync(join(outputDir, "run.json"))).toBe(false);
    expect(existsSync(join(outputDir, "model.zip"))).toBe(false);
    expect(error.details.fix).toMatch(/checkpoints that a training has saved stay.*`resume=last`/);
    expect((await findCheckpoint("last", outputDir, nodeStore))?.identity).toBeDefined();
  });
});

it("an error is the same on the other side of a thread", () => {
  const error = new PtychonautError("output", "no room", { where: "a", got: "b", fix: "c", cause: new Error("d") });
  const copy = PtychonautError.fromPlain(structuredClone(error.toPlain()));
  expect(copy).toBeInstanceOf(PtychonautError);
  expect([copy.kind, copy.message, copy.exitCode]).toEqual([error.kind, error.message, error.exitCode]);
  expect(copy.details).toEqual({ where: "a", got: "b", fix: "c" });
});
