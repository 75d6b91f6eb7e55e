import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { Random } from "../../src/random.ts";
import { call } from "../cli/harness.ts";
import { type Arrays, COUNT, rowsOf, simulated } from "./planted.ts";

/** What looks like a defect that the doctor knows, and is another. */

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const arrays = simulated({ photons: 3000 });

/** Counts in uint16, some of which are changed. */
function counts(change: (value: number, i: number) => number): Arrays {
  const { diff3d, ...others } = arrays;
  const data = Uint16Array.from(diff3d.data as Float32Array, (value, i) => change(Math.round(value ** 2), i));
  return { ...others, diffraction: { shape: diff3d.shape, dtype: "uint16", data } as NpyArray };
}

/** One pixel in three hundred, another in each frame, is −1 without its sign. */
const random = new Random(3);
const wrapped = counts((value) => (random.uniform() < 1 / 300 ? -1 : value) & 0xffff);

const row = async (scan: Arrays, quantity: string) =>
  (await rowsOf(scan)).find((each) => each.quantity === quantity) ?? expect.fail(`no row ${quantity}`);

describe("numbers below zero that lost their sign", () => {
  it("are not surely saturation", async () => {
    const { sure, evidence, found } = await row(wrapped, "saturation");
    expect([found, sure]).toEqual(["at 65535 counts", "unsure"]);
    expect(evidence).toMatch(/stored without a sign/);
    const most = Math.max(...(counts((value) => value).diffraction.data as Uint16Array));
    expect(
      await row(
        counts((value) => Math.min(value, most >> 1)),
        "saturation",
      ),
    ).toMatchObject({ sure: "sure" });
  });

  it("in most frames are no reason to leave these out", async () => {
    const { sure, says, state } = await row(wrapped, "outlying frames");
    expect({ sure, says, state }).toEqual({ sure: "unsure", says: undefined, state: "trouble" });
  });
});

describe("--fix", () => {
  it("writes nothing where there is no light", async () => {
    writeFileSync(path("dark.npz"), writeNpz(counts(() => 0)));
    const { code, stderr } = await call([
      "inspect",
      "--fix",
      path("out.npz"),
      path("dark.npz"),
      "--measurement",
      "counts",
      "--quiet",
    ]);
    expect([code, readdirSync(folder)]).toEqual([2, ["dark.npz"]]);
    expect(stderr).toMatch(/no light/);
  });

  it("names no flag that it does not have", async () => {
    writeFileSync(path("few.npz"), writeNpz(counts((value) => value)));
    const { code, stderr } = await call(["inspect", "--fix", path("out.foo"), path("few.npz"), "--quiet"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/does not say its format/);
    expect(stderr).not.toMatch(/--to/);
  });
});

it("converting refuses to leave nothing", async () => {
  writeFileSync(path("scan.npz"), writeNpz(counts((value) => value)));
  const convert = (...options: readonly string[]) =>
    call(["convert", path("scan.npz"), path("none.npz"), "--measurement", "counts", "--quiet", ...options]);
  for (const [options, why] of [
    [["--skip_frames", `0-${COUNT - 1}`], /no pattern is left.*--skip_frames/],
    [["--background", "1e9"], /nothing is left of the patterns.*--background 1000000000/],
    [["--threshold", "1e9"], /nothing is left.*--threshold/],
    [["--counts_per_photon", "1e-300"], /no number that can be kept is left.*--counts_per_photon 1e-300/],
    [["--counts_per_photon", "1e300"], /nothing is left.*--counts_per_photon/],
  ] as const) {
    const { code, stderr } = await convert(...options);
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(why);
  }
  expect(readdirSync(folder)).not.toContain("none.npz");
});

it.each([
  ["out.cxi", "npz", /says cxi, and npz is asked for.*ends with \.npz.*leave --to out/],
  ["out.npz", "tiff", /says npz, and tiff/],
  ["out.tif", "hdf5", /says tiff, and hdf5/],
])("converting to %s refuses --to %s", async (name, to, why) => {
  writeFileSync(path("scan.npz"), writeNpz(counts((value) => value)));
  const { code, stderr } = await call([
    ...["convert", path("scan.npz"), path(name), "--measurement", "counts", "--to", to],
  ]);
  expect([code, readdirSync(folder).includes(name)]).toEqual([2, false]);
  expect(stderr).toMatch(why);
});

it("an address that ends with its separator names no array", async () => {
  const { code, stderr } = await call(["inspect", `${path("scan.npz")}::`]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/the address names no array; expected FILE::ARRAY, or FILE alone/);
});
