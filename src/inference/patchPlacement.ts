import { type ComplexArray, evenly } from "../arrays.ts";
import { type BatchLoader, planEpoch } from "../data/batches.ts";
import type { Groups } from "../data/grouping.ts";
import { PointTree } from "../data/pointTree.ts";
import { probeLight } from "../optics/probeLight.ts";
import type { Predictor } from "./predictor.ts";

/** Whether patches show the same where they overlap, placed as the positions say it or in another way. */
export interface PatchPlacement {
  /** Pairs of overlapping patches, of different groups. */
  readonly pairs: number;
  /**
   * Share of the pairs, by how much they show, that agree better as the positions say it than in another way: the least
   * over all other ways. A half where the positions say nothing.
   */
  readonly agreeing: number;
  /** The way in which most agree better than as the positions say it, and what share of them. */
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

/** Most that are compared, and fewest that tell anything: of eight tosses three quarters are heads one time in seven. */
const PAIRS = { most: 32, fewest: 8 } as const;
/** Partners that a pattern chooses among, and those where none is within reach. */
const CANDIDATES = 64;
const NEAREST = 16;
/** Distance of two patches that both are well lit where they overlap, over the probe's rms radius. */
const REACH = 1.5;
/** Share of pairs from which another way is named. */
const NAMED = 0.75;

/** Where one patch may be of another, whatever the positions say: axes swapped, signs turned, the unit another. */
const readings = [
  { positions: "with y and x swapped", yy: 0, yx: 1, xy: 1, xx: 0 },
  { positions: "with y negated", yy: -1, yx: 0, xy: 0, xx: 1 },
  { positions: "with x negated", yy: 1, yx: 0, xy: 0, xx: -1 },
  { positions: "with y and x negated", yy: -1, yx: 0, xy: 0, xx: -1 },
  { positions: "with y and x swapped and y then negated", yy: 0, yx: -1, xy: 1, xx: 0 },
  { positions: "with y and x swapped and x then negated", yy: 0, yx: 1, xy: -1, xx: 0 },
  { positions: "with y and x swapped and both negated", yy: 0, yx: -1, xy: -1, xx: 0 },
  { positions: "twice as far apart", yy: 2, yx: 0, xy: 0, xx: 2 },
  { positions: "half as far apart", yy: 0.5, yx: 0, xy: 0, xx: 0.5 },
] as const;

/**
 * Predicts some pairs of neighbours again and compares what they show where they overlap. Noise brings every share nearer to a
 * half; of positions that are right none comes below it.
 * @returns undefined where too few patches of different groups overlap and are finite
 */
export async function patchPlacement(scan: PlacedPatches): Promise<PatchPlacement | undefined> {
  const light: Light = { side: scan.probe.shape.at(-1)!, intensity: probeLight(scan.probe) };
  const pairs = neighbours(scan, light);
  if (pairs.length < PAIRS.fewest) return undefined;
  const patches = await predicted(
    scan,
    pairs.flatMap(({ a, b }) => [a, b]),
  );
  const ways = readings.map(({ positions }) => ({ positions, better: 0, all: 0, pairs: 0 }));
  let compared = 0;
  for (const { a, b, dy, dx } of pairs) {
    const [one, other] = [patches.get(keyOf(a))!, patches.get(keyOf(b))!];
    const [saidY, saidX] = [Math.round(dy), Math.round(dx)];
    const said = agreement(one, other, light, saidY, saidX);
    if (!(said.structure > 0)) continue;
    compared++;
    for (const [i, { yy, yx, xy, xx }] of readings.entries()) {
      const [y, x] = [Math.round(yy * dy + yx * dx), Math.round(xy * dy + xx * dx)];
      if (y === saidY && x === saidX) continue;
      const way = ways[i];
      if (said.correlation > agreement(one, other, light, y, x).correlation) way.better += said.structure;
      way.all += said.structure;
      way.pairs++;
    }
  }
  // A way that few pairs tell from the stated one is none to judge by.
  const judged = ways.filter(({ pairs: telling }) => telling >= PAIRS.fewest);
  if (judged.length === 0) return undefined;
  const shares = judged.map(({ better, all }) => better / all);
  const agreeing = Math.min(...shares);
  const { positions } = judged[shares.indexOf(agreeing)];
  const otherwise = 1 - agreeing < NAMED ? null : { positions, agreeing: 1 - agreeing };
  return { pairs: compared, agreeing, otherwise };
}

/** A pattern as a member of a group, which is what a network predicts. */
interface Member {
  readonly group: number;
  readonly slot: number;
}

const keyOf = ({ group, slot }: Member): string => `${group}.${slot}`;

/** Two patterns, and where the second is of the first. */
interface Pair {
  readonly a: Member;
  readonly b: Member;
  readonly dy: number;
  readonly dx: number;
}

/**
 * Pairs spread over the scan, each of a group's first pattern and one outside of it. On a raster no neighbour is told from all
 * of its other readings, so every partner is one by whom those are told that few were told by yet.
 */
function neighbours({ positions, groups }: PlacedPatches, light: Light): Pair[] {
  const { count, size, frames } = groups;
  const reach = REACH * rmsRadius(light);
  const places = new Map<number, Member>();
  for (let i = 0; i < count * size; i++)
    if (!places.has(frames[i])) places.set(frames[i], { group: Math.floor(i / size), slot: i % size });
  const tree = new PointTree(positions, [...places.keys()]);
  const pairs = new Map<string, Pair>();
  const told = new Float64Array(readings.length);
  const leaders = Math.min(PAIRS.most, count);
  for (let i = 0; i < leaders; i++) {
    const a = { group: Math.floor(((i + 0.5) * count) / leaders), slot: 0 };
    const company = frames.subarray(a.group * size, (a.group + 1) * size);
    const [leader] = company;
    const [y, x] = [positions[2 * leader], positions[2 * leader + 1]];
    const within = tree.between(y, x, 1, reach);
    const farther = (): number[] => tree.between(y, x, reach, light.side).slice(0, NEAREST);
    const options = (within.length > 0 ? evenly(within, CANDIDATES) : farther())
      .filter((frame) => !company.includes(frame))
      .map((frame) => ({ frame, dy: positions[2 * frame] - y, dx: positions[2 * frame + 1] - x }))
      .filter(({ dy, dx }) => Math.max(Math.abs(dy), Math.abs(dx)) < light.side)
      .map((option) => ({ ...option, apart: apartFromReadings(option.dy, option.dx) }));
    const worth = (apart: readonly number[]): number =>
      apart.reduce((sum, distance, k) => sum + distance / (1 + told[k]), 0);
    const [best] = options.sort((p, q) => worth(q.apart) - worth(p.apart));
    if (best === undefined) continue;
    const { frame, dy, dx, apart } = best;
    const both = [leader, frame].sort((p, q) => p - q).join();
    if (pairs.has(both)) continue;
    pairs.set(both, { a, b: places.get(frame)!, dy, dx });
    for (const [k, distance] of apart.entries()) told[k] += distance;
  }
  return [...pairs.values()];
}

/** How far each other reading of a displacement is from it, over its length. */
function apartFromReadings(dy: number, dx: number): number[] {
  const length = Math.hypot(dy, dx);
  return readings.map(({ yy, yx, xy, xx }) => Math.hypot(yy * dy + yx * dx - dy, xy * dy + xx * dx - dx) / length);
}

/** Patches `[N, N]` of some members, by their key. */
async function predicted({ groups, loader, predictor }: PlacedPatches, wanted: readonly Member[]) {
  const numbers = [...new Set(wanted.map(({ group }) => group))];
  const plan = planEpoch(numbers.length, predictor.batch).map(({ groups: rows, weights }) => ({
    groups: rows.map((row) => numbers[row]),
    weights,
  }));
  const patches = new Map<string, Float32Array>();
  let next = 0;
  for await (const batch of loader.batches(plan)) {
    const { data } = await predictor.predict(batch);
    const size = data.length / predictor.batch / groups.size;
    const places = new Map([...plan[next++].groups].map((group, place) => [group, place]));
    for (const member of wanted) {
      const place = places.get(member.group);
      if (place === undefined) continue;
      const first = (place * groups.size + member.slot) * size;
      patches.set(keyOf(member), data.slice(first, first + size));
    }
  }
  return patches;
}

interface Light {
  readonly side: number;
  /** `[N, N]` */
  readonly intensity: Float64Array;
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
 * What two patches show beyond their means where they overlap, weighted by the light of both: the modulus of its correlation,
 * of which a phase of its own changes nothing, and how much it is (standard deviations, multiplied). Patches that are not
 * finite show nothing.
 * @param dy where the second is of the first, pixels, and dx
 */
function agreement(a: Float32Array, b: Float32Array, { side, intensity }: Light, dy: number, dx: number) {
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
  const structure = Math.sqrt(va) * Math.sqrt(vb);
  return structure > 0 && Number.isFinite(structure)
    ? { correlation: Math.hypot(re, im) / structure, structure }
    : { correlation: 0, structure: 0 };
}
