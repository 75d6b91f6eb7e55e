import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError, setting } from "../errors.ts";
import { wellCovered } from "../inference/coverage.ts";
import { type EvaluationOptions, evaluateReconstruction, type Metrics } from "../metrics/evaluate.ts";
import { lengthLabel } from "../optics/units.ts";
import { type Reconstruction, readReconstruction } from "../reconstructions/reconstructionNpz.ts";
import type { InferenceBeside } from "./inferenceBeside.ts";
import type { Home } from "./machine.ts";
import { type ObjectFile, readObjectFile } from "./objectFile.ts";
import { onPixelsOf } from "./samePixels.ts";
import type { RunStore } from "./store.ts";

/** An object to compare with, and where its first pixel sits in object pixels. */
export interface Reference {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  readonly origin: { readonly y: number; readonly x: number };
  /** `[y, x]`, how well each pixel is covered, where it is a reconstruction itself. */
  readonly coverage?: Float32Array;
  /** Object pixel over that of the scan's file as stored, (y, x); absent where nothing says it. */
  readonly pixelRatio?: readonly [y: number, x: number];
}

/** What is compared: a reconstruction, or an object of another program, which does not say where it lies. */
export type Compared = Pick<ObjectFile, "object" | "origin" | "coverage" | "pixelRatio">;

export interface ComparisonOptions
  extends Pick<
    EvaluationOptions,
    "gauge" | "twin" | "locate" | "register" | "maxShift" | "taper" | "deviance" | "compat"
  > {
  /** Pixels count whose coverage is above this fraction of its median. Default 0.1. */
  readonly coverage?: number;
}

/**
 * Compares a reconstruction with a reference over the area that is well covered in both. Where patterns were cut or
 * filled up, a scan's object is interpolated to the reconstruction's pixels.
 * @throws PtychonautError "usage" or "shape" when they do not fit or too little is covered
 */
export function compareWithReference(
  reconstruction: Compared,
  reference: Reference,
  options: ComparisonOptions = {},
): Metrics {
  const target = onPixelsOf(reference, [reconstruction]).reference;
  return evaluateReconstruction(
    reconstruction.object,
    target.object,
    evaluationOptions(reconstruction, target, options),
  );
}

/** Masks of what is well covered, and the place that both origins state; without one it is to be found. */
export function evaluationOptions(
  { object, origin, coverage }: Compared,
  reference: Reference,
  { coverage: fraction = 0.1, ...options }: ComparisonOptions,
): EvaluationOptions {
  const mask = coverageMask(object, coverage, fraction);
  const referenceMask = coverageMask(reference.object, reference.coverage, fraction);
  return {
    ...options,
    locate: options.locate === true || origin === undefined,
    ...(origin === undefined ? {} : { origin: [origin.y - reference.origin.y, origin.x - reference.origin.x] }),
    ...(mask === undefined ? {} : { mask }),
    ...(referenceMask === undefined ? {} : { referenceMask }),
  };
}

/**
 * Looks at the smoothing that was asked for, before models take their time: a Gaussian ends at 4 sigma, and beyond the image
 * it only mirrors it.
 * @param reference `[y, x]`
 * @throws PtychonautError "usage" for more than a quarter of the longer side
 */
export function checkSmoothing({ object }: Pick<Reference, "object">, { compat = {} }: ComparisonOptions): void {
  const side = Math.max(...object.shape);
  const widths = { ms_ssim_sigma: compat.msSsimSigma, frc_sigma: compat.frcSigma };
  for (const [name, sigma = 0] of Object.entries(widths))
    if (sigma > side / 4)
      throw new PtychonautError("usage", "the smoothing is wider than the image", {
        where: setting(name),
        expected: `at most ${side / 4}, a quarter of the reference's side`,
        got: `${sigma}`,
      });
}

function coverageMask(
  { shape }: ComplexArray,
  coverage: Float32Array | undefined,
  fraction: number,
): RealArray | undefined {
  return coverage === undefined ? undefined : { shape, data: Float32Array.from(wellCovered(coverage, { fraction })) };
}

/** @throws PtychonautError "data" when the file is no reconstruction */
export async function readReconstructionFile(path: string, store: RunStore): Promise<Reconstruction> {
  return readReconstruction(await store.read(path), path);
}

/**
 * A reference out of a file: the `objectGuess` of a scan (its first pixel is the origin of object pixels), the object of
 * a `reconstruction.npz`, or any complex image by its key, also as `file.npz::key`.
 * @throws PtychonautError "data" when there is none
 */
export async function readReference(path: string, home: Home, objectKey?: string): Promise<Reference & ObjectFile> {
  const file = await readObjectFile(path, home, objectKey);
  return { ...file, origin: file.origin ?? { y: 0, x: 0 } };
}

