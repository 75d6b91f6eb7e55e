import { describe, expect, it } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import type { Dataset } from "../../../src/data/dataset.ts";
import type { NpyArray } from "../../../src/formats/npy.ts";
import { writeNpz } from "../../../src/formats/npz.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { electronWavelength } from "../../../src/optics/units.ts";
import { readScanNpz } from "../../../src/scans/scanNpz.ts";
import type { ScanOptions } from "../../../src/scans/scanOptions.ts";
import { simulate } from "../../../src/simulation/simulate.ts";

const N = 64;
/** 1 nm wavelength, a detector pixel of 1e-5 rad: an object pixel of λ z / (N p) = 1.5625 µm. */
const WAVELENGTH = 1e-9;
const PIXEL = WAVELENGTH / (N * 1e-5);
const geometry = { wavelengthM: WAVELENGTH, detectorDistanceM: 2, detectorPixelM: 2e-5 };

const source = simulate({
  n: N,
  patterns: 9,
  step: 4,
  photons: 5e4,
  seed: 4,
  probe: { kind: "airy", pupilRadius: 12, defocus: 30 },
});

/** A file without a probe. */
function file(count = 9, pattern?: (y: number, x: number) => number): Uint8Array {
  const data = new Float32Array(count * N * N);
  if (pattern === undefined) source.patterns.read([...Array(count).keys()], data);
  else for (let i = 0; i < data.length; i++) data[i] = pattern(Math.floor((i % (N * N)) / N), i % N);
  const column = (axis: 0 | 1): NpyArray => ({
    shape: [count],
    dtype: "float64",
    data: Float64Array.from({ length: count }, (_, k) => source.positions[2 * k + axis]),
  });
  return writeNpz({
    diffraction: { shape: [count, N, N], dtype: "float32", data },
    ycoords: column(0),
    xcoords: column(1),
  });
}

const read = (options: ScanOptions, bytes = file()): Dataset =>
  readScanNpz(bytes, { measurement: "counts", geometry, ...options });

function farField({ data, shape }: ComplexArray): Float64Array {
  const n = shape[1];
  const far = planFft2([n, n]).forward(data);
  return Float64Array.from({ length: n * n }, (_, i) => far[2 * i] ** 2 + far[2 * i + 1] ** 2);
}

const energy = ({ data }: ComplexArray): number => data.reduce((sum, value) => sum + value * value, 0);

/** Radius of a disk with this far field, from its area. */
function diskRadius(probe: ComplexArray): number {
  const far = farField(probe);
  const bright = Math.max(...far);
  return Math.sqrt(far.reduce((sum, value) => sum + Math.sqrt(value / bright), 0) / Math.PI);
}

