import { type ComplexArray, joinComplex, type RealArray, splitComplex } from "../arrays.ts";
import type { Dataset, Measurement } from "../data/dataset.ts";
import { memoryPatterns } from "../data/memoryPatterns.ts";
import { PtychonautError, setting } from "../errors.ts";
import { gaussianFilter } from "../numerics/gaussianFilter.ts";
import type { Geometry } from "../optics/geometry.ts";
import { makeObject } from "../optics/objects.ts";
import { geometricPowers, withHermiteModes } from "../optics/probeModes.ts";
import { makeProbe } from "../optics/probes.ts";
import { objectSizeFor, positionsInObject, scanPath } from "../optics/scans.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";
import { Random } from "../random.ts";
import { applyMask, beamstopMask, countPhotons } from "./detector.ts";
import { type DiffractionOptions, diffract, diffractPiecewise } from "./diffraction.ts";
import { resolveSimulation, type SimulationOptions } from "./options.ts";

/**
 * A simulated scan with its ground truth: test object, probe, scan path, diffraction (into the far field, or the near field
 * that the geometry says) and Poisson noise, all from one seed.
 *
 * The Dataset's `object` is the truth, its `probe` the one used, scaled to photons (Σ|P|² is the number of photons that
 * hit an object of transmission 1), `photonsPerPattern` the dose asked for.
 *
 * @throws PtychonautError "usage" for options that make no sense together.
 */
export function simulate(options: SimulationOptions): Dataset {
  const { scan, nominalPositions } = plan(options);
  return { ...simulateScan(scan), ...nominalPositions };
}

/** A Dataset whose patterns come once, in order, and are never all in memory. */
export interface PiecewiseScan extends Omit<Dataset, "patterns"> {
  readonly shape: readonly [count: number, height: number, width: number];
  /** `[some frames, y, x]` at a time. */
  frames(): Iterable<Float32Array>;
}

/** What {@link simulate} makes, to the last bit, for scans beyond memory; it takes about twice the time. */
export function simulatePiecewise(options: SimulationOptions): PiecewiseScan {
  const { scan, nominalPositions } = plan(options);
  const { object, positions, photons } = scan;
  const diffraction = diffractPiecewise(object, scan.probe, positions, photons, travelling(scan));
  const mask = maskOf(scan);
  return {
    ...described(scan, diffraction, mask),
    ...nominalPositions,
    shape: [positions.length / 2, scan.probe.shape[1], scan.probe.shape[1]],
    *frames() {
      let first = 0;
      for (const intensity of diffraction.frames()) {
        detect(intensity, scan, mask, first);
        first += intensity.length / scan.probe.shape[1] ** 2;
        yield intensity;
      }
    },
  };
}

interface Plan {
  readonly scan: SimulatedScan;
  readonly nominalPositions: { readonly nominalPositions?: Float64Array };
}

function plan(options: SimulationOptions): Plan {
  const resolved = resolveSimulation(options);
  const { n } = resolved;
  // A stream of its own for each stage: more noise, say, leaves object and scan as they were.
  const root = new Random(resolved.seed);
  const [objectRandom, scanRandom, stageRandom, noiseRandom] = [root.fork(), root.fork(), root.fork(), root.fork()];
  const beamRandom = root.fork();
  const path = resolved.given === undefined ? scanPath(resolved.scan, scanRandom) : centred(resolved.given.positions);
  const size = resolved.objectSize ?? objectSizeFor(path, n);
  checkObjectSize(size);
  const positions = positionsInObject(path, size, n);
  const scan: SimulatedScan = {
    object: smoothed(makeObject(resolved.object, size, objectRandom, resolved.contrast), resolved.smoothing),
    probe:
      resolved.given?.probe ??
      withHermiteModes(makeProbe(n, resolved.probe), geometricPowers(resolved.modes, resolved.modePowerRatio)),
    positions,
    photons: resolved.photons,
    modeCoherence: resolved.modeCoherence,
    measurement: resolved.measurement,
    beamstop: resolved.beamstop,
    ...(resolved.intensityJitter === 0
      ? {}
      : { frameIntensities: flicker(positions.length / 2, resolved.intensityJitter, beamRandom) }),
    ...(resolved.geometry === undefined ? {} : { geometry: resolved.geometry }),
    name: `simulated-${resolved.object.kind}-${resolved.seed}`,
    ...(resolved.noise ? { noise: noiseRandom } : {}),
  };
  if (resolved.positionError === 0) return { scan, nominalPositions: {} };
  const nominal = positions.map((value) => value + resolved.positionError * stageRandom.normal());
  return { scan, nominalPositions: { nominalPositions: nominal } };
}

/** The middle of what positions span at the origin. */
function centred(positions: Float64Array): Float64Array {
  const middle = [0, 1].map((axis) => {
    const values = positions.filter((_, k) => k % 2 === axis);
    const [least, most] = [Math.min, Math.max].map((of) => values.reduce((a, b) => of(a, b)));
    return Math.round((least + most) / 2);
  });
  return positions.map((value, k) => value - middle[k % 2]);
}

