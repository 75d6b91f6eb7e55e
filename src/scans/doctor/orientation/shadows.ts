import { nearestNeighbours } from "../../../data/neighbours.ts";
import { frequencies, planFft2 } from "../../../numerics/fft.ts";
import { type OrientationScan, scanParts, usableFrames } from "./frames.ts";
import { type Matrix2, matrixOf, normalAngle, type PlanarMap } from "./planarMap.ts";

/** How the shadow of the object moves over the detector when the beam moves over the object. */
export interface ShadowMotion {
  /** Of the object's axes on the detector, up to a half turn: see `defocus`. */
  readonly map: PlanarMap;
  /** Standard deviation of its angle, degrees, from how parts of the scan differ. */
  readonly angleError: number;
  /** Detector pixels per object pixel. */
  readonly magnification: number;
  readonly magnificationError: number;
  /**
   * Of the general linear map that agrees best: what is between the positions' axes on the detector beyond a right angle,
   * degrees, and how much farther a shadow moves for a step along y than for one along x; 0 and 1 where steps are alike.
   */
  readonly skew: number;
  readonly aspect: number;
  /** Standard deviations of these, from how parts of the scan differ. */
  readonly skewError: number;
  readonly aspectError: number;
  /** Diameter of what the beam lights on the detector, and the longer side of the patterns, detector pixels. */
  readonly lit: number;
  readonly side: number;
  /**
   * What the patterns of neighbours have in common when they are laid over each other so, in standard deviations of noise:
   * all parts of the scan together.
   */
  readonly strength: number;
  /** The same for the best map of the other handedness, and for the best at right angles to this one. */
  readonly mirroredStrength: number;
  readonly acrossStrength: number;
  /** Parts of the scan, of how many, in which this map is better than the mirrored ones and those at right angles. */
  readonly agreeing: number;
  readonly parts: number;
  /** Pairs of neighbours that were compared. */
  readonly pairs: number;
}

/** Frames that are compared with their neighbours: enough for a few electrons in a pixel. */
const MOST_FRAMES = 800;
const NEIGHBOURS = 8;
/** Patterns are binned to this side or less. */
const SIDE = 128;
/** Standard deviation of the Gaussian that correlations are smoothed with, binned pixels: finer detail is noise. */
const SMOOTHING = 1.5;
/** Distances that differ by less are one, object pixels. */
const SAME = 0.05;
/** Different ones of a part. */
const MOST_DISTANCES = 250;
/** The scan is cut into this many parts, 2 to this power. */
const HALVINGS = 2;

/**
 * Behind a focus each pattern is a shadow of the object, as large as the beam's cone makes it. When the beam moves by d, the
 * shadow moves by −(N / D) d, N the side of the patterns and D the defocus in λ Δz / dx² (`optics/probes.ts`): backwards
 * behind the focus, along in front of it. Where the detector's axes are turned against the scan's, it moves along the turned
 * direction. So the shifts between the patterns of neighbours, s = L d, are a linear map of their distances, found as the
 * one under which all pairs of patterns agree best: the sum over pairs of their cross correlations at L d, over its standard
 * deviation in pure noise.
 * @returns undefined where there are too few frames
 */
export function shadowMotion(scan: OrientationScan): ShadowMotion | undefined {
  const frames = usableFrames(scan);
  if (frames.length < 16) return undefined;
  const parts = scanParts(scan.positions, frames, HALVINGS).map((part) => correlated(scan, part));
  const all = (L: Similarity): number => joint(parts, L);
  const best = strongest(all, parts, false);
  const mirrored = strongest(all, parts, true);
  const [winner, loser] = best.value >= mirrored.value ? [best, mirrored] : [mirrored, best];
  const across = strongestAcross(all, parts, winner);
  const { angle, mirrored: fromBehind, scale } = refined((L) => joint(parts, L, true), winner);
  const start = linearOf({ angle, mirrored: fromBehind, scale });
  const strain = strainOf(refinedLinear(parts, start));
  const strains = parts.map((part) => strainOf(refinedLinear([part], start)));
  const own = parts.map((part) => {
    const only = (L: Similarity): number => joint([part], L);
    const here = refined((L) => joint([part], L, true), winner);
    const other = Math.max(strongest(only, [part], !winner.mirrored).value, strongestAcross(only, [part], winner));
    return { here, agrees: only(winner) > other };
  });
  return {
    map: { angle: normalAngle(angle), mirrored: fromBehind },
    angleError: spread(own.map(({ here }) => normalAngle(here.angle - angle))),
    magnification: scale,
    magnificationError: spread(own.map(({ here }) => here.scale - scale)),
    ...strain,
    skewError: spread(strains.map(({ skew }) => skew - strain.skew)),
    aspectError: spread(strains.map(({ aspect }) => aspect - strain.aspect)),
    lit: Math.max(...parts.map(({ radius, bin }) => 2 * radius * bin)),
    side: Math.max(scan.height, scan.width),
    strength: winner.value,
    mirroredStrength: loser.value,
    acrossStrength: across,
    agreeing: own.filter(({ agrees }) => agrees).length,
    parts: parts.length,
    pairs: parts.reduce((sum, { pairs }) => sum + pairs.reduce((all, { count }) => all + count, 0), 0),
  };
}

