import { type ComplexArray, evenly } from "../../../arrays.ts";
import { epie } from "../../../engines/epie.ts";
import { Experiment } from "../../../engines/experiment.ts";
import { float64Kernels } from "../../../engines/kernels/float64.ts";
import type { Kernels } from "../../../engines/kernels/kernels.ts";
import { deviancesOf } from "../../../engines/misfit.ts";
import type { EngineScan } from "../../../engines/scan.ts";
import { completeSettings } from "../../../engines/settings.ts";
import { PtychonautError } from "../../../errors.ts";
import { pauses } from "../../../pause.ts";
import { Random } from "../../../random.ts";
import { middleOf, type OrientationScan, scanParts, usableFrames } from "./frames.ts";
import { matrixOf, type PlanarMap } from "./planarMap.ts";
import {
  conjugatedProbe,
  cutProbe,
  probeOfMean,
  type Shrinkage,
  shrinkage,
  shrunkImage,
  windowedProbe,
} from "./shrunk.ts";

/** One way in which the scan may lie, as a short reconstruction sees it. */
export interface Candidate {
  readonly map: PlanarMap;
  /** Whether the probe is the complex conjugate of the one that is known: the same as a half turn more (docs/orientation.md). */
  readonly conjugated: boolean;
}

export interface Trial extends Candidate {
  /** Poisson deviance per pixel on frames that were held out, all parts of the scan together. */
  readonly misfit: number;
  /** The same of each part. */
  readonly misfits: readonly number[];
  /** What it is above the best one's, over what the worst one's is: 0 to 1. */
  readonly margin: number;
  /** The same difference in standard errors, from how held-out frames differ. */
  readonly deviations: number;
  /** Parts of the scan in which the best one is better than this. */
  readonly behind: number;
}

/** Short reconstructions of parts of the scan under each candidate. */
export interface Trials {
  /** The best first. */
  readonly ranked: readonly Trial[];
  /** Parts of the scan. */
  readonly parts: number;
  /** Frames that were reconstructed and held out, in all parts. */
  readonly frames: number;
  readonly heldOut: number;
  readonly epochs: number;
  /** Side of the shrunk patterns. */
  readonly n: number;
}

export interface TrialHooks {
  /** What reconstructs. Default: plain float64. They are closed afterwards. */
  readonly kernels?: () => Promise<Kernels>;
  /** Asked between epochs. */
  readonly signal?: AbortSignal;
  /** Part done, 0 to 1. */
  readonly progress?: (done: number) => void;
}

const HALVINGS = 2;
/** Frames of a part, of which every `HELD_OUT`th is not reconstructed from: as many as have so many pixels. */
const PIXELS = 6e5;
const [LEAST_FRAMES, MOST_FRAMES] = [49, 144] as const;
const HELD_OUT = 5;
const EPOCHS = 8;
/** Frames that the mean pattern is of. */
const MEAN_OF = 200;
const STEPS = completeSettings<Parameters<typeof epie.init>[1]>(epie, { objectStep: 0.5, probeStep: 0.2 });
/** Frames on the device at once. */
const AT_ONCE = 32;

/**
 * Reconstructs the middle of each of four parts of the scan with ePIE (`engines/epie.ts`), a few epochs under every candidate,
 * and compares how well each predicts frames that it did not see: under a wrong one, neighbours contradict each other.
 * @param defocus λ Δz / dx² of the object's pixels, where the scan knows no probe: one is made from the mean pattern
 * @returns undefined where there are too few frames, or it was stopped
 */
export async function trials(
  scan: OrientationScan,
  candidates: readonly Candidate[],
  defocus: number | undefined,
  { signal, progress = () => {}, kernels = async () => float64Kernels() }: TrialHooks = {},
): Promise<Trials | undefined> {
  const whole = scanParts(scan.positions, usableFrames(scan), HALVINGS)
    .map((part) => middleOf(scan.positions, part, MOST_FRAMES))
    .filter((part) => part.length >= 2 * HELD_OUT && hangsTogether(scan, part));
  if (whole.length < 2 || (scan.probe === undefined && defocus === undefined)) return undefined;
  const { size, probe } = made(scan, evenly(whole.flat(), MEAN_OF), defocus);
  const most = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, Math.round(PIXELS / size.n ** 2)));
  const parts = whole.map((part) => part.slice(0, most));
  const patterns = parts.map((part) => amplitudesOf(scan, part, size));
  const pause = pauses();
  const misfits: Float64Array[][] = candidates.map(() => []);
  const device = await kernels();
  const all = parts.length * candidates.length * EPOCHS;
  let done = 0;
  try {
    for (const [p, part] of parts.entries())
      for (const [c, candidate] of candidates.entries()) {
        const asked = async (): Promise<boolean> => {
          progress(++done / all);
          await pause();
          return signal?.aborted === true;
        };
        const misfit = await unseen(device, scanOf(scan, part, patterns[p], size, candidate, probe), 1 + p, asked);
        if (misfit === undefined) return undefined;
        misfits[c].push(misfit);
      }
  } finally {
    await device.close();
  }
  return compared(candidates, misfits, {
    ...{ frames: parts.flat().length, epochs: EPOCHS, n: size.n, parts: parts.length },
  });
}

/** Whether the windows of a part overlap on average: a canvas that holds them has at most as many pixels as all of them. */
function hangsTogether({ positions, height, width }: OrientationScan, part: readonly number[]): boolean {
  const extent = (axis: number): number => {
    const values = part.map((k) => positions[2 * k + axis]);
    return Math.max(...values) - Math.min(...values);
  };
  return (extent(0) + height) * (extent(1) + width) <= part.length * height * width;
}

