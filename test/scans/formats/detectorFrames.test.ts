import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import type { ArrayFile } from "../../../src/formats/arrayFile.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { writeNpy } from "../../../src/formats/npy.ts";
import { openSource } from "../../../src/node/files/fileSource.ts";
import { checkedScan } from "../../../src/scans/checks/checkedScan.ts";
import { readScanArrays, scanParts } from "../../../src/scans/registry.ts";
import type { ScanSource } from "../../../src/scans/scanFormat.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import {
  beside,
  bigEndian,
  type DmTag,
  dmImage,
  empadXml,
  writeDm,
  writeEmpad,
  writeMib,
} from "../../formats/framesWritten.ts";
import { writeTiffPages } from "../../formats/tiffWritten.ts";
import { complex, fileOf } from "./handMade.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-frames-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [ROWS, COLUMNS, N] = [2, 3, 32];
const COUNT = ROWS * COLUMNS;
const pixel = (k: number, i: number, size = N * N): number => ((13 * k + 7 * i) % 251) + (i === size / 2 ? 500 : 0);
const frame = (k: number, size = N * N): number[] => Array.from({ length: size }, (_, i) => pixel(k, i, size));
const all = (size = N * N): number[] => Array.from({ length: COUNT }, (_, k) => frame(k, size)).flat();

/** With a probe of ones out of another file. */
function read(file: ArrayFile, options: ScanOptions, source: ScanSource = {}, side = N): Dataset {
  const probe = fileOf({ probe: complex([side, side], new Float32Array(2 * side * side).fill(1)) });
  return readScanArrays(file, options, {
    ...source,
    elsewhere: { probeFile: [{ file: probe, key: "probe", where: "p" }] },
  });
}

function framesOf({ patterns }: Dataset): number[] {
  const out = new Float32Array(patterns.count * patterns.height * patterns.width);
  patterns.read([...Array(patterns.count).keys()], out);
  return [...out];
}

/** λ of 300 keV electrons, metres, as tables have it. */
const LAMBDA = 1.96875e-12;

describe("EMPAD's frames", () => {
  const bytes = writeEmpad(Array.from({ length: COUNT }, (_, k) => Float32Array.from(frame(k, 128 * 128))));
  const open = (): Promise<ArrayFile> =>
    openArrayFile(bytes, "scan.raw", beside({ "scan.xml": empadXml("scan.raw", ROWS, COLUMNS) }));

  it("are a raster of the XML's shape, with the step that is said", async () => {
    const scan = read(await open(), { scanStep: 4, positionUnit: "angstrom" }, {}, 128);
    expect(scan.provenance.format?.name).toBe("frames");
    expect([scan.measurement, scan.patterns.count, scan.patterns.height]).toEqual(["counts", COUNT, 128]);
    expect(framesOf(scan)).toEqual(all(128 * 128));
    // λ / (N α)
    const { objectPixelM, wavelengthM, radiation } = scan.geometry!;
    expect(radiation).toBe("electrons");
    expect(wavelengthM! / LAMBDA).toBeCloseTo(1, 4);
    expect(objectPixelM! / (LAMBDA / (128 * 5e-4))).toBeCloseTo(1, 4);
    const step = 4e-10 / objectPixelM!;
    for (const k of [1, 4, 5]) {
      expect(scan.positions[2 * k] - scan.positions[0]).toBeCloseTo(Math.floor(k / COLUMNS) * step, 9);
      expect(scan.positions[2 * k + 1] - scan.positions[1]).toBeCloseTo((k % COLUMNS) * step, 9);
    }
  });

  it("without a step it is asked for", async () => {
    const file = await open();
    expect(() => read(file, {}, {}, 128)).toThrow(/the scan has no positions.*the step of a raster: `scan_step=…`/);
  });
});

describe("Merlin's frames", () => {
  const bytes = writeMib({
    ...{ width: N, height: N, type: "U16", bits: 12 },
    frames: Array.from({ length: COUNT }, (_, k) => bigEndian(frame(k), 2)),
  });

  it("take shape and step from options, and stay in their file where other threads find them", async () => {
    const path = join(folder, "scan.mib");
    writeFileSync(path, bytes);
    const source = openSource(path);
    const file = await openArrayFile(source, path);
    const options = { scanStep: 5, scanShape: `${ROWS},${COLUMNS}` };
    const inMemory = read(file, options);
    expect(framesOf(inMemory)).toEqual(all());
    const onDisk = read(file, options, {
      scratch: () => {
        throw new Error("nothing is to be written anew");
      },
    });
    expect(onDisk.patterns.origin).toMatchObject({ kind: "chunked", path, key: "frames", dtype: "uint16" });
    expect(framesOf(onDisk)).toEqual(all());
    source.close();
  });

  it("are counts by their format, which no check asks for again", async () => {
    const file = await openArrayFile(bytes, "scan.mib");
    const scan = read(file, { scanStep: 5, scanShape: `${ROWS},${COLUMNS}` });
    const asked = { ...scan, provenance: { ...scan.provenance, format: { name: "none", evidence: "" } } };
    const skipping = { skipFrames: null, skipOutlyingFrames: false };
    expect(() => checkedScan(asked, {}, skipping)).toThrow(/look like counts/);
    expect(checkedScan(scan, {}, skipping).measurement).toBe("counts");
  });

  it("say what their container found: a last frame that is cut off", async () => {
    const file = await openArrayFile(bytes.subarray(0, bytes.length - 1), "cut.mib");
    const { provenance } = read(file, { scanStep: 5, scanShape: `1,${COUNT - 1}` });
    expect(provenance.warnings).toEqual([expect.stringMatching(/the last frame is cut off/)]);
  });
});

