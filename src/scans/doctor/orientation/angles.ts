import type { Deflection } from "./centreOfMass.ts";
import type { OrientationScan } from "./frames.ts";
import { normalAngle, type PlanarMap } from "./planarMap.ts";
import type { ShadowMotion } from "./shadows.ts";
import { type Trial, type TrialHooks, trials } from "./trials.ts";

/** The angle of a map as one kind of evidence measures it. */
export interface AngleFound {
  readonly by: string;
  /** Degrees, on the same side as the map. */
  readonly angle: number;
  /** Standard deviation, from how parts of the scan differ. */
  readonly error: number;
}

/** Degrees by which reconstructions are turned to either side. */
const TURN = 6;

/**
 * The angle at which short reconstructions of the parts predict unseen patterns best: the lowest point of the parabola through
 * their misfit as they are and turned to either side. Its error is the jackknife's over the parts.
 * @param best of the trials so far
 * @returns undefined where the misfit has no lowest point there, or it was stopped
 */
export async function angleByTrials(
  scan: OrientationScan,
  best: Trial,
  defocus: number,
  hooks: TrialHooks,
): Promise<AngleFound | undefined> {
  const { map, conjugated } = best;
  const turned = (by: number) => ({ map: { ...map, angle: normalAngle(map.angle + by) }, conjugated });
  const tested = await trials(scan, [turned(-TURN), turned(0), turned(TURN)], defocus, hooks);
  if (tested === undefined) return undefined;
  const misfits = [-TURN, 0, TURN].map((by) => {
    const { angle } = turned(by).map;
    return tested.ranked.find((trial) => trial.map.angle === angle)?.misfits ?? [];
  });
  const parts = Array.from({ length: tested.parts }, (_, part) => part);
  const without = (left: number | undefined): number | undefined => {
    const [before, here, after] = misfits.map((own) =>
      own.reduce((sum, value, part) => sum + (part === left ? 0 : value), 0),
    );
    const curvature = before - 2 * here + after;
    const off = (TURN * (before - after)) / (2 * curvature);
    return curvature > 0 && Math.abs(off) < 2 * TURN ? off : undefined;
  };
  const [all, ...each] = [undefined, ...parts].map(without);
  if (all === undefined || each.some((one) => one === undefined)) return undefined;
  const offs = each as readonly number[];
  const mean = offs.reduce((a, b) => a + b, 0) / offs.length;
  const squares = offs.reduce((sum, off) => sum + (off - mean) ** 2, 0);
  const error = Math.sqrt(((offs.length - 1) / offs.length) * squares);
  return { by: "reconstructions", angle: normalAngle(map.angle + all), error };
}

/** All that measure the angle of a map, brought to its side, the most trustworthy first. */
export function anglesFound(
  map: PlanarMap,
  shadows: ShadowMotion | undefined,
  field: Deflection | undefined,
  reconstructed: AngleFound | undefined,
): AngleFound[] {
  // What is known up to a half turn.
  const beside = (angle: number): number => normalAngle(map.angle + normalAngle(2 * (angle - map.angle)) / 2);
  const found = (by: string, evidence: { readonly map: PlanarMap; readonly angleError: number } | undefined) =>
    evidence === undefined || evidence.map.mirrored !== map.mirrored
      ? []
      : [{ by, angle: beside(evidence.map.angle), error: evidence.angleError }];
  return [
    ...found("shadows", shadows),
    ...(reconstructed === undefined ? [] : [{ ...reconstructed, angle: beside(reconstructed.angle) }]),
    ...found("deflection", field),
  ];
}

/** Degrees of error from which on evidence says nothing against another's angle. */
const VAGUE = 5;

/** The largest difference from the first of all that are not vague; undefined where there is no second. */
export function spreadOfAngles([first, ...others]: readonly AngleFound[]): number | undefined {
  const firm = others
    .filter(({ error }) => error < VAGUE)
    .map(({ angle }) => Math.abs(normalAngle(angle - first.angle)));
  return firm.length === 0 ? undefined : Math.max(...firm);
}
