import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Dataset } from "../../../src/data/dataset.ts";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { openSource } from "../../../src/node/files/fileSource.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import { writeMat5 } from "../../formats/writeMat5.ts";
import { complex, fileOf } from "./handMade.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-matlab-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [N, COUNT] = [32, 5];
const pixel = (k: number, y: number, x: number): number => (40 * k + 3 * y + 7 * x) % 300;
/** As MATLAB keeps (y, x, frame): y fastest. */
const dp = Array.from({ length: N * N * COUNT }, (_, i) => pixel(Math.floor(i / N / N), i % N, Math.floor(i / N) % N));
const expected = Array.from({ length: N * N * COUNT }, (_, i) =>
  pixel(Math.floor(i / N / N), Math.floor(i / N) % N, i % N),
);
const column = (re: readonly number[]) => ({ kind: "numbers", shape: [COUNT, 1], type: "double", re }) as const;

function framesOf({ patterns }: Dataset): number[] {
  const out = new Float32Array(patterns.count * N * N);
  patterns.read([...Array(patterns.count).keys()], out);
  return [...out];
}

it.each([false, true])(
  "fold_slice's dp, ppX and ppY in a MATLAB 5 file, compressed %s: as in one of 7.3",
  async (compress) => {
    const steps = [0, 1, 2, 3, 4].map((k) => 1e-8 * k);
    const variables = {
      dp: { kind: "numbers", shape: [N, N, COUNT], type: "uint16", re: dp },
      ppX: column(steps.map((step) => 2 * step)),
      ppY: column(steps),
      dx: { kind: "numbers", shape: [1, 1], type: "double", re: [1e-8] },
    } as const;
    const path = join(folder, `data${compress}.mat`);
    writeFileSync(path, writeMat5(variables, { compress }));
    const source = openSource(path);
    const file = await openArrayFile(source, path);
    const probe = fileOf({ probe: complex([N, N], new Float32Array(2 * N * N).fill(1)) });
    const elsewhere = { probeFile: [{ file: probe, key: "probe", where: "p" }] };
    const scan = readScanArrays(file, {}, { elsewhere });
    expect(scan.provenance.format?.name).toBe("fold_slice");
    expect(framesOf(scan)).toEqual(expected);
    expect(scan.positions[2] - scan.positions[0]).toBeCloseTo(1, 9);
    expect(scan.positions[3] - scan.positions[1]).toBeCloseTo(2, 9);
    if (!compress) {
      const noScratch = (): never => {
        throw new Error("nothing is to be written anew");
      };
      const inPlace = readScanArrays(file, {}, { elsewhere, scratch: noScratch });
      expect(inPlace.patterns.origin).toMatchObject({ kind: "file", path, columnMajor: true });
      expect(framesOf(inPlace)).toEqual(expected);
    }
    source.close();
  },
);
