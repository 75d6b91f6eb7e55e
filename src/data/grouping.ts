import { PtychonautError, setting } from "../errors.ts";
import type { Random } from "../random.ts";
import {
  framesWithin,
  nearestNeighbours,
  neighboursBetween,
  quadrantNeighbours,
  squareNeighbours,
  windowsOverlap,
} from "./neighbours.ts";
import { pixelsOf } from "./scanParts.ts";

/** Groups of overlapping patterns, which a network with C channels takes together. */
export interface Groups {
  /** C: patterns in a group. */
  readonly size: number;
  readonly count: number;
  /** `[group, C]`, frame indices; the anchor first, except in quadrant groups. */
  readonly frames: Int32Array;
  /** Frames that lead no group because too few windows overlap theirs; ascending. Only where there are some. */
  readonly lone?: readonly LoneFrame[];
}

/** A frame too far from the others to lead a group. */
export interface LoneFrame {
  readonly frame: number;
  /** Among its nearest the first whose window does not overlap its own. */
  readonly toward: number;
  /** How far away that is, object pixels. */
  readonly distance: number;
}

/** How the other members of an anchor's group are chosen. */
export type NeighbourRule =
  /** C − 1 of the `count` nearest. */
  | { readonly kind: "nearest"; readonly count: number }
  /** C − 1 of those at a distance of min to max, object pixels. */
  | { readonly kind: "distance"; readonly min: number; readonly max: number }
  /** C = 4: one from each quadrant among the `count` nearest at min ≤ d < max; the anchor may stand in for one of them. */
  | { readonly kind: "quadrants"; readonly count: number; readonly min: number; readonly max: number }
  /** The √C × √C square of a raster scan of which the anchor is the first, its frames `step` object pixels apart. */
  | { readonly kind: "square"; readonly step: number };

export interface GroupingOptions {
  /** Names the scan in errors. */
  readonly where?: string;
  /** C, the square of the gridsize. */
  readonly size: number;
  /**
   * Side of the patterns' windows, object pixels. Patches that do not overlap share nothing, so a frame whose window does not
   * overlap the anchor's is in none of its groups. Default: distance does not matter.
   */
  readonly window?: number;
  /** Default: 4 nearest, or C − 1 where that is more. */
  readonly neighbours?: NeighbourRule;
  /** Groups to make. Default: one for every anchor. With C = 1 the frames there are, if it asks for more. */
  readonly groups?: number;
  /** Allow more groups than anchors, from other combinations of neighbours. Default false. */
  readonly oversampling?: boolean;
  /** Anchors are the first frames in order, not drawn at random. Default false. */
  readonly sequential?: boolean;
  /** Where no frame can lead a group, there are none, and no error. Default false. */
  readonly mayBeNone?: boolean;
  /** Parts of the scan's extent whose frames are used, as fractions. Default all of it. */
  readonly xBounds?: readonly [number, number];
  readonly yBounds?: readonly [number, number];
}

/**
 * Makes groups of C neighbouring frames. With C = 1 a group is a frame. No group occurs twice, unless C = 1 and
 * oversampling asks for it.
 *
 * @param positions `[frame, 2]` as (y, x), object pixels, of the whole scan
 * @param frames the frames that may be used
 * @throws PtychonautError "usage": too few frames or neighbours for C; with C > 1 more groups than frames without
 *   oversampling, or more than there are combinations
 */
export function makeGroups(
  positions: Float64Array,
  frames: ArrayLike<number>,
  options: GroupingOptions,
  random: Random,
): Groups {
  const { size } = options;
  if (!Number.isInteger(size) || size < 1)
    throw new PtychonautError("usage", "group size must be a positive integer", { got: `${size}` });
  if (frames.length < size)
    throw new PtychonautError("usage", "fewer patterns than a group takes", {
      ...(options.where === undefined ? {} : { where: options.where }),
      expected: `at least ${size}`,
      got: `${frames.length}`,
      fix: `train on groups of one pattern: ${setting("gridsize", 1)}`,
    });
  const usable = framesWithin(positions, frames, options.xBounds ?? [0, 1], options.yBounds ?? [0, 1]);
  const candidates = candidatesOf(positions, usable, options);
  const lone = loneFrames(positions, usable, candidates, options);
  if (candidates.length === 0 && options.mayBeNone === true)
    return { size, count: 0, frames: new Int32Array(0), ...(lone.length === 0 ? {} : { lone }) };
  if (candidates.length === 0) throw nobodyLeads(lone, options);
  const wanted = groupsToMake(candidates.length, options);
  const shares = shareOut(wanted, candidates, options, random);
  const out = new Int32Array(wanted * size);
  let at = 0;
  for (const { candidate, groups } of shares) {
    const seen = new Set<string>();
    while (seen.size < groups) {
      const members = candidate.draw(random);
      const key = size === 1 ? `${seen.size}` : [...members].sort((a, b) => a - b).join();
      if (seen.has(key)) continue;
      seen.add(key);
      out.set(members, at);
      at += size;
    }
  }
  return { size, count: wanted, frames: out, ...(lone.length === 0 ? {} : { lone }) };
}