interface Similarity {
  readonly angle: number;
  readonly mirrored: boolean;
  /** Detector pixels per object pixel. */
  readonly scale: number;
}

interface Found extends Similarity {
  readonly value: number;
}

interface Correlated {
  readonly side: number;
  /** Detector pixels in one of the binned. */
  readonly bin: number;
  readonly pairs: readonly Pair[];
  /** Autocorrelation of what is lit, in binned pixels. */
  readonly overlap: Float64Array;
  /** Median distance of neighbours, object pixels. */
  readonly step: number;
  /** Radius of what is lit, binned pixels. */
  readonly radius: number;
}

interface Pair {
  /** Of the second frame from the first, (y, x) in object pixels. */
  readonly distance: readonly [number, number];
  /** How many frames lie so. */
  readonly count: number;
  /** Their cross correlations together, at every shift, no shift at the centre. */
  readonly correlation: Float32Array;
}

function correlated(scan: OrientationScan, part: readonly number[]): Correlated {
  const frames = part.slice(0, Math.floor(MOST_FRAMES / 2 ** HALVINGS));
  const { images, side, bin, lit } = binned(scan, frames);
  const spectra = whitened(images, lit, side);
  const fft = planFft2([side, side]);
  const place = new Map(frames.map((frame, k) => [frame, k]));
  const smooth = lowPass(side);
  // Pairs at one distance, as all neighbours on a raster are, share one sum.
  const sums = new Map<string, { distance: readonly [number, number]; pairs: number; cross: Float64Array }>();
  for (const [anchor, ...others] of nearestNeighbours(scan.positions, frames, NEIGHBOURS))
    for (const other of others) {
      const [dy, dx] = [0, 1].map((axis) => scan.positions[2 * other + axis] - scan.positions[2 * anchor + axis]);
      if (other < anchor || Math.hypot(dy, dx) === 0) continue;
      const key = `${Math.round(dy / SAME)} ${Math.round(dx / SAME)}`;
      if (sums.size >= MOST_DISTANCES && !sums.has(key)) continue;
      const sum = sums.get(key) ?? { distance: [dy, dx], pairs: 0, cross: new Float64Array(2 * side * side) };
      sums.set(key, { ...sum, pairs: sum.pairs + 1 });
      addCross(spectra[place.get(anchor) ?? 0], spectra[place.get(other) ?? 0], smooth, sum.cross);
    }
  const pairs = [...sums.values()].map(({ distance, pairs: count, cross }): Pair => {
    fft.inverse(cross, cross);
    const correlation = new Float32Array(side * side);
    for (let i = 0; i < correlation.length; i++) correlation[i] = cross[2 * i];
    return { distance, count, correlation };
  });
  const distances = pairs.map(({ distance }) => Math.hypot(...distance)).sort((a, b) => a - b);
  return {
    side,
    bin,
    pairs,
    overlap: autocorrelation(lit, side),
    step: distances[Math.floor(distances.length / 2)] ?? 1,
    radius: Math.sqrt(lit.reduce((sum, value) => sum + value, 0) / Math.PI),
  };
}

/** sum += smooth · conj(a) · b. */
function addCross(a: Float64Array, b: Float64Array, smooth: Float64Array, sum: Float64Array): void {
  for (let i = 0; i < sum.length; i += 2) {
    const weight = smooth[i >> 1];
    sum[i] += weight * (a[i] * b[i] + a[i + 1] * b[i + 1]);
    sum[i + 1] += weight * (a[i] * b[i + 1] - a[i + 1] * b[i]);
  }
}

