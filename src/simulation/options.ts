import type { ComplexArray } from "../arrays.ts";
import type { Measurement } from "../data/dataset.ts";
import { LARGEST_DOSE } from "../data/normalisation.ts";
import { PtychonautError, unknownName } from "../errors.ts";
import { type Geometry, type GeometryStatement, resolveGeometry } from "../optics/geometry.ts";
import type { Contrast, ObjectShape } from "../optics/objects.ts";
import type { ProbeShape } from "../optics/probes.ts";
import type { ScanPath } from "../optics/scans.ts";
import type { ModeCoherence } from "./diffraction.ts";

/** Names that stand for shapes with sizes fitted to the window. */
export const objectNames = ["lines", "deadLeaves", "siemensStar", "gaussianField"] as const;
export const probeNames = ["airy", "zonePlate", "gaussian"] as const;
export const scanNames = ["fermat", "raster"] as const;
export const coherenceNames = ["incoherent", "coherent"] as const;

export type ObjectName = (typeof objectNames)[number];
export type ProbeName = (typeof probeNames)[number];
export type ScanName = (typeof scanNames)[number];

export interface GivenScan {
  readonly probe: ComplexArray;
  /** Object pixels; their origin does not matter. */
  readonly positions: Float64Array;
  readonly geometry?: Geometry;
}

export interface SimulationOptions {
  /** Side of the diffraction patterns and of the probe window, pixels. */
  readonly n: number;
  /** Number of patterns. */
  readonly patterns: number;
  /** Fixes everything: object, scan jitter, noise. Default 0. */
  readonly seed?: number;
  /** Test object, by name or in full. Default "lines". */
  readonly object?: ObjectName | ObjectShape;
  /** Amplitude and phase ranges of the object. */
  readonly contrast?: Contrast;
  /** Standard deviation of a Gaussian that blurs the object, object pixels. Default 0: detail down to single pixels. */
  readonly smoothing?: number;
  /** Object `[height, width]` in pixels. Default: what the scan needs. */
  readonly objectSize?: readonly [height: number, width: number];
  /** Illumination, by name or in full. Default "airy", defocused to a spot of about a third of the window. */
  readonly probe?: ProbeName | ProbeShape;
  /** Incoherent probe modes. Default 1. */
  readonly modes?: number;
  /** How the modes add: intensities or waves. Default "incoherent". */
  readonly modeCoherence?: ModeCoherence;
  /** Power of every further mode over that of the one before. Default 0.3. */
  readonly modePowerRatio?: number;
  /** Scan path. Default "fermat". */
  readonly scan?: ScanName;
  /** Mean distance between positions, object pixels. Default n / 16 (4 pixels at n = 64). */
  readonly step?: number;
  /** Raster only: random displacement as a fraction of the step. Default 0.15. */
  readonly jitter?: number;
  /** Mean photons per pattern, averaged over the scan, before any beamstop. Default 1e5. */
  readonly photons?: number;
  /** Relative standard deviation of the beam's intensity from pattern to pattern (log-normal). Default 0. */
  readonly intensityJitter?: number;
  /** Poisson noise. Default true. */
  readonly noise?: boolean;
  /** What the Dataset holds. Default "counts"; "amplitude" is their square root. */
  readonly measurement?: Measurement;
  /** Diameter of a beamstop at the centre, detector pixels; its pixels are 0 and masked. Default 0: none. */
  readonly beamstop?: number;
  /**
   * Standard deviation of the stage's error along y and x, object pixels: the Dataset's positions are the true ones,
   * its nominalPositions what the stage reports. Default 0: no nominal positions.
   */
  readonly positionError?: number;
  /** Probe `[mode, n, n]`, positions `[frame, 2]` and geometry of another scan, instead of those that the others make. */
  readonly given?: GivenScan;
  /** What the file is to say of the experiment: the far field needs none of it, a near field is computed by it. */
  readonly geometry?: GeometryStatement;
}

/** Options with every default filled in. */
export interface ResolvedSimulation {
  readonly n: number;
  readonly seed: number;
  readonly object: ObjectShape;
  readonly contrast: Contrast;
  readonly smoothing: number;
  readonly objectSize: readonly [height: number, width: number] | undefined;
  readonly probe: ProbeShape;
  readonly modes: number;
  readonly modeCoherence: ModeCoherence;
  readonly modePowerRatio: number;
  readonly scan: ScanPath;
  readonly photons: number;
  readonly intensityJitter: number;
  readonly noise: boolean;
  readonly measurement: Measurement;
  readonly beamstop: number;
  readonly positionError: number;
  readonly geometry: Geometry | undefined;
  readonly given: GivenScan | undefined;
}

/** Modes times pixels: two gigabytes of complex float64. */
const MOST_PROBE_VALUES = 2 ** 27;

/**
 * Fills in defaults and checks what the optics does not check itself.
 *
 * @throws PtychonautError "usage" for an unknown name or a number out of range.
 */
