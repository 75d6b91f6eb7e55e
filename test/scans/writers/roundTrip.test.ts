import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import { memoryPatterns } from "../../../src/data/memoryPatterns.ts";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { writeNpz } from "../../../src/formats/npz.ts";
import { resolveGeometry } from "../../../src/optics/geometry.ts";
import { Random } from "../../../src/random.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { Elsewhere } from "../../../src/scans/scanFormat.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { countTypeOf, framesOf } from "../../../src/scans/writers/frames.ts";
import { withDetectorPixel } from "../../../src/scans/writers/metres.ts";
import { scanWriterNamed, scanWriters } from "../../../src/scans/writers/registry.ts";
import type { ScanPart } from "../../../src/scans/writers/scanContent.ts";
import { writtenTo } from "./written.ts";

interface Options {
  readonly seed: number;
  readonly height: number;
  readonly square: boolean;
  readonly count: number;
  readonly modes: number;
  readonly amplitude: boolean;
  readonly whole: boolean;
  readonly mask: boolean;
  readonly object: boolean;
  readonly nominal: boolean;
  readonly dose: boolean;
  readonly scans: boolean;
  readonly intensities: boolean;
}

const options: fc.Arbitrary<Options> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 30 }),
  height: fc.integer({ min: 8, max: 11 }),
  square: fc.boolean(),
  count: fc.integer({ min: 2, max: 7 }),
  modes: fc.integer({ min: 1, max: 3 }),
  amplitude: fc.boolean(),
  whole: fc.boolean(),
  mask: fc.boolean(),
  object: fc.boolean(),
  nominal: fc.boolean(),
  dose: fc.boolean(),
  scans: fc.boolean(),
  intensities: fc.boolean(),
});

const plain: Options = {
  ...{
    seed: 1,
    height: 8,
    square: true,
    count: 2,
    modes: 1,
    amplitude: false,
    whole: true,
    mask: false,
    object: false,
  },
  ...{ nominal: false, dose: false, scans: false, intensities: false },
};

