import type { ComplexArray, RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { evaluateReconstruction, type Metrics } from "../metrics/evaluate.ts";
import { type ComplexImage, complexImage, crop } from "../metrics/image.ts";
import type { Reconstruction } from "../reconstructions/reconstructionNpz.ts";
import { type CompatImageMetrics, type CompatMetrics, compatMetrics } from "../reference/compat.ts";
import { type GridGeometry, stitchedRectangle } from "./geometry.ts";

/** A stitched test image beside the truth, both in the line map's own units. */
export interface StitchedImage {
  readonly reconstruction: ComplexImage;
  readonly truth: ComplexImage;
}

/** How a test image came out. */
export interface ImageScore {
  /** The reference system's metrics, which the publications state. */
  readonly compat: CompatMetrics;
  /** This project's, without the curve of the ring correlation. */
  readonly standard: Omit<Metrics, "compat" | "coverage" | "deviance" | "frc"> & {
    readonly frc: Pick<Metrics["frc"], "halfBit" | "oneBit">;
  };
}

/**
 * The tiled part of every test image out of a reconstruction of all of them.
 *
 * @param object the true, stacked object, `[images · size, size]`
 * @param unit what its amplitudes and the reconstruction's are multiplied by
 * @throws PtychonautError "data" when the reconstruction does not cover an image
 */
export function stitchedImages(
  reconstruction: Reconstruction,
  object: ComplexArray,
  geometry: GridGeometry,
  unit: number,
): StitchedImage[] {
  const [canvas, truth] = [scaled(reconstruction.object, unit), scaled(object, unit)];
  return Array.from({ length: geometry.images }, (_, image) => {
    const place = stitchedRectangle(geometry, image);
    const { origin, coverage } = reconstruction;
    const onCanvas = { ...place, top: place.top - origin.y, left: place.left - origin.x };
    const covered: ComplexImage = { shape: canvas.shape, data: Float64Array.from(coverage, (value) => value) };
    const known = insideOf(onCanvas, canvas.shape) && crop(covered, onCanvas).data.every((value) => value > 0);
    if (!known) {
      throw new PtychonautError("data", `test image ${image + 1} is not covered by the reconstruction`, {
        fix: "predict it again: the network may have given values that are not finite",
      });
    }
    return { reconstruction: crop(canvas, onCanvas), truth: crop(truth, place) };
  });
}

export function scoreImage({ reconstruction, truth }: StitchedImage): ImageScore {
  const asArray = ({ shape, data }: ComplexImage): ComplexArray => ({ shape, data: Float32Array.from(data) });
  const { complexError, amplitude, phase, gauge, frc } = evaluateReconstruction(
    asArray(reconstruction),
    asArray(truth),
    // All of it is reconstructed, dark borders too.
    { register: false, mask: everywhere(reconstruction), referenceMask: everywhere(truth) },
  );
  const { halfBit, oneBit } = frc;
  return {
    compat: compatMetrics(reconstruction, truth),
    standard: { complexError, amplitude, phase, gauge, frc: { halfBit, oneBit } },
  };
}

const everywhere = ({ shape: [height, width] }: ComplexImage): RealArray => ({
  shape: [height, width],
  data: new Float32Array(height * width).fill(1),
});

const compatNames = ["mae", "mse", "psnr", "ssim", "msSsim", "frc50", "frc17"] as const;

/** Every number averaged over images, or over runs. */
export function meanCompat(all: readonly CompatMetrics[]): CompatMetrics {
  return statistics(all, (values) => values.reduce((sum, value) => sum + value, 0) / values.length);
}

/** Standard deviation of every number over runs, of the sample (n − 1); zero for a single one. */
export function spreadCompat(all: readonly CompatMetrics[]): CompatMetrics {
  return statistics(all, (values) => {
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const squares = values.reduce((sum, value) => sum + (value - average) ** 2, 0);
    return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
  });
}

function statistics(all: readonly CompatMetrics[], of: (values: readonly number[]) => number): CompatMetrics {
  const part = (name: "amplitude" | "phase"): CompatImageMetrics => {
    const entries = compatNames.map((metric) => [metric, of(all.map((metrics) => metrics[name][metric]))]);
    return Object.fromEntries(entries) as CompatImageMetrics;
  };
  return { amplitude: part("amplitude"), phase: part("phase") };
}

function scaled(object: ComplexArray, factor: number): ComplexImage {
  const { shape, data } = complexImage(object);
  return { shape, data: data.map((value) => value * factor) };
}

function insideOf(
  { top, left, height, width }: { top: number; left: number; height: number; width: number },
  [rows, columns]: readonly [number, number],
): boolean {
  const whole = Number.isInteger(top) && Number.isInteger(left);
  return whole && top >= 0 && left >= 0 && top + height <= rows && left + width <= columns;
}
