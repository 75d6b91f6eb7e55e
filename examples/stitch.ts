/**
 * A trained model used directly: it predicts patches, which are stitched by hand. For whoever wants to look at patches,
 * place them differently, or feed patterns from somewhere else.
 *
 *     npx tsx examples/stitch.ts FOLDER          (the one that reconstruct.ts left)
 */
import { join } from "node:path";
import {
  chooseRuntime,
  computeScales,
  createInferencePayload,
  createStitcher,
  loadPredictor,
  locateBundle,
  phaseOf,
  planCanvas,
  readBundleFile,
  readScan,
  scaledProbe,
  uniformWeights,
} from "ptychonaut";

const [folder = "example-run"] = process.argv.slice(2);
const scan = join(folder, "scan.npz");

// The settings of the network are the bundle's; the payload has them checked against this scan.
const { model } = await createInferencePayload({
  modelPath: join(folder, "training"),
  testDataFile: scan,
  outputDir: join(folder, "by-hand"),
});
const bundle = await readBundleFile(await locateBundle(join(folder, "training")));
const weights = Object.fromEntries([...bundle.weights].map(([name, { data }]) => [name, data]));

// Every second frame. Scales turn its patterns into network input: amplitude × inputScale.
const dataset = await readScan(scan);
const frames = Int32Array.from({ length: Math.floor(dataset.patterns.count / 2) }, (_, k) => 2 * k);
const scales = computeScales(dataset, frames);
console.log(`${frames.length} of ${dataset.patterns.count} patterns`);

const { height, width } = dataset.patterns;
const batch = 16;
const trim = height / 2;
const placeOf = (chosen: Int32Array): Float64Array =>
  Float64Array.from({ length: 2 * chosen.length }, (_, i) => dataset.positions[2 * chosen[i >> 1] + (i % 2)]);

const runtime = await chooseRuntime("cpu");
const predictor = await loadPredictor(runtime, model, weights, batch, { probe: scaledProbe(dataset.probe, scales) });
const stitcher = createStitcher({
  canvas: planCanvas(placeOf(frames), trim),
  trim,
  weights: uniformWeights(trim),
});
for (let start = 0; start < frames.length; start += batch) {
  // A batch has one size; what fills up the last one is dropped again.
  const chosen = frames.subarray(start, start + batch);
  const images = new Float32Array(batch * height * width);
  dataset.patterns.read(chosen, images.subarray(0, chosen.length * height * width));
  for (let i = 0; i < images.length; i++) images[i] *= scales.inputScale;
  const { data } = await predictor.predict({ images, frames: chosen });
  const size = 2 * height * width;
  stitcher.add(
    { shape: [chosen.length, height, width], data: data.subarray(0, chosen.length * size) },
    placeOf(chosen),
  );
}
await predictor.dispose();

const { object, weight } = stitcher.finish();
const phases = phaseOf(object).filter((_, i) => weight[i] > 0);
const mean = phases.reduce((sum, phase) => sum + phase, 0) / phases.length;
const spread = Math.sqrt(phases.reduce((sum, phase) => sum + (phase - mean) ** 2, 0) / phases.length);
console.log(`object of ${object.shape.join(" × ")} pixels, phases spread by ${spread.toFixed(2)} rad`);
