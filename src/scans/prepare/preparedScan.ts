import type { ComplexArray, RealArray } from "../../arrays.ts";
import { beamCentre } from "../../data/beamCentre.ts";
import type { Dataset } from "../../data/dataset.ts";
import { orientations } from "../../data/orientations.ts";
import type { PatternOperation, WindowOperation } from "../../data/patternOperation.ts";
import { preparedImage, preparedMask, type Sides } from "../../data/patternOperations.ts";
import { preparedPatterns } from "../../data/preparedPatterns.ts";
import { PtychonautError, setting } from "../../errors.ts";
import type { Geometry } from "../../optics/geometry.ts";
import { missingPart } from "../missingPart.ts";
import type { ScanOptions } from "../scanOptions.ts";
import { framesLeftOut } from "../scanPositions.ts";
import { badPixelsMasked } from "./badPixels.ts";
import { builtProbe } from "./builtProbe.ts";
import { type DetectorPlan, detectorPlan, statedCentre } from "./detectorPlan.ts";
import { type MeasuredPatterns, measuredPatterns } from "./measuredPatterns.ts";
import { type FittedProbe, fittedProbe } from "./probeWindow.ts";
import { resampledObject } from "./resampledObject.ts";
import { checkLeft, valueOperations, valueText } from "./values.ts";

/** A scan whose probe is still to be built, where options say so. */
export type UnpreparedScan = Omit<Dataset, "probe"> & {
  readonly probe?: ComplexArray;
  /** `[y, x]`: counts of the file that are taken off each pattern, zero frequency at floor(n/2). */
  readonly background?: Float32Array;
};

/**
 * A scan prepared as options ask for (`PrepareOptions`), and everything else to match. In the far field the object's pixel is
 * λ z / (N p), and the window N of them: patterns cut or filled up to M keep the window and change the pixel, bins keep the
 * pixel and change the window. So with M for N pixels
 *
 * - positions count M/N as many pixels;
 * - the probe is its own spectrum, cut or filled up with zeros (`fittedProbe`), of bins its middle;
 * - the object is interpolated; reference patches are left out;
 * - what was not measured is masked.
 *
 * Turning the detector turns patterns and mask alone: positions, probe and object have the sample's axes.
 * @param unread whether the patterns cannot be read: what has to be found in them is then left out
 * @throws PtychonautError "usage" for what contradicts itself or the scan, see `detectorPlan` and `builtProbe`; "data" where
 *   there is no light or no probe
 */
export function preparedScan(
  { background, ...dataset }: UnpreparedScan,
  options: ScanOptions,
  unread = false,
): Dataset {
  const { patterns, measurement, provenance } = dataset;
  const where = provenance.path ?? dataset.name;
  const sides: Sides = [patterns.height, patterns.width];
  const conversions = [...provenance.conversions];
  const warnings = [...provenance.warnings];
  const values = valueOperations(options, background, where);
  const { findBadPixels = false, beamCenter } = options;
  const finding = beamCenter?.trim() === "found";
  const measured =
    !unread && (values.length > 0 || findBadPixels || finding || options.probeModel !== undefined)
      ? measuredPatterns(patterns, measurement, values, {
          skipped: framesLeftOut(dataset.scanIndex, options, patterns.count),
          pixels: findBadPixels,
        })
      : undefined;
  if (measured !== undefined) {
    checkLeft(values, measured.counts, where);
    conversions.push(...valueText(values, measured.counts));
  }
  const mask =
    measured?.pixels === undefined ? dataset.mask : badPixelsMasked(measured.pixels, dataset.mask, conversions);
  const centre = finding ? foundCentre(measured, sides, mask, where) : statedCentre(options, sides, where);
  const plan = detectorPlan(options, sides, where, centre);
  if (centre !== undefined) conversions.push(centreText(centre, finding, plan));
  const operations = [...values, ...plan.operations];
  const turned: UnpreparedScan = {
    ...dataset,
    ...(mask === undefined ? {} : { mask }),
    ...(operations.length === 0 ? {} : { patterns: preparedPatterns(patterns, operations, measurement) }),
  };
  const moved = plan.operations.length === 0 ? turned : movedScan(turned, sides, plan, conversions);
  const share = unread || dataset.photonsPerPattern === undefined ? 1 : energyLeft(dataset, operations, plan);
  if (share !== 1) conversions.push(`of the stated dose ${(100 * share).toPrecision(4)} % is left`);
  const probe = probeOf(
    moved,
    options,
    { sides, plan, ...(measured && { mean: measured.mean }) },
    conversions,
    warnings,
  );
  return {
    ...moved,
    ...(dataset.photonsPerPattern === undefined ? {} : { photonsPerPattern: dataset.photonsPerPattern * share }),
    probe,
    provenance: { ...moved.provenance, conversions, warnings },
  };
}

