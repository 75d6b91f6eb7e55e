import { expect, test } from "vitest";
import { type ComplexArray, joinComplex } from "../../src/arrays.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { applyMask, beamstopMask } from "../../src/simulation/detector.ts";
import { diffract } from "../../src/simulation/diffraction.ts";
import { maxDeviation } from "../evaluate.ts";
import { complexNames, describeFixtures, itWith } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

describeFixtures("simulation", ({ entry, arrays }) => {
  const n = entry["N"] as number;
  const complex = (name: string): ComplexArray => {
    const { shape, re, im } = arrays.complex(name);
    return joinComplex(shape, re, im);
  };
  const object = complex("object");
  // The reference's simulator samples objects with even sides half a pixel further on.
  const halfPixel = object.shape.map((side) => (side % 2 === 0 ? 0.5 : 0));
  const positions = (x: string, y: string): Float64Array => {
    const [xs, ys] = [arrays.get(x).data, arrays.get(y).data];
    return Float64Array.from({ length: 2 * xs.length }, (_, k) =>
      k % 2 === 0 ? ys[k >> 1] + halfPixel[0] : xs[k >> 1] + halfPixel[1],
    );
  };
  const scan = positions("xcoords", "ycoords");
  const oneMode = (name: string): ComplexArray => ({ ...complex(name), shape: [1, n, n] });
  const photons = arrays.scalar("nphotons");

  for (const [name, x, y] of [
    ["patches", "xcoords", "ycoords"],
    ["int_patches", "int_x", "int_y"],
  ] as const) {
    itWith(arrays, [...complexNames(name), x, y], name, () => {
      const at = positions(x, y);
      const patches = new Float64Array(at.length * n * n);
      for (let k = 0; k < at.length / 2; k++)
        patches.set(extractPatch(object, at[2 * k], at[2 * k + 1], n), 2 * k * n * n);
      expect(maxDeviation(patches, complex(name).data)).toBeLessThan(tolerances.paritySimulation);
    });
  }

  test("probe of unit energy is the probe over its norm", () => {
    const { data } = complex("probe");
    const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
    expect(
      maxDeviation(
        data.map((value) => value / norm),
        complex("probe_unit_energy").data,
      ),
    ).toBeLessThan(tolerances.paritySimulation);
  });

  test("intensity, its dose and the probe scaled to it", () => {
    const { intensity, probe } = diffract(object, oneMode("probe"), scan, photons);
    expect(maxDeviation(intensity, arrays.get("intensity").data)).toBeLessThan(tolerances.paritySimulation);
    expect(maxDeviation(probe.data, complex("probe_scaled").data)).toBeLessThan(tolerances.paritySimulation);
  });

  itWith(arrays, ["intensity_beamstop", "beamstop_diameter"], "beamstop", () => {
    const expected = arrays.get("intensity_beamstop");
    const frames = Float32Array.from(arrays.get("intensity").data).slice(0, expected.data.length);
    // The reference centres it between the four middle pixels.
    applyMask(frames, beamstopMask(n, arrays.scalar("beamstop_diameter"), (n - 1) / 2));
    expect(maxDeviation(frames, expected.data)).toBeLessThan(tolerances.paritySimulation);
  });

  const several = [...complexNames("modes"), "intensity_modes_coherent"];
  itWith(arrays, several, "coherent modes are one mode, their sum", () => {
    const modes = complex("modes");
    const sum = new Float32Array(2 * n * n);
    modes.data.forEach((value, i) => {
      sum[i % sum.length] += value;
    });
    const expected = arrays.get("intensity_modes_coherent");
    const frames = expected.shape[0];
    const { intensity, probe } = diffract(object, { shape: [1, n, n], data: sum }, scan.slice(0, 2 * frames), photons);
    expect(maxDeviation(intensity, expected.data)).toBeLessThan(tolerances.paritySimulation);
    const scale = Math.sqrt(
      probe.data.reduce((total, value) => total + value * value, 0) /
        sum.reduce((total, value) => total + value * value, 0),
    );
    expect(
      maxDeviation(
        modes.data.map((value) => scale * value),
        complex("modes_scaled").data,
      ),
    ).toBeLessThan(tolerances.paritySimulation);
  });
});
