import type { ComplexArray } from "../arrays.ts";
import type { Dataset } from "../data/dataset.ts";
import { LARGEST_DOSE } from "../data/normalisation.ts";
import { PtychonautError, setting } from "../errors.ts";
import { Random } from "../random.ts";
import { simulateScan } from "../simulation/simulate.ts";
import { type GridGeometry, gridOffsets, gridPositions, groupsPerAxis } from "./geometry.ts";
import { amplitudeUnit, linesImage, stacked } from "./linesObject.ts";
import { idealDisk, type ProbeScaling, resizeProbe, smoothProbe } from "./probe.ts";

export const benchmarkProbes = ["ideal", "experimental"] as const;
export type BenchmarkProbe = (typeof benchmarkProbes)[number];

/** What the data of the benchmark depend on. */
export interface LinesSetup {
  /** Side of a pattern. */
  readonly n: number;
  readonly gridsize: number;
  /** Images to train on, and as many to test on. */
  readonly images: number;
  /** Side of an image; published: 392. */
  readonly size: number;
  /** A phase beside the amplitude, see `linesImage`. */
  readonly setPhi: boolean;
  readonly probe: BenchmarkProbe;
  readonly probeScaling: ProbeScaling;
  /** Gaussian blur of the probe, pixels. */
  readonly probeSmoothing: number;
  /** Mean photons per pattern. */
  readonly nphotons: number;
  /** Fixes objects and noise. */
  readonly dataSeed: number;
}

/** One half of the benchmark's data. */
export interface LinesSplit {
  readonly geometry: GridGeometry;
  /** Its object is in units of `amplitudeUnit`. */
  readonly dataset: Dataset;
  /** By which the object's amplitudes were divided (`norm_Y_I` of the reference system). */
  readonly amplitudeUnit: number;
}

export type SplitName = "train" | "test";

export function geometryOf({ size, n, gridsize, images }: LinesSetup, split: SplitName): GridGeometry {
  const { offset, outerTrain, outerTest } = gridOffsets;
  return { size, n, gridsize, images, offset, outerOffset: split === "train" ? outerTrain : outerTest };
}

/** What a machine can hold, and a grid needs. */
const greatest = { n: 4096, gridsize: 8, images: 1000, size: 16_384 } as const;

/** @throws PtychonautError "usage" naming what is out of range */
export function checkSetup(setup: LinesSetup): void {
  for (const [name, most] of Object.entries(greatest)) {
    const value = setup[name as keyof typeof greatest];
    if (Number.isInteger(value) && value >= 1 && value <= most) continue;
    throw new PtychonautError("usage", `wrong ${name} of the benchmark`, {
      expected: `a whole number from 1 to ${most}`,
      got: `${value}`,
    });
  }
  const { nphotons, probeSmoothing } = setup;
  if (!(nphotons > 0 && nphotons <= LARGEST_DOSE && probeSmoothing >= 0 && probeSmoothing <= setup.n)) {
    throw new PtychonautError("usage", "the benchmark needs light and a probe blurred by zero or more pixels", {
      got: `nphotons ${setup.nphotons}, probe_smoothing ${setup.probeSmoothing}`,
    });
  }
  for (const split of ["train", "test"] as const) groupsPerAxis(geometryOf(setup, split));
}

/**
 * Simulates one half. Test images do not depend on how many there are to train on.
 * @param probe from {@link benchmarkProbe}
 */
export function simulateSplit(setup: LinesSetup, split: SplitName, probe: ComplexArray): LinesSplit {
  const root = new Random(setup.dataSeed);
  const streams = { train: root.fork(), test: root.fork() };
  const random = streams[split];
  const noise = random.fork();
  const geometry = geometryOf(setup, split);
  const images = Array.from({ length: setup.images }, () => linesImage(setup.size, setup.setPhi, random.fork()));
  const raw = stacked(images);
  const unit = amplitudeUnit(raw, geometry);
  const dataset = simulateScan({
    object: { shape: raw.shape, data: raw.data.map((value) => value / unit) },
    probe,
    positions: gridPositions(geometry),
    photons: setup.nphotons,
    noise,
    measurement: "amplitude",
    name: `lines-${split}`,
  });
  // The probe as both halves have it, before it was scaled to the photons of one of them.
  return { geometry, dataset: { ...dataset, probe }, amplitudeUnit: unit };
}

/**
 * The probe of both halves, `[1, n, n]`.
 * @param measured the measured probe `[1, m, m]`, for the probe "experimental"
 * @throws PtychonautError "usage" when it is missing or does not fit
 */
export function benchmarkProbe(setup: LinesSetup, measured?: ComplexArray): ComplexArray {
  if (setup.probe === "ideal") return smoothProbe(idealDisk(setup.n), setup.probeSmoothing);
  if (measured === undefined) {
    throw new PtychonautError("usage", "the experimental probe needs the file that it is in", {
      expected: `${setting("probe_file", "FILE.npz")} with the array probeGuess`,
      fix: `the publications take the one of LCLS run 1084; ${setting("probe", "ideal")} needs no file`,
    });
  }
  return smoothProbe(resizeProbe(measured, setup.n, setup.probeScaling), setup.probeSmoothing);
}
