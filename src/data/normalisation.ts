import type { ComplexArray } from "../arrays.ts";
import { PtychonautError, setting } from "../errors.ts";
import type { Dataset, Measurement } from "./dataset.ts";
import { frameRanges, framesInUse } from "./frameRanges.ts";
import { outlyingCounts } from "./outlyingFrames.ts";

/**
 * The one normalisation of the project. With amplitude a = √counts and E = mean over the training patterns of Σ a²:
 *
 * - network input x = a · inputScale, inputScale = (N/2)/√E, so the mean energy of a pattern is (N/2)²;
 * - physics probe = file's probe · probeScale, of energy Σ|P|² = (N/2)², so that by Parseval a unit object reproduces the
 *   mean energy and object amplitudes are of order one;
 * - likelihood in counts: k = x² · countsPerUnit against λ = |F(O P)|² · countsPerUnit, countsPerUnit = photons/(N/2)².
 *
 * Statistics come from the training patterns alone and travel with the model. For patterns of H × W, (N/2)² is H·W/4.
 */
export interface Scales {
  /** Factor from amplitude (√counts) to network input. */
  readonly inputScale: number;
  /** Factor from the file's probe to the physics probe. */
  readonly probeScale: number;
  /** Factor from squared network input to counts. */
  readonly countsPerUnit: number;
  /** Mean counts per pattern that the likelihood assumes. */
  readonly photonsPerPattern: number;
  /** Where `photonsPerPattern` comes from. */
  readonly photonsFrom: "stated" | "counts" | "metadata" | "amplitude";
  /** E: mean of Σ a² over the patterns below, in the file's units; without those far brighter than their neighbours. */
  readonly meanEnergy: number;
  /** How many patterns the statistics are from. */
  readonly patterns: number;
}

/** Photons per pattern beyond which no detector counts, and float32 no longer tells one from the next. */
export const LARGEST_DOSE = 1e15;

/**
 * @param frames indices of the training patterns
 * @param options.photons mean photons per pattern as stated by the user; else the counts themselves, the file's metadata,
 *   or squared amplitudes, in this order
 * @throws PtychonautError "usage" without frames or with a dose out of range; "data" when the patterns or the
 *   probe hold no energy
 */
export function computeScales(
  dataset: Dataset,
  frames: ArrayLike<number>,
  options: { readonly photons?: number } = {},
): Scales {
  const { patterns, probe } = dataset;
  if (frames.length === 0)
    throw new PtychonautError("usage", "no training patterns to normalise by", {
      fix: "hold back fewer for validation",
    });
  const meanEnergy = meanEnergyOf(dataset, frames);
  if (!(meanEnergy > 0)) throw darkness(dataset, frames.length);
  const probeEnergy = energyOf(probe);
  if (!(probeEnergy > 0))
    throw new PtychonautError("data", "the probe is zero", {
      where: dataset.name,
      fix: `say another, ${setting("probe_file")} or ${setting("probe_model")}`,
    });
  const { photons, from } = photonsOf(dataset, meanEnergy, options.photons);
  const energyPerPattern = (patterns.height * patterns.width) / 4;
  return {
    inputScale: Math.sqrt(energyPerPattern / meanEnergy),
    probeScale: Math.sqrt(energyPerPattern / probeEnergy),
    countsPerUnit: photons / energyPerPattern,
    photonsPerPattern: photons,
    photonsFrom: from,
    meanEnergy,
    patterns: frames.length,
  };
}

/** Says which frames of the scan have light, in training or not. */
function darkness(dataset: Dataset, training: number): PtychonautError {
  const all = framesInUse(dataset);
  const { energies } = totalEnergy(dataset, all);
  const lit = all.filter((_, k) => energies[k] > 0);
  const dark = all.filter((_, k) => !(energies[k] > 0));
  const masked = dataset.mask === undefined ? "" : " on the pixels that the mask leaves";
  return new PtychonautError("data", "the training patterns are all zero", {
    where: dataset.name,
    expected: "counts in most of them",
    got:
      lit.length === 0
        ? `no counts in any of ${all.length} frames${masked}`
        : `${training} training patterns without counts${masked}; of the scan's frames ${frameRanges(lit)} have some, ${frameRanges(dark)} have none`,
    fix:
      lit.length === 0
        ? `see whether the patterns are another array (${setting("patterns_key")})${masked === "" ? "" : ", or the mask takes all light away"}`
        : `leave the dark frames out: ${setting("skip_frames", frameRanges(dark))}; with few frames left hold none back: ${setting("validation_fraction", 0)}`,
  });
}

