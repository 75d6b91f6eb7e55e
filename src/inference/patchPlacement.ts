import type { ComplexArray } from "../arrays.ts";
import { type BatchLoader, planEpoch } from "../data/batches.ts";
import type { Groups } from "../data/grouping.ts";
import { PointTree } from "../data/pointTree.ts";
import type { Predictor } from "./predictor.ts";

/** Whether patches show the same where they overlap, placed as the positions say it or in another way. */
export interface PatchPlacement {
  /** Pairs of overlapping patches, of different groups. */
  readonly pairs: number;
  /** Share of them that agree best as the positions say it, of the eight ways to read where one is of the other. */
  readonly agreeing: number;
  /** The way in which most of them agree best, where it is another one. */
  readonly otherwise: { readonly positions: string; readonly agreeing: number } | null;
}

export interface PlacedPatches {
  /** `[frame, 2]` as (y, x), object pixels. */
  readonly positions: Float64Array;
  readonly groups: Groups;
  readonly loader: BatchLoader;
  readonly predictor: Predictor;
  /** `[mode, N, N]`, whose light weights the pixels. */
  readonly probe: ComplexArray;
}

/** Enough to tell a half from an eighth. */
const PAIRS = 32;
/** Partners that are looked at, nearest first. */
const CANDIDATES = 64;
/** Distance of two patches that both are well lit where they overlap, over the probe's rms radius. */
const REACH = 1.5;

/** Ways to read a displacement (dy, dx): axes swapped or not, signs kept or not. The first is as it is said. */
const readings = [
  { name: "as they are", yy: 1, yx: 0, xy: 0, xx: 1 },
  { name: "with y and x swapped", yy: 0, yx: 1, xy: 1, xx: 0 },
  { name: "with y negated", yy: -1, yx: 0, xy: 0, xx: 1 },
  { name: "with x negated", yy: 1, yx: 0, xy: 0, xx: -1 },
  { name: "with y and x negated", yy: -1, yx: 0, xy: 0, xx: -1 },
  { name: "with y and x swapped and y then negated", yy: 0, yx: -1, xy: 1, xx: 0 },
  { name: "with y and x swapped and x then negated", yy: 0, yx: 1, xy: -1, xx: 0 },
  { name: "with y and x swapped and both negated", yy: 0, yx: -1, xy: -1, xx: 0 },
] as const;

/**
 * Predicts some pairs of neighbours again and compares what they show where they overlap. Noise makes all of their
 * correlations small and leaves the right way the best; where positions are of another unit, none is.
 * @returns undefined where no two patches of different groups overlap
 */
export async function patchPlacement(scan: PlacedPatches): Promise<PatchPlacement | undefined> {
  const light = lightOf(scan.probe);
  const pairs = neighbours(scan, REACH * rmsRadius(light));
  const patches = await predicted(
    scan,
    pairs.flatMap(({ a, b }) => [a.group, b.group]),
  );
  const compared = pairs.map(({ a, b, dy, dx }) => {
    const [one, other] = [patches.of(a), patches.of(b)];
    const ways = readings.map(({ yy, yx, xy, xx }) => [Math.round(yy * dy + yx * dx), Math.round(xy * dy + xx * dx)]);
    const correlations = ways.map(([y, x]) => correlation(one, other, light, y, x));
    // Ways that come to the same displacement are one.
    const same = (i: number, j: number): boolean => ways[i][0] === ways[j][0] && ways[i][1] === ways[j][1];
    return readings.map((_, i) => correlations.every((c, j) => same(i, j) || correlations[i] > c));
  });
  if (compared.length === 0) return undefined;
  const [agreeing, ...others] = readings.map((_, i) => compared.filter((best) => best[i]).length / compared.length);
  const most = Math.max(...others);
  const otherwise = most > 0.5 ? { positions: readings[1 + others.indexOf(most)].name, agreeing: most } : null;
  return { pairs: compared.length, agreeing, otherwise };
}

/** A pattern as a member of a group, which is what a network predicts. */
interface Member {
  readonly group: number;
  readonly slot: number;
}

/** Two patterns, and where the second is of the first. */
interface Pair {
  readonly a: Member;
  readonly b: Member;
  readonly dy: number;
  readonly dx: number;
}

