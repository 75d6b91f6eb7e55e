import { describe, expect, test } from "vitest";
import { joinComplex } from "../../src/arrays.ts";
import {
  amplitudeImage,
  type ComplexImage,
  centreCrop,
  complexImage,
  crop,
  dataRange,
} from "../../src/metrics/image.ts";
import { findShift } from "../../src/metrics/registration.ts";
import { ssim, ssimMap } from "../../src/metrics/ssim.ts";
import { taper } from "../../src/metrics/taper.ts";
import {
  type CompatMetrics,
  type CompatOptions,
  compatFrc,
  compatFrcThreshold,
  compatImages,
  compatMetrics,
} from "../../src/reference/compat.ts";
import { matchPhaseRamp } from "../../src/reference/compatAlign.ts";
import { maxDeviation } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { fourierShift } from "../metrics/fourierShift.ts";
import { tolerances } from "../tolerances.ts";
import { cropForEvaluation } from "./reference/cropForEvaluation.ts";

const { parityMetrics: tolerance, parityPsnr, parityRing } = tolerances;

const rowNames = ["mae", "mse", "psnr", "ssim", "msSsim", "frc50", "frc17"] as const;
const rowTolerance = {
  mae: tolerance,
  mse: tolerance,
  psnr: parityPsnr,
  ssim: tolerance,
  msSsim: tolerance,
  frc50: parityRing,
  frc17: parityRing,
};

