import { type AngleFound, angleByTrials, anglesFound } from "./angles.ts";
import { type Deflection, deflection } from "./centreOfMass.ts";
import type { OrientationScan } from "./frames.ts";
import { axisMaps, halfTurned, nearestAxes, normalAngle, type PlanarMap, planarMapOf } from "./planarMap.ts";
import { probeDefocus } from "./probeDefocus.ts";
import { type ShadowMotion, shadowMotion } from "./shadows.ts";
import { type Candidate, type Trial, type TrialHooks, type Trials, trials } from "./trials.ts";

/** How the detector lies against the scan, by all that tells. */
export interface Orientation {
  /** The best map; where `sign` is open, it or its half turn. */
  readonly map: PlanarMap;
  /** Whether the map is told from all others but its half turn. */
  readonly axes: "sure" | "likely" | "unsure";
  /** Whether it is told from its half turn, which is the same with the complex conjugates of object and probe. */
  readonly sign: "sure" | "open";
  /** Standard deviation of the angle, degrees, where it was measured and not only chosen among eight. */
  readonly angleError?: number;
  /**
   * λ Δz / dx² of the beam with this map, positive behind the focus, where the shadows tell it. The half-turned map goes with
   * its negative.
   */
  readonly defocus?: number;
  /** The angle as each kind of evidence measures it, where the scan is turned by none of the eight; the first is `map`'s. */
  readonly angles?: readonly AngleFound[];
  /** What speaks against the verdict, in words. */
  readonly doubts: readonly string[];
  readonly shadows?: ShadowMotion;
  readonly deflection?: Deflection;
  readonly trials?: Trials;
}

/** Of the time, what eight candidates take of eleven. */
const FIRST = 8 / 11;
/** A candidate is beaten where its misfit is above the best one's by so much of the range of all, */
const MARGIN = 0.15;
/** by so many standard errors, and in every part of the scan. */
const DEVIATIONS = 6;
/** Shadows tell where they agree so many times better than under any other map, */
const SHADOW_RATIO = 1.3;
/** so many standard deviations above noise. */
const SHADOW_STRENGTH = 20;
/** The probe's own defocus says which side it is where it is within this factor of the shadows'. */
const CURVED = 1.5;
/** Degrees from the nearest of the eight below which a scan is not turned. */
const STRAIGHT = 3;

/**
 * Measures how detector and scan lie to each other: by how shadows move, by how light is deflected, and by short
 * reconstructions.
 * @returns undefined where there are too few frames for any, or it was stopped
 */
export async function measureOrientation(
  scan: OrientationScan,
  hooks: TrialHooks = {},
): Promise<Orientation | undefined> {
  const shadows = shadowMotion(scan);
  const field = deflection(scan);
  const moved = shadows !== undefined && telling(shadows) ? shadows : undefined;
  const { progress = () => {} } = hooks;
  const first = { ...hooks, progress: (done: number) => progress(FIRST * done) };
  const second = { ...hooks, progress: (done: number) => progress(FIRST + (1 - FIRST) * done) };
  const isStopped = (): boolean => hooks.signal?.aborted === true;
  const tested = await trials(scan, candidatesFor(scan, moved, field), blur(scan, moved), first);
  if (isStopped() || (shadows === undefined && tested === undefined)) return undefined;
  const found = verdict(scan, moved, field, tested);
  const best = tested?.ranked[0];
  const isTurned = moved !== undefined && found.axes !== "unsure" && nearestAxes(found.map).off > 1e-9;
  const reconstructed =
    isTurned && best !== undefined && sameAxes(best.map, found.map)
      ? await angleByTrials(scan, best, blur(scan, moved), second)
      : undefined;
  if (isStopped()) return undefined;
  return {
    ...found,
    ...(isTurned ? { angles: anglesFound(found.map, moved, field, reconstructed) } : {}),
    ...(shadows === undefined ? {} : { shadows }),
    ...(field === undefined ? {} : { deflection: field }),
    ...(tested === undefined ? {} : { trials: tested }),
  };
}