/** Pairs spread over the scan, each of a group's first pattern and one outside of it that is easily told from its mirror images. */
function neighbours({ positions, groups }: PlacedPatches, reach: number): Pair[] {
  const { count, size, frames } = groups;
  const places = new Map<number, Member>();
  for (let i = 0; i < count * size; i++)
    if (!places.has(frames[i])) places.set(frames[i], { group: Math.floor(i / size), slot: i % size });
  const tree = new PointTree(positions, [...places.keys()]);
  const leaders = Math.min(PAIRS, count);
  const pairs = Array.from({ length: leaders }, (_, i): Pair | undefined => {
    const a = { group: Math.floor(((i + 0.5) * count) / leaders), slot: 0 };
    const company = frames.subarray(a.group * size, (a.group + 1) * size);
    const [y, x] = [positions[2 * company[0]], positions[2 * company[0] + 1]];
    const options = tree
      .nearest(y, x, CANDIDATES)
      .filter((frame) => !company.includes(frame))
      .map((frame) => ({ b: places.get(frame)!, dy: positions[2 * frame] - y, dx: positions[2 * frame + 1] - x }))
      .filter(({ dy, dx }) => mirrored(dy, dx) >= 1);
    const near = options.filter(({ dy, dx }) => Math.hypot(dy, dx) <= reach);
    const best = near.reduce<(typeof near)[number] | undefined>(
      (far, next) => (far === undefined || mirrored(next.dy, next.dx) > mirrored(far.dy, far.dx) ? next : far),
      options[0],
    );
    return best && { a, ...best };
  });
  return pairs.filter((pair) => pair !== undefined);
}

/** How far a displacement is from the nearest other reading of it that is not the same. */
function mirrored(dy: number, dx: number): number {
  const distances = readings.map(({ yy, yx, xy, xx }) => Math.hypot(yy * dy + yx * dx - dy, xy * dy + xx * dx - dx));
  return Math.min(...distances.filter((distance) => distance >= 1), Math.hypot(dy, dx));
}

/** Patches `[N, N]` of some groups. */
async function predicted({ groups, loader, predictor }: PlacedPatches, wanted: readonly number[]) {
  const numbers = [...new Set(wanted)].sort((a, b) => a - b);
  const patches = new Map<number, Float32Array>();
  if (numbers.length > 0) {
    const plan = planEpoch(numbers.length, predictor.batch).map(({ groups: rows, weights }) => ({
      groups: rows.map((row) => numbers[row]),
      weights,
    }));
    let next = 0;
    for await (const batch of loader.batches(plan)) {
      const { data } = await predictor.predict(batch);
      const size = data.length / predictor.batch;
      for (const [k, group] of plan[next++].groups.entries()) patches.set(group, data.slice(k * size, (k + 1) * size));
    }
  }
  return {
    of({ group, slot }: Member): Float32Array {
      const all = patches.get(group)!;
      const size = all.length / groups.size;
      return all.subarray(slot * size, (slot + 1) * size);
    },
  };
}

interface Light {
  readonly side: number;
  /** `[N, N]` */
  readonly intensity: Float64Array;
}

function lightOf({ shape, data }: ComplexArray): Light {
  const side = shape.at(-1)!;
  const intensity = new Float64Array(side * side);
  for (let i = 0; 2 * i < data.length; i++) intensity[i % intensity.length] += data[2 * i] ** 2 + data[2 * i + 1] ** 2;
  return { side, intensity };
}

function rmsRadius({ side, intensity }: Light): number {
  let [total, sumY, sumX, squares] = [0, 0, 0, 0];
  for (let i = 0; i < intensity.length; i++) {
    const [y, x] = [Math.floor(i / side), i % side];
    total += intensity[i];
    sumY += intensity[i] * y;
    sumX += intensity[i] * x;
    squares += intensity[i] * (y * y + x * x);
  }
  return Math.sqrt(Math.max(0, squares / total - (sumY / total) ** 2 - (sumX / total) ** 2));
}

/**
 * Modulus of the correlation of what two patches show beyond their means, where they overlap, weighted by the light of both:
 * a phase of its own changes nothing of it.
 * @param dy where the second is of the first, pixels, and dx
 */
function correlation(a: Float32Array, b: Float32Array, { side, intensity }: Light, dy: number, dx: number): number {
  let [total, aRe, aIm, bRe, bIm, aa, bb, abRe, abIm] = [0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let y = Math.max(0, dy); y < Math.min(side, side + dy); y++)
    for (let x = Math.max(0, dx); x < Math.min(side, side + dx); x++) {
      const [i, j] = [y * side + x, (y - dy) * side + x - dx];
      const w = intensity[i] * intensity[j];
      const [ar, ai, br, bi] = [a[2 * i], a[2 * i + 1], b[2 * j], b[2 * j + 1]];
      total += w;
      aRe += w * ar;
      aIm += w * ai;
      bRe += w * br;
      bIm += w * bi;
      aa += w * (ar * ar + ai * ai);
      bb += w * (br * br + bi * bi);
      abRe += w * (ar * br + ai * bi);
      abIm += w * (ai * br - ar * bi);
    }
  const norm = total * total;
  const [re, im] = [abRe / total - (aRe * bRe + aIm * bIm) / norm, abIm / total - (aIm * bRe - aRe * bIm) / norm];
  const [va, vb] = [aa / total - (aRe ** 2 + aIm ** 2) / norm, bb / total - (bRe ** 2 + bIm ** 2) / norm];
  return va > 0 && vb > 0 ? Math.hypot(re, im) / Math.sqrt(va * vb) : 0;
}