/** A scan of random numbers: sides even and odd, counts whole and not. */
function randomScan(o: Options): Dataset {
  const random = new Random(o.seed);
  const { height, count } = o;
  // There are fewer frames than a side is long: the axes are never in doubt.
  const width = o.square ? height : height + 1 + random.integer(3);
  const size = height * width;
  const complex = (shape: readonly number[]): ComplexArray => ({
    shape,
    data: Float32Array.from({ length: 2 * shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
  });
  const counts = Float32Array.from({ length: count * size }, () =>
    o.whole ? random.integer(60000) : 1000 * random.uniform(),
  );
  const rows = height + 6 + random.integer(4);
  const columns = width + 6 + random.integer(4);
  const place = (): Float64Array =>
    Float64Array.from({ length: 2 * count }, (_, i) =>
      i % 2 === 0
        ? Math.floor(height / 2) + random.uniform() * (rows - height)
        : Math.floor(width / 2) + random.uniform() * (columns - width),
    );
  const side = o.square ? height : undefined;
  const known = { energyKev: 6 + 4 * random.uniform(), detectorDistanceM: 1.9, detectorPixelM: 75e-6 };
  const pixel = o.square ? {} : { objectPixelM: 2e-8 };
  return {
    name: "scan",
    patterns: memoryPatterns(o.amplitude ? counts.map(Math.sqrt) : counts, [count, height, width]),
    measurement: o.amplitude ? "amplitude" : "counts",
    positions: place(),
    ...(o.nominal ? { nominalPositions: place() } : {}),
    geometry: resolveGeometry({ ...known, ...pixel }, side, "scan"),
    probe: complex([o.modes, height, width]),
    ...(o.object ? { object: complex([rows, columns]) } : {}),
    ...(o.mask
      ? {
          mask: {
            shape: [height, width],
            data: Float32Array.from({ length: size }, (_, i) => (i === 0 || random.uniform() < 0.8 ? 1 : 0)),
          },
        }
      : {}),
    ...(o.dose ? { photonsPerPattern: 1e5 } : {}),
    ...(o.scans ? { scanIndex: Int32Array.from({ length: count }, (_, k) => k % 2) } : {}),
    ...(o.intensities ? { frameIntensities: Float64Array.from({ length: count }, () => 0.5 + random.uniform()) } : {}),
    provenance: { conversions: [], warnings: [] },
  };
}

/** What is said to whoever reads a file: where its other parts are, and what it has no place for. */
interface Told {
  readonly elsewhere?: Elsewhere;
  readonly reading?: ScanOptions;
}

/** Writes a scan and reads it again, as a program would that is told nothing but where the second file is. */
async function through(name: string, scan: Dataset, told: Told = {}): Promise<Dataset> {
  const writer = scanWriterNamed(name);
  const path = `scan${writer.endings[0]}`;
  const frames = framesOf(scan);
  const countType = writer.integers ? await countTypeOf(frames) : undefined;
  const given = withDetectorPixel(countType === undefined ? frames : { ...frames, countType });
  const made = await writtenTo(writer.files?.(path) ?? [path], (files) =>
    writer.write(given, files, { compress: name !== "cxi", history: ["a line"] }),
  );
  const files: Record<string, ArrayFile> = {};
  for (const [each, bytes] of Object.entries(made)) files[each] = await openArrayFile(bytes, each);
  const main = Object.keys(files).at(-1) as string;
  const [beside] = Object.keys(files).filter((each) => each !== main);
  const { elsewhere = {}, reading = {} } = beside === undefined ? told : tellOf(files[beside], beside);
  const dataset = readScanArrays(files[main], reading, { path: main, elsewhere });
  // What stays in its file would go with it.
  const { count, height, width } = dataset.patterns;
  const numbers = new Float32Array(count * height * width);
  dataset.patterns.read([...Array(count).keys()], numbers);
  for (const file of Object.values(files)) file.close();
  return { ...dataset, patterns: memoryPatterns(numbers, [count, height, width]) };
}

/** As `patterns`, `mask_file` and `mask_valid` say it. */
function tellOf(file: ArrayFile, where: string): Told {
  if (file.has("dp")) return { elsewhere: { patterns: [{ file, key: "dp", where }] } };
  const at = (key: string) => [{ file, key, where }];
  return { elsewhere: { patterns: at("patterns"), maskFile: at("bad_pixels") }, reading: { maskValid: 0 } };
}

function numbersOf({ patterns: { count, height, width, read } }: Dataset): Float32Array {
  const out = new Float32Array(count * height * width);
  read([...Array(count).keys()], out);
  return out;
}

const countsOf = (scan: Dataset): Float32Array =>
  scan.measurement === "counts" ? numbersOf(scan) : numbersOf(scan).map((amplitude) => amplitude * amplitude);

/** What of two scans a format must keep, to the last bit where no unit is converted. */
function expectSame(found: Dataset, scan: Dataset, holds: readonly ScanPart[], inMetres: boolean): void {
  const has = (part: ScanPart): boolean => holds.includes(part);
  if (found.measurement === scan.measurement) expect(numbersOf(found)).toEqual(numbersOf(scan));
  else expectClose(countsOf(found), countsOf(scan), 2 ** -22);
  if (has("positions")) {
    // Of a scan without an object, or in a format without one, the origin is free.
    const free = inMetres && (scan.object === undefined || !has("object"));
    const moved = (positions: Float64Array): Float64Array =>
      free ? positions.map((value, i) => value - positions[i % 2]) : positions;
    expectClose(moved(found.positions), moved(scan.positions), inMetres ? 1e-12 : 0, 100);
  }
  if (has("nominalPositions"))
    expect(found.nominalPositions ?? found.positions).toEqual(scan.nominalPositions ?? scan.positions);
  if (has("probe")) expect(found.probe).toEqual(scan.probe);
  if (has("object")) expect(found.object).toEqual(scan.object);
  if (has("mask")) expect(found.mask ?? allValid(scan)).toEqual(scan.mask ?? allValid(scan));
  if (has("photonsPerPattern")) expect(found.photonsPerPattern).toBe(scan.photonsPerPattern);
  if (has("scanIndex")) expect(found.scanIndex).toEqual(scan.scanIndex);
  if (has("frameIntensities")) expect(found.frameIntensities).toEqual(scan.frameIntensities);
  for (const name of ["wavelengthM", "detectorDistanceM", "detectorPixelM", "objectPixelM"] as const)
    if (has(name)) expect(Number(found.geometry?.[name]) / Number(scan.geometry?.[name])).toBeCloseTo(1, 12);
  expect(found.geometry?.propagation).toBe(scan.geometry?.propagation);
}

const allValid = ({ patterns: { height, width } }: Dataset) => ({
  shape: [height, width],
  data: new Float32Array(height * width).fill(1),
});

/** Within a part of the larger of the values and `least`. */
function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, part: number, least = 0): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(found[i] - expected[i])).toBeLessThanOrEqual(part * Math.max(least, Math.abs(expected[i])));
}

/** Those that keep enough for a scan to be read again. */
const names = scanWriters
  .filter(({ holds }) => holds.includes("positions") && holds.includes("probe"))
  .map(({ name }) => name);

