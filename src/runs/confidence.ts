import type { ComplexArray } from "../arrays.ts";
import type { Scales } from "../data/normalisation.ts";
import { PtychonautError } from "../errors.ts";
import { writeNpz } from "../formats/npz.ts";
import { wellCovered } from "../inference/coverage.ts";
import type { Confidence } from "../metrics/confidence.ts";
import type { Frc } from "../metrics/frc.ts";
import { trustOf } from "../metrics/halfData.ts";
import { median } from "../numerics/median.ts";
import { DOUBTFUL_PHASE } from "../pictures/confidenceFigure.ts";
import type { Reconstruction } from "../reconstructions/reconstructionNpz.ts";

/** One half of the data, reconstructed by itself. */
export interface HalfReconstruction {
  /** `[y, x]`, on the pixels of the whole. */
  readonly object: ComplexArray;
  /** `[y, x]`. */
  readonly coverage: Float32Array;
  readonly patterns: number;
}

/** What is to be judged. */
export interface ToJudge {
  /** `[y, x]`, with its coverage. */
  readonly object: ComplexArray;
  readonly coverage: Float32Array;
  readonly halves: readonly [HalfReconstruction, HalfReconstruction];
  /** The halves gone on with by an engine, where the object is none's, so that they do not share its errors. */
  readonly refined?: RefinedHalves | undefined;
  /** `[y, x]`, Σ |P|² over the frames, of the probe that belongs to the object. */
  readonly light: ArrayLike<number>;
  readonly scales: Pick<Scales, "countsPerUnit" | "photonsFrom">;
}

/** What an engine made of both halves of the data. */
export interface RefinedHalves {
  /** `[y, x]` each, on the pixels of the whole. */
  readonly objects: readonly [ComplexArray, ComplexArray];
  readonly engine: string;
  readonly epochs: number;
}

/** How far a reconstruction is to be trusted. */
export interface Judged {
  readonly confidence: Confidence;
  /** `[y, x]`, 1 where errors can be told. */
  readonly known: Uint8Array;
  /** `[y, x]`: photons that all patterns together sent through a pixel of transmission 1; of an unknown dose absent. */
  readonly photons?: Float32Array;
  /** For `metrics.json`. */
  readonly metrics: HalfDataMetrics;
}

export interface HalfDataMetrics {
  /** Of each half. */
  readonly patterns: readonly [number, number];
  /** Of the halves as the object was made. */
  readonly frc: Frc;
  /** What refined the halves that errors are from, and the correlation of those. */
  readonly refined?: Pick<RefinedHalves, "engine" | "epochs"> & { readonly frc: Frc };
  /** Medians over the pixels that are known. */
  readonly amplitudeSigma: number;
  readonly phaseSigma: number;
  /** Part of them whose phase is expected to be off by more than `doubtfulAbove` radians. */
  readonly doubtful: number;
  readonly doubtfulAbove: number;
}

/**
 * Expected errors of a reconstruction, from two of half of its data each.
 * @param warn says why there are none
 */
export function judge(
  { object, coverage, halves, refined, light, scales }: ToJudge,
  warn: (line: string) => void,
): Judged | undefined {
  if (scales.photonsFrom === "amplitude")
    warn("how many photons the patterns hold is not known, so expected errors have no lower bound by their noise");
  const photons =
    scales.photonsFrom === "amplitude"
      ? {}
      : { photons: Float32Array.from(light, (value) => value * scales.countsPerUnit) };
  try {
    const [a, b] = halves.map((half) => wellCovered(half.coverage));
    const covered = wellCovered(coverage).map((value, k) => value & a[k] & b[k]);
    const seen = { object, known: covered, ...photons };
    const asMade = trustOf({ ...seen, halves: [halves[0].object, halves[1].object] });
    const byEngine = refined && trustOf({ ...seen, halves: refined.objects }, { against: "whole" });
    const { confidence } = byEngine ?? asMade;
    const known = Uint8Array.from(confidence.phase, (value) => (Number.isNaN(value) ? 0 : 1));
    const phases = confidence.phase.filter((value) => !Number.isNaN(value));
    const metrics = {
      ...{ patterns: [halves[0].patterns, halves[1].patterns] as const, frc: asMade.frc },
      ...(refined === undefined || byEngine === undefined
        ? {}
        : { refined: { engine: refined.engine, epochs: refined.epochs, frc: byEngine.frc } }),
      amplitudeSigma: median(confidence.amplitude.filter((value) => !Number.isNaN(value))),
      phaseSigma: median(phases),
      doubtful: phases.filter((value) => value > DOUBTFUL_PHASE).length / phases.length,
      doubtfulAbove: DOUBTFUL_PHASE,
    };
    return { confidence, known, ...photons, metrics };
  } catch (error) {
    // What was reconstructed is worth keeping all the same.
    if (!(error instanceof PtychonautError)) throw error;
    warn(`no expected errors: ${error.message}`);
    return undefined;
  }
}

/** `confidence.npz`: `amplitude_sigma`, `phase_sigma`, `coverage` and, of a known dose, `photons`, float32 `[y, x]`; `origin`. */
export function confidenceFile(
  { confidence, photons }: Judged,
  { object: { shape }, coverage, origin }: Pick<Reconstruction, "object" | "coverage" | "origin">,
): Uint8Array {
  const real = (values: ArrayLike<number>) => ({ shape, dtype: "float32", data: Float32Array.from(values) }) as const;
  return writeNpz({
    ...{ amplitude_sigma: real(confidence.amplitude), phase_sigma: real(confidence.phase), coverage: real(coverage) },
    ...(photons === undefined ? {} : { photons: real(photons) }),
    origin: { shape: [2], dtype: "float64", data: Float64Array.of(origin.y, origin.x) },
  });
}
