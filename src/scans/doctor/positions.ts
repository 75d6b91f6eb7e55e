import { frameRanges } from "../../data/frameRanges.ts";
import { scanParts } from "../../data/scanParts.ts";
import { setting } from "../../errors.ts";
import { frameList, percent, short } from "../checks/finding.ts";
import { positionPlace } from "../checks/positionPlace.ts";
import { inPixels, positionUnit } from "../checks/positionUnit.ts";
import { judgeScanNumbers, strayFrames } from "../checks/scanExtent.ts";
import { lostFrames } from "../checks/scanPath.ts";
import { scanSpreads, spreadText } from "../checks/scanSpread.ts";
import { optionAdvice } from "../scanOptions.ts";
import { rasterOf } from "./raster.ts";
import { type DoctorRow, openRow } from "./row.ts";
import type { Subject } from "./subject.ts";

/** Unit, duplicates, outliers, grid, origin and reference of the positions. */
export function positions(subject: Subject): readonly DoctorRow[] {
  const { facts, stated } = subject;
  const { scan } = facts;
  if (scan === undefined || facts.positions === undefined) return [withoutPositions(subject)];
  const unit = unitRow(subject);
  const several = scansRow(subject);
  // Where the unit is wrong nothing that counts pixels means anything.
  if (unit.state === "say" || !inPixels(facts))
    return [...several, ...orderOfColumns(subject), unit, ...spreadRows(facts)];
  const lost = [...new Set([...lostFrames(facts), ...strayOf(facts)])].sort((a, b) => a - b);
  return [
    ...several,
    ...orderOfColumns(subject),
    unit,
    ...spreadRows(facts),
    framesRow(
      "duplicate positions",
      scan.duplicates,
      scan.count,
      "closer than a hundredth of a pixel to an earlier one",
    ),
    {
      ...framesRow("outlying positions", lost, scan.count, "their windows hardly meet any other"),
      ...(lost.length === 0
        ? {}
        : { state: "trouble", advice: `${setting("skip_frames", frameRanges(lost))} leaves them out` }),
    },
    gridRow(subject),
    ...(stated.positionOrigin === undefined || stated.positionReference === undefined ? placeRows(subject) : []),
  ];
}

/** Frames of small parts that share no overlap with the rest. */
function strayOf({ positions: places, patterns, skipped = [] }: Subject["facts"]): readonly number[] {
  if (places === undefined || patterns === undefined || places.length !== 2 * patterns.count) return [];
  const out = new Set(skipped);
  const left = Array.from({ length: patterns.count }, (_, frame) => frame).filter((frame) => !out.has(frame));
  return strayFrames(scanParts(places, patterns.height, left));
}

/** Why there are none: reading says which frames have no place. */
function withoutPositions({ inspection: { findings } }: Subject): DoctorRow {
  const why = findings.find(({ what }) => /position is not a finite|^positions? /.test(what));
  if (why === undefined)
    return openRow("positions", "the file has none that it is known by", optionAdvice("positionsKey"));
  const { what, evidence, flag } = why;
  const [, skipFrames] = /`skip_frames=([\d,-]+)`/.exec(flag ?? "") ?? [];
  return {
    quantity: "positions",
    found: what,
    evidence,
    sure: "sure",
    state: "trouble",
    ...(skipFrames === undefined ? (flag === undefined ? {} : { advice: flag }) : { says: { skipFrames } }),
  };
}

/** Of several scans the thinnest. */
function spreadRows(facts: Subject["facts"]): DoctorRow[] {
  const [thinnest] = scanSpreads(facts).sort((a, b) => a.across / a.along - b.across / b.along);
  if (thinnest === undefined) return [];
  const { shape } = thinnest;
  return [
    {
      quantity: "spread of the positions",
      found: shape === undefined ? "in two dimensions" : shape === "line" ? "all on a line" : "all at one place",
      value: shape ?? "plane",
      evidence: spreadText(facts, thinnest),
      sure: "sure",
      state: shape === undefined ? "fine" : "trouble",
      ...(shape === undefined
        ? {}
        : { advice: `${optionAdvice("positions", "FILE::ARRAY")} names others, if there are some` }),
    },
  ];
}