/** A format in metres that readers derive the object's pixel of needs it to be derived. */
const fits = (name: string, o: Options): boolean => o.square || !["cxi", "nxcxi", "ptyd"].includes(name);

describe("a scan that is written and read again is the same in all that the format holds", () => {
  it.each(names)("%s", async (name) => {
    const { holds, needs } = scanWriterNamed(name);
    await fc.assert(
      fc.asyncProperty(options, async (o) => {
        fc.pre(fits(name, o));
        const scan = randomScan(o);
        expectSame(await through(name, scan), scan, holds, needs.length > 0);
      }),
      { numRuns: 15 },
    );
  });

  const pairs = names.flatMap((a) => names.filter((b) => a !== b).map((b) => [a, b] as const));

  it.each(pairs)("%s by way of %s", async (first, second) => {
    const [a, b] = [scanWriterNamed(first), scanWriterNamed(second)];
    await fc.assert(
      fc.asyncProperty(options, async (o) => {
        fc.pre(fits(first, o) && fits(second, o));
        const scan = await through(first, randomScan(o));
        const again = await through(first, await through(second, scan));
        const both = a.holds.filter((part) => b.holds.includes(part));
        expect(again.measurement).toBe(scan.measurement);
        // Roots of counts are rounded: only whole counts come back from them to the last bit.
        const rooted = scan.measurement === "counts" && ["npz", "hdf5"].includes(second) && !o.whole;
        if (rooted) expectClose(numbersOf(again), numbersOf(scan), 2 ** -22);
        else expect(numbersOf(again)).toEqual(numbersOf(scan));
        expectSame({ ...again, patterns: scan.patterns }, scan, both, a.needs.length + b.needs.length > 0);
      }),
      { numRuns: 2 },
    );
  });

  it("ptyd, with a probe out of another file, in the far field and the near", async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.boolean(), async (o, near) => {
        const square = randomScan({ ...o, square: true });
        const { geometry } = square;
        if (geometry === undefined) throw new Error("a random scan has its geometry");
        const scan: Dataset = near
          ? { ...square, geometry: { ...geometry, propagation: "near-field", objectPixelM: 2e-8 } }
          : square;
        const { holds } = scanWriterNamed("ptyd");
        const bytes = writeNpz({ probe: { ...scan.probe, dtype: "complex64" } });
        const file = await openArrayFile(bytes, "probe.npz");
        const found = await through("ptyd", scan, {
          elsewhere: { probeFile: [{ file, key: "probe", where: "probe.npz" }] },
        });
        // A near field comes back as that of a parallel beam.
        const { detectorDistanceM = 0, detectorPixelM = 1 } = geometry;
        const parallel = { detectorPixelM: 2e-8, detectorDistanceM: (detectorDistanceM * 2e-8) / detectorPixelM };
        expectSame(
          found,
          near ? { ...scan, geometry: { ...scan.geometry, ...parallel, propagation: "near-field" } } : scan,
          holds,
          true,
        );
        expect(found.probe).toEqual(scan.probe);
      }),
      { numRuns: 15 },
    );
  });

  it("whole counts have the smallest type that holds them, others none", async () => {
    const typeOf = (values: readonly number[], measurement: "counts" | "amplitude" = "counts") => {
      const patterns = memoryPatterns(Float32Array.from(values), [1, 1, values.length]);
      return countTypeOf(framesOf({ ...randomScan({ ...plain, square: true }), patterns, measurement }));
    };
    expect(await typeOf([0, 255])).toBe("uint8");
    expect(await typeOf([0, 256, 65535])).toBe("uint16");
    expect(await typeOf([65536, 2 ** 31])).toBe("uint32");
    expect(await typeOf([Math.sqrt(3), Math.sqrt(40000)], "amplitude")).toBe("uint16");
    for (const bad of [0.5, -1, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY])
      expect(await typeOf([1, bad])).toBeUndefined();
  });

  it("tiff: the counts of every page", async () => {
    await fc.assert(
      fc.asyncProperty(options, async (o) => {
        const scan = randomScan(o);
        const { "scan.tif": bytes } = await writtenTo(["scan.tif"], (files) =>
          scanWriterNamed("tiff").write(framesOf(scan), files, { compress: false, history: ["a line"] }),
        );
        const file = await openArrayFile(bytes, "scan.tif");
        const { count, height, width } = scan.patterns;
        expect(file.header(file.keys[0]).shape).toEqual([count, height, width]);
        const numbers = file.readImages(file.keys[0], 0, count);
        if (o.amplitude) expectClose(numbers, countsOf(scan), 2 ** -22);
        else expect(numbers).toEqual(numbersOf(scan));
        file.close();
      }),
      { numRuns: 15 },
    );
  });
});
