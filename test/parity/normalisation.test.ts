import { expect, it } from "vitest";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { computeScales, energyOf } from "../../src/data/normalisation.ts";
import { probeMask } from "../../src/optics/probeMask.ts";
import { maxDeviation } from "../evaluate.ts";
import { describeFixtures, type FixtureArrays, itWith } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import * as reference from "./reference/scaling.ts";

const relative = tolerances.parityScaleFactor;

function expectRelative(actual: number, expected: number): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));
}

function expectAll(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(maxDeviation(actual, expected)).toBeLessThan(relative);
}

/** One field out of a stack, or the whole stack, interleaved. */
function field(arrays: FixtureArrays, name: string): { shape: readonly number[]; data: Float32Array } {
  const { shape, re, im } = arrays.complex(name);
  return { shape, data: Float32Array.from({ length: 2 * re.length }, (_, i) => (i % 2 ? im : re)[i >> 1]) };
}

describeFixtures("normalisation", ({ entry, arrays }) => {
  const n = entry["N"] as number;
  const counts = Float32Array.from(arrays.get("counts").data);
  const frames = arrays.get("counts").shape[0];
  const amplitudes = Float64Array.from(counts, Math.sqrt);
  const sums = reference.patternSums(amplitudes, frames);
  const groupSize = arrays.scalar("group_channels");
  const factor = reference.containerInputFactor(sums, n);
  const scaledSums = { ...sums, energy: sums.energy.map((energy) => energy * factor ** 2) };
  /** Doses: those of the entry, or of the file. */
  const photons =
    entry["nphotons"] === undefined ? Array.from(arrays.get("b_nphotons").data) : [entry["nphotons"] as number].flat();
  const modes = field(arrays, "probe_modes");
  const first = { shape: [n, n], data: modes.data.subarray(0, 2 * n * n) };

  it("a: input factor", () => {
    expectRelative(factor, arrays.scalar("a_factor"));
    expectRelative(factor, arrays.scalar("a_inference_factor"));
    expectAll(
      amplitudes.subarray(0, n * n).map((value) => value * factor),
      arrays.get("a_X_first").data,
    );
  });

  it("a: the project's own normalisation is the same factor", () => {
    const scales = computeScales(
      {
        name: "fixture",
        patterns: memoryPatterns(counts, [frames, n, n]),
        measurement: "counts",
        positions: new Float64Array(2 * frames),
        probe: { ...modes, shape: [modes.data.length / (2 * n * n), n, n] },
        provenance: { conversions: [], warnings: [] },
      },
      Array.from({ length: frames }, (_, i) => i),
    );
    expectRelative(scales.inputScale, arrays.scalar("a_factor"));
  });

  itWith(arrays, ["b_intensity_scale"], "b: intensity scale of scaled, raw and grouped amplitudes", () => {
    for (const [i, dose] of (arrays.has("b_nphotons") ? arrays.get("b_nphotons").data : photons).entries()) {
      const scaled = arrays.get("b_intensity_scale").data[i];
      expectRelative(reference.intensityScale(scaledSums, dose), scaled);
      expectRelative(reference.normalisedIntensityScale(dose, n), scaled);
      expectRelative(reference.intensityScale(sums, dose), arrays.get("b_intensity_scale_raw").data[i]);
      const grouped = arrays.get("b_intensity_scale_grouped_channels_last").data[i];
      expectRelative(reference.intensityScale(sums, dose), grouped);
    }
  });

  it.each(["parseval", "max"] as const)("c: memory-mapped factors, %s", (scaling) => {
    const name = scaling === "max" ? "max_" : "";
    const whole = reference.mappedFactors(sums, n, { scaling });
    expectAll(whole.rms, arrays.get(`c_rms_${name}batch`).data);
    expectAll(whole.physics, arrays.get(`c_physics_${name}batch`).data);
    const grouped = reference.mappedFactors(sums, n, { scaling, groupSize });
    expectAll(grouped.rms, arrays.get(`c_rms_${name}group`).data);
    expectAll(grouped.physics, arrays.get(`c_physics_${name}group`).data);
  });

  it("d: count-intensity contract", () => {
    const { rms, meanIntensity } = reference.countFactors(counts, frames, n);
    expectRelative(rms, arrays.scalar("d_rms_input_scale"));
    expectRelative(meanIntensity, arrays.scalar("d_mean_measured_intensity"));
    const scale = arrays.scalar("d_count_amplitude_scale");
    expect(photons.some((dose) => Math.abs(reference.normalisedIntensityScale(dose, n) / scale - 1) < relative)).toBe(
      true,
    );
    const adapted = arrays.get("d_adapted_intensity").data;
    expectAll(
      Float64Array.from({ length: n * n }, (_, i) => (scale * factor * amplitudes[i]) ** 2),
      adapted,
    );
  });

  const masks = {
    nomask: undefined,
    mask: probeMask(n, n / 2, 1).data,
    mask_wide: probeMask(n, 0.7 * n, 2.5).data,
    mask_hard: probeMask(n, n / 2, 0).data,
  };
  const multi = Object.keys(masks).map((name) => `e_factor_multi_${name}`);
  itWith(arrays, multi, "e: one probe factor for a stack of modes", () => {
    for (const [name, mask] of Object.entries(masks))
      expectRelative(reference.probeFactor(modes, 4, mask), arrays.scalar(`e_factor_multi_${name}`));
  });

  it("e: probe factors with and without masks", () => {
    for (const [name, mask] of Object.entries(masks)) {
      expectAll(mask ?? new Float32Array(n * n).fill(1), arrays.get(`e_mask_${name}`).data);
      expectRelative(reference.probeFactor(first, 4, mask), arrays.scalar(`e_factor_${name}`));
    }
    expectRelative(reference.probeFactor(first, 2.5), arrays.scalar("e_factor_scale2p5"));
    const normalised = reference.probeFactor(first, 4);
    expectAll(
      first.data.map((value) => value * normalised),
      field(arrays, "e_normalised_nomask").data,
    );
    // The probe that the reference scaled here is a multiple of the first mode that the file does not state.
    const adapted = field(arrays, "d_adapted_probe");
    const multiple = Math.sqrt(energyOf(adapted) / energyOf(first));
    expectAll(
      first.data.map((value) => value * multiple),
      adapted.data,
    );
    const unit = reference.unitEnergyFactor(first);
    expectRelative(unit, arrays.scalar("e_unit_energy_factor"));
    expectAll(
      first.data.map((value) => value * unit),
      field(arrays, "e_unit_energy_probe").data,
    );
  });
});