function nobodyLeads([first]: readonly LoneFrame[], { size, window }: GroupingOptions): PtychonautError {
  const fix = "widen the distance window or the bounds, or use a smaller gridsize";
  if (first === undefined)
    return new PtychonautError("usage", "no pattern has enough neighbours to form a group", { fix });
  return new PtychonautError("usage", "no pattern has enough neighbours that overlap with it to form a group", {
    expected: `${size - 1} windows of ${window} pixels that overlap with a pattern's own`,
    got: `frame ${first.toward} at ${pixelsOf(first.distance)} pixels from frame ${first.frame}, for one`,
    fix: `check that positions are in object pixels, or take patterns one by one: ${setting("gridsize", 1)}`,
  });
}

/** Frames that no group is made for since they lie too far from others: all rules ask for C − 1 that overlap. */
function loneFrames(
  positions: Float64Array,
  frames: readonly number[],
  candidates: readonly Candidate[],
  { size, window }: GroupingOptions,
): LoneFrame[] {
  if (window === undefined || size === 1) return [];
  const leading = new Set(candidates.map(({ anchor }) => anchor));
  const others = frames.filter((frame) => !leading.has(frame));
  return nearestNeighbours(positions, frames, size - 1, others).flatMap(([frame, ...nearest]) => {
    const toward = nearest.find((other) => !windowsOverlap(positions, frame, other, window));
    if (toward === undefined) return [];
    const [dy, dx] = [0, 1].map((axis) => positions[2 * toward + axis] - positions[2 * frame + axis]);
    return [{ frame, toward, distance: Math.hypot(dy, dx) }];
  });
}

/**
 * Frames kept before grouping: `count` of them drawn without replacement, in file order, or simply the first ones.
 * @throws PtychonautError "usage" when there are not so many
 */
export function subsample(frames: ArrayLike<number>, count: number, random: Random, sequential = false): number[] {
  if (!(count >= 1 && count <= frames.length))
    throw new PtychonautError("usage", "cannot keep so many patterns", {
      expected: `1 to ${frames.length}`,
      got: `${count}`,
    });
  if (sequential) return Array.from(frames).slice(0, count);
  return random
    .shuffle(Array.from(frames))
    .slice(0, count)
    .sort((a, b) => a - b);
}

/** An anchor with all groups that it can lead. */
interface Candidate {
  readonly anchor: number;
  /** How many different groups there are. */
  readonly combinations: number;
  draw(random: Random): number[];
}

function candidatesOf(positions: Float64Array, frames: readonly number[], options: GroupingOptions): Candidate[] {
  const { size, window } = options;
  if (size === 1)
    return frames.map((anchor) => ({ anchor, combinations: Number.POSITIVE_INFINITY, draw: () => [anchor] }));
  const near = (anchor: number, pool: readonly number[]): readonly number[] =>
    window === undefined ? pool : pool.filter((frame) => windowsOverlap(positions, anchor, frame, window));
  /** Squares of side `window` around two positions cannot overlap farther apart. */
  const reach = window === undefined ? Number.POSITIVE_INFINITY : Math.SQRT2 * window;
  const rule = options.neighbours ?? { kind: "nearest", count: Math.max(4, size - 1) };
  switch (rule.kind) {
    case "nearest": {
      if (rule.count < size - 1)
        throw new PtychonautError("usage", "too few neighbours for the group size", {
          expected: `neighbor_count of at least ${size - 1} for groups of ${size}`,
          got: `${rule.count}`,
        });
      const lists = nearestNeighbours(positions, frames, rule.count);
      return lists.flatMap(([anchor, ...others]) => {
        const pool = near(anchor, others);
        return anchored(anchor, pool.length, () => pool, size);
      });
    }
    case "distance": {
      const between = neighboursBetween(positions, frames, rule.min, Math.min(rule.max, reach));
      return frames.flatMap((anchor) => {
        const pool = (): readonly number[] => near(anchor, between(anchor));
        return anchored(anchor, pool().length, pool, size);
      });
    }
    case "quadrants": {
      if (size !== 4)
        throw new PtychonautError("usage", "quadrant groups have four members", {
          got: `groups of ${size}`,
          fix: "use gridsize 2, or another neighbor_function",
        });
      return quadrantNeighbours(positions, frames, rule).flatMap((lists, k) =>
        quadrantGroup(
          frames[k],
          lists.map((list) => near(frames[k], list)),
        ),
      );
    }
    case "square": {
      if (window !== undefined && rule.step >= window)
        throw new PtychonautError("usage", "the patterns of a square do not overlap", {
          expected: `a grid_step below the windows' side of ${window} pixels`,
          got: `${rule.step}`,
          fix: `say a smaller ${setting("grid_step")}, or take patterns one by one: ${setting("gridsize", 1)}`,
        });
      const squares = squareNeighbours(positions, frames, { side: Math.round(Math.sqrt(size)), step: rule.step });
      return squares
        .filter((square) => new Set(square).size === size)
        .map((square) => ({ anchor: square[0], combinations: 1, draw: () => square }));
    }
  }
}

