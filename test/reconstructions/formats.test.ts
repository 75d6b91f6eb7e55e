import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openArrayFile } from "../../src/formats/containers.ts";
import { memorySink } from "../../src/formats/memorySink.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { writeTiff } from "../../src/formats/writeTiff.ts";
import { nodeHome } from "../../src/node/home.ts";
import type { FoundObject, ReconstructionToWrite } from "../../src/reconstructions/reconstructionFormat.ts";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { recogniseReconstruction, reconstructionWriterNamed } from "../../src/reconstructions/registry.ts";
import { readObjectFile } from "../../src/runs/objectFile.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { type Call, call } from "../cli/harness.ts";
import { dataFile } from "../fixtures.ts";
import { writtenTo } from "../scans/writers/written.ts";
import { tolerances } from "../tolerances.ts";

async function roundTrip(name: string, reconstruction: ReconstructionToWrite): Promise<FoundObject> {
  const writer = reconstructionWriterNamed(name);
  const made = await writtenTo(writer.files?.("r") ?? ["r"], (files) =>
    writer.write(reconstruction, files, ["history"]),
  );
  const file = await openArrayFile(made["r"], "r");
  const known = recogniseReconstruction(file);
  if (known === undefined) throw new Error(`${name} is not recognised`);
  expect(known.alone).toBe(true);
  const found = known.format.read(file, "r");
  file.close();
  return found;
}

const reconstructions = fc
  .record({ height: fc.integer({ min: 1, max: 9 }), width: fc.integer({ min: 1, max: 9 }) })
  .chain(({ height, width }) =>
    fc.record({
      name: fc.constant("a name"),
      object: fc
        .array(fc.float({ noNaN: true, min: -100, max: 100 }), {
          minLength: 2 * height * width,
          maxLength: 2 * height * width,
        })
        .map((values) => ({ shape: [height, width], data: Float32Array.from([...values.slice(1), 1]) })),
      coverage: fc.constant(Float32Array.from({ length: height * width }, (_, i) => i / (height * width))),
      positions: fc
        .array(fc.double({ noNaN: true, min: -50, max: 500 }), { minLength: 2, maxLength: 12 })
        .map((values) => Float64Array.from(values.slice(0, 2 * Math.floor(values.length / 2)))),
      origin: fc.record({
        y: fc.double({ noNaN: true, min: -50, max: 50 }),
        x: fc.double({ noNaN: true, min: -50, max: 50 }),
      }),
      pixelSizeM: fc.double({ noNaN: true, min: 1e-12, max: 1e-3 }),
    }),
  );

/** Positions and lengths that went through metres: a few roundings of float64. */
const near = (found: ArrayLike<number> | undefined, expected: ArrayLike<number>): void => {
  expect(found?.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) expect(Math.abs(found![i] - expected[i])).toBeLessThan(1e-11);
};

describe("what a format holds of a reconstruction comes back", () => {
  it.each(["npz", "hdf5"])("%s: all", async (name) => {
    await fc.assert(
      fc.asyncProperty(reconstructions, async (reconstruction) => {
        const { name: _, ...all } = { ...reconstruction, pixelRatio: [2, 0.5] as const };
        const { key, ...found } = await roundTrip(name, { ...all, name: "r" });
        expect(key).toBe("object");
        expect(found).toEqual(all);
      }),
      { numRuns: 12 },
    );
  });

  it("ptyr: the object, its place and the positions in one frame", async () => {
    await fc.assert(
      fc.asyncProperty(reconstructions, async (reconstruction) => {
        const { object, origin, positions, pixelSizeM } = await roundTrip("ptyr", reconstruction);
        expect(object).toEqual(reconstruction.object);
        near(positions, reconstruction.positions);
        near([origin!.y, origin!.x], [reconstruction.origin.y, reconstruction.origin.x]);
        expect(pixelSizeM).toBe(reconstruction.pixelSizeM);
      }),
      { numRuns: 12 },
    );
  });

  it.each(["product", "product_npz"])("%s: the object, and positions over it, whatever the sides", async (name) => {
    await fc.assert(
      fc.asyncProperty(reconstructions, fc.integer({ min: 1, max: 4 }), async (reconstruction, side) => {
        const probe = { shape: [2, side, side], data: new Float32Array(4 * side * side).fill(1) };
        const { object, origin, positions, pixelSizeM } = await roundTrip(name, { ...reconstruction, probe });
        const { y, x } = reconstruction.origin;
        expect(object).toEqual(reconstruction.object);
        expect(origin).toEqual({ y: 0, x: 0 });
        near(
          positions,
          reconstruction.positions.map((value, i) => value - (i % 2 === 0 ? y : x)),
        );
        expect(pixelSizeM).toBe(reconstruction.pixelSizeM);
      }),
      { numRuns: 12 },
    );
  });

  it("CXI: the object and its pixel", async () => {
    await fc.assert(
      fc.asyncProperty(reconstructions, async (reconstruction) => {
        const { object, pixelSizeM = 0, origin } = await roundTrip("cxi", reconstruction);
        expect(object).toEqual(reconstruction.object);
        expect(pixelSizeM / reconstruction.pixelSizeM).toBeCloseTo(1, 11);
        expect(origin).toBeUndefined();
      }),
      { numRuns: 12 },
    );
  });
});