/** The probe that is built, or that of the file in the window that is left. */
function probeOf(
  { probe, mask, geometry, provenance, name }: UnpreparedScan,
  options: ScanOptions,
  { sides, plan, mean }: { readonly sides: Sides; readonly plan: DetectorPlan; readonly mean?: Float64Array },
  conversions: string[],
  warnings: string[],
): ComplexArray {
  const where = provenance.path ?? name;
  if (options.probeModel !== undefined) {
    const built = builtProbe(options, {
      ...{ geometry, plan, where },
      ...(mean === undefined ? {} : { mean: preparedImage(Float32Array.from(mean), sides, plan.operations) }),
      ...(mask === undefined ? {} : { mask: mask.data }),
    });
    conversions.push(built.text);
    return built.probe;
  }
  if (probe === undefined) return missingPart("probe", where);
  const fitted = fittedProbe(probe, plan);
  if (plan.operations.length > 0) conversions.push(...fittedText(fitted, sides, plan));
  if (fitted.lost > LOST)
    warnings.push(
      `${(100 * fitted.lost).toPrecision(3)} % of the probe's energy lies outside the window of ${plan.sides.join(" × ")} pixels that bins leave`,
    );
  return fitted.probe;
}

function foundCentre(
  measured: MeasuredPatterns | undefined,
  sides: Sides,
  mask: RealArray | undefined,
  where: string,
): readonly [y: number, x: number] | undefined {
  if (measured === undefined) return undefined;
  const centre = beamCentre(measured.mean, sides, mask?.data);
  if (centre !== undefined) return centre;
  throw new PtychonautError("data", "there is no light to find the beam's centre by", {
    where,
    got: measured.mean.some((value) => value > 0) ? "light that is spread evenly" : "no counts",
    fix: `say where it is: ${setting("beam_center", "row,column")}`,
  });
}

function centreText(centre: readonly [y: number, x: number], found: boolean, { window }: DetectorPlan): string {
  const pixel = centre.map(Math.round);
  const rest = centre.map((value, axis) => value - pixel[axis]);
  const shown = (values: readonly number[], digits: number): string =>
    `(${values.map((value) => String(Number(value.toFixed(digits)))).join(", ")})`;
  const left = rest.every((value) => value === 0)
    ? ""
    : `; the rest of ${shown(rest, 3)} pixels becomes a phase ramp of the probe`;
  const moved = window === undefined ? "is at index floor(n/2)" : "goes to index floor(n/2)";
  return `the beam's centre, ${found ? "found at" : "said to be"} ${shown(centre, 3)}: pixel ${shown(pixel, 0)} ${moved}${left}`;
}

/** Everything but patterns and their mask's bad pixels, as a moved window, bins and a turn leave it. */
function movedScan(dataset: UnpreparedScan, sides: Sides, plan: DetectorPlan, conversions: string[]): UnpreparedScan {
  const { object, mask, positions, nominalPositions, geometry, provenance } = dataset;
  if (geometry !== undefined && geometry.propagation !== "far-field")
    throw new PtychonautError("usage", "only far fields can be cut, filled up, binned or turned", {
      where: provenance.path ?? dataset.name,
      got: geometry.propagation,
    });
  const { cut, window, bin } = plan;
  const ratio = [cut[0] / sides[0], cut[1] / sides[1]] as const;
  const otherPixels = ratio[0] !== 1 || ratio[1] !== 1;
  const otherWindow = otherPixels || bin !== 1;
  const { patches, mask: _, object: __, geometry: ___, ...kept } = dataset;
  conversions.push(...movesText(sides, plan));
  const whole = mask === undefined && (window === undefined || within(window, sides));
  const valid = mask?.data ?? new Float32Array(sides[0] * sides[1]).fill(1);
  return {
    ...kept,
    positions: otherPixels ? scaled(positions, ratio) : positions,
    ...(nominalPositions === undefined
      ? {}
      : { nominalPositions: otherPixels ? scaled(nominalPositions, ratio) : nominalPositions }),
    ...(object === undefined ? {} : { object: otherPixels ? resampledObject(object, ratio) : object }),
    ...(patches === undefined ? {} : otherWindow ? { labelProblem: otherPatches(otherPixels) } : { patches }),
    ...(whole ? {} : { mask: { shape: [...plan.sides], data: preparedMask(valid, sides, plan.operations) } }),
    ...(geometry === undefined ? {} : { geometry: otherPixel(geometry, sides, plan) }),
    provenance: {
      ...provenance,
      ...(otherPixels ? { pixelRatio: [1 / ratio[0], 1 / ratio[1]] as const } : {}),
    },
  };
}