/** Whether shadows single out one map. */
function telling({ strength, mirroredStrength, acrossStrength, agreeing, parts }: ShadowMotion): boolean {
  return (
    agreeing === parts &&
    strength > SHADOW_STRENGTH &&
    strength > SHADOW_RATIO * Math.max(mirroredStrength, acrossStrength)
  );
}

/** Whether deflections single out a handedness and its angle. */
const bending = ({ agreeing, parts, curl, mirroredCurl }: Deflection): boolean =>
  agreeing === parts && mirroredCurl > 1.2 * curl;

/** Defocus under the shadows' map: in front of the focus, where they move along with the beam. */
function blur({ height, width }: OrientationScan, shadows: ShadowMotion | undefined): number {
  return shadows === undefined ? 0 : -Math.min(height, width) / shadows.magnification;
}

/** The eight maps, turned by what the scan is turned from the nearest of them. */
function candidatesFor(
  { probe }: OrientationScan,
  shadows: ShadowMotion | undefined,
  field: Deflection | undefined,
): Candidate[] {
  const turned = shadows ?? (field !== undefined && bending(field) && field.angleError < STRAIGHT ? field : undefined);
  const turn = turned === undefined ? 0 : turnOf(turned.map, turned.angleError);
  const all = axisMaps.map(planarMapOf).map(({ angle, mirrored }) => ({
    map: { angle: normalAngle(angle + turn), mirrored },
    conjugated: false,
  }));
  // A beam in focus that nothing is known of is the same from both sides: half of them are the other half.
  return probe !== undefined || shadows !== undefined
    ? all
    : all.filter(({ map }) => map.angle > -90 && map.angle <= 90);
}

/** Degrees from the nearest of the eight, 0 where it may be none. */
function turnOf(map: PlanarMap, error: number): number {
  const { axes } = nearestAxes(map);
  const turn = normalAngle(map.angle - planarMapOf(axes).angle);
  return Math.abs(turn) > Math.max(STRAIGHT, 3 * error) ? turn : 0;
}

function verdict(
  scan: OrientationScan,
  shadows: ShadowMotion | undefined,
  field: Deflection | undefined,
  tested: Trials | undefined,
): Orientation {
  const best = tested?.ranked[0];
  const [twin, others] = split(tested);
  const witnesses = witnessesOf(shadows, field, best, others, tested);
  const found = witnesses[0]?.map ?? best?.map ?? { angle: 0, mirrored: false };
  const against = witnesses.filter(({ map }) => !sameAxes(map, found));
  const beaten = others.length > 0 && others.every((trial) => beats(trial, tested));
  const axes =
    against.length > 0 || witnesses.length === 0 ? "unsure" : beaten || witnesses.length > 1 ? "sure" : "likely";
  const curved = shadows === undefined ? undefined : sideOf(scan, shadows);
  const reconstructed = axes === "sure" && scan.probe !== undefined && twin !== undefined && beats(twin, tested);
  // Which of the two: what the probe's curvature says, else what was reconstructed better.
  const side = [reconstructed ? best?.map : undefined, curved, best?.map].find(
    (map) => map !== undefined && sameAxes(map, found),
  );
  const map = side !== undefined && !sameSide(side, found) ? halfTurned(found) : found;
  const signed = reconstructed || (curved !== undefined && axes !== "unsure" && sameSide(curved, map));
  return {
    map: refined(map, shadows),
    axes,
    sign: signed ? "sure" : "open",
    doubts: [
      ...against.map((witness) => `${witness.what} speaks for ${mapLabel(witness.map)}`),
      ...(witnesses.length === 0 ? closest(others) : []),
    ],
    ...(shadows === undefined ? {} : { angleError: shadows.angleError, defocus: defocusOf(scan, shadows, map) }),
  };
}

interface Witness {
  readonly what: string;
  readonly map: PlanarMap;
}