/** The anchor with size − 1 of a pool of so many. */
function anchored(anchor: number, count: number, pool: () => readonly number[], size: number): Candidate[] {
  if (count < size - 1) return [];
  const draw = (random: Random): number[] => {
    // The first steps of a Fisher–Yates shuffle draw without replacement.
    const items = [...pool()];
    for (let i = 0; i < size - 1; i++) {
      const j = i + random.integer(items.length - i);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return [anchor, ...items.slice(0, size - 1)];
  };
  return [{ anchor, combinations: binomial(count, size - 1), draw }];
}

/** One of each quadrant; the anchor counts as a member of each, but may be taken once only. */
function quadrantGroup(anchor: number, lists: readonly (readonly number[])[]): Candidate[] {
  if (lists.filter((list) => list.length === 0).length > 1) return [];
  const product = (skip?: number): number =>
    lists.reduce((total, list, q) => (q === skip ? total : total * list.length), 1);
  const combinations = product() + lists.reduce((total, _, q) => total + product(q), 0);
  const draw = (random: Random): number[] => {
    for (;;) {
      const members = lists.map((list) => list[random.integer(list.length + 1)] ?? anchor);
      if (members.filter((frame) => frame === anchor).length <= 1) return members;
    }
  };
  return [{ anchor, combinations, draw }];
}

/** With C = 1 another group would be a frame once more: there are as many as frames, unless oversampling asks for it. */
function groupsToMake(anchors: number, { groups, size, oversampling }: GroupingOptions): number {
  const wanted = groups ?? anchors;
  return size === 1 && oversampling !== true ? Math.min(wanted, anchors) : wanted;
}

/** Which anchors lead how many groups, in the order in which the groups appear. */
function shareOut(
  wanted: number,
  candidates: readonly Candidate[],
  options: GroupingOptions,
  random: Random,
): { candidate: Candidate; groups: number }[] {
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new PtychonautError("usage", "the number of groups must be a positive integer", { got: `${wanted}` });
  if (wanted > candidates.length && options.oversampling !== true)
    throw new PtychonautError("usage", "more groups than patterns that can lead one", {
      expected: `at most ${candidates.length}`,
      got: `${wanted}`,
      fix: `ask for fewer groups, or allow other combinations of neighbours: ${setting("enable_oversampling", true)}`,
    });
  const order = options.sequential === true ? [...candidates] : random.shuffle([...candidates]);
  const shares = order.map((candidate) => ({ candidate, groups: 0 }));
  let left = wanted;
  // Round by round, so that no anchor leads two groups more than another that still has combinations left.
  while (left > 0) {
    const open = shares.filter(({ candidate, groups }) => groups < candidate.combinations).slice(0, left);
    if (open.length === 0)
      throw new PtychonautError("usage", "more groups than there are combinations of neighbours", {
        expected: `at most ${wanted - left}`,
        got: `${wanted}`,
        fix: `ask for fewer groups, or take neighbours from a larger pool: ${setting("neighbor_pool_size")}`,
      });
    for (const share of open) share.groups++;
    left -= open.length;
  }
  return shares.filter(({ groups }) => groups > 0);
}

function binomial(n: number, k: number): number {
  let value = 1;
  for (let i = 1; i <= k; i++) value = (value * (n - k + i)) / i;
  return Math.round(value);
}
