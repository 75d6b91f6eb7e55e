import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { readReconstructionFile } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { launched, launchers } from "./launchers.ts";

const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-reconstructing-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const scan = at("scan.npz");
writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 50, seed: 3, photons: 1e5 })));

const reconstruct = (output: string, epochs: number, ...more: string[]): string[] => [
  ...["reconstruct", scan, "--output_dir", at(output), "--epochs", `${epochs}`, "--recon_log_every_n_epochs", "0"],
  ...more,
];

const [launcher] = launchers.filter(({ command }) => command !== undefined);

/** An engine that moves after every batch with what looks at frames beside it, and one that keeps exit waves of its frames. */
const runs = [
  { processes: 2, engine: "lsqml", more: ["--wrappers", "positions,background", "--position_start", "1"] },
  { processes: 3, engine: "dm", more: [] },
] as const;

it.skipIf(launcher === undefined).each(runs)(
  "$processes processes, resumed by one, reconstruct what one does: $engine",
  { timeout: 240_000 },
  async ({ processes, engine, more }) => {
    const said = ["--engine", engine, ...more];
    const quiet = { stdout: () => {}, stderr: () => {} };
    const [several, one] = [`${engine}-${processes}`, `${engine}-1`];
    expect(await main(reconstruct(one, 4, ...said), quiet)).toBe(0);
    const { code, stderr } = await launched(launcher, processes, [program, ...reconstruct(several, 3, ...said)]);
    expect(stderr.match(/^wrote .*reconstruction.npz$/gm)).toHaveLength(1);
    expect(code).toBe(0);
    expect(await main(reconstruct(several, 4, ...said, "--resume", "last"), quiet)).toBe(0);
    const [found, alone] = await Promise.all(
      [several, one].map((name) => readReconstructionFile(join(at(name), "reconstruction.npz"))),
    );
    expect(maxDeviation(found.object.data, alone.object.data)).toBeLessThan(tolerances.ranksReconstruction);
  },
);

it.skipIf(launcher === undefined)("frames one after the other are not shared", { timeout: 60_000 }, async () => {
  const { code, stderr } = await launched(launcher, 2, [program, ...reconstruct("refused", 3, "--engine", "rpie")]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/engine rpie reconstructs in one process alone here.*got 2 processes.*--batch_size 16/s);
});

it.skipIf(launcher === undefined)(
  "a run that is only checked ends well in each process",
  { timeout: 120_000 },
  async () => {
    for (let time = 0; time < 3; time++) {
      const checked = [program, ...reconstruct("unmade", 3, "--engine", "lsqml"), "--dry_run"];
      const { code, stderr } = await launched(launcher, 2, checked);
      expect([code, stderr.match(/error|stopping/g)]).toEqual([0, null]);
    }
  },
);
