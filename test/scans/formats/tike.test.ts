import { describe, expect, it } from "vitest";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { openNpz, writeNpz } from "../../../src/formats/npz.ts";
import { readScan } from "../../../src/node/runs.ts";
import { inspectScan } from "../../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../../src/scans/registry.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { dataFile } from "../../fixtures.ts";
import { complex, float32 } from "./handMade.ts";
import { expectKnown, intensity, knownScan, toCorner } from "./knownScan.ts";

/** tike's definition: corner of the patch of the probe's size, exit wave filled up with zeros, FFT without shifts. */
function asTike(P: number): { known: ReturnType<typeof knownScan>; arrays: Record<string, NpyArray> } {
  const known = knownScan({ N: 12, probeSide: P });
  const { N, positions, probe, counts, object } = known;
  const n = positions.length / 2;
  const before = Math.floor(N / 2) - Math.floor(P / 2);
  const small = new Float32Array(2 * P * P);
  for (let row = 0; row < P; row++)
    small.set(
      probe.data.subarray(2 * ((before + row) * N + before), 2 * ((before + row) * N + before + P)),
      2 * row * P,
    );
  return {
    known,
    arrays: {
      data: float32([n, N, N], toCorner(counts, N)),
      scan: float32(
        [n, 2],
        Float32Array.from(positions, (value) => value - Math.floor(P / 2)),
      ),
      probe: complex([1, 1, 1, P, P], small),
      psi: complex([1, ...object.shape], object.data),
    },
  };
}

const read = (arrays: Record<string, NpyArray>, options: ScanOptions = {}): ReturnType<typeof readScanArrays> =>
  readScanArrays(openNpz(writeNpz(arrays), "tike.npz"), options);

describe("tike's arrays", () => {
  it.each([12, 8, 7])("are read with a probe of %i in 12 pixels: corners, order, zero frequency, counts", (P) => {
    const { known, arrays } = asTike(P);
    const dataset = read(arrays);
    expect(dataset.provenance.format?.name).toBe("tike");
    expect(dataset.measurement).toBe("counts");
    expectKnown(dataset, known);
    expect(dataset.provenance.conversions.join("\n")).toMatch(/minimum corners to their centres/);
    expect(dataset.provenance.conversions.some((text) => text.includes("filled up with zeros"))).toBe(P < 12);
  });

  it("of several views are scans by themselves; a view that is asked for has its object and probe", () => {
    const { known, arrays } = asTike(8);
    const twice = ({ shape, dtype, data }: NpyArray, second: number): NpyArray => {
      const values = data as Float32Array;
      const both = Float32Array.from([...values, ...values.map((value) => value * second)]);
      const own = shape[0] === 1 && dtype === "complex64" && shape.length === 3 ? shape.slice(1) : shape;
      return { shape: [2, ...own], dtype, data: both } as NpyArray;
    };
    const views = {
      data: twice(arrays["data"], 4),
      scan: twice(arrays["scan"], 1),
      probe: twice(arrays["probe"], 2),
      psi: twice(arrays["psi"], 1),
    };
    expect(() => read(views)).toThrow(/each view has a probe of its own.*`scan_index=0`/s);
    for (const scanIndex of [0, 1]) {
      const one = read(views, { scanIndex });
      const factor = scanIndex === 1 ? 4 : 1;
      expectKnown(one, { ...known, counts: known.counts.map((value) => value * factor) });
      expect(one.object?.shape).toEqual(known.object.shape);
    }
    const together = read({ ...views, probe: arrays["probe"] });
    expect([...new Set(together.scanIndex)]).toEqual([0, 1]);
    expect(together.provenance.warnings.join()).toMatch(/psi holds 2 images/);
  });

  it("of probes that vary say so; frames with probes of their own are refused", () => {
    const { arrays } = asTike(12);
    const n = arrays["data"].shape[0];
    const probe = arrays["probe"].data as Float32Array;
    expect(read({ ...arrays, eigen_probe: complex([1, 1, 1, 12, 12], probe) }).provenance.warnings.join()).toMatch(
      /varies from frame to frame/,
    );
    const own = complex(
      [n, 1, 1, 12, 12],
      Float32Array.from({ length: n * probe.length }, (_, i) => i),
    );
    expect(() => read({ ...arrays, probe: own })).toThrow(/probes of their own/);
  });

  it("stated, keep their order and names", () => {
    const { known, arrays } = asTike(12);
    const swapped = (arrays["scan"].data as Float32Array).map((_, i, all) => all[i ^ 1]);
    const dataset = read({ ...arrays, scan: float32(arrays["scan"].shape, swapped) }, { positionOrder: "xy" });
    expectKnown(dataset, known);
  });
});

const single = dataFile("tike_sim_169_30.npz");
const views = dataFile("tike_sim_2angles_2probes_32.npz");

describe.skipIf(single === undefined || views === undefined)("tike's simulations", () => {
  it("are explained by their objects", async () => {
    for (const [path, scanIndex] of [
      [single!, undefined],
      [views!, 0],
      [views!, 1],
    ] as const) {
      const { patterns, positions, object, probe } = await readScan(path, scanIndex === undefined ? {} : { scanIndex });
      const { height: N } = patterns;
      const modes = Array.from({ length: probe.shape[0] }, (_, m) => ({
        shape: [N, N],
        data: probe.data.subarray(2 * m * N * N, 2 * (m + 1) * N * N),
      }));
      const frame = new Float32Array(N * N);
      // Of whole pixels, which no interpolation has part in.
      const whole = Array.from({ length: patterns.count }, (_, k) => k).filter(
        (k) => positions[2 * k] % 1 === 0 && positions[2 * k + 1] % 1 === 0,
      );
      let seen = 0;
      for (const k of whole.slice(0, 6)) {
        patterns.read([k], frame);
        const expected = intensity(object!, modes, [positions[2 * k], positions[2 * k + 1]]);
        const total = frame.reduce((sum, value) => sum + value, 0);
        if (total < 1) continue;
        const off = frame.reduce((sum, value, i) => sum + Math.abs(value - expected[i]), 0);
        expect(off / total).toBeLessThan(1e-5);
        seen++;
      }
      expect(seen).toBeGreaterThan(0);
    }
  });

  it("are inspected without a word about names, order or zero frequency", async () => {
    const { readBytes } = await import("../../../src/node/files/readBytes.ts");
    const { findings } = inspectScan(await readBytes(views!), { scanIndex: 1 });
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});