describe("a probe that is built", () => {
  it("has the mean counts of a pattern, and the scan takes it", () => {
    const { probe, provenance } = read({ probeModel: "aperture", semiAngleMrad: 0.1 });
    const data = new Float32Array(9 * N * N);
    source.patterns.read([...Array(9).keys()], data);
    const mean = data.reduce((sum, value) => sum + value, 0) / 9;
    expect(energy(probe) / mean).toBeCloseTo(1, 5);
    expect(provenance.conversions.join()).toContain(
      `probe built: round aperture of 0.1 mrad, its radius 10.0 detector pixels, in focus, with ${Number(mean.toPrecision(4))} counts a pattern`,
    );
    expect(provenance.conventions).toMatchObject({ probe_model: "aperture", semi_angle_mrad: "0.1" });
    expect(provenance.conventions).not.toHaveProperty("probe_key");
  });

  it("of a lens has the radius semi-angle · z / p on the detector", () => {
    for (const semiAngleMrad of [0.05, 0.1, 0.2]) {
      const radius = (semiAngleMrad * 1e-3 * geometry.detectorDistanceM) / geometry.detectorPixelM;
      expect(diskRadius(read({ probeModel: "aperture", semiAngleMrad }).probe)).toBeCloseTo(radius, 0);
    }
  });

  it("of a zone plate has the radius λ z / (2 Δr p), a stop's shadow, and says the focal length D Δr / λ", () => {
    const outermostZoneM = 4 * PIXEL;
    const options = { probeModel: "zone_plate", outermostZoneM, zonePlateDiameterM: 1e-3, centralStopM: 5e-4 } as const;
    const { probe, provenance } = read(options);
    const radius = (WAVELENGTH * geometry.detectorDistanceM) / (2 * outermostZoneM * geometry.detectorPixelM);
    const far = farField(probe);
    const at = (r: number): number =>
      far[(N / 2) * N + N / 2 + r] / far[(N / 2) * N + N / 2 + Math.round(0.75 * radius)];
    expect([at(0), at(Math.floor(radius / 2) - 1), at(Math.ceil(radius) + 1)].map((value) => value > 0.01)).toEqual([
      false,
      false,
      false,
    ]);
    expect(at(Math.floor(radius) - 1)).toBeCloseTo(1, 3);
    expect(provenance.conversions.join()).toContain(`a focal length of 6.25 m`);
    expect((1e-3 * outermostZoneM) / WAVELENGTH).toBeCloseTo(6.25, 10);
  });

  it("behind its focus diverges: defocus is positive downstream, and overfocus of electrons", () => {
    const radius = (probe: ComplexArray): number => {
      let sum = 0;
      for (let i = 0; i < N * N; i++)
        sum +=
          (probe.data[2 * i] ** 2 + probe.data[2 * i + 1] ** 2) * ((Math.floor(i / N) - 32) ** 2 + ((i % N) - 32) ** 2);
      return Math.sqrt((2 * sum) / energy(probe));
    };
    const options = { probeModel: "aperture", semiAngleMrad: 0.1 } as const;
    const [focus, behind] = [0, 0.15].map((defocusM) => read({ ...options, defocusM }).probe);
    // The disk of the cone: semi-angle times distance, second moment r²/2.
    expect(radius(behind)).toBeGreaterThan(0.9 * ((1e-4 * 0.15) / PIXEL));
    expect(radius(behind)).toBeLessThan(1.3 * ((1e-4 * 0.15) / PIXEL));
    expect(radius(focus)).toBeLessThan(radius(behind));
    // The phase of a Gaussian beam rises outwards behind the focus, as π r² / (λ R) with R = Δz (1 + (z_R / Δz)²).
    const curvature = (defocusM: number): number => {
      const { data } = read({ probeModel: "gaussian", probeFwhmM: 10 * PIXEL, defocusM }).probe;
      const phase = (x: number): number => Math.atan2(data[2 * (32 * N + x) + 1], data[2 * (32 * N + x)]);
      return phase(36) - phase(32);
    };
    const distance = (120 * PIXEL ** 2) / WAVELENGTH;
    const rayleigh = (4 * Math.PI * 10 ** 2) / (8 * Math.LN2);
    const wanted = (Math.PI * 4 ** 2) / (120 * (1 + (rayleigh / 120) ** 2));
    expect(curvature(distance)).toBeCloseTo(wanted, 3);
    expect(curvature(-distance)).toBeCloseTo(-wanted, 3);
  });

  it("of electrons follows from voltage, semi-angle and the object's pixel", () => {
    const objectPixelM = 4.65e-10;
    const options: ScanOptions = {
      geometry: { voltageKv: 300, objectPixelM },
      ...{ probeModel: "aperture", semiAngleMrad: 1.03, defocusM: -3e-6, sphericalM: 1e-3 },
    };
    const radius = (N * objectPixelM * 1.03e-3) / electronWavelength(300);
    expect(diskRadius(read(options).probe)).toBeCloseTo(radius, 0);
  });

  it("of a pinhole and a Gaussian beam have their sizes", () => {
    const half = (probe: ComplexArray, by: readonly [number, number]): number => {
      const at = (k: number): number => probe.data[2 * ((32 + k * by[0]) * N + 32 + k * by[1])] ** 2;
      return Array.from({ length: 31 }, (_, k) => at(k)).findIndex((value) => value < at(0) / 2);
    };
    const gaussian = read({ probeModel: "gaussian", probeFwhmM: 10.5 * PIXEL }).probe;
    expect([half(gaussian, [0, 1]), half(gaussian, [1, 0])]).toEqual([6, 6]);
    const slit = {
      probeModel: "aperture",
      apertureM: 20 * PIXEL,
      apertureWidthM: 10 * PIXEL,
      apertureShape: "rectangular",
    } as const;
    expect([half(read(slit).probe, [1, 0]), half(read(slit).probe, [0, 1])]).toEqual([10, 5]);
  });

  it("of the mean pattern has that as its far field", () => {
    const { probe } = read({ probeModel: "mean" });
    const data = new Float32Array(9 * N * N);
    source.patterns.read([...Array(9).keys()], data);
    const far = farField(probe);
    for (let i = 0; i < N * N; i += 53) {
      let mean = 0;
      for (let k = 0; k < 9; k++) mean += data[k * N * N + i] / 9;
      expect(far[i]).toBeCloseTo(mean, 1);
    }
  });

  it("is sampled by the geometry that is left of prepared patterns", () => {
    const lens = { probeModel: "aperture", semiAngleMrad: 0.1 } as const;
    expect(read({ ...lens, cropTo: 48 }).probe.shape).toEqual([1, 48, 48]);
    expect(diskRadius(read({ ...lens, cropTo: 48 }).probe)).toBeCloseTo(10, 0);
    const binned = read({ ...lens, binBy: 2 });
    expect(binned.probe.shape).toEqual([1, 32, 32]);
    expect(diskRadius(binned.probe)).toBeCloseTo(5, 0);
    // The disk's middle lies between two bins.
    const far = farField(binned.probe);
    const centre =
      far.reduce((sum, value, i) => sum + value * (i % 32), 0) / far.reduce((sum, value) => sum + value, 0);
    expect(centre).toBeCloseTo(15.75, 2);
  });
});

