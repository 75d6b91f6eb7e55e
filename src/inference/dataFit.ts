import { type ComplexArray, evenly } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { normalisePatterns, type Scales } from "../data/normalisation.ts";
import { BACKGROUND_COUNTS } from "../model/likelihood.ts";
import { patchDiffraction } from "../optics/patchDiffraction.ts";
import { extractPatch } from "../optics/sampling.ts";
import { type Canvas, toCanvas } from "./canvas.ts";
import { wellCovered } from "./coverage.ts";

/** How well a reconstruction explains the patterns that were measured. */
export interface DataFit {
  /** Poisson deviance per pixel, mean 2 [λ − k + k ln(k/λ)] in counts. */
  readonly deviance: number;
  /** √(Σ (√λ − √k)² / Σ k). */
  readonly rFactor: number;
  /** Patterns that were simulated again. */
  readonly patterns: number;
  /** Patterns whose illumination lies on the covered area, among which they were chosen evenly. */
  readonly eligible: number;
}

export interface DataFitOptions {
  readonly dataset: Dataset;
  readonly scales: Scales;
  /** `[mode, N, N]` as the physics takes it: scaled, masked where the model masks it. */
  readonly probe: ComplexArray;
  /** Patterns to choose from. */
  readonly frames: readonly number[];
  /** `[y, x]`, the physical object (`physicalPredictor`). */
  readonly object: ComplexArray;
  /** `[y, x]`, sum of weights. */
  readonly coverage: Float32Array;
  readonly canvas: Canvas;
  /** Added to the predicted amplitude, in units of the network's input. Default 0. */
  readonly offset?: number;
  /** Patterns to simulate at most. Default 256. */
  readonly most?: number;
}

/** A pattern counts when this part of its probe's intensity falls on covered pixels: what is left changes R by about its root. */
const LIT = 0.999;
/** A pixel is covered when its weight exceeds this part of the median: a poor average is still nearer than a guess. */
const LEAST_WEIGHT = 0.01;

/**
 * Simulates patterns from the stitched object, λ = |F(O P)|² in counts, and compares them with what was measured. Patterns
 * at the scan's edge, which light what no patch covers, are left out; what little the others see of uncovered pixels is
 * taken as the covered pixels' mean.
 * @returns undefined when the scan is too small to have any other pattern
 */
export function fitToData(options: DataFitOptions): DataFit | undefined {
  const { dataset, scales, probe, canvas, offset = 0, most = 256 } = options;
  const known = wellCovered(options.coverage, { fraction: LEAST_WEIGHT });
  const eligible = options.frames.filter((frame) => coveredPart(frame, options, known) >= LIT);
  if (eligible.length === 0) return undefined;
  const chosen = evenly(eligible, most);
  const n = probe.shape[1]!;
  const object = filled(options.object, known);
  const diffraction = patchDiffraction(probe);
  const patch = new Float64Array(2 * n * n);
  const measured = new Float32Array(n * n);
  const sums = { deviance: 0, residual: 0, counts: 0, pixels: 0 };
  for (const frame of chosen) {
    const { y, x } = centreOf(frame, dataset, canvas);
    extractPatch(object, y, x, n, patch);
    const intensity = diffraction(patch);
    dataset.patterns.read([frame], measured);
    normalisePatterns(measured, dataset.measurement, scales);
    compare(sums, intensity, measured, { offset, perUnit: scales.countsPerUnit, mask: dataset.mask?.data });
  }
  return {
    deviance: sums.deviance / sums.pixels,
    rFactor: Math.sqrt(sums.residual / sums.counts),
    patterns: chosen.length,
    eligible: eligible.length,
  };
}

interface Comparison {
  readonly offset: number;
  readonly perUnit: number;
  readonly mask: Float32Array | undefined;
}

function compare(
  sums: { deviance: number; residual: number; counts: number; pixels: number },
  intensity: Float64Array,
  measured: Float32Array,
  { offset, perUnit, mask }: Comparison,
): void {
  for (let i = 0; i < intensity.length; i++) {
    if (mask !== undefined && mask[i] === 0) continue;
    const amplitude = Math.sqrt(intensity[i]!) + offset;
    const rate = amplitude ** 2 * perUnit;
    const counts = measured[i]! ** 2 * perUnit;
    const expected = rate + BACKGROUND_COUNTS;
    sums.deviance += 2 * (expected - counts + (counts > 0 ? counts * Math.log(counts / expected) : 0));
    sums.residual += (Math.sqrt(rate) - Math.sqrt(counts)) ** 2;
    sums.counts += counts;
    sums.pixels++;
  }
}

/** Part of the probe's intensity that falls on known pixels, with the window at its nearest whole pixel. */
function coveredPart(frame: number, { dataset, canvas, probe }: DataFitOptions, known: Uint8Array): number {
  const [modes, n] = probe.shape as [number, number, number];
  const { y, x } = centreOf(frame, dataset, canvas);
  const top = Math.round(y) - Math.floor(n / 2);
  const left = Math.round(x) - Math.floor(n / 2);
  let total = 0;
  let covered = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const inside = top + i >= 0 && top + i < canvas.height && left + j >= 0 && left + j < canvas.width;
      const weight = inside ? known[(top + i) * canvas.width + left + j]! : 0;
      for (let mode = 0; mode < modes; mode++) {
        const at = 2 * ((mode * n + i) * n + j);
        const lit = probe.data[at]! ** 2 + probe.data[at + 1]! ** 2;
        total += lit;
        covered += weight * lit;
      }
    }
  return covered / total;
}

const centreOf = (frame: number, { positions }: Dataset, canvas: Canvas): { y: number; x: number } =>
  toCanvas(canvas, positions[2 * frame]!, positions[2 * frame + 1]!);

/** The object with its unknown pixels at the known ones' mean. */
function filled({ shape, data }: ComplexArray, known: Uint8Array): ComplexArray {
  let [re, im, count] = [0, 0, 0];
  for (let i = 0; i < known.length; i++) {
    if (known[i] === 0) continue;
    re += data[2 * i]!;
    im += data[2 * i + 1]!;
    count++;
  }
  const mean = [re / count, im / count];
  return { shape, data: data.map((value, i) => (known[i >> 1] === 0 ? mean[i & 1]! : value)) };
}
