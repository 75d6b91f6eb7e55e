import type { ComplexArray } from "../../arrays.ts";
import type { WindowOperation } from "../../data/patternOperation.ts";
import { type Sides, windowImage } from "../../data/patternOperations.ts";
import { planFft2 } from "../../numerics/fft.ts";
import type { DetectorPlan } from "./detectorPlan.ts";

/** A probe in the window that prepared patterns see, and what was done to it. */
export interface FittedProbe {
  readonly probe: ComplexArray;
  /** Nothing where it has the size already. */
  readonly done: "resampled" | "cut" | "nothing";
  /** Part of its energy that a narrower window leaves out. */
  readonly lost: number;
}

/**
 * The probe of patterns that are cut or filled up is its own spectrum, cut or filled up with zeros (band-limited
 * interpolation, unitary), about the zero frequency. That of bins is its middle: wider pixels see a narrower window. One that
 * has the final size is taken as it is.
 */
export function fittedProbe(probe: ComplexArray, plan: DetectorPlan): FittedProbe {
  const { cut, sides, bin } = plan;
  const fits = (size: Sides): boolean => probe.shape[1] === size[0] && probe.shape[2] === size[1];
  const [height, width] = [cut[0] / bin, cut[1] / bin];
  if (fits(sides)) return { probe, done: "nothing", lost: 0 };
  const fine = fits(cut) ? probe : resampledProbe(probe, cut);
  if (bin === 1) return { probe: fine, done: "resampled", lost: 0 };
  const narrow = windowed(fine, about(cut, [height, width]));
  return { probe: tiltedProbe(narrow, plan), done: "cut", lost: 1 - energyOf(narrow) / energyOf(fine) };
}

const energyOf = ({ data }: ComplexArray): number => data.reduce((sum, value) => sum + value * value, 0);

/** The window whose index floor(n/2) is that of what it is cut from. */
function about([height, width]: Sides, [rows, columns]: Sides): WindowOperation {
  return {
    kind: "window",
    top: Math.floor(height / 2) - Math.floor(rows / 2),
    left: Math.floor(width / 2) - Math.floor(columns / 2),
    height: rows,
    width: columns,
  };
}

function resampledProbe(probe: ComplexArray, sides: Sides): ComplexArray {
  const [modes, height, width] = probe.shape as [number, number, number];
  const [from, to] = [planFft2([height, width]), planFft2(sides)];
  const size = sides[0] * sides[1];
  const out = new Float32Array(2 * modes * size);
  for (let mode = 0; mode < modes; mode++) {
    const field = probe.data.subarray(2 * mode * height * width, 2 * (mode + 1) * height * width);
    out.set(
      to.inverse(windowedField(from.forward(field), [height, width], about([height, width], sides))),
      2 * mode * size,
    );
  }
  return { shape: [modes, ...sides], data: out };
}

function windowed({ shape, data }: ComplexArray, window: WindowOperation): ComplexArray {
  const [modes, height, width] = shape as [number, number, number];
  const size = window.height * window.width;
  const out = new Float32Array(2 * modes * size);
  for (let mode = 0; mode < modes; mode++) {
    const field = data.subarray(2 * mode * height * width, 2 * (mode + 1) * height * width);
    out.set(windowedField(field, [height, width], window), 2 * mode * size);
  }
  return { shape: [modes, window.height, window.width], data: out };
}

/** Real and imaginary part by themselves, in float32. */
function windowedField(field: ArrayLike<number>, sides: Sides, window: WindowOperation): Float64Array {
  const [plane, cut] = [new Float32Array(sides[0] * sides[1]), new Float32Array(window.height * window.width)];
  const out = new Float64Array(2 * cut.length);
  for (const part of [0, 1]) {
    for (let i = 0; i < plane.length; i++) plane[i] = field[2 * i + part];
    windowImage(plane, sides, window, cut);
    for (let i = 0; i < cut.length; i++) out[2 * i + part] = cut[i];
  }
  return out;
}

/**
 * How far the middle of the bin at index floor(n/2) lies from the zero frequency, pixels before the bins, (y, x) along the
 * sample's axes: bins begin at the first pixel, so that none is lost.
 */
export function offCentre({ cut, bin, operations }: DetectorPlan): readonly [y: number, x: number] {
  const along = (side: number): number => bin * Math.floor(side / bin / 2) + (bin - 1) / 2 - Math.floor(side / 2);
  const onDetector = [along(cut[0]), along(cut[1])] as const;
  const turn = operations.find((operation) => operation.kind === "turn");
  if (turn === undefined) return onDetector;
  const { transposed, flippedY, flippedX } = turn.orientation;
  const [y, x] = transposed ? [onDetector[1], onDetector[0]] : onDetector;
  return [flippedY ? -y : y, flippedX ? -x : x];
}

/** Times exp(−2πi d·u/N): its far field at index f is then that at f + d, where the bins' middles are. */
export function tiltedProbe(probe: ComplexArray, plan: DetectorPlan): ComplexArray {
  const { shape, data } = probe;
  const [modes, height, width] = shape as [number, number, number];
  const [down, right] = offCentre(plan);
  if (down === 0 && right === 0) return probe;
  const out = new Float32Array(data.length);
  for (let i = 0; i < modes * height * width; i++) {
    const y = Math.floor((i % (height * width)) / width) - Math.floor(height / 2);
    const x = (i % width) - Math.floor(width / 2);
    const phase = -2 * Math.PI * ((down * y) / (height * plan.bin) + (right * x) / (width * plan.bin));
    const [cos, sin] = [Math.cos(phase), Math.sin(phase)];
    out[2 * i] = data[2 * i] * cos - data[2 * i + 1] * sin;
    out[2 * i + 1] = data[2 * i] * sin + data[2 * i + 1] * cos;
  }
  return { shape, data: out };
}
