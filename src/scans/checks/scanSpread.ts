import { scanNumbers } from "../../data/scanNumbers.ts";
import { optionAdvice } from "../scanOptions.ts";
import { type Finding, short } from "./finding.ts";
import { inPixels, positionUnit } from "./positionUnit.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** How far positions reach along the direction in which they spread most, and across it. */
export interface ScanSpread {
  /** Of several in the file its number. */
  readonly scan?: number;
  readonly frames: number;
  readonly along: number;
  readonly across: number;
  /** Of that direction, from +x towards +y, degrees in (−90, 90]. */
  readonly angle: number;
  /** Whether y and x of every frame are the same number. */
  readonly same: boolean;
  /** Undefined where it is neither: the scan has two dimensions. */
  readonly shape?: "point" | "line";
}

/** Of the extent along a line, what is across it and is no more than the rounding of numbers or the play of a stage. */
const THIN = 1e-3;
/** The same where it is some pixels of rounding. */
const ROUGH = 0.1;

/** The spread of each scan in the file, of the frames that are not left out; none of scans of less than three. */
export function scanSpreads(facts: ScanFacts): ScanSpread[] {
  const { positions, scanIndex, skipped = [] } = facts;
  if (positions === undefined) return [];
  const out = new Set(skipped);
  const frames = Array.from({ length: positions.length / 2 }, (_, frame) => frame).filter((frame) => !out.has(frame));
  const numbers = scanNumbers(scanIndex);
  const scans =
    numbers.length < 2
      ? [{ own: frames }]
      : numbers.map((scan) => ({ scan, own: frames.filter((k) => scanIndex?.[k] === scan) }));
  const unitFits = inPixels(facts) && !positionUnit(facts).some(({ severity }) => severity === "error");
  return scans
    .filter(({ own }) => own.length > 2)
    .map(({ own, ...named }) => ({ ...named, ...spreadOf(positions, own, unitFits) }));
}

function spreadOf(positions: Float64Array, frames: readonly number[], inPixels: boolean): ScanSpread {
  const mean = [0, 1].map((axis) => frames.reduce((sum, k) => sum + positions[2 * k + axis], 0) / frames.length);
  let [yy, yx, xx, largest, same] = [0, 0, 0, 0, true];
  for (const k of frames) {
    const [y, x] = [positions[2 * k] - mean[0], positions[2 * k + 1] - mean[1]];
    yy += y * y;
    yx += y * x;
    xx += x * x;
    largest = Math.max(largest, Math.abs(positions[2 * k]), Math.abs(positions[2 * k + 1]));
    same = same && positions[2 * k] === positions[2 * k + 1];
  }
  const angle = Math.atan2(2 * yx, xx - yy) / 2;
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
  const [along, across] = [
    [sin, cos],
    [cos, -sin],
  ].map(([ofY, ofX]) => {
    const places = frames.map((k) => (positions[2 * k] - mean[0]) * ofY + (positions[2 * k + 1] - mean[1]) * ofX);
    return places.reduce((a, b) => Math.max(a, b), -Infinity) - places.reduce((a, b) => Math.min(a, b), Infinity);
  });
  const isPoint = along <= 1e-9 * largest || (inPixels && along < 1);
  const isLine = across < THIN * along || (inPixels && across < 1 && across < ROUGH * along);
  return {
    // Less is the rounding of the turn.
    ...{
      frames: frames.length,
      along,
      across: across > 1e-12 * largest ? across : 0,
      angle: (angle * 180) / Math.PI,
      same,
    },
    ...(isPoint ? { shape: "point" } : isLine ? { shape: "line" } : {}),
  };
}

/** Positions that all lie on a line, or on one place: across it nothing tells the object from the probe. */
export function scanSpread(facts: ScanFacts): Finding[] {
  return (["point", "line"] as const).flatMap((shape) => {
    const found = scanSpreads(facts).filter((spread) => spread.shape === shape);
    if (found.length === 0) return [];
    return [
      {
        severity: "warning",
        what: shape === "point" ? "all positions are one place" : "all positions lie on a line",
        evidence: found.map((spread) => spreadText(facts, spread)).join("; "),
        flag: `${optionAdvice("positions", "FILE::ARRAY")} names others, if there are some`,
      },
    ];
  });
}

/** The numbers of it, and what follows. */
export function spreadText(facts: ScanFacts, spread: ScanSpread): string {
  const { scan, frames, along, across, angle, same, shape } = spread;
  const unit = inPixels(facts) ? "pixels" : (facts.stated.positionUnit ?? "pixels");
  const size = `${scan === undefined ? "" : `scan ${scan}: `}${frames} frames, ${short(along)} ${unit} along ${(Math.round(10 * angle) / 10 + 0).toFixed(1)}° to the x axis and ${short(across)} across`;
  if (shape === "point")
    return `${size}: every pattern is of the same part of the object, which the probe could be as well`;
  if (shape === undefined) return size;
  const columns = same ? "; y and x are the same numbers, as of one column read twice" : "";
  return `${size}: nothing is scanned across the line, where object and probe cannot be told apart${columns}`;
}
