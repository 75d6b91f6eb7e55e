import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";
import type { NumericArray } from "../src/formats/npy.ts";
import { openNpz } from "../src/formats/npz.ts";

/**
 * Numbers computed by the reference system, found through the CONFIG.json of the folder that PTYCHONAUT_FIXTURES names
 * (default ../shared/fixtures beside the project). Tests loop over every entry of a kind and take all sizes from it.
 */
export interface FixtureEntry {
  readonly kind: string;
  readonly [option: string]: unknown;
}

export interface Fixture {
  /** Name inside the fixture folder. */
  readonly file: string;
  readonly entry: FixtureEntry;
  readonly arrays: FixtureArrays;
}

/** The arrays of one fixture, each parsed when first asked for. */
export interface FixtureArrays {
  readonly keys: readonly string[];
  has(name: string): boolean;
  /** Throws when there is no such array. */
  get(name: string): NumericArray;
  /** `NAME_re` and `NAME_im` as two arrays. */
  complex(name: string): { shape: readonly number[]; re: Float32Array; im: Float32Array };
  /** The single element of a scalar (shape (1) or ()). */
  scalar(name: string): number;
}

const projectRoot = resolve(dirname(fileURLToPath(import.meta.url)), "..");
export const fixturesFolder: string = resolve(projectRoot, process.env["PTYCHONAUT_FIXTURES"] ?? "../shared/fixtures");
const dataFolder = resolve(projectRoot, process.env["PTYCHONAUT_DATA"] ?? "../shared/data");
const casesFolder = resolve(projectRoot, process.env["PTYCHONAUT_CASES"] ?? "../shared/cases");

/** Every entry of CONFIG.json of this kind; empty when the folder is absent. */
export function fixturesOfKind(kind: string): Fixture[] {
  const config = join(fixturesFolder, "CONFIG.json");
  if (!existsSync(config)) return [];
  const entries = JSON.parse(readFileSync(config, "utf8")) as Record<string, FixtureEntry>;
  return Object.entries(entries)
    .filter(([, entry]) => entry.kind === kind)
    .map(([file, entry]) => ({ file, entry, arrays: fixtureArrays(file) }));
}

/** Another file of the fixture folder, as entries name it (`init`, `weightsFrom`). */
export function fixtureArrays(file: string): FixtureArrays {
  let opened: ReturnType<typeof openNpz> | undefined;
  const npz = (): ReturnType<typeof openNpz> => (opened ??= openNpz(readFileSync(join(fixturesFolder, file)), file));
  const parsed = new Map<string, NumericArray>();
  const get = (name: string): NumericArray => {
    const array = parsed.get(name) ?? npz().readNumbers(name);
    parsed.set(name, array);
    return array;
  };
  return {
    get keys() {
      return npz().keys;
    },
    has: (name) => npz().has(name),
    get,
    complex: (name) => ({
      shape: get(`${name}_re`).shape,
      re: Float32Array.from(get(`${name}_re`).data),
      im: Float32Array.from(get(`${name}_im`).data),
    }),
    scalar: (name) => {
      const { data } = get(name);
      if (data.length !== 1) throw new Error(`${file}: ${name} is no scalar`);
      return data[0];
    },
  };
}

/** One `describe` block per fixture of the kind; one skipped test that says why when there is none. */
export function describeFixtures(kind: string, body: (fixture: Fixture) => void): void {
  const fixtures = fixturesOfKind(kind);
  if (fixtures.length === 0) {
    it.skip(`${kind}: no fixtures of this kind in the folder of PTYCHONAUT_FIXTURES`, () => {});
    return;
  }
  for (const fixture of fixtures) describe(`${kind}: ${fixture.file}`, () => body(fixture));
}

/** A test of arrays that not every fixture of a kind has: skipped by name, saying which are missing, where they are. */
export function itWith(
  arrays: FixtureArrays,
  needed: readonly string[],
  name: string,
  body: () => unknown,
  patience?: number,
): void {
  const missing = needed.filter((array) => !arrays.has(array));
  if (missing.length === 0) it(name, async () => void (await body()), patience);
  else it.skip(`${name} (no ${missing.join(", ")} in this file)`, () => {});
}

/** The names of a complex array's two parts. */
export const complexNames = (name: string): string[] => [`${name}_re`, `${name}_im`];

/**
 * A file of the folder that PTYCHONAUT_DATA names (default ../shared/data beside the project), or undefined.
 * Use: `it.skipIf(dataFile("x.npz") === undefined)("…", …)`.
 */
export function dataFile(name: string): string | undefined {
  const path = join(dataFolder, name);
  return existsSync(path) ? path : undefined;
}

/** A file with a fault of the folder that PTYCHONAUT_CASES names (default ../shared/cases), or undefined. */
export function caseFile(name: string): string | undefined {
  const path = join(casesFolder, name);
  return existsSync(path) ? path : undefined;
}
