import { expect, it } from "vitest";
import { gradients } from "../../src/graph/gradients.ts";
import { div, mul } from "../../src/graph/ops/elementwise.ts";
import { mean, sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { absoluteError } from "../../src/physics/likelihood.ts";
import { sampleMean } from "../../src/physics/perSample.ts";
import { meanDeviation, totalVariation } from "../../src/physics/regularisers.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { fixtureReal, floats } from "../physics/inputs.ts";
import { tolerances } from "../tolerances.ts";
import {
  countIntensityNll,
  matchEnergy,
  meanObserved,
  poissonAmplitudeNll,
  poissonNll,
  rectangularAbsoluteError,
  supervisedError,
} from "./reference/losses.ts";

describeFixtures("losses", ({ arrays }) => {
  const graph = new Graph();
  const inputs = ["amp_obs", "amp_pred", "counts", "rate_pred", "rate_pred_with_zeros", "image"] as const;
  const given = Object.fromEntries(inputs.map((name) => [name, graph.input(name, arrays.get(name).shape)])) as Record<
    (typeof inputs)[number],
    Tensor
  >;
  const feeds = Object.fromEntries(inputs.map((name) => [name, floats(arrays.get(name))]));
  const { amp_obs: observed, amp_pred: predicted, counts, rate_pred: rate, image } = given;
  const clampedRate = given.rate_pred_with_zeros;

  async function expectSame(actual: Tensor, name: string): Promise<void> {
    const { value } = await evaluate({ value: actual }, feeds);
    expect(maxDeviation(value, arrays.get(name).data)).toBeLessThan(tolerances.parityLoss);
  }

  /** The value, and the gradient of its mean. */
  const cases: readonly (readonly [name: string, loss: Tensor, wrt: Tensor])[] = [
    ["poisson_amplitude", poissonAmplitudeNll(predicted, observed), predicted],
    ["mae_amplitude", absoluteError(predicted, observed), predicted],
    ["rect_poisson", poissonNll(rate, counts), rate],
    ["rect_mae", rectangularAbsoluteError(rate, counts), rate],
    ["ci_poisson", countIntensityNll(clampedRate, counts, 1), clampedRate],
    ["total_variation", totalVariation(image), image],
    ["mean_deviation", meanDeviation(image), image],
  ];
  it.each(cases)("%s and its gradient", async (name, loss, wrt) => {
    await expectSame(loss, name);
    await expectSame(gradients(mean(loss), [wrt])[0], `${name}_grad_of_mean`);
  });

  const meanIntensity = arrays.scalar("ci_mean_intensity");
  it("count-intensity loss over the mean intensity, one for all or one a sample", async () => {
    await expectSame(countIntensityNll(clampedRate, counts, meanIntensity), "ci_poisson_normalised");
    const perSample = graph.constant(floats(arrays.get("ci_mean_per_sample")), [counts.shape[0]]);
    await expectSame(countIntensityNll(clampedRate, counts, perSample), "ci_poisson_normalised_per_sample");
    await expectSame(mean(countIntensityNll(clampedRate, counts, meanIntensity)), "total_ci");
  });

  const scale = arrays.scalar("physics_scale");
  const scaled = { predicted: mul(predicted, scale), observed: mul(observed, scale) };
  const matched = matchEnergy(predicted, observed);
  it("training scalars", async () => {
    await expectSame(meanObserved(observed), "D_mean_observed");
    const over = (loss: Tensor): Tensor => div(mean(loss), meanObserved(observed));
    await expectSame(over(poissonAmplitudeNll(scaled.predicted, scaled.observed)), "total_amplitude_poisson");
    await expectSame(over(sampleMean(absoluteError(scaled.predicted, scaled.observed))), "total_amplitude_mae");
    await expectSame(over(absoluteError(mul(matched, scale), scaled.observed)), "total_amplitude_mae_l2match");
    const overCounts = (loss: Tensor): Tensor => div(mean(loss), meanObserved(counts));
    await expectSame(overCounts(poissonNll(rate, counts)), "total_rect_legacy_poisson");
    await expectSame(overCounts(rectangularAbsoluteError(rate, counts)), "total_rect_legacy_mae");
  });

  it("scales each sample to the observed energy", async () => {
    const factor = fixtureReal(graph, arrays, "l2match_alpha");
    const { value, expected } = await evaluate({ value: matched, expected: mul(predicted, factor) }, feeds);
    expect(maxDeviation(value, expected)).toBeLessThan(tolerances.parityLoss);
  });

  it("error against labels", () => {
    const label = { amplitude: observed, phase: mul(image, 0.5) };
    return expectSame(sum(supervisedError({ amplitude: predicted, phase: image }, label)), "total_supervised");
  });
});
