import { setting } from "../../errors.ts";
import { type Geometry, missingForPixel } from "../../optics/geometry.ts";
import { lengthLabel } from "../../optics/units.ts";
import { lengthUnits, optionAdvice, type PositionUnit } from "../scanOptions.ts";
import { pixelNeededFor } from "../scanPositions.ts";
import { type Finding, short } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Steps of a scan are between these, metres: from electrons to visible light. */
const STEPS = [1e-12, 2e-5] as const;
const words: Readonly<Record<PositionUnit, string>> = {
  px: "pixels",
  m: "metres",
  mm: "millimetres",
  um: "micrometres",
  nm: "nanometres",
  angstrom: "ångströms",
};

/** Positions that are lengths: in object pixels they lie all on one pixel, or no two windows meet. */
export function positionUnit(facts: ScanFacts): Finding[] {
  const { scan, patterns } = facts;
  if (scan === undefined || patterns === undefined || scan.count < 2) return [];
  if (facts.stated.positionUnit === "px") return [];
  if (!inPixels(facts)) return pixelNeeded(facts);
  const extents = [0, 1].map((axis) => scan.greatest[axis] - scan.least[axis]);
  const extent = Math.max(...extents);
  // What a step would be if the scan filled its longer side as a square.
  const spacing = extent / Math.sqrt(scan.count);
  const size = `extent ${extents.map(short).join(" × ")}, step ${short(scan.step)} pixels`;
  const window = Math.max(patterns.height, patterns.width);
  // Without patterns of some extent nothing says what should overlap.
  if (window < 2 || patterns.count < 2) return [];
  if (extent > 0 && spacing < 0.05) return [wrongUnit(facts, spacing, window, `${size}: all windows lie on one pixel`)];
  if (extent > 0 && spacing < 0.5)
    return [
      {
        severity: "warning",
        what: "positions may not be in pixels",
        evidence: `${size}: steps of ${short(spacing)} pixels on average`,
        flag: `${optionAdvice("positionUnit")} if they are lengths`,
      },
    ];
  if (scan.step > window)
    return [wrongUnit(facts, scan.step, window, `${size}: no window of ${window} × ${window} meets another`)];
  return [];
}

/** Lengths without a pixel to convert them by stay what they are; reading refuses them. */
export function inPixels({ stated, geometry }: ScanFacts): boolean {
  const { positionUnit: said = "px" } = stated;
  return said === "px" || geometry?.objectPixelM !== undefined;
}

/** In the words of reading, which refuses it too, with a setting to copy. */
function pixelNeeded({ stated, geometry }: ScanFacts): Finding[] {
  if (geometry === undefined) return [];
  return [
    {
      severity: "error",
      what: pixelNeededFor(stated.positionUnit ?? "px"),
      evidence: `it must be known, ${waysToPixel(geometry)}`,
      flag: setting("object_pixel_m", "…"),
    },
  ];
}

/** What tells the pixel's size, or that itself. */
function waysToPixel(geometry: Geometry): string {
  const own = setting("object_pixel_m");
  const others = missingForPixel(geometry).filter((name) => name !== own);
  return others.length === 0 ? `by ${own}` : `by ${others.join(", ")}; or by ${own} alone`;
}

function wrongUnit({ stated, geometry }: ScanFacts, step: number, window: number, evidence: string): Finding {
  const { positionUnit: said } = stated;
  if (said !== undefined)
    return {
      severity: "error",
      what: `positions in ${words[said]} do not fit the object pixel`,
      evidence:
        geometry?.objectPixelM === undefined ? evidence : `${evidence} of ${lengthLabel(geometry.objectPixelM, 4)}`,
      flag: `${optionAdvice("positionUnit")} or the geometry is another`,
    };
  const unit = likelyUnit(step, window, geometry?.objectPixelM);
  if (unit === undefined)
    return {
      severity: "error",
      what: "positions are neither pixels nor lengths in a unit that is known",
      evidence,
      flag: `${optionAdvice("positionUnit", "px")} if they are pixels all the same, else correct the file`,
    };
  const advice = optionAdvice("positionUnit", unit);
  const what = `positions seem to be in ${words[unit]}, not in pixels`;
  const says = { positionUnit: unit };
  if (geometry === undefined || geometry.objectPixelM !== undefined)
    return { severity: "error", what, evidence, flag: advice, says };
  return {
    severity: "error",
    what,
    evidence: `${evidence}; to convert them the object's pixel must be known, ${waysToPixel(geometry)}`,
    flag: `${advice} ${setting("object_pixel_m", "…")}`,
    says,
  };
}

/** The largest unit in which it is a step that somebody makes; where the pixel is known, of which windows overlap. Undefined where there is none. */
function likelyUnit(step: number, window: number, pixel: number | undefined): PositionUnit | undefined {
  const [smallest, largest] = pixel === undefined ? STEPS : ([0.3 * pixel, window * pixel] as const);
  const names = Object.keys(lengthUnits) as (keyof typeof lengthUnits)[];
  const fits = (name: keyof typeof lengthUnits): boolean =>
    step * lengthUnits[name] >= smallest && step * lengthUnits[name] <= largest;
  return names.find(fits);
}