/** Sums over blocks of pixels; `lit` is 1 where the mean pattern has light. */
function binned(
  { read, height, width, mask }: OrientationScan,
  frames: readonly number[],
): { images: Float32Array[]; side: number; bin: number; lit: Float64Array } {
  const bin = Math.ceil(Math.max(height, width) / SIDE);
  const side = Math.ceil(Math.max(height, width) / bin) + (Math.max(height, width) % (2 * bin) === 0 ? 0 : 1);
  const [top, left] = [height, width].map((n) => Math.floor(side / 2) * bin - Math.floor(n / 2));
  const sum = new Float64Array(side * side);
  const valid = new Float64Array(side * side).fill(1);
  const to = Int32Array.from(
    { length: height * width },
    (_, i) => Math.floor((Math.floor(i / width) + top) / bin) * side + Math.floor(((i % width) + left) / bin),
  );
  to.forEach((at, i) => {
    if (mask?.[i] === 0) valid[at] = 0;
  });
  const images: Float32Array[] = [];
  for (const frame of frames) {
    const data = read([frame]);
    const image = new Float32Array(side * side);
    for (let i = 0; i < data.length; i++) if (data[i] !== 0) image[to[i]] += data[i];
    for (let i = 0; i < sum.length; i++) sum[i] += image[i];
    images.push(image);
  }
  const sorted = Float64Array.from(sum).sort();
  // Of the pixels that hold nine tenths of the light, the faintest.
  const total = sorted.reduce((a, b) => a + b, 0);
  let [k, held] = [sorted.length, 0];
  while (k > 0 && held < 0.9 * total) held += sorted[--k];
  const least = 0.25 * (sorted[k] ?? 0);
  const lit = sum.map((value, i) => (value > least && valid[i] === 1 ? 1 : 0));
  return { images, side, bin, lit };
}

/** Spectra of each pattern less the mean one, over the noise of its counts, where there is light. */
function whitened(images: readonly Float32Array[], lit: Float64Array, side: number): Float64Array[] {
  const mean = new Float64Array(side * side);
  const totals = images.map((image) => image.reduce((sum, value, i) => sum + value * lit[i], 0));
  const all = totals.reduce((a, b) => a + b, 0);
  for (const image of images) for (let i = 0; i < mean.length; i++) mean[i] += image[i] / all;
  const fft = planFft2([side, side]);
  const wave = new Float64Array(2 * side * side);
  return images.map((image, k) => {
    let energy = 0;
    for (let i = 0; i < mean.length; i++) {
      const expected = mean[i] * totals[k];
      const value = lit[i] === 1 && expected > 0 ? (image[i] - expected) / Math.sqrt(expected) : 0;
      wave[2 * i] = value;
      wave[2 * i + 1] = 0;
      energy += value * value;
    }
    // Of unit variance, whatever a count is worth.
    const scale = energy > 0 ? Math.sqrt(lit.reduce((a, b) => a + b, 0) / energy) : 0;
    for (let i = 0; i < wave.length; i += 2) wave[i] *= scale;
    return fft.forward(wave);
  });
}

/** A Gaussian's transfer, times √(4π) σ: white noise keeps its variance. */
function lowPass(side: number): Float64Array {
  const f = frequencies(side);
  return Float64Array.from({ length: side * side }, (_, i) => {
    const squared = f[Math.floor(i / side)] ** 2 + f[i % side] ** 2;
    return 2 * Math.sqrt(Math.PI) * SMOOTHING * Math.exp(-2 * (Math.PI * SMOOTHING) ** 2 * squared);
  });
}

function autocorrelation(lit: Float64Array, side: number): Float64Array {
  const fft = planFft2([side, side]);
  const wave = new Float64Array(2 * side * side);
  lit.forEach((value, i) => {
    wave[2 * i] = value;
  });
  const spectrum = fft.forward(wave);
  for (let i = 0; i < spectrum.length; i += 2) {
    spectrum[i] = spectrum[i] ** 2 + spectrum[i + 1] ** 2;
    spectrum[i + 1] = 0;
  }
  fft.inverse(spectrum, spectrum);
  return Float64Array.from({ length: side * side }, (_, i) => Math.max(0, spectrum[2 * i]));
}

/**
 * The sum of correlations over the root of the sum of overlaps, in standard deviations of white noise: how sure it is. Over
 * the sum itself (\`perPixel\`) it does not fall with the overlap, and its peak is where the shadows are.
 */
function joint(parts: readonly Correlated[], similarity: Similarity, perPixel = false): number {
  return jointUnder(parts, linearOf(similarity), perPixel);
}

const linearOf = ({ angle, mirrored, scale }: Similarity): Matrix2 =>
  matrixOf({ angle, mirrored }).map((value) => scale * value) as unknown as Matrix2;

/** The same under any linear map, detector pixels per object pixel. */
function jointUnder(parts: readonly Correlated[], m: Matrix2, perPixel: boolean): number {
  let [sum, overlap] = [0, 0];
  for (const part of parts) {
    const half = Math.floor(part.side / 2);
    for (const { distance, count, correlation } of part.pairs) {
      const y = half + (m[0] * distance[0] + m[1] * distance[1]) / part.bin;
      const x = half + (m[2] * distance[0] + m[3] * distance[1]) / part.bin;
      if (!(y >= 1 && x >= 1 && y < part.side - 2 && x < part.side - 2)) continue;
      sum += between(correlation, part.side, y, x);
      overlap += count * between(part.overlap, part.side, y, x);
    }
  }
  // A transform and its inverse are unitary: products of spectra are convolutions over the side.
  const side = parts[0].side;
  return overlap > 0 ? (sum * Math.sqrt(side)) / (perPixel ? overlap : Math.sqrt(overlap)) : 0;
}

