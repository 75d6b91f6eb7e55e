import type { ComplexArray } from "../arrays.ts";
import type { Dataset, Measurement } from "../data/dataset.ts";
import { PtychonautError, setting } from "../errors.ts";
import { Random } from "../random.ts";
import { type SimulatedScan, simulateScan } from "./simulate.ts";

/** What patterns are made of. */
export type Truth = Pick<Dataset, "positions" | "geometry" | "frameIntensities" | "name"> & {
  readonly object?: ComplexArray;
  /** `[mode, n, n]`. */
  readonly probe: ComplexArray;
  /** `[n, n]`: counts, for the probe's own dose. */
  readonly background?: Float32Array;
};

export interface TruthOptions {
  /** So many positions, those nearest the middle of all. Default: all. */
  readonly patterns?: number;
  /** Mean photons per pattern; the background goes with them. Default: as the probe has them. */
  readonly photons?: number;
  /** Poisson noise. Default true. */
  readonly noise?: boolean;
  /** Fixes the noise. Default 0. */
  readonly seed?: number;
  /** Default "counts". */
  readonly measurement?: Measurement;
  /** Diameter in detector pixels. Default 0: none. */
  readonly beamstop?: number;
}

/**
 * A scan simulated from an object, a probe with all its modes, positions and beam intensities that are there already.
 * @throws PtychonautError "data" for a truth without an object, or whose windows reach beyond it
 */
export function simulateTruth(truth: Truth, options: TruthOptions, where: string): Dataset {
  const { object, probe, background, geometry, name } = truth;
  if (object === undefined)
    throw new PtychonautError("data", "the file has no object to simulate from", {
      where,
      fix: `name it as ${setting("like")}, and a test object beside it`,
    });
  const frames = nearTheMiddle(truth.positions, options.patterns);
  const positions = Float64Array.from(frames.flatMap((j) => [truth.positions[2 * j], truth.positions[2 * j + 1]]));
  checkInside(object, probe, positions, where);
  const { photons, beamstop, measurement } = options;
  const scan: SimulatedScan = {
    ...{ object, probe, positions, name: `simulated-${name}` },
    ...(photons === undefined ? {} : { photons }),
    ...(geometry === undefined ? {} : { geometry }),
    ...(truth.frameIntensities === undefined ? {} : { frameIntensities: ofMeanOne(truth.frameIntensities, frames) }),
    ...(options.noise === false ? {} : { noise: new Random(options.seed ?? 0) }),
    ...(beamstop === undefined ? {} : { beamstop }),
    ...(measurement === undefined ? {} : { measurement }),
  };
  if (background === undefined) return simulateScan(scan);
  const dose = photons === undefined ? 1 : photons / ownPhotons(scan);
  return simulateScan({ ...scan, background: background.map((value) => dose * value) });
}

/** Mean photons per pattern that the probe itself brings. */
function ownPhotons({ photons: _, noise: __, frameIntensities: ___, ...scan }: SimulatedScan): number {
  return simulateScan(scan).photonsPerPattern ?? 0;
}

function nearTheMiddle(positions: Float64Array, count?: number): readonly number[] {
  const all = Array.from({ length: positions.length / 2 }, (_, j) => j);
  if (count === undefined || count >= all.length) return all;
  const middle = [0, 1].map((axis) => all.reduce((sum, j) => sum + positions[2 * j + axis] / all.length, 0));
  const away = (j: number): number => Math.hypot(positions[2 * j] - middle[0], positions[2 * j + 1] - middle[1]);
  return all
    .sort((a, b) => away(a) - away(b) || a - b)
    .slice(0, count)
    .sort((a, b) => a - b);
}

function ofMeanOne(intensities: Float64Array, frames: readonly number[]): Float64Array {
  const own = Float64Array.from(frames, (j) => intensities[j]);
  const mean = own.reduce((sum, value) => sum + value / own.length, 0);
  return own.map((value) => value / mean);
}

/** Beyond the object there is nothing to see, and nothing is not vacuum. */
function checkInside(object: ComplexArray, probe: ComplexArray, positions: Float64Array, where: string): void {
  const sides = probe.shape.slice(-2);
  let outside = 0;
  for (let j = 0; j < positions.length; j += 2)
    for (const axis of [0, 1]) {
      const begin = positions[j + axis] - Math.floor(sides[axis] / 2);
      if (begin < 0 || begin + sides[axis] > object.shape[axis]) {
        outside++;
        break;
      }
    }
  if (outside === 0) return;
  throw new PtychonautError("data", "windows reach beyond the object", {
    where,
    got: `${outside} of ${positions.length / 2}`,
    fix: `take those in the middle: ${setting("patterns", positions.length / 2 - outside)}`,
  });
}
