import type { Dataset } from "../data/dataset.ts";
import type { NpyArray, NumericArray } from "./npy.ts";
import { writeNpz } from "./npz.ts";
import { photonsMetadata } from "./scanMetadata.ts";

/**
 * A scan in the PtychoPINN contract (see `readScanNpz`), which that system reads too: amplitudes in `diff3d`, so counts
 * become their square roots; `_metadata` is unicode text, so no reader has to unpickle anything.
 */
export function writeScanNpz(dataset: Dataset, options: { readonly compress?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const { patterns, probe, object, patches, mask, scanIndex, nominalPositions } = dataset;
  const { count, height, width } = patterns;
  const [x, y] = columns(dataset.positions);
  const [xStart, yStart] = columns(nominalPositions ?? dataset.positions);
  const single = probe.shape.length === 3 && probe.shape[0] === 1;
  const arrays: Record<string, NpyArray> = {
    diff3d: { shape: [count, height, width], dtype: "float32", data: amplitudes(dataset) },
    xcoords: vector(x),
    ycoords: vector(y),
    xcoords_start: vector(xStart),
    ycoords_start: vector(yStart),
    probeGuess: { ...probe, dtype: "complex64", shape: single ? probe.shape.slice(1) : probe.shape },
  };
  if (object !== undefined) arrays["objectGuess"] = { ...object, dtype: "complex64" };
  if (patches !== undefined) arrays["Y"] = { ...patches, dtype: "complex64" };
  if (mask !== undefined) arrays["mask"] = { ...mask, dtype: "float32" };
  if (scanIndex !== undefined) arrays["scan_index"] = { shape: [count], dtype: "int64", data: scanIndex };
  if (dataset.photonsPerPattern !== undefined)
    arrays["_metadata"] = { shape: [], dtype: "string", data: [photonsMetadata(dataset.photonsPerPattern)] };
  return writeNpz(arrays, options);
}

function amplitudes({ patterns, measurement }: Dataset): Float32Array {
  const { count, height, width } = patterns;
  const out = new Float32Array(count * height * width);
  patterns.read(
    Array.from({ length: count }, (_, frame) => frame),
    out,
  );
  if (measurement === "counts") for (let i = 0; i < out.length; i++) out[i] = Math.sqrt(out[i]!);
  return out;
}

function columns(positions: Float64Array): [x: Float64Array, y: Float64Array] {
  const count = positions.length / 2;
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    y[k] = positions[2 * k]!;
    x[k] = positions[2 * k + 1]!;
  }
  return [x, y];
}

const vector = (data: Float64Array): NumericArray => ({ shape: [data.length], dtype: "float64", data });
