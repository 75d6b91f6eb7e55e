import { type ComplexArray, evenly } from "../../../arrays.ts";
import { pie } from "../../../engines/plain/pie.ts";
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
const STEPS = { objectStep: 0.5, probeStep: 0.2 };

/**
 * Reconstructs the middle of each of four parts of the scan with ePIE (`engines/plain/pie.ts`), a few epochs under every candidate,
 * and compares how well each predicts frames that it did not see: under a wrong one, neighbours contradict each other.
 * @param defocus λ Δz / dx² of the object's pixels, where the scan knows no probe: one is made from the mean pattern
 * @returns undefined where there are too few frames, or it was stopped
 */
export async function trials(
  scan: OrientationScan,
  candidates: readonly Candidate[],
  defocus: number | undefined,
  { signal, progress = () => {} }: TrialHooks = {},
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
  let done = 0;
  for (const [p, part] of parts.entries()) {
    for (const [c, candidate] of candidates.entries()) {
      const run = pie.init(problemOf(scan, part, patterns[p], size, candidate, probe), STEPS);
      const seen = places(part.length).filter((k) => k % HELD_OUT !== 2);
      const unseen = places(part.length).filter((k) => k % HELD_OUT === 2);
      const random = new Random(1 + p);
      for (let epoch = 0; epoch < EPOCHS; epoch++) {
        run.step(seen, random);
        await pause();
        if (signal?.aborted === true) return undefined;
        progress(++done / (parts.length * candidates.length * EPOCHS));
      }
      misfits[c].push(run.misfit(unseen));
    }
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

function problemOf(
  scan: OrientationScan,
  part: readonly number[],
  amplitudes: Float32Array,
  { pixel, mask }: Shrinkage,
  { map, conjugated }: Candidate,
  probe: ComplexArray,
): Parameters<typeof pie.init>[0] {
  const m = matrixOf(map);
  const positions = new Float64Array(2 * part.length);
  part.forEach((frame, k) => {
    const [y, x] = [scan.positions[2 * frame] / pixel, scan.positions[2 * frame + 1] / pixel];
    positions[2 * k] = m[0] * y + m[1] * x;
    positions[2 * k + 1] = m[2] * y + m[3] * x;
  });
  return {
    ...{ amplitudes, positions, probe: conjugated ? conjugatedProbe(probe) : probe },
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
        margin: difference / range,
        deviations: variance > 0 ? difference / Math.sqrt(variance / differences.length) : 0,
        behind: places(counts.parts).filter((p) => mean(misfits[first][p]) < mean(misfits[c][p])).length,
      };
    }),
    heldOut: misfits[first].reduce((sum, part) => sum + part.length, 0),
    ...counts,
  };
}
