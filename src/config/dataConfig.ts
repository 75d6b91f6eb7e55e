import { z } from "zod";
import { frameChoicePattern, frameRangesPattern } from "../data/frameRanges.ts";
import { LARGEST_DOSE } from "../data/normalisation.ts";
import { type GeometryStatement, geometryQuantities, type Propagation } from "../optics/geometry.ts";
import { scanFormats } from "../scans/registry.ts";
import { lengthUnits, type PositionUnit, type ScanOptions } from "../scans/scanOptions.ts";
import { address, choice, integer, optional, real, toggle, withDefault } from "./fields.ts";
import type { Open, SettingGroup } from "./group.ts";
import { type PreparingConfig, preparingFields, preparingSettings } from "./preparingConfig.ts";

/** How a file is read, which patterns are used and how they are grouped, fully resolved. */
export interface DataConfig extends PreparingConfig {
  readonly measurement: "amplitude" | "counts" | null;
  readonly dcAt: "center" | "corner" | null;
  readonly probeAt: "center" | "corner" | null;
  readonly maskValid: 0 | 1 | null;
  readonly patternsKey: string | null;
  readonly probeKey: string | null;
  readonly positionsKey: string | null;
  readonly objectKey: string | null;
  readonly frameAxis: "first" | "last" | null;
  readonly positionOrder: "xy" | "yx" | null;
  readonly positionReference: "center" | "corner" | null;
  readonly positionOrigin: "absolute" | "centered" | null;
  readonly positionUnit: PositionUnit | null;
  readonly positionsAre: "probe" | "sample" | null;
  readonly patterns: string | null;
  readonly positions: string | null;
  readonly probeFile: string | null;
  readonly objectFile: string | null;
  readonly maskFile: string | null;
  readonly format: string | null;
  readonly propagation: Propagation | null;
  readonly energyKev: number | null;
  readonly voltageKv: number | null;
  readonly wavelengthM: number | null;
  readonly detectorDistanceM: number | null;
  readonly detectorPixelM: number | null;
  readonly objectPixelM: number | null;
  readonly focusDistanceM: number | null;
  /** Which of several scans in one file; null: the only one, or all of them, each by itself. */
  readonly scanIndex: number | null;
  readonly scaleContractVersion: "ci_intensity_v2" | "legacy_v1" | null;
  readonly measurementDomain: "count_intensity" | "normalized_amplitude" | null;
  /** Mean photons per pattern; null: the mean counts of the data themselves. */
  readonly nphotons: number | null;
  /** Groups an epoch; null: every pattern anchors one. */
  readonly nGroups: number | null;
  readonly nSubsample: number | null;
  readonly skipFrames: string | null;
  readonly useFrames: string | null;
  readonly skipOutlyingFrames: boolean;
  readonly subsampleSeed: number;
  readonly sequentialSampling: boolean;
  readonly neighborFunction: "Nearest" | "Min_dist" | "4_quadrant" | "Grid";
  readonly neighborCount: number;
  readonly quadrantNeighborCount: number;
  readonly minNeighborDistance: number;
  readonly maxNeighborDistance: number | null;
  readonly gridStep: number | null;
  readonly enableOversampling: boolean;
  readonly neighborPoolSize: number | null;
  readonly xBounds: readonly [number, number];
  readonly yBounds: readonly [number, number];
  readonly validationFraction: number;
  readonly splitMode: "random" | "spatial";
}

/** The settings that state the experiment's geometry, where its file does not. */
const geometrySettings = ["propagation", ...geometryQuantities] as const;

const ownReading = [
  "measurement",
  "dcAt",
  "probeAt",
  "maskValid",
  "patternsKey",
  "probeKey",
  "positionsKey",
  "objectKey",
  "frameAxis",
  "positionOrder",
  "positionReference",
  "positionOrigin",
  "positionUnit",
  "positionsAre",
  "patterns",
  "positions",
  "probeFile",
  "objectFile",
  "maskFile",
  "format",
  "propagation",
  "energyKev",
  "voltageKv",
  "wavelengthM",
  "detectorDistanceM",
  "detectorPixelM",
  "objectPixelM",
  "focusDistanceM",
  "scanIndex",
] as const;

