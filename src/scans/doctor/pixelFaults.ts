import { type DarkRegion, type DefectivePixel, regionText } from "../../data/pixelDefects.ts";
import { ringAround } from "../../data/pixelRegions.ts";
import { poissonTail } from "../../numerics/chance.ts";
import { probeFarField } from "./probeFarField.ts";
import { by, type DoctorRow, LIKELY, openRow } from "./row.ts";
import { meanCounts, type PatternSample } from "./sample.ts";
import type { Subject } from "./subject.ts";

/** A mean pattern hardly changes by more than this from a pixel to the next: its speckles are two pixels wide. */
const CONTRAST = 10;
const LEAST_FRAMES = 5;

/**
 * Dead and hot pixels, gaps and a beamstop (`pixelDefects`) that the file's mask does not know, each with its own chance: that a
 * pixel ten times dimmer than the dimmest beside it has no light in all frames, or one four times brighter than the brightest
 * beside it so much, anywhere on the detector.
 */
export function pixelFaults(subject: Subject): readonly DoctorRow[] {
  const { facts, lattice, sample, kind, mask } = subject;
  const { patterns } = facts;
  if (patterns === undefined || sample === undefined) return [openRow("dead pixels", "no patterns")];
  const { dead, hot, gaps } = patterns.defects;
  const beside = mask === undefined ? "" : ", beside what the mask takes";
  const counts = lattice === undefined ? undefined : totals(sample, kind, lattice.spacing, patterns.count);
  const darkness = (pixels: readonly number[], own: ReadonlySet<number>): number =>
    counts === undefined ? 1 : chanceOfDark(pixels, own, counts, sample);
  const blind = new Set([
    ...dead.map(({ at }) => at[0] * sample.width + at[1]),
    ...gaps.flatMap(({ pixels }) => pixels),
  ]);
  const rows: DoctorRow[] = [];
  if (patterns.count < LEAST_FRAMES)
    rows.push(openRow("dead pixels", `in ${patterns.count} frames a pixel without light says nothing`));
  else
    rows.push(
      pixelRow("dead pixels", dead, (at) => darkness([at[0] * sample.width + at[1]], blind), {
        beside,
        rule: "without light in every frame, where even a tenth of the dimmest pixel beside them would have some; where the pattern is dark anyway none can be seen",
      }),
    );
  rows.push(
    pixelRow("hot pixels", hot, (at) => (counts === undefined ? 1 : chanceOfHot(at, counts, sample)), {
      beside,
      rule: "more than ten times as bright on average as those around them",
    }),
  );
  if (patterns.count < LEAST_FRAMES) return rows;
  const chance = (region: DarkRegion): number => darkness(region.pixels, blind);
  const stops = gaps.filter(({ kind: what }) => what === "beamstop");
  const others = gaps.filter(({ kind: what }) => what !== "beamstop");
  return [...rows, regionRow("gaps", others, chance, beside), stopRow(subject, stops, chance, beside)];
}

interface Words {
  readonly beside: string;
  readonly rule: string;
}

function pixelRow(
  quantity: string,
  list: readonly DefectivePixel[],
  chance: (at: DefectivePixel["at"]) => number,
  { beside, rule }: Words,
): DoctorRow {
  const judged = list.map((pixel) => ({ ...pixel, falseAlarm: chance(pixel.at) }));
  const certain = judged.filter(({ falseAlarm }) => falseAlarm < LIKELY);
  const doubtful = judged.length - certain.length;
  const also = doubtful === 0 ? "" : `; ${doubtful} more may well be dark or bright by themselves`;
  if (certain.length === 0)
    return {
      quantity,
      found: `none${beside}`,
      value: 0,
      evidence: `${rule}${also}`,
      sure: doubtful === 0 ? "likely" : "unsure",
      state: "fine",
    };
  return {
    quantity,
    found: `${certain.length}${beside}: ${places(certain)}`,
    value: certain.length,
    evidence: `${rule}${also}`,
    ...by(Math.max(...certain.map(({ falseAlarm }) => falseAlarm))),
    state: "trouble",
    says: { findBadPixels: true },
  };
}

function regionRow(
  quantity: string,
  list: readonly DarkRegion[],
  chance: (region: DarkRegion) => number,
  beside: string,
): DoctorRow {
  const certain = list.filter((region) => chance(region) < LIKELY);
  const evidence = "pixels without light in any frame beside lit ones";
  if (certain.length === 0)
    return {
      quantity,
      found: `none${beside}`,
      value: 0,
      evidence,
      sure: list.length === 0 ? "likely" : "unsure",
      state: "fine",
    };
  return {
    quantity,
    found: certain.map(regionText).join(", "),
    value: certain.length,
    evidence,
    ...by(Math.max(...certain.map(chance))),
    state: "trouble",
    says: { findBadPixels: true },
  };
}

/** Optics with a central stop leave the middle of the pattern as dark as one before the detector does. */
function stopRow(
  { facts, sample }: Subject,
  stops: readonly DarkRegion[],
  chance: (region: DarkRegion) => number,
  beside: string,
): DoctorRow {
  const row = regionRow("beamstop", stops, chance, beside);
  const far = sample === undefined ? undefined : probeFarField(facts.probeField, sample);
  if (row.state === "fine" || far === undefined)
    return row.state === "fine"
      ? row
      : { ...row, found: `${row.found}, or the shadow of the optics' own central stop`, sure: "likely" };
  const middle = stops.flatMap(({ pixels }) => pixels).map((at) => far[at]);
  const inside = middle.reduce((sum, value) => sum + value, 0) / middle.length;
  const overall = far.reduce((sum, value) => sum + value, 0) / far.length;
  if (inside > overall / 2) return row;
  const { says: _, ...own } = row;
  return {
    ...own,
    found: "none: the probe itself is dark in the middle of its far field",
    value: 0,
    sure: "likely",
    state: "fine",
  };
}

/** Photons of each pixel over all frames, as far as the sample tells. */
function totals(sample: PatternSample, kind: Subject["kind"], photon: number, count: number): Float64Array {
  return meanCounts(sample, kind, 0, sample.frames.length).map((value) => (value / photon) * count);
}

/** That pixels with a tenth of the dimmest light along their rim have none at all, anywhere on the detector. */
function chanceOfDark(
  pixels: readonly number[],
  blind: ReadonlySet<number>,
  counts: Float64Array,
  { height, width }: PatternSample,
): number {
  const rim = new Set(pixels.flatMap((at) => ringAround(at, 1, height, width)).filter((at) => !blind.has(at)));
  if (rim.size < 3) return 1;
  const lights = [...rim].map((at) => counts[at]);
  // Of a region half of the rim may lie where the pattern is dark.
  const dimmest = pixels.length === 1 ? Math.min(...lights) : lights.sort((a, b) => a - b)[lights.length >> 1];
  return Math.min(1, height * width * Math.exp(-(pixels.length * dimmest) / CONTRAST));
}

function chanceOfHot([y, x]: DefectivePixel["at"], counts: Float64Array, { height, width }: PatternSample): number {
  const at = y * width + x;
  // Another one may be hot beside it.
  const beside = ringAround(at, 1, height, width)
    .map((other) => counts[other])
    .sort((a, b) => b - a)[1];
  return Math.min(1, height * width * poissonTail(Math.floor(counts[at]), 4 * Math.max(beside, 1)));
}

const places = (list: readonly DefectivePixel[]): string =>
  `${list
    .slice(0, 5)
    .map(({ at: [y, x] }) => `(${y}, ${x})`)
    .join(" ")}${list.length > 5 ? " …" : ""}`;
