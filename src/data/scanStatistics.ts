import type { ComplexArray } from "../arrays.ts";
import { median } from "../numerics/median.ts";
import { nearestNeighbours } from "./neighbours.ts";

/** How a scan lies: extent, step, overlap, points that stand out. Pixels. */
export interface ScanStatistics {
  /** Least and greatest position, as (y, x). */
  readonly least: readonly [number, number];
  readonly greatest: readonly [number, number];
  /** Median distance to the nearest other position. */
  readonly step: number;
  /** Frames closer than a hundredth of a pixel to an earlier one. */
  readonly duplicates: readonly number[];
  /** Frames more than five steps away from every other. */
  readonly outliers: readonly number[];
}

/** @param positions `[frame, 2]` as (y, x); at least one */
export function scanStatistics(positions: Float64Array): ScanStatistics {
  const count = positions.length / 2;
  const frames = Array.from({ length: count }, (_, frame) => frame);
  const along = (axis: number): number[] => frames.map((frame) => positions[2 * frame + axis]);
  const least = [0, 1].map((axis) => along(axis).reduce((a, b) => Math.min(a, b))) as [number, number];
  const greatest = [0, 1].map((axis) => along(axis).reduce((a, b) => Math.max(a, b))) as [number, number];
  const duplicates: number[] = [];
  const distances = nearestNeighbours(positions, frames, 1).map(([frame, other]) => {
    if (other === undefined) return Number.POSITIVE_INFINITY;
    const distance = Math.hypot(
      positions[2 * frame] - positions[2 * other],
      positions[2 * frame + 1] - positions[2 * other + 1],
    );
    if (distance < 0.01 && other < frame) duplicates.push(frame);
    return distance;
  });
  const step = count > 1 ? median(distances) : 0;
  return {
    least,
    greatest,
    step,
    duplicates,
    outliers: count > 2 && step > 0 ? frames.filter((frame) => distances[frame] > 5 * step) : [],
  };
}

/**
 * Diameter of the uniform disk with the probe's second moment, 2√(2⟨r²⟩), of all modes together, pixels.
 * @param probe `[mode, y, x]`
 */
export function probeDiameter(probe: ComplexArray): number {
  const [modes, height, width] = probe.shape as [number, number, number];
  let total = 0;
  const first = [0, 0];
  let second = 0;
  for (let i = 0; i < modes * height * width; i++) {
    const y = Math.floor(i / width) % height;
    const x = i % width;
    const intensity = probe.data[2 * i] ** 2 + probe.data[2 * i + 1] ** 2;
    total += intensity;
    first[0] += intensity * y;
    first[1] += intensity * x;
    second += intensity * (y * y + x * x);
  }
  if (total === 0) return 0;
  return 2 * Math.sqrt(2 * Math.max(0, second / total - (first[0] / total) ** 2 - (first[1] / total) ** 2));
}

/** Common area of two disks of one diameter at a distance, as part of one disk's area. */
export function diskOverlap(distance: number, diameter: number): number {
  const t = distance / diameter;
  if (!(t < 1)) return 0;
  return (2 / Math.PI) * (Math.acos(t) - t * Math.sqrt(1 - t * t));
}