describe("what is missing or contradicts itself is named", () => {
  const refusals: readonly [ScanOptions, RegExp][] = [
    [
      { probeModel: "aperture", semiAngleMrad: 1, geometry: {} },
      /sampled by the geometry.*`energy_kev`.*`detector_distance_m`/,
    ],
    [
      { probeModel: "gaussian", probeFwhmM: 1e-6, defocusM: 1e-3, geometry: { objectPixelM: 1e-7 } },
      /`energy_kev` \(or `voltage_kv`/,
    ],
    [{ probeModel: "zone_plate" }, /needs more.*`outermost_zone_m=…`/],
    [{ probeModel: "gaussian", probeFwhmM: 1e-6, semiAngleMrad: 1 }, /does not have these.*`semi_angle_mrad=1`/],
    [{ probeModel: "aperture" }, /that of a lens or a pinhole.*neither/],
    [{ probeModel: "aperture", semiAngleMrad: 1, apertureM: 1e-6 }, /that of a lens or a pinhole.*both/],
    [
      { probeModel: "aperture", apertureM: 1e-5, apertureWidthM: 1e-5 },
      /no width of its own.*`aperture_shape=rectangular`/,
    ],
    [
      { probeModel: "zone_plate", outermostZoneM: 1e-5, centralStopM: 1e-5 },
      /needs the diameter.*`zone_plate_diameter_m=…`/,
    ],
    [{ probeModel: "mean", probeKey: "probeGuess" }, /the probe is read and built/],
    [{ defocusM: 1e-3 }, /belong to a probe that is built.*`probe_model=zone_plate\|aperture\|gaussian\|mean`/],
    [{ probeModel: "aperture", semiAngleMrad: 1 }, /larger than the detector/],
    [{}, /the scan has no probe.*or build one: `probe_model=/],
  ];
  it.each(refusals)("%j", (options, message) => {
    expect(() => read(options)).toThrow(message);
  });
});
