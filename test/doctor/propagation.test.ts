import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { openArrayFile } from "../../src/formats/containers.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import type { Geometry } from "../../src/optics/geometry.ts";
import { Random } from "../../src/random.ts";
import { orientationScan } from "../../src/scans/doctor/orientation/orientationScan.ts";
import { propagationRow } from "../../src/scans/doctor/orientation/rows.ts";
import { shadowMotion } from "../../src/scans/doctor/orientation/shadows.ts";
import { inspectScan } from "../../src/scans/inspect/inspectScan.ts";
import { readScanArrays } from "../../src/scans/registry.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { dataFile } from "../fixtures.ts";
import { fileOf, float32, real, scalar } from "../scans/formats/handMade.ts";

const N = 64;
const FRAMES = 144;

/** Smooth and without symmetry, features of about 14 object pixels. */
function texture(random: Random): (y: number, x: number) => number {
  const waves = Array.from({ length: 40 }, () => ({
    y: random.normal() / 14,
    x: random.normal() / 14,
    phase: 6.3 * random.uniform(),
  }));
  return (y, x) =>
    Math.exp(0.12 * waves.reduce((sum, wave) => sum + Math.cos(y * wave.y + x * wave.x + wave.phase), 0));
}

/**
 * Shadows of an object in a beam that spreads: each pattern is what the beam lights, and in it the object as far as the beam
 * covers it, `magnification` detector pixels per object pixel.
 */
function shadows(magnification: number, lit: number): Dataset {
  const random = new Random(6);
  const object = texture(random);
  const positions = Float64Array.from({ length: 2 * FRAMES }, () => 260 * random.uniform());
  const counts = new Float32Array(FRAMES * N * N);
  for (let k = 0; k < FRAMES; k++)
    for (let i = 0; i < N * N; i++) {
      const [u, v] = [Math.floor(i / N) - N / 2, (i % N) - N / 2];
      const beam = 400 / (1 + Math.exp((Math.hypot(u, v) - lit / 2) / 1.5));
      const [y, x] = [positions[2 * k] + u / magnification, positions[2 * k + 1] + v / magnification];
      counts[k * N * N + i] = random.poisson(beam * object(y, x));
    }
  return {
    ...simulate({ n: N, patterns: 4, seed: 1 }),
    patterns: memoryPatterns(counts, [FRAMES, N, N]),
    measurement: "counts",
    positions,
  };
}

const rowsOf = (dataset: Dataset, geometry?: Geometry) => {
  const found = shadowMotion(orientationScan(dataset, false));
  return propagationRow(found === undefined ? {} : { shadows: found }, geometry);
};

describe("the near field is told from the far one", () => {
  const geometry: Geometry = { propagation: "far-field", objectPixelM: 2e-8 };

  it.each([
    [0.2, 34],
    [0.3, 40],
  ])("by a beam that is wider than a window: %d detector pixels per object pixel", (magnification, lit) => {
    const [row] = rowsOf(shadows(magnification, lit), geometry);
    expect(row).toMatchObject({ quantity: "propagation", value: "near-field", state: "say", sure: "sure" });
    expect(row.says?.geometry?.propagation).toBe("near-field");
    const pixel = row.says?.geometry?.objectPixelM ?? 0;
    expect(Math.abs((pixel * magnification) / 2e-8 - 1)).toBeLessThan(0.05);
  });

  it.each([
    [0.25, true],
    [1.2, false],
  ])("inspect says it of a file in metres: %d detector pixels per object pixel", (magnification, near) => {
    const { patterns, positions } = shadows(magnification, 36);
    const counts = new Float32Array(FRAMES * N * N);
    patterns.read([...Array(FRAMES).keys()], counts);
    const [wavelength, distance, detectorPixel] = [1e-10, 2, 75e-6];
    const pixel = (wavelength * distance) / (N * detectorPixel);
    const sample = Array.from({ length: FRAMES }, (_, k) => [
      positions[2 * k + 1] * pixel,
      positions[2 * k] * pixel,
      0,
    ]);
    const detector = "entry_1/instrument_1/detector_1";
    const file = fileOf({
      cxi_version: scalar(160),
      "entry_1/data_1/data": float32([FRAMES, N, N], counts),
      "entry_1/data_1/translation": real([FRAMES, 3], sample.flat()),
      [`${detector}/x_pixel_size`]: scalar(detectorPixel),
      [`${detector}/distance`]: scalar(distance),
      "entry_1/instrument_1/source_1/wavelength": scalar(wavelength),
    });
    const { findings } = inspectScan(file, {}, "scan.cxi");
    const found = findings.find(({ what }) => what.startsWith("near field"));
    expect(found?.severity).toBe(near ? "error" : undefined);
    if (!near) return;
    const said = Number(/object_pixel_m=([\d.e-]+)/.exec(found?.flag ?? "")?.[1]);
    expect(Math.abs((said * magnification) / pixel - 1)).toBeLessThan(0.05);
    const stated = inspectScan(file, { geometry: { propagation: "far-field" } }, "scan.cxi").findings;
    expect(stated.some(({ what }) => what.startsWith("near field"))).toBe(false);
  });

  it("and nothing is said of a beam that fits, or of a far field", () => {
    expect(rowsOf(shadows(1.2, 34), geometry)).toEqual([]);
    for (const photons of [1e4, 1e6])
      expect(rowsOf(simulate({ n: N, patterns: 121, seed: 3, object: "deadLeaves", photons }), geometry)).toEqual([]);
  });

  it.skipIf(dataFile("p25_near_field.cxi") === undefined)("on a measured near field, with its pixel", async () => {
    const file = await openArrayFile(readFileSync(dataFile("p25_near_field.cxi") ?? ""), "p25.cxi");
    const probe = { shape: [100, 100], dtype: "complex64", data: new Float32Array(20000).fill(1) } as const;
    const probeFile = [{ file: openNpz(writeNpz({ probe })), key: "probe", where: "probe.npz" }];
    const dataset = readScanArrays(file, {}, { path: "p25.cxi", elsewhere: { probeFile } });
    const [row] = rowsOf(dataset, dataset.geometry);
    expect(row).toMatchObject({ value: "near-field", sure: "sure" });
    // 178.659 nm by the focus 3.65 mm before the sample.
    expect(Math.abs((row.says?.geometry?.objectPixelM ?? 0) / 178.659e-9 - 1)).toBeLessThan(0.01);
  });
});