/** Between pixels, by the cubic of Catmull and Rom: its peaks are not at the pixels, as those of linear interpolation are. */
function between(image: ArrayLike<number>, side: number, y: number, x: number): number {
  const [row, column] = [Math.floor(y), Math.floor(x)];
  const across = cubic(x - column);
  const down = cubic(y - row);
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    const at = (row + i - 1) * side + column - 1;
    sum +=
      down[i] *
      (across[0] * image[at] + across[1] * image[at + 1] + across[2] * image[at + 2] + across[3] * image[at + 3]);
  }
  return sum;
}

function cubic(t: number): readonly [number, number, number, number] {
  return [
    ((2 - t) * t - 1) * (t / 2),
    ((3 * t - 5) * t * t + 2) / 2,
    ((4 - 3 * t) * t + 1) * (t / 2),
    ((t - 1) * t * t) / 2,
  ];
}

const ANGLE_STEP = 5;

/** The strongest of all similarities of one handedness. */
function strongest(value: Value, parts: readonly Correlated[], mirrored: boolean): Found {
  return refined(value, strongestAt(value, parts, mirrored, range(-180, 180, ANGLE_STEP)));
}

/** The strongest of those at right angles to another. */
const strongestAcross = (value: Value, parts: readonly Correlated[], { angle, mirrored }: Similarity): number =>
  strongestAt(value, parts, mirrored, [angle + 90, angle - 90]).value;

function strongestAt(value: Value, parts: readonly Correlated[], mirrored: boolean, angles: readonly number[]): Found {
  const { bin, radius } = parts[0];
  const step = parts.reduce((sum, part) => sum + part.step, 0) / parts.length;
  // From a shift of two pixels to one of nearly the radius: nothing is left in common beyond.
  const [least, most] = [(2 * bin) / step, (0.9 * radius * bin) / step];
  let best: Found = { angle: angles[0], mirrored, scale: least, value: Number.NEGATIVE_INFINITY };
  for (let scale = least; scale <= most; scale *= 1.06)
    for (const angle of angles) {
      const found = value({ angle, mirrored, scale });
      if (found > best.value) best = { angle, mirrored, scale, value: found };
    }
  return best;
}

type Value = (L: Similarity) => number;

const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, k) => from + k * step);

/** A walk uphill in angle and scale, with steps that halve. */
function refined(value: Value, start: Similarity): Found {
  let best: Found = { ...start, value: value(start) };
  for (let [turn, stretch] = [ANGLE_STEP / 2, 0.03]; turn > 0.02; ) {
    const around = [
      { ...best, angle: best.angle + turn },
      { ...best, angle: best.angle - turn },
      { ...best, scale: best.scale * (1 + stretch) },
      { ...best, scale: best.scale / (1 + stretch) },
    ].map((L) => ({ ...L, value: value(L) }));
    const better = around.reduce((a, b) => (b.value > a.value ? b : a));
    if (better.value > best.value) best = better;
    else [turn, stretch] = [turn / 2, stretch / 2];
  }
  return best;
}

/** A walk uphill in the four numbers of a linear map, with steps that halve. */
function refinedLinear(parts: readonly Correlated[], start: Matrix2): Matrix2 {
  const size = Math.hypot(...start) / Math.SQRT2;
  const valued = (m: Matrix2) => ({ m, value: jointUnder(parts, m, true) });
  let best = valued(start);
  for (let step = 0.03; step > 3e-4; ) {
    const moved = (k: number, by: number): Matrix2 =>
      best.m.map((entry, i) => (i === k ? entry + by * size : entry)) as unknown as Matrix2;
    const around = [0, 1, 2, 3].flatMap((k) => [valued(moved(k, step)), valued(moved(k, -step))]);
    const better = around.reduce((a, b) => (b.value > a.value ? b : a));
    if (better.value > best.value) best = better;
    else step /= 2;
  }
  return best.m;
}

/** What a linear map has that no similarity has: how far from a right angle it takes y and x apart, and how alike it stretches them. */
function strainOf([yy, yx, xy, xx]: Matrix2): { readonly skew: number; readonly aspect: number } {
  const between = normalAngle(((Math.atan2(yx, xx) - Math.atan2(yy, xy)) * 180) / Math.PI);
  return { skew: Math.abs(between) - 90, aspect: Math.hypot(yy, xy) / Math.hypot(yx, xx) };
}

/** Standard error of the mean of deviations. */
function spread(deviations: readonly number[]): number {
  const n = deviations.length;
  const mean = deviations.reduce((a, b) => a + b, 0) / n;
  const variance = deviations.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  return Math.sqrt(variance / n);
}