/** The settings that say how a file is to be read, and what is then done to the scan. */
export const readingSettings: readonly (keyof PreparingConfig | (typeof ownReading)[number])[] = [
  ...preparingSettings,
  ...ownReading,
];

export type ReadingSettings = Pick<DataConfig, (typeof readingSettings)[number]> &
  Partial<Pick<DataConfig, "skipFrames" | "useFrames" | "skipOutlyingFrames">>;

/** The same as a scan reader takes them: what was left open is absent. */
export function scanOptions(reading: ReadingSettings): ScanOptions {
  const { skipFrames = null, useFrames = null, skipOutlyingFrames = false } = reading;
  const geometry: GeometryStatement = Object.fromEntries(
    geometrySettings.flatMap((name) => (reading[name] === null ? [] : [[name, reading[name]]])),
  );
  const others = readingSettings.filter((name) => !(geometrySettings as readonly string[]).includes(name));
  return {
    ...Object.fromEntries(others.flatMap((name) => (reading[name] === null ? [] : [[name, reading[name]]]))),
    ...(Object.keys(geometry).length === 0 ? {} : { geometry }),
    ...(skipFrames === null && useFrames === null && !skipOutlyingFrames ? {} : { someLeftOut: true }),
    ...(skipFrames === null ? {} : { skipFrames }),
    ...(useFrames === null ? {} : { useFrames }),
  };
}

/** What was said of how the file is to be read, by whoever: a default is no statement about a file. */
export function statedOptions(reading: ReadingSettings, said: readonly { readonly name: string }[]): ScanOptions {
  const names = new Set(said.map(({ name }) => name));
  // Geometry has no default: what there is was said.
  const options = Object.entries(scanOptions(reading)).filter(([name]) => name === "geometry" || names.has(name));
  return Object.fromEntries(options);
}

export type DataSettings = Open<DataConfig, "subsampleSeed" | "neighborCount">;

const bounds = (axis: string) =>
  withDefault(
    z.tuple([z.number().min(0).max(1), z.number().min(0).max(1)]).readonly() as z.ZodType<readonly [number, number]>,
    [0, 1],
    `Part of the scan's ${axis} extent that groups are anchored in, as two fractions, lower and upper.`,
    { phase: "training" },
  );

/** Groups of patterns are what networks take. */
const grouping = { phase: ["training", "inference"] } as const;

const key = (what: string) => optional(z.string().min(1), `Name of the array in the file that holds ${what}.`);

/** How a file is read where neither its format nor anybody says it. */
export const usualReading: Readonly<Partial<DataConfig>> = {
  dcAt: "center",
  probeAt: "center",
  maskValid: 1,
  positionReference: "center",
  positionOrigin: "absolute",
  positionUnit: "px",
  positionsAre: "probe",
};

const asFormat = (name: keyof typeof usualReading): string =>
  `Left open: as the file's format says, else ${String(usualReading[name])}.`;

/** Scale bars and resolutions follow from it, not what is learned. */
const quantity = (description: string, unit: string) =>
  optional(real({ above: 0 }), description, { unit, identity: "never" });