function framesRow(quantity: string, frames: readonly number[], count: number, rule: string): DoctorRow {
  return {
    quantity,
    found: frames.length === 0 ? "none" : frameList(frames, count),
    value: frames,
    evidence: rule,
    sure: "sure",
    // A place may be exposed twice; a fifth of all frames is another scan in the same file.
    state: frames.length > 0.2 * count ? "trouble" : "fine",
  };
}

export const POSITION_UNIT = "unit of the positions";
export const COLUMN_ORDER = "order of the position columns";

function scansRow({ facts: { scanIndex } }: Subject): DoctorRow[] {
  const [several] = judgeScanNumbers(scanIndex);
  if (several === undefined) return [];
  const { what, evidence, flag } = several;
  const advice = flag === undefined ? {} : { advice: flag };
  return [{ quantity: "scans", found: what, evidence, sure: "sure", state: "fine", ...advice }];
}

/** Pairs in one array: their order is seen in the patterns alone (`orientation`), never in the positions. */
function orderOfColumns({ inspection: { roles, format }, stated }: Subject): DoctorRow[] {
  if (format !== undefined || roles.positions?.length !== 1 || stated.positionOrder !== undefined) return [];
  return [
    {
      ...openRow(
        COLUMN_ORDER,
        "pairs (row, column) and (column, row) are mirror images of each other: the positions do not tell which they are",
        optionAdvice("positionOrder", "yx|xy"),
      ),
      found: "cannot be told from the positions",
    },
  ];
}

function unitRow({ facts, stated }: Subject): DoctorRow {
  const { scan } = facts;
  const [finding] = positionUnit(facts);
  const size =
    scan === undefined
      ? ""
      : `step ${short(scan.step)}, extent ${[0, 1].map((axis) => short(scan.greatest[axis] - scan.least[axis])).join(" × ")}`;
  if (finding === undefined)
    return {
      quantity: POSITION_UNIT,
      found: stated.positionUnit === undefined ? "object pixels" : `${stated.positionUnit}, as is said`,
      value: stated.positionUnit ?? "px",
      evidence: `${size}: windows overlap and do not lie on one pixel`,
      sure: "likely",
      state: "fine",
    };
  const { what, evidence, flag, says, severity } = finding;
  return {
    quantity: POSITION_UNIT,
    found: what,
    ...(says?.positionUnit === undefined ? {} : { value: says.positionUnit }),
    evidence,
    // With the pixel known one unit alone makes steps that are some part of a window.
    sure:
      severity !== "error"
        ? "unsure"
        : facts.geometry?.objectPixelM !== undefined && says !== undefined
          ? "sure"
          : "likely",
    state: "say",
    ...(says === undefined || facts.geometry?.objectPixelM === undefined ? {} : { says }),
    ...(flag === undefined || (says !== undefined && facts.geometry?.objectPixelM !== undefined)
      ? {}
      : { advice: flag }),
  };
}

/** A grid of no more than so many of the probe's diameters has too few periods for its artefacts. */
const COARSE = 0.25;
const REGULAR = 0.02;

/**
 * A regular grid leaves an ambiguity: object and probe may be multiplied by a function of its period and its inverse
 * (raster grid pathology: Thibault et al., Ultramicroscopy 109, 338 (2009)). The finer the grid, the less room it has.
 */
