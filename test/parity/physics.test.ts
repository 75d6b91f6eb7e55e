import { expect } from "vitest";
import { type Complex, each, modulus } from "../../src/graph/complex.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { pad, slice } from "../../src/graph/ops/layout.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { exitWaves } from "../../src/physics/illumination.ts";
import { ofExperiment } from "../../src/physics/perSample.ts";
import { predictIntensity, rectangularScale } from "../../src/physics/predict.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { accumulate, bestScales, emptyNormalEquations } from "../../src/physics/varpro.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { complexNames, describeFixtures, itWith } from "../fixtures.ts";
import { complexInput, fixtureProbe, fixtureReal, probeName } from "../physics/inputs.ts";
import { tolerances } from "../tolerances.ts";
import { basisIntensity, intensityBasis } from "./reference/intensityBasis.ts";
import { predictAmplitude } from "./reference/predictAmplitude.ts";
import { leastSquares, nearestScales } from "./reference/rankOneScales.ts";

describeFixtures("physics", ({ entry, arrays }) => {
  const { shape: patchShape, re, im } = arrays.complex("patches");
  const [batch, , n] = patchShape as [number, number, number, number];
  const graph = new Graph();
  // Fed rather than baked in: the runtime folds what it can compute at load, in another order of operations.
  const object = complexInput(graph, "patches", patchShape);
  const feeds = { patches_re: re, patches_im: im };
  const single = fixtureProbe(graph, entry, arrays, "probe_single");
  /** Made when asked for: a file may be without a second probe. */
  const multi = (): Complex => fixtureProbe(graph, entry, arrays, "probe_multi");
  const several = complexNames(probeName(entry, "probe_multi"));
  const mask = (): Tensor => fixtureReal(graph, arrays, "probe_mask");
  const experiment = graph.constant(BigInt64Array.from(arrays.get("experiment_id").data, BigInt), [batch]);
  const ofSample = (name: string): Tensor => ofExperiment(fixtureReal(graph, arrays, name), experiment, 4);
  const outputScale = fixtureReal(graph, arrays, "output_scale");
  const plain = { propagator: farField, probeScale: 1, outputScale: 1 };

  async function expectSame(actual: Tensor, name: string): Promise<void> {
    const { value } = await evaluate({ value: actual }, feeds);
    expect(maxDeviation(value, arrays.get(name).data)).toBeLessThan(tolerances.parityPhysics);
  }

  itWith(arrays, ["amplitude_single"], "amplitude of one mode", () =>
    expectSame(predictAmplitude(object, single, plain), "amplitude_single"),
  );
  itWith(arrays, [...several, "amplitude_multi"], "amplitude of coherent modes", () =>
    expectSame(predictAmplitude(object, multi(), plain), "amplitude_multi"),
  );
  itWith(arrays, ["probe_mask", "amplitude_single_masked"], "amplitude behind a probe mask", () =>
    expectSame(predictAmplitude(object, single, { ...plain, mask: mask() }), "amplitude_single_masked"),
  );

  itWith(
    arrays,
    ["amplitude_single_padded"],
    "amplitude of a padded exit wave, in units of the unpadded transform",
    () => {
      const [count, channels, side] = arrays.get("amplitude_single_padded").shape as [number, number, number, number];
      const edge: [number, number] = [(side - n) / 2, (side - n) / 2];
      const first = (x: Tensor): Tensor =>
        slice(x, [
          { axis: 0, start: 0, end: count },
          { axis: 1, start: 0, end: channels },
        ]);
      // A probe a sample goes with its own samples.
      const lit = each(single, (part) => (part.rank === 5 ? slice(part, [{ axis: 0, start: 0, end: count }]) : part));
      const waves = exitWaves({ re: first(object.re), im: first(object.im) }, lit);
      const padded = { re: pad(waves.re, [edge, edge]), im: pad(waves.im, [edge, edge]) };
      return expectSame(mul(modulus(farField.forward(padded)), side / n), "amplitude_single_padded");
    },
  );

  itWith(arrays, ["fm_amplitude"], "whole amplitude forward pass", () =>
    expectSame(
      predictAmplitude(object, single, {
        propagator: farField,
        probeScale: arrays.scalar("probe_scale"),
        outputScale,
        physicsGain: arrays.scalar("physics_gain"),
      }),
      "fm_amplitude",
    ),
  );
  // This one was run without the gain.
  itWith(arrays, ["fm_amplitude_affine"], "whole amplitude forward pass with affine calibration", () =>
    expectSame(
      predictAmplitude(object, single, {
        propagator: farField,
        probeScale: arrays.scalar("probe_scale"),
        outputScale: arrays.scalar("affine_intensity_scale"),
        affine: { alpha: ofSample("affine_alpha"), beta: ofSample("affine_beta") },
      }),
      "fm_amplitude_affine",
    ),
  );

  const scaled = () => rectangularScale(object, mul(ofSample("s1"), outputScale), mul(ofSample("s2"), outputScale));
  itWith(arrays, ["rect_intensity_single"], "rectangular intensity of one mode", () =>
    expectSame(predictIntensity(scaled(), single, farField), "rect_intensity_single"),
  );
  itWith(arrays, [...several, "rect_intensity_multi"], "rectangular intensity of incoherent modes", () =>
    expectSame(predictIntensity(scaled(), multi(), farField), "rect_intensity_multi"),
  );

  const firstSample = (x: Tensor): Tensor => slice(x, [{ axis: 0, start: 0, end: 1 }]);
  itWith(arrays, [...several, "basis_X1"], "basis intensities", async () => {
    const basis = intensityBasis(object, multi(), farField);
    await expectSame(firstSample(basis.real), "basis_X1");
    await expectSame(firstSample(basis.imaginary), "basis_X2");
    await expectSame(firstSample(basis.mixed), "basis_X3");
  });

  itWith(
    arrays,
    [...several, "measured", "vp_coeff"],
    "least squares and rank-one scales of every pattern",
    async () => {
      const basis = await evaluate({ ...intensityBasis(object, multi(), farField) }, feeds);
      const measured = arrays.get("measured").data as Float32Array;
      const [coefficients, scales]: [number[], number[]] = [[], []];
      for (let start = 0; start < measured.length; start += n * n) {
        const own = (values: Float32Array): Float32Array => values.subarray(start, start + n * n);
        const equations = emptyNormalEquations();
        accumulate(
          equations,
          { real: own(basis.real), imaginary: own(basis.imaginary), mixed: own(basis.mixed) },
          own(measured),
        );
        const [c1, c3, c2] = leastSquares(equations);
        coefficients.push(c1, c2, c3);
        const { s1, s2 } = nearestScales([c1, c3, c2]);
        scales.push(s1, s2);
      }
      expect(maxDeviation(coefficients, arrays.get("vp_coeff").data)).toBeLessThan(tolerances.parityPhysics);
      expect(maxDeviation(scales, arrays.get("vp_s1s2").data)).toBeLessThan(tolerances.parityPhysics);
    },
  );

  itWith(arrays, several, "intensity from the basis is that of the scaled object", async () => {
    const { s1, s2 } = { s1: ofSample("s1"), s2: ofSample("s2") };
    const { direct, assembled } = await evaluate(
      {
        direct: predictIntensity(rectangularScale(object, s1, s2), multi(), farField),
        assembled: basisIntensity(intensityBasis(object, multi(), farField), s1, s2),
      },
      feeds,
    );
    expect(maxDeviation(assembled, direct)).toBeLessThan(tolerances.parityPhysics);
  });

  itWith(arrays, ["pooled_measured"], "pooled normal equations and their constrained optimum", async () => {
    const basis = await evaluate({ ...intensityBasis(object, single, farField) }, feeds);
    const equations = emptyNormalEquations();
    accumulate(equations, basis, arrays.get("pooled_measured").data);
    expect(maxDeviation(equations.matrix, arrays.get("pooled_M").data)).toBeLessThan(tolerances.parityPhysics);
    expect(maxDeviation(equations.right, arrays.get("pooled_b").data)).toBeLessThan(tolerances.parityPhysics);
    const { s1, s2 } = bestScales(equations);
    expect(maxDeviation([s1, s2], arrays.get("pooled_s1s2_rank1").data)).toBeLessThan(tolerances.parityPhysics);
    expect(maxDeviation([s1, s2], arrays.get("pooled_s1s2_lbfgs").data)).toBeLessThan(tolerances.parityGradientSolver);
  });
});
