import { type ComplexArray, evenly } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { normalisePatterns, type Scales } from "../data/normalisation.ts";
import { extractPatch } from "../optics/sampling.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import { type Canvas, toCanvas } from "./canvas.ts";
import { wellCovered } from "./coverage.ts";

/** An object on its canvas, and the scan that it is to explain. */
export interface CoveredScan {
  readonly dataset: Dataset;
  readonly scales: Scales;
  /** `[mode, N, N]` as the physics takes it: scaled, masked where the model masks it. */
  readonly probe: ComplexArray;
  readonly propagator: Propagator;
  /** Patterns to choose from. */
  readonly frames: readonly number[];
  /** `[y, x]`, the physical object (`physicalPredictor`); of several slices or states `[slice or state, y, x]`. */
  readonly object: ComplexArray;
  /** `[y, x]`, sum of weights. */
  readonly coverage: Float32Array;
  readonly canvas: Canvas;
  /** Patterns to look at, at most. Default 256. */
  readonly most?: number;
}

/** One pattern and what the probe sees of the object. The arrays are used again for the next one. */
export interface CoveredPattern {
  readonly frame: number;
  /** `[N, N]` interleaved, of each slice or state. */
  readonly patches: readonly Float64Array[];
  /** `[N, N]`, measured amplitude in units of the network's input. */
  readonly measured: Float32Array;
}

export interface CoveredPatterns {
  /** Patterns whose illumination lies on the covered area. */
  readonly eligible: number;
  /** Patterns chosen evenly among them. */
  readonly count: number;
  /** The chosen ones, in the order of the scan. */
  each(): Iterable<CoveredPattern>;
}

/** A pattern counts when this part of its probe's intensity falls on covered pixels: what is left changes R by about its root. */
const LIT = 0.999;
/** A pixel is covered when its weight exceeds this part of the median: a poor average is still nearer than a guess. */
const LEAST_WEIGHT = 0.01;

/**
 * The patterns that an object can be asked to explain. Those at the scan's edge, which light what no patch covers, are left
 * out; what little the others see of uncovered pixels is taken as the covered pixels' mean.
 */
export function coveredPatterns(scan: CoveredScan): CoveredPatterns {
  const { dataset, scales, probe, canvas, most = 256 } = scan;
  const known = wellCovered(scan.coverage, { fraction: LEAST_WEIGHT });
  const eligible = scan.frames.filter((frame) => coveredPart(frame, scan, known) >= LIT);
  const chosen = evenly(eligible, most);
  return {
    eligible: eligible.length,
    count: chosen.length,
    *each() {
      const n = probe.shape[1];
      const slices = slicesOf(scan.object).map((slice) => ({
        ...{ values: filled(slice, known), patch: new Float64Array(2 * n * n) },
      }));
      const measured = new Float32Array(n * n);
      for (const frame of chosen) {
        const { y, x } = centreOf(frame, dataset, canvas);
        for (const { values, patch } of slices) extractPatch(values, y, x, n, patch);
        dataset.patterns.read([frame], measured);
        normalisePatterns(measured, dataset.measurement, scales);
        yield { frame, patches: slices.map(({ patch }) => patch), measured };
      }
    },
  };
}

/** Part of the probe's intensity that falls on known pixels, with the window at its nearest whole pixel. */
function coveredPart(frame: number, { dataset, canvas, probe }: CoveredScan, known: Uint8Array): number {
  const [modes, n] = probe.shape as [number, number, number];
  const { y, x } = centreOf(frame, dataset, canvas);
  const top = Math.round(y) - Math.floor(n / 2);
  const left = Math.round(x) - Math.floor(n / 2);
  let total = 0;
  let covered = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const inside = top + i >= 0 && top + i < canvas.height && left + j >= 0 && left + j < canvas.width;
      const weight = inside ? known[(top + i) * canvas.width + left + j] : 0;
      for (let mode = 0; mode < modes; mode++) {
        const at = 2 * ((mode * n + i) * n + j);
        const lit = probe.data[at] ** 2 + probe.data[at + 1] ** 2;
        total += lit;
        covered += weight * lit;
      }
    }
  return covered / total;
}

const centreOf = (frame: number, { positions }: Dataset, canvas: Canvas): { y: number; x: number } =>
  toCanvas(canvas, positions[2 * frame], positions[2 * frame + 1]);

function slicesOf({ shape, data }: ComplexArray): readonly ComplexArray[] {
  const [height, width] = shape.slice(-2);
  const size = 2 * height * width;
  return Array.from({ length: data.length / size }, (_, k) => ({
    ...{ shape: [height, width], data: data.subarray(k * size, (k + 1) * size) },
  }));
}

/** The object with its unknown pixels at the known ones' mean. */
function filled({ shape, data }: ComplexArray, known: Uint8Array): ComplexArray {
  let [re, im, count] = [0, 0, 0];
  for (let i = 0; i < known.length; i++) {
    if (known[i] === 0) continue;
    re += data[2 * i];
    im += data[2 * i + 1];
    count++;
  }
  const mean = [re / count, im / count];
  return { shape, data: data.map((value, i) => (known[i >> 1] === 0 ? mean[i & 1] : value)) };
}