/** Object pixels: four gigabytes of complex float64. */
const MOST_OBJECT_PIXELS = 2 ** 28;

function checkObjectSize([height, width]: readonly [number, number]): void {
  if (height * width <= MOST_OBJECT_PIXELS) return;
  throw new PtychonautError("usage", "the object of this simulation would not fit into memory", {
    expected: `at most ${MOST_OBJECT_PIXELS} pixels`,
    got: `${height} x ${width}`,
    fix: `take fewer patterns, or a smaller ${setting("step")}`,
  });
}

/** Log-normal factors of mean one (over the scan, exactly) and of this relative standard deviation (of the distribution). */
function flicker(frames: number, deviation: number, random: Random): Float64Array {
  const sigma = Math.sqrt(Math.log(1 + deviation ** 2));
  const factors = Float64Array.from({ length: frames }, () => Math.exp(sigma * random.normal()));
  const mean = factors.reduce((a, b) => a + b, 0) / frames;
  return factors.map((factor) => factor / mean);
}

/** Real and imaginary part blurred alike, so that a constant object stays what it is. */
function smoothed({ shape, data }: ComplexArray, sigma: number): ComplexArray {
  if (sigma === 0) return { shape, data };
  const size = [shape[0], shape[1]] as const;
  const { re, im } = splitComplex({ shape, data });
  return joinComplex(shape, gaussianFilter(re, size, sigma), gaussianFilter(im, size, sigma));
}

/** A scan whose object, probe and positions are given. */
export interface SimulatedScan extends Omit<DiffractionOptions, "propagator"> {
  /** `[height, width]` complex transmission. */
  readonly object: ComplexArray;
  /** `[mode, n, n]`, any scale. */
  readonly probe: ComplexArray;
  /** `[frame, 2]` window centres as (y, x), object pixels. */
  readonly positions: Float64Array;
  /** Mean photons per pattern, averaged over the scan, before the beamstop. Default: as the probe has them. */
  readonly photons?: number;
  /** `[n, n]`: counts that every pattern is expected to have beside what the object makes; zero frequency at floor(n / 2). */
  readonly background?: Float32Array;
  /** `[frame]`, factors on the beam's intensity, of mean one. Default all one. */
  readonly frameIntensities?: Float64Array;
  /** Source of the Poisson noise; without it the patterns hold expected counts. */
  readonly noise?: Random;
  /** Default "counts". */
  readonly measurement?: Measurement;
  /** Diameter in detector pixels. Default 0: none. */
  readonly beamstop?: number;
  readonly name?: string;
  /** Light travels as it says. Default into the far field. */
  readonly geometry?: Geometry;
}

/** Diffraction of a given object and probe as a Dataset in memory; see {@link simulate} for what its fields mean. */
export function simulateScan(scan: SimulatedScan): Dataset {
  const { object, positions, photons } = scan;
  const n = scan.probe.shape[1];
  const diffraction = diffract(object, scan.probe, positions, photons, travelling(scan));
  const mask = maskOf(scan);
  detect(diffraction.intensity, scan, mask);
  const patterns = memoryPatterns(diffraction.intensity, [positions.length / 2, n, n]);
  return { ...described(scan, diffraction, mask), patterns };
}

const travelling = (scan: SimulatedScan): DiffractionOptions => ({
  ...scan,
  propagator: propagatorOf(scan.geometry, "the simulation"),
});

/** From expected counts to what the file is to hold, in place; `first` is the number of the first frame. */
function detect(
  intensity: Float32Array,
  { measurement = "counts", noise, frameIntensities, background, probe }: SimulatedScan,
  mask: RealArray | undefined,
  first = 0,
): void {
  if (frameIntensities !== undefined) {
    const pixels = probe.shape[1] ** 2;
    for (let i = 0; i < intensity.length; i++) intensity[i] *= frameIntensities[first + Math.floor(i / pixels)];
  }
  if (background !== undefined)
    for (let i = 0; i < intensity.length; i++) intensity[i] += background[i % background.length];
  if (noise !== undefined) countPhotons(intensity, noise);
  if (mask !== undefined) applyMask(intensity, mask);
  if (measurement === "amplitude") for (let i = 0; i < intensity.length; i++) intensity[i] = Math.sqrt(intensity[i]);
}

const maskOf = ({ beamstop = 0, probe }: SimulatedScan): RealArray | undefined =>
  beamstop > 0 ? beamstopMask(probe.shape[1], beamstop) : undefined;

function described(
  { object, positions, measurement = "counts", name = "simulated", frameIntensities, geometry }: SimulatedScan,
  { probe, photons }: { readonly probe: ComplexArray; readonly photons: number },
  mask: RealArray | undefined,
): Omit<Dataset, "patterns"> {
  return {
    name,
    measurement,
    positions,
    probe,
    object,
    ...(mask === undefined ? {} : { mask }),
    ...(frameIntensities === undefined ? {} : { frameIntensities }),
    ...(geometry === undefined ? {} : { geometry }),
    photonsPerPattern: photons,
    provenance: { conversions: [], warnings: [] },
  };
}
