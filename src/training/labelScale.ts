import { type ComplexArray, evenly } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { type LabelSource, labelPatch } from "../data/labels.ts";
import { normalisePatterns, type Scales } from "../data/normalisation.ts";
import { PtychonautError } from "../errors.ts";
import { patchDiffraction } from "../physics/patchDiffraction.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";

/** Frames that the factor is measured on, at most. */
const MOST = 256;

interface LabelledScan {
  readonly scales: Scales;
  /** `[mode, n, n]` as the physics takes it. */
  readonly probe: ComplexArray;
  readonly propagator: Propagator;
  /** To measure on. */
  readonly frames: readonly number[];
}

/**
 * Labels on the scale of the one normalisation. Diffraction leaves an object's scale against the probe open, and a file may
 * choose it as it likes; here the diffraction of the labels has the energy that was measured, on valid pixels, so that
 * what is learned from labels explains the patterns as what is learned without them does.
 * @throws PtychonautError "data" when no light passes the labels
 */
export function normalisedLabels(
  source: LabelSource,
  dataset: Dataset,
  { scales, probe, propagator, frames }: LabelledScan,
): LabelSource {
  const n = dataset.patterns.width;
  const diffraction = patchDiffraction(probe, propagator);
  const patch = new Float64Array(2 * n * n);
  const measured = new Float32Array(n * n);
  const valid = dataset.mask?.data;
  let [seen, predicted] = [0, 0];
  for (const frame of evenly(frames, MOST)) {
    labelPatch(source, frame, n, patch);
    const intensity = diffraction(patch);
    dataset.patterns.read([frame], measured);
    normalisePatterns(measured, dataset.measurement, scales, valid);
    for (let i = 0; i < intensity.length; i++) {
      seen += measured[i] ** 2;
      predicted += intensity[i] * (valid?.[i] ?? 1);
    }
  }
  if (!(seen > 0 && predicted > 0)) {
    throw new PtychonautError("data", "no light passes the labels: they are zero where the probe is", {
      where: dataset.name,
      fix: "check the positions against the object (ptychonaut inspect)",
    });
  }
  return { ...source, scale: source.scale * Math.sqrt(seen / predicted) };
}