/** Turns patterns as read into network input, in place: amplitudes times `inputScale`. Invalid pixels become zero. */
export function normalisePatterns(
  values: Float32Array,
  measurement: Measurement,
  { inputScale }: Pick<Scales, "inputScale">,
  mask?: Float32Array,
): void {
  if (measurement === "counts") for (let i = 0; i < values.length; i++) values[i] = inputScale * Math.sqrt(values[i]);
  else for (let i = 0; i < values.length; i++) values[i] *= inputScale;
  if (mask === undefined) return;
  for (let from = 0; from < values.length; from += mask.length)
    for (let i = 0; i < mask.length; i++) values[from + i] *= mask[i];
}

/** The probe as the physics takes it. */
export function scaledProbe(probe: ComplexArray, { probeScale }: Pick<Scales, "probeScale">): ComplexArray {
  return { shape: probe.shape, data: probe.data.map((value) => value * probeScale) };
}

/** What brings a probe `[mode, h, w]` to the physics' energy, h w / 4. */
export const probeScaleOf = (probe: ComplexArray): number =>
  Math.sqrt((probe.shape[1] * probe.shape[2]) / 4 / energyOf(probe));

/** Σ|P|² over all modes, in float64. */
export function energyOf(field: ComplexArray): number {
  let sum = 0;
  for (const value of field.data) sum += value * value;
  return sum;
}

/** Frames read at a time: bounds the memory, whatever the scan's size. */
const CHUNK = 256;

/** Over all frames; where some are far brighter than their neighbours, which would pull it away, over the others. */
function meanEnergyOf(dataset: Dataset, frames: ArrayLike<number>): number {
  const { total, energies } = totalEnergy(dataset, frames);
  const mean = total / frames.length;
  const bright = outlyingCounts(energies, dataset.positions, frames).filter(({ why }) => why === "bright");
  const left = frames.length - bright.length;
  if (bright.length === 0 || left === 0) return mean;
  const apart = new Set(bright.map(({ frame }) => frame));
  return energies.reduce((sum, energy, k) => (apart.has(frames[k]) ? sum : sum + energy), 0) / left;
}

function totalEnergy(
  { patterns, measurement, mask, energies: known }: Dataset,
  frames: ArrayLike<number>,
): { readonly total: number; readonly energies: Float64Array } {
  if (known !== undefined) {
    const energies = Float64Array.from(frames, (frame) => known[frame]);
    return { total: energies.reduce((sum, energy) => sum + energy, 0), energies };
  }
  const size = patterns.height * patterns.width;
  const valid = mask?.data;
  const energies = new Float64Array(frames.length);
  let total = 0;
  for (let start = 0; start < frames.length; start += CHUNK) {
    const length = Math.min(CHUNK, frames.length - start);
    const chunk = Array.from({ length }, (_, k) => frames[start + k]);
    const values = new Float32Array(chunk.length * size);
    patterns.read(chunk, values);
    for (let k = 0; k < length; k++) {
      let own = 0;
      for (let i = 0; i < size; i++) {
        const value = values[k * size + i];
        const energy = measurement === "counts" ? value : value * value;
        const counted = valid === undefined ? energy : energy * valid[i];
        total += counted;
        own += counted;
      }
      energies[start + k] = own;
    }
  }
  return { total, energies };
}

function photonsOf(
  { measurement, photonsPerPattern }: Dataset,
  meanEnergy: number,
  stated: number | undefined,
): { photons: number; from: Scales["photonsFrom"] } {
  if (stated !== undefined) {
    if (!(stated > 0 && stated <= LARGEST_DOSE))
      throw new PtychonautError("usage", "photons per pattern out of range", {
        expected: `above 0, at most ${LARGEST_DOSE.toExponential()}`,
        got: `${stated}`,
      });
    return { photons: stated, from: "stated" };
  }
  if (measurement === "counts") return { photons: meanEnergy, from: "counts" };
  if (photonsPerPattern !== undefined) return { photons: photonsPerPattern, from: "metadata" };
  return { photons: meanEnergy, from: "amplitude" };
}
