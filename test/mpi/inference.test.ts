import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { main } from "../../src/node/cli/main.ts";
import { readReconstructionFile } from "../../src/node/runs.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { launched, launchers } from "./launchers.ts";

const LONG = { timeout: 120_000 };
const program = fileURLToPath(new URL("../../src/node/cli/ptychonaut.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-inferring-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);
const scan = at("scan.npz");

const infer = (output: string, ...more: string[]): string[] => [
  ...["infer", "--model_path", at("model"), "--test_data", scan, "--output_dir", at(output), "--accelerator", "cpu"],
  ...more,
];

async function alone(argv: readonly string[]): Promise<void> {
  const said: string[] = [];
  expect(await main(argv, { stdout: () => {}, stderr: (text) => said.push(text) }), said.join("")).toBe(0);
}

/** The same object, coverage and measures as one process finds, to rounding. */
async function expectSame(output: string, expected: string): Promise<void> {
  const [found, single] = await Promise.all(
    [output, expected].map((name) => readReconstructionFile(join(at(name), "reconstruction.npz"))),
  );
  expect(found.object.shape).toEqual(single.object.shape);
  expect(Math.max(...single.object.data.map(Math.abs))).toBeGreaterThan(0.1);
  expect(maxDeviation(found.object.data, single.object.data)).toBeLessThan(tolerances.ranksObject);
  const metrics = [output, expected].map((name) => JSON.parse(readFileSync(join(at(name), "metrics.json"), "utf8")));
  const numbers = ({ deviance, patches, dataFit, halfData }: (typeof metrics)[number]): number[] => [
    ...[deviance, patches.fit.deviance, patches.fit.patterns, patches.variety.variation, patches.variety.patches],
    ...[dataFit.patterns, dataFit.rFactor],
    ...(halfData === undefined ? [] : [halfData.patterns ?? 0].flat()),
  ];
  for (const [i, value] of numbers(metrics[0]).entries())
    expect(Math.abs(value / numbers(metrics[1])[i] - 1)).toBeLessThan(tolerances.ranksObject);
}

beforeAll(async () => {
  writeFileSync(scan, writeScanNpz(simulate({ n: 32, patterns: 60, seed: 3, photons: 1e5 })));
  const sizes = "--gridsize 1 --n_filters_scale 1 --max_epochs 1 --accelerator cpu --recon_log_every_n_epochs 0";
  await alone(["train", "--train_data_file", scan, "--output_dir", at("model"), ...sizes.split(" ")]);
  await alone(infer("alone"));
  await alone(infer("aligned alone", "--phase_alignment", "--confidence"));
}, 120_000);

const [openMpi, mpich] = launchers;

it.skipIf(openMpi.command === undefined)("two processes reconstruct what one does (Open MPI)", LONG, async () => {
  const { code, stderr } = await launched(openMpi, 2, [program, ...infer("two", "--inference_batch_size", "7")]);
  expect(code).toBe(0);
  expect(stderr.match(/^wrote .*reconstruction.npz$/gm)).toHaveLength(1);
  await expectSame("two", "alone");
});

it.skipIf(mpich.command === undefined)("three with phases aligned and expected errors, too (MPICH)", LONG, async () => {
  const { code } = await launched(mpich, 3, [program, ...infer("three", "--phase_alignment", "--confidence")]);
  expect(code).toBe(0);
  await expectSame("three", "aligned alone");
});