/** A probe's window that leaves out more of its energy is worth a warning. */
const LOST = 0.01;

const otherPatches = (otherPixels: boolean): string =>
  `reference patches, which are of another ${otherPixels ? "pixel size" : "window"}`;

const within = ({ top, left, height, width }: WindowOperation, sides: Sides): boolean =>
  top >= 0 && left >= 0 && top + height <= sides[0] && left + width <= sides[1];

const scaled = (positions: Float64Array, ratio: readonly [number, number]): Float64Array =>
  positions.map((value, i) => value * ratio[i % 2]);

function movesText(sides: Sides, plan: DetectorPlan): string[] {
  const { cut, bin, operations } = plan;
  const ratio = [cut[0] / sides[0], cut[1] / sides[1]].map((value) => Number(value.toPrecision(6)));
  const turn = operations.find(({ kind }) => kind === "turn");
  const turned = Object.entries(orientations).find(([, each]) => turn?.kind === "turn" && each === turn.orientation);
  return [
    ...(isResized(sides, plan)
      ? [
          `patterns of ${sides.join(" × ")} made ${cut.join(" × ")} about their zero frequency: positions and object count ` +
            `${ratio.join(" and ")} times as many pixels along y and x`,
        ]
      : []),
    ...(bin === 1
      ? []
      : [
          `squares of ${bin} × ${bin} detector pixels made one: the window has ${plan.sides.join(" × ")} object pixels of the same size`,
        ]),
    ...(turned === undefined
      ? []
      : [`detector turned: ${turned[0]}; positions, probe and object have the sample's axes`]),
  ];
}

const isResized = (sides: Sides, { cut }: DetectorPlan): boolean => cut[0] !== sides[0] || cut[1] !== sides[1];

function fittedText({ done }: FittedProbe, sides: Sides, plan: DetectorPlan): string[] {
  if (!isResized(sides, plan) && plan.bin === 1) return [];
  const words = { nothing: "of that size in the file", resampled: "resampled", cut: "cut to the window" };
  return [`the probe is ${words[done]}`];
}

/** λ z / (M p), or from the old pixel where a square was cut or filled up; what was no square has that of the square it is. */
function otherPixel(geometry: Geometry, [height, width]: Sides, { cut: [side, other], bin }: DetectorPlan): Geometry {
  const { wavelengthM, detectorDistanceM, detectorPixelM, objectPixelM, ...others } = geometry;
  const known = wavelengthM !== undefined && detectorDistanceM !== undefined && detectorPixelM !== undefined;
  const resized = side !== height || other !== width;
  const pixel = !resized
    ? objectPixelM
    : known
      ? (wavelengthM * detectorDistanceM) / (side * detectorPixelM)
      : height === width && objectPixelM !== undefined
        ? (objectPixelM * height) / side
        : objectPixelM;
  return {
    ...others,
    ...(wavelengthM === undefined ? {} : { wavelengthM }),
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(detectorPixelM === undefined ? {} : { detectorPixelM: detectorPixelM * bin }),
    ...(pixel === undefined ? {} : { objectPixelM: pixel }),
  };
}

/** Part of the counts that is left, in float64; a gain is no loss. */
function energyLeft(
  { patterns, measurement }: UnpreparedScan,
  operations: readonly PatternOperation[],
  { cut }: DetectorPlan,
): number {
  const { height, width, count } = patterns;
  const taking = operations.filter(({ kind }) => kind === "subtract" || kind === "threshold" || kind === "window");
  if (taking.every(({ kind }) => kind === "window") && cut[0] >= height && cut[1] >= width) return 1;
  const frame = new Float32Array(height * width);
  const left = new Float32Array(cut[0] * cut[1]);
  const single = preparedPatterns({ ...patterns, count: 1, read: (_, out) => out.set(frame) }, taking, measurement);
  let [all, inside] = [0, 0];
  const energy = (value: number): number => (measurement === "counts" ? value : value * value);
  for (let k = 0; k < count; k++) {
    patterns.read([k], frame);
    single.read([0], left);
    const [own, rest] = [frame, left].map((values) => values.reduce((sum, value) => sum + energy(value), 0));
    // Of a frame that will be left out.
    if (!Number.isFinite(own)) continue;
    all += own;
    inside += rest;
  }
  return all > 0 ? inside / all : 1;
}
