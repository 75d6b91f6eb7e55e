import type { Experiment } from "../experiment.ts";
import type { AdPhysics } from "./graphs.ts";

/** Bounds of the loss's second derivatives in pixels of object and probe, for a batch, and the probe's peak amplitude. */
export interface Curvatures {
  readonly object: number;
  readonly probe: number;
  readonly peak: number;
}

/** Second derivative of the loss along a wave's amplitude at its minimum: of Σ (√Î − √I)², and of half the deviance. */
const CURVATURE = { gaussian: 2, poisson: 4 } as const;

/** By the light on the object, and the object in the light, as they are now. */
export async function curvatures(
  experiment: Experiment,
  frames: Int32Array,
  { shape, noise }: AdPhysics,
): Promise<Curvatures> {
  const { kernels, object, probe, batchSize } = experiment;
  const [light, all] = [kernels.images([1, 1, ...shape.window]), kernels.images([1, 1, ...shape.canvas])];
  const most = kernels.numbers(3);
  const [peak, total, shade] = [0, 1, 2].map((k) => kernels.frames(most, k, 1));
  kernels.power(light, probe);
  kernels.largest(peak, light);
  kernels.fill(all, 0);
  for (let from = 0; from < frames.length; from += batchSize)
    kernels.pasteImages(all, light, experiment.windows(frames.subarray(from, from + batchSize)));
  kernels.largest(total, all);
  kernels.power(all, kernels.modes(object, 0, 1));
  kernels.largest(shade, all);
  const [ofFrame, ofAll, ofObject] = await kernels.read(most);
  kernels.release(light, all, most);
  const share = Math.min(1, shape.frames / frames.length);
  return {
    // Slices that all moved by what one would have to move by would together go as many times too far.
    object: shape.slices * CURVATURE[noise] * Math.max(ofFrame, share * ofAll),
    probe: CURVATURE[noise] * Math.min(shape.frames, frames.length) * ofObject,
    peak: Math.sqrt(ofFrame),
  };
}
