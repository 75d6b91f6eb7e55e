import { setting } from "../../errors.ts";
import { normalTail } from "../../numerics/chance.ts";
import { short } from "../checks/finding.ts";
import { outliersOf } from "../checks/outliers.ts";
import { by, type DoctorRow, openRow, SURE } from "./row.ts";
import type { PatternSample } from "./sample.ts";
import type { Subject } from "./subject.ts";
import { trustedPixels } from "./validPixels.ts";
import type { ValueLattice } from "./values.ts";

/** Part of the pixels, the darkest ones, in which a pedestal is most of what there is. */
const DARKEST = 0.1;
/** A pedestal is at least so much of their mean: less is also what a detector looks like that loses counts. */
const LEAST_SHARE = 0.25;
const LEAST_FRAMES = 8;
/** Variance over what is left of the mean above the constant, over all pixels: one and more where photons were counted. */
const LEAST_SCATTER = 0.5;

/**
 * A constant on top of the counts. The variance of counts is their mean, and whatever changes from frame to frame adds to
 * it: nothing but a constant has a mean without a variance. So mean − variance, of the darkest tenth of the pixels over the
 * frames, is a lower bound of it. Without one its error is √(2/(n − 1)) of a pixel's mean in n frames (the errors of mean and
 * variance of Poisson numbers cancel but for that).
 */
export function pedestal(subject: Subject): readonly DoctorRow[] {
  const { lattice } = subject;
  const sample = withLight(subject);
  if (sample === undefined || sample.frames.length < LEAST_FRAMES)
    return [openRow("pedestal", `it takes ${LEAST_FRAMES} frames to see what does not change`)];
  if (lattice === undefined) return [openRow("pedestal", "the values are no counts, whose scatter would tell it")];
  const { constant, error, mean, least, scatter } = underdispersion(sample, lattice, trustedPixels(subject));
  if (!(mean > 0))
    return [{ ...none("the darkest tenth of the pixels is dark in every frame"), sure: "sure", limit: 0 }];
  if (scatter < LEAST_SCATTER)
    return [openRow("pedestal", "the values do not scatter as counts do, so nothing tells a constant")];
  const falseAlarm = normalTail(constant / error);
  const limit = Math.max(LEAST_SHARE * mean, Z_SURE * error);
  const evidence = `the darkest tenth of the pixels has ${short(mean)} counts on average with a variance of ${short(mean - constant)}`;
  if (constant < LEAST_SHARE * mean || falseAlarm > SURE)
    return [
      { ...none(`${evidence}; below ${short(limit)} it is not told from a weak background`), sure: "sure", limit },
    ];
  // What is there in every pixel of every frame is there at least.
  const everywhere = least > 0 && Math.abs(least - constant) < 4 * error + SCATTERED * constant;
  const value = everywhere ? least : constant;
  return [
    {
      quantity: "pedestal",
      found: everywhere ? `${short(value)} counts in every pixel` : `at least ${short(value)} counts in the dark`,
      value,
      evidence: `${evidence}: all but that does not scatter; the least value is ${short(least)}`,
      ...by(falseAlarm),
      ...answer(subject, everywhere, value * lattice.spacing),
    },
  ];
}

/** What a weak background scatters on top takes away from mean − variance. */
const SCATTERED = 0.25;

/** A constant of every pixel can be taken off; one that differs from pixel to pixel takes an image of it. */
function answer({ stated }: Subject, everywhere: boolean, value: number): Pick<DoctorRow, "state" | "says" | "advice"> {
  if (stated.background !== undefined || stated.backgroundFile !== undefined) return { state: "fine" };
  if (everywhere) return { state: "say", says: { background: value } };
  return { state: "trouble", advice: `${setting("background_file")} with an image of it, or ${setting("background")}` };
}

/** Standard errors that are exceeded once in ten thousand. */
const Z_SURE = 3.72;

const none = (evidence: string): Omit<DoctorRow, "sure"> => ({
  quantity: "pedestal",
  found: "none",
  value: 0,
  evidence,
  state: "fine",
});

/** The sampled frames that have light as usual: one without any would make everything scatter. */
function withLight(subject: Subject): PatternSample | undefined {
  const { sample, facts } = subject;
  if (sample === undefined) return undefined;
  const out = new Set([
    ...(facts.skipped ?? []),
    ...(facts.patterns?.emptyFrames ?? []),
    ...(facts.patterns?.badFrames ?? []),
    ...outliersOf(facts).map(({ frame }) => frame),
  ]);
  const kept = sample.frames.map((frame, k) => (out.has(frame) ? -1 : k)).filter((k) => k >= 0);
  if (kept.length === sample.frames.length) return sample;
  const size = sample.height * sample.width;
  const data = new Float32Array(kept.length * size);
  for (const [to, from] of kept.entries()) data.set(sample.data.subarray(from * size, (from + 1) * size), to * size);
  return { ...sample, frames: kept.map((k) => sample.frames[k]), data };
}

/** In counts, over the darkest pixels: mean − variance and its error, their mean, and the least value of all pixels. */
function underdispersion(
  { data, height, width, frames }: PatternSample,
  { kind, spacing }: ValueLattice,
  trusted: Uint8Array,
): { constant: number; error: number; mean: number; least: number; scatter: number } {
  const size = height * width;
  const n = frames.length;
  const counts = (value: number): number => Math.round((kind === "counts" ? value : value * value) / spacing);
  const pixels: { mean: number; variance: number }[] = [];
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    if (trusted[i] === 0) continue;
    let [sum, squares] = [0, 0];
    for (let k = 0; k < n; k++) {
      const value = counts(data[k * size + i]);
      if (!Number.isFinite(value)) continue;
      least = Math.min(least, value);
      sum += value;
      squares += value * value;
    }
    pixels.push({ mean: sum / n, variance: (squares - (sum * sum) / n) / (n - 1) });
  }
  pixels.sort((a, b) => a.mean - b.mean);
  const darkest = pixels.slice(0, Math.max(1, Math.floor(DARKEST * pixels.length)));
  const average = (of: (pixel: { mean: number; variance: number }) => number): number =>
    darkest.reduce((sum, pixel) => sum + of(pixel), 0) / darkest.length;
  const constant = average(({ mean, variance }) => mean - variance);
  const [above, variances] = pixels.reduce(
    ([light, sum], { mean, variance }) => [light + Math.max(0, mean - constant), sum + variance],
    [0, 0],
  );
  return {
    constant,
    scatter: above > 0 ? variances / above : 1,
    error: Math.sqrt((2 * average(({ mean }) => mean * mean)) / (n - 1) / darkest.length),
    mean: average(({ mean }) => mean),
    least,
  };
}
