// What anybody gets without a method, scored as the network is: the least that a reconstruction must beat.
import { complexZeros } from "../dist/arrays.js";
import { wellCovered } from "../dist/inference/coverage.js";
import {
  compareWithReference,
  createStitcher,
  readReconstructionFile,
  readReference,
  readScan,
  uniformWeights,
} from "../dist/node/index.js";
import { planFft2 } from "../dist/numerics/fft.js";

/**
 * Metrics of a flat object and of the probe-free average: the inverse far field of each measured amplitude, with no
 * phase and no probe, averaged where the windows overlap. Both on the canvas of a given reconstruction.
 */
export async function trivialReconstructions(scanPath, reconstructionPath) {
  const scan = await readScan(scanPath, {});
  const reconstruction = await readReconstructionFile(reconstructionPath);
  const reference = await readReference(scanPath);
  const score = (object) => compareWithReference({ ...reconstruction, object }, reference);
  return {
    "flat object": score(flat(reconstruction)),
    "probe-free average": score(probeFreeAverage(scan, reconstruction)),
  };
}

function flat({ object: { shape } }) {
  const object = complexZeros(shape);
  for (let i = 0; i < object.data.length; i += 2) object.data[i] = 1;
  return object;
}

function probeFreeAverage({ patterns, measurement, positions }, { object, origin, coverage }) {
  const { count, height: n } = patterns;
  const [height, width] = object.shape;
  const stitcher = createStitcher({ canvas: { height, width, origin }, trim: n / 2, weights: uniformWeights(n / 2) });
  const fft = planFft2([n, n]);
  const amplitude = new Float32Array(n * n);
  for (let frame = 0; frame < count; frame++) {
    patterns.read([frame], amplitude);
    const field = new Float32Array(2 * n * n);
    for (let i = 0; i < amplitude.length; i++)
      field[2 * i] = measurement === "counts" ? Math.sqrt(amplitude[i]) : amplitude[i];
    stitcher.add(
      { shape: [1, n, n], data: Float32Array.from(fft.inverse(field)) },
      positions.subarray(2 * frame, 2 * frame + 2),
    );
  }
  const average = stitcher.finish().object;
  // Uncovered pixels take no part in the scores, but must be numbers.
  const covered = wellCovered(coverage);
  for (let i = 0; i < covered.length; i++) if (!covered[i]) average.data[2 * i] = 1;
  return average;
}
