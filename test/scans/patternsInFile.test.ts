import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Patterns } from "../../src/data/dataset.ts";
import { memorySource } from "../../src/formats/byteSource.ts";
import type { NpyArray, NumericArray, NumericDtype } from "../../src/formats/npy.ts";
import { writeNpy } from "../../src/formats/npy.ts";
import { writeZip } from "../../src/formats/writeZip.ts";
import { openSource } from "../../src/node/files/fileSource.ts";
import { nodeHome } from "../../src/node/home.ts";
import { readScan } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import { openScan } from "../../src/runs/inputs/scans.ts";
import { writeArchive } from "../../src/runs/store.ts";
import { filePatterns } from "../../src/scans/filePatterns.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../src/scans/scanOptions.ts";
import { writeScanFrames, writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate, simulatePiecewise } from "../../src/simulation/simulate.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-storage-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [COUNT, HEIGHT, WIDTH] = [23, 6, 8];
const random = new Random(2);

function allFrames({ count, height, width, read }: Patterns): Float32Array {
  const out = new Float32Array(count * height * width);
  read([...Array(count).keys()], out);
  return out;
}

/** The bytes of an array in another order of axes and elements, as NumPy would save it. */
function saved(array: NumericArray, fortran: boolean, bigEndian: boolean): Uint8Array {
  const width = array.data.BYTES_PER_ELEMENT;
  const [a, b, c] = array.shape as [number, number, number];
  const data = array.data.slice();
  if (fortran)
    for (let i = 0; i < a; i++)
      for (let j = 0; j < b; j++)
        for (let k = 0; k < c; k++) data[i + a * (j + b * k)] = array.data[(i * b + j) * c + k];
  const bytes = writeNpy({ ...array, data });
  const end = bytes.indexOf(0x0a, 10) + 1;
  const header = Buffer.from(bytes.subarray(0, end)).toString("latin1");
  const changed = header
    .replace("False,", fortran ? "True, " : "False,")
    .replace(/'[<|]([a-z]\d)'/, bigEndian ? "'>$1'" : "$&");
  bytes.set(Buffer.from(changed, "latin1"));
  if (bigEndian) for (let at = end; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}

function scanFile(patterns: Uint8Array, compress: boolean, name = "scan.npz"): string {
  const others: Record<string, NpyArray> = {
    xcoords: { shape: [COUNT], dtype: "float64", data: Float64Array.from({ length: COUNT }, (_, i) => i) },
    ycoords: { shape: [COUNT], dtype: "float64", data: Float64Array.from({ length: COUNT }, (_, i) => 2 * i) },
    probeGuess: { shape: [HEIGHT, WIDTH], dtype: "complex64", data: new Float32Array(2 * HEIGHT * WIDTH).fill(1) },
  };
  const members = Object.entries(others).map(([key, array]) => ({ name: `${key}.npy`, data: writeNpy(array) }));
  const path = join(folder, name);
  writeFileSync(path, writeZip([...members, { name: "diff3d.npy", data: patterns }], compress ? 6 : 0));
  return path;
}

const scratchFiles = (): string[] => readdirSync(folder).filter((name) => name.includes(".patterns."));

const storage = { inMemory: "no", folder, log: () => {} } as const;

const types = {
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

describe("patterns that stay in their file", () => {
  it("are the numbers that reading into memory gives, whatever the file's order, type and compression", async () => {
    const cases = fc.record({
      dtype: fc.constantFrom(...(Object.keys(types) as (keyof typeof types)[])),
      framesLast: fc.boolean(),
      fortran: fc.boolean(),
      bigEndian: fc.boolean(),
      compress: fc.boolean(),
      dcAt: fc.constantFrom("center" as const, "corner" as const),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ dtype, framesLast, fortran, bigEndian, compress, dcAt }) => {
        const numbers = Array.from({ length: COUNT * HEIGHT * WIDTH }, () => random.integer(200));
        const data = types[dtype].from(numbers);
        const shape = framesLast ? [HEIGHT, WIDTH, COUNT] : [COUNT, HEIGHT, WIDTH];
        const array = { shape, dtype: dtype as NumericDtype, data };
        const path = scanFile(saved(array, fortran, bigEndian && dtype !== "uint8"), compress);
        const options: ScanOptions = { measurement: "counts", dcAt };
        const expected = await readScan(path, options);
        const scan = await openScan(path, options, storage, nodeHome);
        try {
          expect(allFrames(scan.dataset.patterns)).toEqual(allFrames(expected.patterns));
          const { patterns, ...rest } = scan.dataset;
          const { patterns: _, ...others } = expected;
          expect(rest).toEqual(others);
          // What lies in the file as it should is read there; everything else once from a scratch file.
          expect(scratchFiles().length).toBe(!compress && fortran === framesLast ? 0 : 1);
          // A thread that knows only where they lie reads the same.
          const { origin } = patterns;
          if (origin.kind !== "file") throw new Error(origin.kind);
          const again = openSource(origin.path);
          const frames = new Float32Array(3 * HEIGHT * WIDTH);
          const direct = frames.slice();
          filePatterns(again, origin).read([7, 8, 2], frames);
          expected.patterns.read([7, 8, 2], direct);
          expect(frames).toEqual(direct);
          again.close();
        } finally {
          scan.close();
        }
        expect(scratchFiles()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it("of a source without a path are read where they are, by this thread alone", () => {
    const data = Uint16Array.from({ length: COUNT * HEIGHT * WIDTH }, () => random.integer(200));
    for (const fortran of [false, true]) {
      const shape = fortran ? [HEIGHT, WIDTH, COUNT] : [COUNT, HEIGHT, WIDTH];
      const path = scanFile(saved({ shape, dtype: "uint16", data }, fortran, false), false);
      const source = memorySource(new Uint8Array(readFileSync(path)));
      const options: ScanOptions = { measurement: "counts", dcAt: "corner" };
      const scratch = (): never => {
        throw new Error("nothing is to be copied");
      };
      const { patterns } = readScanNpz(source, options, { path, scratch });
      expect(patterns.origin).toEqual({ kind: "memory" });
      expect(allFrames(patterns)).toEqual(allFrames(readScanNpz(source, options).patterns));
    }
  });

  it("bad values and damage are refused as in memory, and leave nothing behind", async () => {
    const data = new Float32Array(COUNT * HEIGHT * WIDTH).fill(1);
    data[5 * HEIGHT * WIDTH + WIDTH + 3] = Number.NaN;
    const array = { shape: [COUNT, HEIGHT, WIDTH], dtype: "float32", data } as const;
    for (const compress of [false, true]) {
      const path = scanFile(writeNpy(array), compress);
      await expect(openScan(path, {}, storage, nodeHome)).rejects.toThrow(/not finite value.*frame 5, row 1, column 3/);
    }
    data.fill(1);
    const path = scanFile(writeNpy(array), false);
    const source = openSource(path);
    const bytes = source.read(0, source.size).slice();
    source.close();
    bytes[bytes.length - 2000] ^= 1;
    writeFileSync(path, bytes);
    await expect(openScan(path, {}, storage, nodeHome)).rejects.toThrow(/wrong checksum/);
    expect(scratchFiles()).toEqual([]);
  });

  it("small scans are in memory unless that is not wanted", async () => {
    const data = new Float32Array(COUNT * HEIGHT * WIDTH).fill(1);
    const path = scanFile(writeNpy({ shape: [COUNT, HEIGHT, WIDTH], dtype: "float32", data }), false);
    for (const [inMemory, inFile] of [
      ["auto", false],
      ["yes", false],
      ["no", true],
    ] as const) {
      const scan = await openScan(path, {}, { ...storage, inMemory }, nodeHome);
      expect(scan.dataset.patterns.origin.kind).toBe(inFile ? "file" : "memory");
      scan.close();
    }
  });
});

describe("scans written piece by piece", () => {
  it("hold what simulating in memory gives, to the last bit", async () => {
    const options = { n: 16, patterns: 30, seed: 5, photons: 1e4, positionError: 0.3, beamstop: 3, modes: 2 };
    const path = join(folder, "pieces.npz");
    await writeArchive(path, (writer) => writeScanFrames(writer, simulatePiecewise(options)), nodeHome.store);
    const pieces = await readScan(path);
    const whole = readScanNpz(writeScanNpz(simulate(options)), {}, { path });
    expect(allFrames(pieces.patterns)).toEqual(allFrames(whole.patterns));
    const { patterns: _, provenance: __, ...rest } = pieces;
    const { patterns: ___, provenance: ____, ...others } = whole;
    expect(rest).toEqual(others);
  });
});