const places = (count: number): number[] => Array.from({ length: count }, (_, k) => k);
const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

function made(
  scan: OrientationScan,
  frames: readonly number[],
  defocus: number | undefined,
): { size: Shrinkage; probe: ComplexArray } {
  const full = Math.min(scan.height, scan.width);
  if (scan.probe !== undefined) {
    const known = scan.probe;
    const size = shrinkage(scan, frames, (side) => cutProbe(known, side));
    return { size, probe: windowedProbe(cutProbe(known, size.side), size.n) };
  }
  // A pixel of the cut patterns is 1 / c of the object's, so the defocus is c² of what it was in the larger ones.
  const blurred = (mean: Float64Array, n: number, side: number): ComplexArray =>
    probeOfMean(mean, n, (defocus ?? 0) * (side / full) ** 2);
  const whole = shrinkage(scan, frames, (side) => blurred(new Float64Array(side * side).fill(1), side, side));
  return { size: whole, probe: blurred(whole.mean, whole.n, whole.side) };
}

function amplitudesOf(scan: OrientationScan, part: readonly number[], { side, bin, n }: Shrinkage): Float32Array {
  const out = new Float32Array(part.length * n * n);
  part.forEach((frame, k) => {
    const counts = shrunkImage(scan.read([frame]), [scan.height, scan.width], side, bin);
    out.set(counts.map(Math.sqrt), k * n * n);
  });
  return out;
}

/**
 * Deviance per pixel of each frame that was held out, after some epochs with the others.
 * @param stopped asked after each epoch
 */
async function unseen(
  kernels: Kernels,
  scan: EngineScan,
  seed: number,
  stopped: () => Promise<boolean>,
): Promise<Float64Array | undefined> {
  const experiment = new Experiment(kernels, scan, { batchSize: AT_ONCE, subPixel: "whole" });
  const run = epie.init(experiment, STEPS);
  const all = Int32Array.from(places(experiment.frames));
  const frames = all.filter((k) => k % HELD_OUT !== 2);
  const random = new Random(seed);
  try {
    for (let number = 0; number < EPOCHS; number++) {
      await run.step({ number, frames, random, checkpoint: () => {} });
      if (await stopped()) return undefined;
    }
    return await deviancesOf(
      experiment,
      all.filter((k) => k % HELD_OUT === 2),
    );
  } finally {
    run.release();
    experiment.release();
  }
}

/** @throws PtychonautError "data" where there is no light */
function scanOf(
  scan: OrientationScan,
  part: readonly number[],
  amplitudes: Float32Array,
  { pixel, mask, n }: Shrinkage,
  { map, conjugated }: Candidate,
  probe: ComplexArray,
): EngineScan {
  const m = matrixOf(map);
  const positions = new Float64Array(2 * part.length);
  part.forEach((frame, k) => {
    const [y, x] = [scan.positions[2 * frame] / pixel, scan.positions[2 * frame + 1] / pixel];
    positions[2 * k] = m[0] * y + m[1] * x;
    positions[2 * k + 1] = m[2] * y + m[3] * x;
  });
  let energy = 0;
  for (let i = 0; i < amplitudes.length; i++)
    if (mask === undefined || mask[i % (n * n)] > 0) energy += amplitudes[i] ** 2 / part.length;
  const light = probe.data.reduce((sum, value) => sum + value * value, 0);
  if (!(energy > 0 && light > 0))
    throw new PtychonautError("data", "there is no light to reconstruct from", {
      got: `Σ I ${energy}, Σ |P|² ${light}`,
    });
  const [gain, gainOfProbe] = [n / 2 / Math.sqrt(energy), n / 2 / Math.sqrt(light)];
  const { shape, data } = conjugated ? conjugatedProbe(probe) : probe;
  return {
    amplitudes: {
      ...{ count: part.length, height: n, width: n },
      read(frames, out) {
        for (let k = 0; k < frames.length; k++)
          for (let i = 0; i < n * n; i++) out[k * n * n + i] = gain * amplitudes[frames[k] * n * n + i];
      },
    },
    ...{ positions, probe: { shape, data: data.map((value) => gainOfProbe * value) }, countsPerUnit: 1 / gain ** 2 },
    ...(mask === undefined ? {} : { mask }),
  };
}

function compared(
  candidates: readonly Candidate[],
  misfits: readonly (readonly Float64Array[])[],
  counts: Pick<Trials, "frames" | "epochs" | "n" | "parts">,
): Trials {
  const together = misfits.map((parts) => mean(parts.flatMap((part) => [...part])));
  const order = candidates.map((_, c) => c).sort((a, b) => together[a] - together[b]);
  const first = order[0];
  const range = Math.max(Number.MIN_VALUE, together[order[order.length - 1]] - together[first]);
  return {
    ranked: order.map((c) => {
      const differences = misfits[c].flatMap((part, p) => [...part].map((value, k) => value - misfits[first][p][k]));
      const difference = mean(differences);
      const variance = differences.reduce((sum, d) => sum + (d - difference) ** 2, 0) / (differences.length - 1);
      return {
        ...candidates[c],
        misfit: together[c],
        misfits: misfits[c].map(mean),
        margin: difference / range,
        deviations: variance > 0 ? difference / Math.sqrt(variance / differences.length) : 0,
        behind: places(counts.parts).filter((p) => mean(misfits[first][p]) < mean(misfits[c][p])).length,
      };
    }),
    heldOut: misfits[first].reduce((sum, part) => sum + part.length, 0),
    ...counts,
  };
}