/** Resolution from two reconstructions of two halves of the data. */
export interface SplitData {
  /** Full period, in pixels, at which the ring correlation falls below the half-bit threshold; null where there is none. */
  readonly resolution: number | null;
  /** The same in metres, where a pixel's size is known. */
  readonly resolutionM: number | null;
  /** Positions that both reconstructions used. Halves of one scan have none in common. */
  readonly sharedPositions: number;
}

/**
 * What the comparison of two independent reconstructions says about resolution. The half-bit threshold is that for data
 * split in two (van Heel & Schatz 2005): it takes into account that each half has half the dose.
 */
export function splitData({ frc }: Metrics, a: ObjectFile, b: ObjectFile): SplitData {
  const pixelSizeM = a.pixelSizeM ?? b.pixelSizeM;
  return {
    resolution: frc.halfBit,
    resolutionM: pixelSizeM === undefined || frc.halfBit === null ? null : frc.halfBit * pixelSizeM,
    sharedPositions: sharedPositions(a.positions, b.positions),
  };
}

/** A comparison's resolution as a length. */
export interface Lengths {
  /** Side of a pixel, metres; null where no file says it. */
  readonly pixelSizeM: number | null;
  /** `frc.halfBit` in metres; null where one of the two is not known. */
  readonly resolutionM: number | null;
}

export function lengthsOf(metrics: Pick<Metrics, "frc"> | undefined, pixelSizeM: number | undefined): Lengths {
  const pixels = metrics?.frc.halfBit ?? null;
  const known = pixels !== null && pixelSizeM !== undefined;
  return { pixelSizeM: pixelSizeM ?? null, resolutionM: known ? pixels * pixelSizeM : null };
}

/** Two sizes of one pixel that differ by more than people round. */
const OTHER_PIXEL = 0.01;

/** Says it where two files state different pixels: what is compared pixel by pixel is then of another scale. */
export function pixelWarnings(
  a: Pick<ObjectFile, "path" | "pixelSizeM">,
  b: Pick<ObjectFile, "path" | "pixelSizeM">,
): string[] {
  const [one, other] = [a.pixelSizeM, b.pixelSizeM];
  if (one === undefined || other === undefined || Math.abs(one / other - 1) <= OTHER_PIXEL) return [];
  return [
    `object pixels differ: ${lengthLabel(one, 4)} in ${a.path}, ${lengthLabel(other, 4)} in ${b.path}; images on different pixels do not compare pixel by pixel`,
  ];
}

function sharedPositions(a: Float64Array | undefined, b: Float64Array | undefined): number {
  if (a === undefined || b === undefined) return 0;
  const keys = (positions: Float64Array): string[] =>
    Array.from({ length: positions.length / 2 }, (_, k) => `${positions[2 * k]},${positions[2 * k + 1]}`);
  const known = new Set(keys(a));
  return keys(b).filter((key) => known.has(key)).length;
}

/** What the records beside two halves say of them: whose network made them, and what is wrong with each. */
export function halvesWarnings(halves: readonly (InferenceBeside & Pick<ObjectFile, "path">)[]): string[] {
  const model = halves[0]?.model;
  const shared = model !== undefined && halves.every((half) => half.model === model);
  return [
    ...(shared
      ? [
          "one and the same model made both reconstructions: they are not independent, and the resolution is flattered; train one on each half",
        ]
      : []),
    ...halves.flatMap(({ path, doubts }) => doubts.map((line) => `${path}: ${line}`)),
  ];
}

/** Phases of a conjugate have the opposite sign; chance alone does not come here. */
const conjugateSuspected = -0.5;

/** Why a ring correlation has no resolution; nothing where it has one. */
export function frcWarnings({ frc }: Pick<Metrics, "frc">): string[] {
  if (frc.halfBit !== null) return [];
  return [
    frc.flat
      ? "one of the two images is flat where they are compared, so the ring correlation says nothing: there is no FRC resolution"
      : "the ring correlation is below the half-bit threshold from the start: nothing agrees, and there is no FRC resolution",
  ];
}

/** What a reader of the numbers must know. */
export function evaluationWarnings(metrics: Metrics, halves?: SplitData): string[] {
  const { gauge, phase } = metrics;
  const lines = frcWarnings(metrics);
  if (gauge.turned) lines.push("the reconstruction is the twin: it was conjugated and turned by 180°");
  else if (gauge.conjugated)
    lines.push("the reconstruction is the complex conjugate: the sign of its phase was turned");
  else if (phase.correlation < conjugateSuspected)
    lines.push(
      `the phases correlate with ${phase.correlation.toPrecision(2)}: it may be the complex conjugate; ${setting("conjugate", true)} tries it`,
    );
  if (gauge.placement === "middle")
    lines.push("no clear place was found: the images lie middle on middle, and the numbers may mean nothing");
  if (halves !== undefined && halves.sharedPositions > 0)
    lines.push(
      `${halves.sharedPositions} positions are in both reconstructions: unless they were exposed twice, the two are not independent and the resolution is flattered`,
    );
  return lines;
}