describeFixtures("metrics", ({ arrays }) => {
  const image = (name: string): ComplexImage => {
    const { shape, re, im } = arrays.complex(name);
    return complexImage(joinComplex(shape, re, im));
  };
  const [gt, pred] = [image("gt"), image("pred")];
  // Arrays made from the largest square in the middle are as large as that.
  const side = Math.min(...gt.shape);
  const square = (a: ComplexImage): ComplexImage => centreCrop(a, [side, side]);

  function expectMetrics(actual: CompatMetrics, name: string): void {
    const expected = arrays.get(name).data;
    rowNames.forEach((row, i) => {
      for (const [j, part] of [actual.amplitude, actual.phase].entries()) {
        const difference = Math.abs(part[row] - expected[2 * i + j]);
        expect(difference, `${name} ${row} ${j === 0 ? "amplitude" : "phase"}`).toBeLessThan(rowTolerance[row]);
      }
    });
  }

  test.each<[string, CompatOptions]>([
    ["plane", {}],
    ["mean", { phase: "mean" }],
    ["plane_frcsigma1", { frcSigma: 1, msSsimSigma: 0 }],
  ])("%s: all metrics and curves", (name, options) => {
    expectMetrics(compatMetrics(pred, gt, options), `${name}_metrics`);
    const { amplitude, phase } = compatImages(pred, gt, options);
    const curve = ({ prediction, truth }: typeof phase): Float64Array =>
      compatFrc(prediction, truth, options.frcSigma ?? 0);
    expect(maxDeviation(curve(amplitude), arrays.get(`${name}_frc_amp`).data)).toBeLessThan(tolerance);
    expect(maxDeviation(curve(phase), arrays.get(`${name}_frc_phase`).data)).toBeLessThan(tolerance);
  });

  test("an image against itself", () => {
    expectMetrics(compatMetrics(gt, gt), "self_metrics");
    const { amplitude, phase } = compatImages(gt, gt);
    expect(
      maxDeviation(compatFrc(amplitude.prediction, amplitude.truth), arrays.get("self_frc_amp").data),
    ).toBeLessThan(tolerance);
    expect(maxDeviation(compatFrc(phase.prediction, phase.truth), arrays.get("self_frc_phase").data)).toBeLessThan(
      tolerance,
    );
  });

  test("amplitude scale and phases without planes", () => {
    const { amplitudeScale, phase } = compatImages(pred, gt);
    expect(amplitudeScale).toBeCloseTo(arrays.scalar("amp_scale"), 5);
    expect(maxDeviation(phase.truth.data, arrays.get("phase_gt_plane_removed").data)).toBeLessThan(tolerance);
    expect(maxDeviation(phase.prediction.data, arrays.get("phase_pred_plane_removed").data)).toBeLessThan(tolerance);
  });

  test("SSIM of amplitudes and its map where windows lie inside", () => {
    const { prediction, truth } = compatImages(pred, gt).amplitude;
    const range = dataRange(truth.data);
    expect(Math.abs(ssim(prediction, truth, { range }) - arrays.scalar("ssim_amp_f64"))).toBeLessThan(tolerance);
    const map = arrays.get("ssim_map_amp_f64");
    const [height, width] = [map.shape[0], map.shape[1]];
    const interior = crop(
      { shape: [height, width], data: Float64Array.from(map.data) },
      { top: 3, left: 3, height: height - 6, width: width - 6 },
    );
    expect(maxDeviation(ssimMap(prediction, truth, { range }).data, interior.data)).toBeLessThan(tolerance);
  });

  describe("ring correlation", () => {
    test("of the complex images, and its frequencies", () => {
      const expected = arrays.get("frc_complex").data;
      expect(maxDeviation(compatFrc(pred, gt), expected)).toBeLessThan(tolerance);
      const frequency = Float64Array.from(expected, (_, r) => r / (side / 2));
      expect(maxDeviation(frequency, arrays.get("frc_ring_frequency").data)).toBeLessThan(tolerance);
    });

    test("threshold", () => {
      const threshold = compatFrcThreshold(side, 0.1);
      expect(maxDeviation(threshold, arrays.get("frc_threshold").data)).toBeLessThan(tolerance);
      const frequency = threshold.map((_, r) => r / (side / 2));
      expect(maxDeviation(frequency, arrays.get("frc_threshold_frequency").data)).toBeLessThan(tolerance);
    });

    test("after matching phase ramps and fading the border out over 10 pixels", () => {
      const second = image("frcpre_input_shifted");
      const a = taper(matchPhaseRamp(square(gt), second), 10);
      const b = taper(second, 10);
      expect(maxDeviation(a.data, image("frcpre_unaligned_1").data)).toBeLessThan(tolerance);
      expect(maxDeviation(b.data, image("frcpre_unaligned_2").data)).toBeLessThan(tolerance);
      expect(maxDeviation(compatFrc(a, b), arrays.get("frcpre_unaligned_curve").data)).toBeLessThan(tolerance);
    });
  });

  test("phase ramp matched", () => {
    const matched = matchPhaseRamp(square(pred), square(gt));
    expect(maxDeviation(matched.data, image("phase_ramp_matched").data)).toBeLessThan(tolerance);
  });

  describe("registration of amplitudes by phase correlation", () => {
    const amplitude = (a: ComplexImage): ComplexImage => {
      const { shape, data } = amplitudeImage(a);
      return {
        shape,
        data: Float64Array.from({ length: 2 * data.length }, (_, k) => (k % 2 === 0 ? data[k >> 1] : 0)),
      };
    };

    test.each([
      ["reg_found_offset", "reg_moving"],
      ["reg_found_offset_pred", "pred"],
    ])("%s, to the reference's grid", (name, moving) => {
      const found = findShift(amplitude(image(moving)), amplitude(gt), { whiten: true }).shift;
      const expected = arrays.get(name).data;
      for (const axis of [0, 1])
        expect(Math.abs(found[axis] - expected[axis])).toBeLessThan(tolerances.registrationGrid);
    });

    test("aligned image", () => {
      const [dy, dx] = arrays.get("reg_found_offset").data;
      const moved = fourierShift(image("reg_moving"), [dy, dx]);
      const expected = image("reg_aligned");
      expect(maxDeviation(centreCrop(moved, expected.shape).data, expected.data)).toBeLessThan(tolerance);
    });
  });

  test("crop for evaluation", () => {
    const positions = Float64Array.from(arrays.get("align_coords_yx").data);
    const { reconstruction, reference } = cropForEvaluation(
      image("align_recon_in"),
      gt,
      positions,
      arrays.scalar("align_M"),
    );
    expect(maxDeviation(reconstruction.data, image("align_recon_out").data)).toBe(0);
    expect(maxDeviation(reference.data, image("align_gt_out").data)).toBe(0);
  });
});