function gridRow({ facts }: Subject): DoctorRow {
  const { positions: places = new Float64Array(), probe } = facts;
  const raster = rasterOf(places);
  if (raster === undefined)
    return {
      quantity: "scan path",
      found: "no raster in the order of its frames",
      value: "other",
      evidence: "lines of equal length and step, in any direction, are looked for",
      sure: "sure",
      state: "fine",
    };
  const { rows, columns, along, across, jitter, snake } = raster;
  const step = [along, across].map(([y, x]) => Math.hypot(y, x));
  const diameter = probe?.diameter ?? 0;
  const coarse = jitter < REGULAR && diameter > 0 && Math.max(...step) > COARSE * diameter;
  return {
    quantity: "scan path",
    found: `a raster of ${rows} lines of ${columns}${snake ? ", turning round at each end" : ""}${jitter < REGULAR ? ", regular" : ""}${coarse ? ": object and probe may share artefacts of its period" : ""}`,
    value: "raster",
    evidence: `steps of ${step.map(short).join(" × ")} pixels, lines at ${((Math.atan2(along[0], along[1]) * 180) / Math.PI).toFixed(1)}° to the x axis, positions off the grid by ${percent(jitter)} of a step (rms)${diameter > 0 ? `, probe of ${short(diameter)} pixels` : ""}`,
    sure: "sure",
    state: coarse ? "trouble" : "fine",
  };
}

/** Names under which programs that count from the windows' minimum corners keep their arrays, with the zero frequency at index 0. */
const CORNER_NAMES: readonly string[] = ["scan", "scan_px"];

function placeRows(subject: Subject): DoctorRow[] {
  const { facts, inspection, stated } = subject;
  const found = positionPlace(facts);
  const origin = found.find(({ says }) => says?.positionOrigin !== undefined);
  const reference = found.find(({ says }) => says?.positionReference !== undefined);
  const odd = found.find(({ what }) => /not indices into the object$/.test(what) && origin === undefined);
  const rows: DoctorRow[] = [];
  if (stated.positionOrigin === undefined)
    rows.push({
      quantity: "origin of the positions",
      found: origin?.what ?? odd?.what ?? "the object's first pixel",
      value: origin === undefined ? "absolute" : "centered",
      evidence: origin?.evidence ?? odd?.evidence ?? "no position is negative",
      sure: odd === undefined ? "sure" : "unsure",
      state: origin !== undefined || odd !== undefined ? "say" : "fine",
      ...(origin?.says === undefined ? {} : { says: origin.says }),
    });
  if (stated.positionReference !== undefined) return rows;
  if (reference?.says !== undefined) {
    const { what, evidence, says, severity } = reference;
    // Without an object only the origin speaks for it, and nothing depends on it.
    const sure = severity === "error" ? "sure" : "likely";
    return [
      ...rows,
      { quantity: "reference of the positions", found: what, value: "corner", evidence, sure, state: "say", says },
    ];
  }
  const [name] = inspection.roles.positions ?? [];
  const dialect =
    inspection.format === undefined &&
    name !== undefined &&
    CORNER_NAMES.includes(name) &&
    facts.patterns?.dc === "corner";
  if (facts.object === undefined)
    return [
      ...rows,
      dialect
        ? {
            quantity: "reference of the positions",
            found: "the windows' minimum corners",
            value: "corner",
            evidence: `an array "${name}" beside patterns with the zero frequency at index 0 is what programs write that count corners; without an object the origin is free, so that centres would give the same windows`,
            sure: "likely",
            state: "say",
            says: { positionReference: "corner" },
          }
        : {
            ...openRow(
              "reference of the positions",
              "without an object the origin is free: centres and corners give the same windows",
            ),
            found: "makes no difference",
            state: "fine",
          },
    ];
  const doubt = found.find(({ what }) => /cannot be told$/.test(what));
  if (doubt === undefined)
    return [
      ...rows,
      {
        quantity: "reference of the positions",
        found: "the windows' centres",
        value: "center",
        evidence: "so read the windows lie in the object",
        sure: "likely",
        state: "fine",
      },
    ];
  const advice = doubt.flag === undefined ? {} : { advice: doubt.flag };
  return [...rows, { ...openRow("reference of the positions", doubt.evidence), found: "cannot be told", ...advice }];
}