describe("convert and evaluate", () => {
  let root = "";
  const path = (...names: string[]): string => join(root, ...names);
  const run = (...argv: string[]): Promise<Call> => call(argv);
  const [height, width] = [40, 52];
  const data = Float32Array.from({ length: 2 * height * width }, (_, i) => Math.sin(i * i) + 1.5);
  const reconstruction = {
    object: { shape: [height, width], data },
    coverage: new Float32Array(height * width).fill(1),
    positions: Float64Array.of(20, 20, 21, 25),
    origin: { y: -2, x: 3 },
  };

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "ptychonaut-reconstructions-"));
    writeFileSync(path("reconstruction.npz"), writeReconstruction(reconstruction));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it("each format is written from a reconstruction.npz, and evaluated against it", async () => {
    for (const file of ["r.h5", "r.cxi", "r.ptyr", "r_product.h5", "r_product.npz"]) {
      const metres = /ptyr|product/.test(file) ? ["--object_pixel_m", "1e-8"] : [];
      const { code, stderr } = await run("convert", path("reconstruction.npz"), path(file), ...metres);
      expect(code, stderr).toBe(0);
      expect(stderr).toMatch(/an object of 40 x 52 as /);
      const { object } = await readObjectFile(path(file), nodeHome);
      expect(object).toEqual(reconstruction.object);
      const evaluated = await run("evaluate", path(file), "--reference", path("reconstruction.npz"), "--json");
      expect(evaluated.code, evaluated.stderr).toBe(0);
      // In another place this object, whose pixels differ from their neighbours, would be at about 0.5.
      expect((JSON.parse(evaluated.stdout) as { complexError: number }).complexError).toBeLessThan(0.01);
    }
  });

  it("says what is lost and what is missing, and refuses metres without a pixel", async () => {
    const cxi = await run("convert", path("reconstruction.npz"), path("strict.cxi"), "--strict");
    expect(cxi.code).toBe(2);
    expect(cxi.stderr).toMatch(
      /cxi cannot hold all.*2080 pixels are covered; the positions of 2 patterns; .*\(-2, 3\)/,
    );
    const ptyr = await run("convert", path("reconstruction.npz"), path("none.ptyr"));
    expect(ptyr.code).toBe(2);
    expect(ptyr.stderr).toMatch(/ptyr is in metres.*--object_pixel_m.*in pixels: npz, hdf5/s);
    expect(existsSync(path("none.ptyr"))).toBe(false);
    const product = await run("convert", path("reconstruction.npz"), path("p_product.h5"), "--object_pixel_m", "1e-8");
    expect(product.stderr).toMatch(/Ptychodus asks for .*: no probe, no energy \(0 is written\)/);
  });

  it("takes an object of a scan by its name, and one in a file without patterns", async () => {
    const scan = simulate({ n: 16, patterns: 9, seed: 1 });
    const { object } = scan;
    if (object === undefined) throw new Error("a simulation has its object");
    writeFileSync(path("scan.npz"), writeScanNpz(scan));
    writeFileSync(path("object.npz"), writeNpz({ objectGuess: { ...object, dtype: "complex64" } }));
    for (const from of ["scan.npz::objectGuess", "object.npz"]) {
      const { code, stderr } = await run("convert", path(from), path("taken.h5"), "--overwrite");
      expect(code, stderr).toBe(0);
      expect((await readObjectFile(path("taken.h5"), nodeHome)).object).toEqual(object);
    }
    const patterns = await run("convert", path("scan.npz::diff3d"), path("taken.tif"));
    expect(patterns.stderr).toMatch(/9 patterns of 16 x 16 as tiff/);
    const itself = await run("convert", path("scan.npz::objectGuess"), path("scan.npz"), "--overwrite");
    expect(itself.code).toBe(2);
    expect(itself.stderr).toMatch(/the output would overwrite an input/);
  });

  it("options of scans are refused", async () => {
    const { code, stderr } = await run(
      "convert",
      path("reconstruction.npz"),
      path("x.cxi"),
      "--dc_at",
      "corner",
      "--compress",
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/2 options of scans, and this is a reconstruction.*--dc_at.*--compress/);
  });

  it("as TIFF, amplitude and phase", async () => {
    expect((await run("convert", path("reconstruction.npz"), path("r.tif"))).code).toBe(0);
    for (const [name, of] of [
      ["amplitude", Math.hypot],
      ["phase", (re: number, im: number) => Math.atan2(im, re)],
    ] as const) {
      const { object: _, ...rest } = reconstruction;
      const bytes = await nodeHome.store.read(path(`r_${name}.tif`));
      const file = await openArrayFile(bytes, "r.tif");
      const image = file.readNumbers(file.keys[0]);
      expect(image.shape.slice(-2)).toEqual([height, width]);
      for (let i = 0; i < rest.coverage.length; i++)
        expect(image.data[i]).toBe(Math.fround(of(data[2 * i], data[2 * i + 1])));
      file.close();
    }
  });

  it("and back: either of the two images is the reconstruction, beside the other", async () => {
    expect((await run("convert", path("reconstruction.npz"), path("back.tif"))).code).toBe(0);
    const hashes = [];
    for (const half of ["amplitude", "phase"]) {
      const { object, sha256 } = await readObjectFile(path(`back_${half}.tif`), nodeHome);
      expect(object.shape).toEqual([height, width]);
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      object.data.forEach((value, i) => {
        expect(Math.abs(value - data[i])).toBeLessThan(tolerances.float32Rounding * largest);
      });
      hashes.push(sha256);
      const { code, stderr } = await run("convert", path(`back_${half}.tif`), path(`back_from_${half}.npz`));
      expect(code, stderr).toBe(0);
      expect((await readObjectFile(path(`back_from_${half}.npz`), nodeHome)).object).toEqual(object);
    }
    // Each is a hash of both, the one that was named first.
    expect(hashes[0]).not.toBe(hashes[1]);
    expect((await run("evaluate", path("back_phase.tif"), "--reference", path("reconstruction.npz"))).code).toBe(0);
  });

  it("but one image alone is refused with the name of the other, and so are two that do not fit", async () => {
    expect((await run("convert", path("reconstruction.npz"), path("half.tif"))).code).toBe(0);
    renameSync(path("half_phase.tif"), path("elsewhere.tif"));
    const half = await run("convert", path("half_amplitude.tif"), path("half.npz"));
    expect(half.code).toBe(2);
    expect(half.stderr).toMatch(/one half of a complex image.*expected half_phase\.tif in the same folder/);
    const { sink, bytes } = memorySink();
    await writeTiff(sink, { shape: [1, 1, 2], pages: [Float32Array.of(1, 2)] });
    writeFileSync(path("half_phase.tif"), bytes());
    const unlike = await run("convert", path("half_amplitude.tif"), path("half.npz"));
    expect(unlike.stderr).toMatch(/amplitude and phase have different shapes.*got \(1, 1, 2\)/);
  });
});

const moonflower = dataFile("dls_moonflower_scan1.ptyr");

it.skipIf(moonflower === undefined)("a result of ptypy itself is read (dls_moonflower_scan1.ptyr)", async () => {
  const found = await readObjectFile(String(moonflower), nodeHome);
  expect(found.object.shape).toEqual([402, 416]);
  expect(found.pixelSizeM).toBeCloseTo(6.35820101e-8, 15);
  expect(found.positions?.length).toBe(2 * 92);
  // Its windows of 128² lie inside its object.
  const { origin = { y: 0, x: 0 }, positions = [] } = found;
  for (let k = 0; k < positions.length; k += 2) {
    expect(positions[k] - origin.y - 64).toBeGreaterThan(-1);
    expect(positions[k] - origin.y + 64).toBeLessThan(403);
    expect(positions[k + 1] - origin.x - 64).toBeGreaterThan(-1);
    expect(positions[k + 1] - origin.x + 64).toBeLessThan(417);
  }
});