/** All that single out one map and its half turn, the most trustworthy first. */
function witnessesOf(
  shadows: ShadowMotion | undefined,
  field: Deflection | undefined,
  best: Trial | undefined,
  others: readonly Trial[],
  tested: Trials | undefined,
): Witness[] {
  const ahead = best !== undefined && others.length > 0 && others.every((trial) => leads(trial, tested));
  return [
    ...(shadows === undefined ? [] : [{ what: "the motion of shadows", map: shadows.map }]),
    ...(ahead ? [{ what: "reconstruction", map: best.map }] : []),
    ...(field !== undefined && bending(field) ? [{ what: "the deflection of the light", map: field.map }] : []),
  ];
}

/** The best one's half turn, and all but the two. */
function split(tested: Trials | undefined): [twin: Trial | undefined, others: readonly Trial[]] {
  if (tested === undefined) return [undefined, []];
  const [best, ...rest] = tested.ranked;
  const isTwin = ({ map }: Trial): boolean => sameAxes(map, best.map);
  return [rest.find(isTwin), rest.filter((trial) => !isTwin(trial))];
}

const beats = ({ margin, deviations, behind }: Trial, tested: Trials | undefined): boolean =>
  margin > MARGIN && deviations > DEVIATIONS && behind === tested?.parts;

/** Worse than the best one wherever it was tried, if not by much. */
const leads = ({ margin, deviations, behind }: Trial, tested: Trials | undefined): boolean =>
  margin > MARGIN && deviations > DEVIATIONS / 2 && behind === tested?.parts;

/** Whether two maps are one up to a half turn, within an eighth of a turn. */
export function sameAxes(a: PlanarMap, b: PlanarMap): boolean {
  const off = Math.abs(normalAngle(a.angle - b.angle));
  return a.mirrored === b.mirrored && Math.min(off, 180 - off) < 22.5;
}

function closest(others: readonly Trial[]): string[] {
  if (others.length === 0) return [];
  const next = others.reduce((a, b) => (b.misfit < a.misfit ? b : a));
  return [
    `nothing singles out one: the next best reconstruction, ${mapLabel(next.map)}, is only ${next.deviations.toFixed(1)} standard errors behind`,
  ];
}

/**
 * The side on which shadows would move as they do behind or in front of the focus, as the known probe's curvature says;
 * undefined where that is not about the defocus that the shadows tell.
 */
function sideOf(scan: OrientationScan, shadows: ShadowMotion): PlanarMap | undefined {
  if (scan.probe === undefined) return undefined;
  const ratio = probeDefocus(scan.probe) / blur(scan, shadows);
  if (!(Math.abs(ratio) > 1 / CURVED && Math.abs(ratio) < CURVED)) return undefined;
  return ratio > 0 ? shadows.map : halfTurned(shadows.map);
}

const sameSide = (a: PlanarMap, b: PlanarMap): boolean =>
  sameAxes(a, b) && Math.abs(normalAngle(a.angle - b.angle)) < 90;

/** The angle that the shadows measured, on the side that was found. */
function refined(map: PlanarMap, shadows: ShadowMotion | undefined): PlanarMap {
  if (shadows === undefined || !sameAxes(map, shadows.map)) return map;
  if (turnOf(shadows.map, shadows.angleError) === 0) return planarMapOf(nearestAxes(map).axes);
  return Math.abs(normalAngle(map.angle - shadows.map.angle)) < 90 ? shadows.map : halfTurned(shadows.map);
}

function defocusOf(scan: OrientationScan, shadows: ShadowMotion, map: PlanarMap): number {
  const along = Math.abs(normalAngle(map.angle - shadows.map.angle)) < 90;
  return along ? blur(scan, shadows) : -blur(scan, shadows);
}

/** A map in words. */
export function mapLabel(map: PlanarMap): string {
  const { axes, off } = nearestAxes(map);
  if (off > 1e-9) return `${map.mirrored ? "y and x exchanged and " : ""}turned by ${map.angle.toFixed(1)}°`;
  const steps = [
    ...(axes.transposed ? ["y and x exchanged"] : []),
    ...(axes.flippedY ? ["y reversed"] : []),
    ...(axes.flippedX ? ["x reversed"] : []),
  ];
  return steps.length === 0 ? "as they are" : steps.join(", ");
}