const schema = z.strictObject({
  measurement: optional(
    z.enum(["amplitude", "counts"]),
    "What the patterns hold: amplitudes (square roots of counts) or counts. Left open: amplitudes for floating point; integers must be told.",
  ),
  dcAt: optional(
    z.enum(["center", "corner"]),
    `Where the patterns have their zero frequency: at index floor(n/2), or at index 0. ${asFormat("dcAt")}`,
  ),
  probeAt: optional(
    z.enum(["center", "corner"]),
    `Where the probe has its centre: at index floor(n/2) of its window, or at index 0, as a Fourier transform leaves it. ${asFormat("probeAt")}`,
  ),
  maskValid: optional(
    integer({ min: 0, max: 1 }) as z.ZodType<0 | 1>,
    `What stands for a valid pixel in the file's mask. ${asFormat("maskValid")}`,
  ),
  ...preparingFields,
  patternsKey: key("the patterns"),
  probeKey: key("the probe"),
  positionsKey: key("the positions, [frame, 2]"),
  objectKey: key("the reference object"),
  frameAxis: optional(
    z.enum(["first", "last"]),
    "Which axis of the patterns counts frames, where their shape leaves it open.",
  ),
  positionOrder: optional(
    z.enum(["xy", "yx"]),
    "Which number comes first where positions are pairs in one array, or two arrays in an order: must be said of an array that positions_key or positions names.",
  ),
  positionReference: optional(
    z.enum(["center", "corner"]),
    `Which pixel of the probe's window a position names: its centre or its minimum corner. ${asFormat("positionReference")}`,
  ),
  positionOrigin: optional(
    z.enum(["absolute", "centered"]),
    `Where positions count from: the object's first pixel, or its middle (free when the file has no object). ${asFormat("positionOrigin")}`,
  ),
  positionUnit: optional(
    z.enum(["px", ...(Object.keys(lengthUnits) as (keyof typeof lengthUnits)[])]),
    `Unit of the positions: object pixels, or a length that the size of an object pixel converts. ${asFormat("positionUnit")}`,
  ),
  positionsAre: optional(
    z.enum(["probe", "sample"]),
    `Whose movement the positions tell: the sample's is the opposite of the probe's over the object. ${asFormat("positionsAre")}`,
  ),
  patterns: address("the patterns"),
  positions: address("the positions (also FILE::X,Y, a table or text)"),
  probeFile: address("the probe"),
  objectFile: address("the reference object"),
  maskFile: address("the mask"),
  format: optional(
    z.enum(scanFormats.map(({ name }) => name) as [string, ...string[]]),
    "Format of the scan file. Left open: the one that recognises the file best.",
    { identity: "never" },
  ),
  propagation: optional(
    z.enum(["far-field", "near-field"]),
    "How the wave reaches the detector. Left open: as the file says, else far-field.",
    { identity: "never" },
  ),
  energyKev: quantity("Energy of the photons, where the file does not say it.", "keV"),
  voltageKv: quantity("Voltage that accelerated the electrons, where the file does not say it.", "kV"),
  wavelengthM: quantity("Wavelength, where the file says neither it nor energy or voltage.", "metres"),
  detectorDistanceM: quantity("Distance from sample to detector, where the file does not say it.", "metres"),
  detectorPixelM: quantity("Side of a detector pixel, where the file does not say it.", "metres"),
  objectPixelM: quantity(
    "Side of an object pixel. Left open: as the file says, else λ z / (N p) of wavelength, distance and detector pixel, in a near field by focus_distance_m.",
    "metres",
  ),
  focusDistanceM: quantity(
    "Of a near field: from the focus that the beam spreads from to the sample, where the file does not say it. It magnifies (z₁ + z) / z₁ times; of a parallel beam say the detector's pixel as the object's.",
    "metres",
  ),
  scanIndex: optional(
    integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    "Which scan of a file that numbers several (its array scan_index). Left open, each is taken by itself.",
  ),
  scaleContractVersion: optional(
    z.enum(["ci_intensity_v2", "legacy_v1"]),
    "Statement about the scale of the data, checked before the run; only together with measurement_domain.",
  ),
  measurementDomain: optional(
    z.enum(["count_intensity", "normalized_amplitude"]),
    "count_intensity: the dose is in the data. normalized_amplitude: the dose must be stated (nphotons or metadata).",
  ),
  nphotons: optional(
    real({ above: 0, max: LARGEST_DOSE }),
    "Mean photons per pattern. Left open: the mean counts where the data are counts, else the file's metadata, else the mean of the summed squared amplitudes.",
    { unit: "photons" },
  ),
  nGroups: optional(
    integer({ min: 1 }),
    "Groups an epoch (of each scan). Left open: every pattern is the anchor of one group (the reference's command line: 512).",
    { phase: "training" },
  ),
  skipFrames: optional(
    z.string().regex(frameRangesPattern, "expected frames and ranges of frames, like 17,40-52"),
    "Frames to leave out, counted from 0: 17,40-52. Others keep their numbers. Of a single scan only.",
  ),
  useFrames: optional(
    z.string().regex(frameChoicePattern, "expected frames, ranges and steps, like 0-99,200-400/4,/10"),
    "Frames to use, counted from 0 in each scan: 0-99, every fourth of a range as 200-400/4, every tenth of all as /10. Others are left out; numbers stay.",
  ),
  skipOutlyingFrames: toggle(
    false,
    "Leave out the frames that do not go with their neighbours in the scan: far brighter or darker, with a hot pixel, or with their light elsewhere. The command inspect lists them.",
  ),
  nSubsample: optional(
    integer({ min: 1 }),
    "Patterns drawn at random from each file before grouping; all when left open.",
    { phase: "training" },
  ),
  subsampleSeed: optional(
    integer({ min: 0, max: 0xffffffff }),
    "Seed of that draw and of the grouping; the seed of the run when left open.",
    grouping,
  ),
  sequentialSampling: toggle(false, "Take the first n_groups patterns as anchors, in file order, and do not shuffle.", {
    phase: "training",
  }),
  neighborFunction: choice(
    ["Nearest", "Min_dist", "4_quadrant", "Grid"],
    "Nearest",
    "How the neighbours of an anchor are chosen: the nearest, those in a distance window, one in each quadrant, or the square of a raster scan that the anchor is the first of.",
    grouping,
  ),
  neighborCount: optional(
    integer({ min: 1 }),
    "Nearest neighbours from which a group is drawn. Left open: 4, or gridsize² - 1 where that is more.",
    grouping,
  ),
  quadrantNeighborCount: withDefault(
    integer({ min: 4 }),
    30,
    "Nearest neighbours among which 4_quadrant looks.",
    grouping,
  ),
  minNeighborDistance: withDefault(real({ min: 0 }), 0, "Smallest distance of a neighbour (Min_dist, 4_quadrant).", {
    ...grouping,
    unit: "object pixels",
  }),
  maxNeighborDistance: optional(
    real({ above: 0 }),
    "Largest distance of a neighbour (Min_dist, 4_quadrant); any when left open.",
    {
      ...grouping,
      unit: "object pixels",
    },
  ),
  gridStep: optional(
    real({ above: 0 }),
    "Distance along y and x between the patterns of a group (Grid); must be said with it.",
    { ...grouping, unit: "object pixels" },
  ),
  enableOversampling: toggle(false, "Allow more groups than patterns, from other combinations of neighbours.", {
    phase: "training",
  }),
  neighborPoolSize: optional(
    integer({ min: 1 }),
    "Neighbours from which extra groups are combined when oversampling; neighbor_count when left open.",
    { phase: "training" },
  ),
  xBounds: bounds("x"),
  yBounds: bounds("y"),
  validationFraction: withDefault(
    real({ min: 0, below: 1 }),
    0.05,
    "Part of the patterns held back for validation when there is no test_data_file; 0 for none.",
    { phase: "training" },
  ),
  splitMode: choice(
    ["random", "spatial"],
    "random",
    "Which patterns are held back: drawn at random, or one contiguous side of the scan.",
    { phase: "training" },
  ),
}) satisfies z.ZodType<DataSettings>;

const ONE_NORMALISATION = "there is one normalisation: mean energy (N/2)² over the training patterns";

export const dataGroup: SettingGroup<DataSettings> = {
  name: "data",
  title: "Data",
  schema,
  refused: {
    C: "it is gridsize²",
    normalize: ONE_NORMALISATION,
    dataScaling: ONE_NORMALISATION,
    probeNormalize: ONE_NORMALISATION,
    phaseSubtraction: "the global phase is removed in evaluation only",
    scanPattern: "grouping looks at the positions themselves",
    positionsProvided: "positions are always needed",
  },
};