describe("Digital Micrograph", () => {
  const swapped: DmTag = { group: { "Data Order Swapped": { number: 1, type: "bool" } } };
  const info: DmTag = { group: { Voltage: { number: 3e5, type: "float32" } } };
  const written = (image: Parameters<typeof dmImage>[0]): Uint8Array =>
    writeDm({ ImageList: { list: [dmImage(image)] } });
  const u16 = (values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);

  it("a raster of patterns with its steps and angles needs nothing said", async () => {
    const axes = [
      [0.5, "mrad"],
      [0.5, "mrad"],
      [2, "nm"],
      [4, "nm"],
    ] as const;
    const tags = { "Meta Data": swapped, "Microscope Info": info };
    const image = { dims: [N, N, COLUMNS, ROWS], dataType: 10, type: 4, bytes: u16(all()), axes, tags };
    const scan = read(await openArrayFile(written(image), "scan.dm4"), {});
    expect(framesOf(scan)).toEqual(all());
    const { objectPixelM } = scan.geometry!;
    expect(objectPixelM! / (LAMBDA / (N * 5e-4))).toBeCloseTo(1, 4);
    const last = 2 * (COUNT - 1);
    expect((scan.positions[last] - scan.positions[0]) * objectPixelM!).toBeCloseTo((ROWS - 1) * 4e-9, 15);
    expect((scan.positions[last + 1] - scan.positions[1]) * objectPixelM!).toBeCloseTo((COLUMNS - 1) * 2e-9, 15);
    await expect(async () =>
      read(await openArrayFile(written(image), "scan.dm4"), { positionUnit: "px" }),
    ).rejects.toThrow(/step is in metres, in the file/);
  });

  it("of a detector in 1/length, the object's pixel is 1 / (N k); of one that is not square there is none", async () => {
    const pixelOf = async (along: number): Promise<unknown> => {
      const axes = [
        [0.25, "1/nm"],
        [along, "1/nm"],
        [2, "nm"],
        [2, "nm"],
      ] as const;
      const image = { dims: [N, N, COLUMNS, ROWS], dataType: 10, type: 4, bytes: u16(all()), axes };
      const { parts } = scanParts(
        await openArrayFile(written({ ...image, tags: { "Meta Data": swapped } }), "scan.dm4"),
        {},
        "s",
      );
      return [parts.geometry.objectPixelM, parts.warnings];
    };
    expect(await pixelOf(0.25)).toEqual([expect.closeTo(1 / (N * 0.25e9), 20), []]);
    expect(await pixelOf(0.5)).toEqual([
      undefined,
      [expect.stringMatching(/500000000 1\/m along y and 250000000 1\/m/)],
    ]);
  });

  it("frames last in the file come out as frames", async () => {
    const framesLast = Array.from({ length: N * N * COUNT }, (_, i) => pixel(i % COUNT, Math.floor(i / COUNT)));
    const image = { dims: [COLUMNS, ROWS, N, N], dataType: 10, type: 4, bytes: u16(framesLast) };
    const scan = read(await openArrayFile(written(image), "scan.dm4"), { scanStep: 3 });
    expect(framesOf(scan)).toEqual(all());
    expect(scan.provenance.conventions).toMatchObject({ frame_axis: "last", detector: "Digital Micrograph" });
  });
});

it("pages of a TIFF, and positions out of another file", async () => {
  const pages = Array.from({ length: COUNT }, (_, k) => ({
    ...{ height: N, width: N, bits: 16, format: 1 },
    pieces: [new Uint8Array(Uint16Array.from(frame(k)).buffer)],
  }));
  const file = await openArrayFile(writeTiffPages(pages), "scan.tif");
  const { parts } = scanParts(file, {}, "scan.tif");
  expect(parts).toMatchObject({ patterns: { key: "images" }, says: { measurement: "counts", dcAt: "center" } });
  expect(framesOf(read(file, { scanStep: 2, scanShape: `${ROWS},${COLUMNS}` }))).toEqual(all());
});

it("a single NumPy array of four axes is a raster, whose numbers have to be named", async () => {
  const data = Uint16Array.from(all());
  const file = await openArrayFile(writeNpy({ shape: [ROWS, COLUMNS, N, N], dtype: "uint16", data }), "scan.npy");
  expect(() => read(file, { scanStep: 2 })).toThrow(/integer patterns without a stated measurement/);
  const scan = read(file, { scanStep: 2, measurement: "counts" });
  expect(framesOf(scan)).toEqual(all());
  expect([...scan.positions.slice(0, 4)]).toEqual([
    scan.positions[0],
    scan.positions[1],
    scan.positions[0],
    scan.positions[1] + 2,
  ]);
});
