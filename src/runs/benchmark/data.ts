import type { ComplexArray } from "../../arrays.ts";
import { benchmarkProbe, type LinesSetup, simulateSplit } from "../../benchmark/linesData.ts";
import { sameValue } from "../../config/merge.ts";
import { snakeCase } from "../../config/names.ts";
import { PtychonautError } from "../../errors.ts";
import { openNpz } from "../../formats/npz.ts";
import { counted } from "../../printable.ts";
import { writeScanNpz } from "../../scans/writeScanNpz.ts";
import { claimFolder } from "../claimFolder.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import { outputs } from "../outputs.ts";
import { joinPath } from "../paths.ts";
import { isThere, writeJson } from "../store.ts";
import { type DataRecord, readDataRecord } from "./records.ts";

/** The simulated scans of a benchmark, as files. */
export interface BenchmarkData {
  readonly train: string;
  readonly test: string;
  /** By which the test object's amplitudes were divided. */
  readonly testUnit: number;
}

interface MeasuredProbe {
  readonly probe: ComplexArray;
  readonly sha256: string;
}

export interface BenchmarkDataRequest {
  readonly setup: LinesSetup;
  readonly probeFile?: string | undefined;
  /** Whether scans that are there may be replaced. */
  readonly overwrite?: boolean | undefined;
}

/** The probe of a benchmark, with the SHA-256 of the file that it was measured in. */
export interface BenchmarkProbeUsed {
  readonly probe: ComplexArray;
  readonly sha256: string | null;
}

/** @throws PtychonautError "usage" when a measured probe is asked for and no file named, "data" when the file has none */
export async function probeOf({ setup, probeFile }: BenchmarkDataRequest, home: Home): Promise<BenchmarkProbeUsed> {
  const measured = probeFile === undefined ? undefined : await readProbe(probeFile, home);
  return { probe: benchmarkProbe(setup, measured?.probe), sha256: measured?.sha256 ?? null };
}

/**
 * Simulates both scans into a folder, or takes those that are there from an earlier call.
 * @throws PtychonautError "usage" when the folder holds other data
 */
export async function benchmarkData(
  folder: string,
  { setup, probeFile, overwrite }: BenchmarkDataRequest,
  { probe, sha256 }: BenchmarkProbeUsed,
  hooks: RunHooks,
  home: Home,
): Promise<BenchmarkData> {
  const { store } = home;
  const { benchmark: names } = outputs;
  const [train, test, record] = [names.train, names.test, names.data].map((name) => joinPath(folder, name));
  const wanted = { setup, probe: sha256 };
  const begun = await isThere(record, store);
  if (begun) {
    const found = await readDataRecord(record, store);
    checkSame(found, wanted, folder);
    if (found.amplitudeUnit !== null) return { train, test, testUnit: found.amplitudeUnit.test };
  }
  const inputs = probeFile === undefined ? [] : [probeFile];
  await claimFolder(folder, { command: "benchmark data", inputs, overwrite: overwrite === true || begun }, store);
  await writeJson(record, { ...wanted, amplitudeUnit: null }, store);
  const unit = { train: 0, test: 0 };
  for (const split of ["train", "test"] as const) {
    const { dataset, amplitudeUnit } = simulateSplit(setup, split, probe);
    unit[split] = amplitudeUnit;
    const path = { train, test }[split];
    await store.write(path, writeScanNpz(dataset));
    hooks.log(`wrote ${path}: ${counted(dataset.patterns.count, "pattern")} of ${setup.n} x ${setup.n}`);
  }
  await writeJson(record, { ...wanted, amplitudeUnit: unit }, store);
  return { train, test, testUnit: unit.test };
}

function checkSame(
  found: DataRecord,
  wanted: { readonly setup: LinesSetup; readonly probe: string | null },
  folder: string,
): void {
  const names = Object.keys(wanted.setup) as (keyof LinesSetup)[];
  const differing = names
    .filter((name) => !sameValue(found.setup[name], wanted.setup[name]))
    .map((name) => `${snakeCase(name)} ${found.setup[name]}`);
  if (found.probe !== wanted.probe) differing.push("another probe file");
  if (differing.length === 0) return;
  throw new PtychonautError("usage", "the folder holds the data of another benchmark", {
    where: folder,
    got: `data made with ${differing.join(", ")}`,
    fix: "name another output folder, or repeat the settings",
  });
}

/** The array `probeGuess` as one mode, `[1, m, m]`. */
async function readProbe(path: string, { machine, store }: Home): Promise<MeasuredProbe> {
  const bytes = await store.read(path);
  const npz = openNpz(bytes, path);
  const wrong = (got: string): PtychonautError =>
    new PtychonautError("data", "no probe in this file", {
      where: path,
      expected: "probeGuess, one complex mode (m, m)",
      got,
    });
  if (!npz.has("probeGuess")) throw wrong(`the arrays ${npz.keys.join(", ")}`);
  const { shape, dtype, data } = npz.readNumbers("probeGuess");
  const side = shape.at(-1)!;
  if (!dtype.startsWith("complex") || data.length !== 2 * side * side) throw wrong(`${dtype} (${shape.join(", ")})`);
  return { probe: { shape: [1, side, side], data: Float32Array.from(data) }, sha256: await machine.sha256(bytes) };
}
