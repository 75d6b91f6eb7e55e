import { orientations } from "../../data/orientations.ts";
import type { PatternOperation, WindowOperation } from "../../data/patternOperation.ts";
import { type Sides, sidesAlong } from "../../data/patternOperations.ts";
import { PtychonautError } from "../../errors.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import { beamCenterPattern } from "./prepareOptions.ts";

/** What moves pixels: a window about the beam's centre, bins, a turn. */
export interface DetectorPlan {
  /** In this order, as far as there are any. */
  readonly operations: readonly PatternOperation[];
  readonly window?: WindowOperation;
  /** Before the bins, and at the end. */
  readonly cut: Sides;
  readonly sides: Sides;
  /** Pixels of the file along each side of one of these. */
  readonly bin: number;
}

/** Beyond these sides no network takes what is filled up, and nearly all of it was never measured. */
const MOST_SIDE = 4096;
const MOST_TIMES = 16;

/**
 * What options ask for.
 * @param centre the beam's, in pixels of the file; default index floor(n/2)
 * @throws PtychonautError "usage" for cutting to more than there is, filling up to less or far more, both at once, bins that
 *   leave a rest, or a quarter turn of patterns that are not square
 */
export function detectorPlan(
  options: ScanOptions,
  sides: Sides,
  where: string,
  centre: readonly [y: number, x: number] = [Math.floor(sides[0] / 2), Math.floor(sides[1] / 2)],
): DetectorPlan {
  const side = wantedSide(options, sides, where);
  const cut: Sides = side === undefined ? sides : [side, side];
  const [top, left] = [0, 1].map((axis) => Math.round(centre[axis]) - Math.floor(cut[axis] / 2));
  const same = top === 0 && left === 0 && cut[0] === sides[0] && cut[1] === sides[1];
  const window: WindowOperation | undefined = same
    ? undefined
    : { kind: "window", top, left, height: cut[0], width: cut[1] };
  const { binBy: factor = 1, detectorOrientation } = options;
  checkBins(factor, cut, where);
  const operations: PatternOperation[] = [
    ...(window === undefined ? [] : [window]),
    ...(factor === 1 ? [] : [{ kind: "bin", factor } as const]),
    ...(detectorOrientation === undefined
      ? []
      : [{ kind: "turn", orientation: orientations[detectorOrientation] } as const]),
  ];
  if (detectorOrientation !== undefined && orientations[detectorOrientation].transposed && cut[0] !== cut[1])
    throw new PtychonautError("usage", "only square patterns can be turned by a quarter or transposed", {
      where,
      got: `${optionAdvice("detectorOrientation", detectorOrientation)} for ${cut.join(" x ")}`,
      fix: `cut them or fill them up: ${optionAdvice("cropTo", `${Math.min(...cut)}`)}, ${optionAdvice("padTo", `${Math.max(...cut)}`)}`,
    });
  return {
    ...(window === undefined ? {} : { window }),
    operations,
    cut,
    sides: sidesAlong(operations, sides)[operations.length],
    bin: factor,
  };
}

function checkBins(factor: number, cut: Sides, where: string): void {
  if (factor === 1 || cut.every((side) => side % factor === 0 && side >= factor)) return;
  const fitting = Math.floor(Math.min(...cut) / factor) * factor;
  throw new PtychonautError("usage", "bins leave a rest", {
    where,
    expected: `sides that are multiples of ${factor}`,
    got: `${cut.join(" x ")} and ${optionAdvice("binBy", `${factor}`)}`,
    fix:
      fitting > 0
        ? `cut the patterns first: ${optionAdvice("cropTo", `${fitting}`)}`
        : `say at most ${optionAdvice("binBy", `${Math.min(...cut)}`)}`,
  });
}

function wantedSide({ cropTo, padTo }: ScanOptions, [height, width]: Sides, where: string): number | undefined {
  if (cropTo === undefined && padTo === undefined) return undefined;
  const refuse = (what: string, expected: string, got: string): PtychonautError =>
    new PtychonautError("usage", what, { where, expected, got });
  if (cropTo !== undefined && padTo !== undefined)
    throw refuse(
      "patterns can be cut or filled up",
      "one of them",
      `${optionAdvice("cropTo")} and ${optionAdvice("padTo")}`,
    );
  const shown = `patterns of ${height} x ${width}`;
  if (cropTo !== undefined && cropTo > Math.min(height, width))
    throw refuse("patterns are too small to be cut", `at most ${Math.min(height, width)}`, `${cropTo} for ${shown}`);
  if (padTo !== undefined && padTo < Math.max(height, width))
    throw refuse(
      "patterns are too large to be filled up",
      `at least ${Math.max(height, width)}`,
      `${padTo} for ${shown}`,
    );
  const most = Math.max(height, width, Math.min(MOST_SIDE, MOST_TIMES * Math.max(height, width)));
  if (padTo !== undefined && padTo > most)
    throw refuse("patterns cannot be filled up so far", `at most ${most}`, `${padTo} for ${shown}`);
  return cropTo ?? padTo;
}

/**
 * The beam's centre as it is said; undefined where it is not, or is to be found.
 * @throws PtychonautError "usage" for one that is not on the detector
 */
export function statedCentre(
  { beamCenter }: ScanOptions,
  [height, width]: Sides,
  where: string,
): readonly [y: number, x: number] | undefined {
  if (beamCenter === undefined || beamCenter.trim() === "found") return undefined;
  const refuse = (expected: string): PtychonautError =>
    new PtychonautError("usage", "this is no centre of the beam", { where, expected, got: beamCenter });
  if (!beamCenterPattern.test(beamCenter)) throw refuse("row,column or found");
  const [y, x] = beamCenter.split(",").map(Number);
  if (Math.round(y) >= height || Math.round(x) >= width) throw refuse(`a pixel of patterns of ${height} x ${width}`);
  return [y, x];
}
