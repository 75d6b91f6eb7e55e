import { expect, it } from "vitest";
import { labelPatch, labelSource } from "../../src/data/labels.ts";
import { computeScales, normalisePatterns, scaledProbe } from "../../src/data/normalisation.ts";
import { patchDiffraction } from "../../src/physics/patchDiffraction.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { normalisedLabels } from "../../src/training/labelScale.ts";
import { maxDeviation } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

/** Labels that are true up to a factor must explain noise-free patterns without one, whatever the file's scale. */
it.each([
  ["a file's own scale", {}, 1],
  ["an object three times as large", {}, 3],
  ["two probe modes", { modes: 2 }, 1],
  ["a beamstop, which takes most of the light", { beamstop: 8 }, 0.5],
] as [string, Partial<SimulationOptions>, number][])("%s", (_name, options, factor) => {
  const dataset = simulate({ n: 32, patterns: 30, noise: false, ...options });
  const object = { shape: dataset.object!.shape, data: dataset.object!.data.map((value) => factor * value) };
  const frames = Array.from({ length: 30 }, (_, i) => i);
  const scales = computeScales(dataset, frames);
  const probe = scaledProbe(dataset.probe, scales);
  const labels = normalisedLabels(labelSource({ ...dataset, object }), dataset, {
    ...{ scales, probe, propagator: farField, frames },
  });
  const [measured, patch] = [new Float32Array(32 * 32), new Float64Array(2 * 32 * 32)];
  const diffraction = patchDiffraction(probe, farField);
  for (const frame of [0, 7, 29]) {
    dataset.patterns.read([frame], measured);
    normalisePatterns(measured, dataset.measurement, scales, dataset.mask?.data);
    labelPatch(labels, frame, 32, patch);
    const predicted = diffraction(patch).map((value, i) => Math.sqrt(value) * (dataset.mask?.data[i] ?? 1));
    expect(maxDeviation(predicted, measured)).toBeLessThan(tolerances.float32Rounding);
  }
});