export function resolveSimulation(options: SimulationOptions): ResolvedSimulation {
  const { n, patterns } = options;
  whole("n", n, 8, 4096);
  whole("patterns", patterns, 1, 1e7);
  const modes = options.modes ?? 1;
  whole("modes", modes, 1, 1000);
  if (modes * n ** 2 > MOST_PROBE_VALUES) {
    throw new PtychonautError("usage", "the probe of this simulation would not fit into memory", {
      expected: `at most ${MOST_PROBE_VALUES} values`,
      got: `modes ${modes} of ${n} x ${n}`,
    });
  }
  whole("seed", options.seed ?? 0, 0, 0xffffffff);
  if (options.modePowerRatio !== undefined && modes === 1) {
    throw new PtychonautError("usage", "modePowerRatio has no effect on a probe of one mode", {
      fix: "ask for more modes or drop it",
    });
  }
  if (options.modeCoherence === "coherent" && modes === 1) {
    throw new PtychonautError("usage", "modeCoherence has no effect on a probe of one mode", {
      fix: "ask for more modes or drop it",
    });
  }
  // Patterns are float32, and a sum of float64 counts no photon beyond 2^53.
  inRange("photons", options.photons, Number.MIN_VALUE, LARGEST_DOSE);
  inRange("step", options.step, Number.MIN_VALUE, 1e6);
  inRange("jitter", options.jitter, 0, 1e3);
  inRange("smoothing", options.smoothing, 0, 1e4);
  inRange("intensityJitter", options.intensityJitter, 0, 1e2);
  inRange("beamstop", options.beamstop, 0, 1e6);
  inRange("positionError", options.positionError, 0, 1e6);
  const { amplitude = [], phase = [] } = options.contrast ?? {};
  for (const value of [...amplitude, ...phase]) inRange("contrast", value, -1e3, 1e3);
  const { object = "lines", probe = "airy", contrast = {} } = options;
  return {
    n,
    seed: options.seed ?? 0,
    object: typeof object === "string" ? { kind: known("object", object, objectNames) } : object,
    contrast,
    smoothing: options.smoothing ?? 0,
    objectSize: options.objectSize,
    probe: typeof probe === "string" ? fittedProbe(probe, n) : probe,
    modes,
    modeCoherence: known("modeCoherence", options.modeCoherence ?? "incoherent", coherenceNames),
    modePowerRatio: options.modePowerRatio ?? 0.3,
    scan: scanOf(options),
    photons: options.photons ?? 1e5,
    intensityJitter: options.intensityJitter ?? 0,
    noise: options.noise ?? true,
    measurement: options.measurement ?? "counts",
    beamstop: options.beamstop ?? 0,
    positionError: options.positionError ?? 0,
    given: options.given,
    geometry:
      options.geometry === undefined ? options.given?.geometry : resolveGeometry(options.geometry, n, "the simulation"),
  };
}

/**
 * A probe of about a third of the window with a curved wave front, which makes phases visible in every pattern. Its pupil
 * fills half of the detector's width: with a narrower one most detail scatters into the dark, where few photons are.
 */
function fittedProbe(name: ProbeName, n: number): ProbeShape {
  switch (known("probe", name, probeNames)) {
    case "airy":
      // Pupil radius n / 4 and a spot radius of n / 6: defocus = spot · n / pupil.
      return { kind: "airy", pupilRadius: n / 4, defocus: (2 * n) / 3 };
    case "zonePlate":
      // Outermost zone of 2 pixels is the same pupil radius; the stop leaves a ring-shaped spot.
      return { kind: "zonePlate", outermostZone: 2, stopFraction: 0.4, defocus: (2 * n) / 3 };
    case "gaussian":
      // A focus of 4 pixels spreads to a standard deviation of n / 11.
      return { kind: "gaussian", fwhm: 4, defocus: 2 * n };
  }
}

function scanOf(options: SimulationOptions): ScanPath {
  const { n, patterns: count, scan = "fermat", step = n / 16, jitter } = options;
  if (known("scan", scan, scanNames) === "raster") {
    return { kind: "raster", count, step, ...(jitter === undefined ? {} : { jitter }) };
  }
  if (jitter !== undefined) {
    throw new PtychonautError("usage", "jitter belongs to a raster scan, a Fermat spiral has none", {
      fix: 'drop it or use scan "raster"',
    });
  }
  return { kind: "fermat", count, step };
}

function known<T extends string>(what: string, name: string, names: readonly T[]): T {
  const found = names.find((candidate) => candidate === name);
  if (found === undefined) throw unknownName(what, name, names);
  return found;
}

function whole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new PtychonautError("usage", `${name}: out of range for a simulation`, {
    expected: `an integer from ${least} to ${most}`,
    got: `${value}`,
  });
}

function inRange(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || (value >= least && value <= most)) return;
  throw new PtychonautError("usage", `${name}: out of range for a simulation`, {
    expected: least === Number.MIN_VALUE ? `above 0, at most ${most}` : `from ${least} to ${most}`,
    got: `${value}`,
  });
}
