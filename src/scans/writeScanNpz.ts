import type { Dataset } from "../data/dataset.ts";
import { float32Header, type NpyArray, type NumericArray, writeNpy } from "../formats/npy.ts";
import { writeNpz } from "../formats/npz.ts";
import type { ZipLevel, ZipWriter } from "../formats/writeZip.ts";
import { geometryArrays } from "./scanGeometry.ts";
import { photonsMetadata } from "./scanMetadata.ts";
import { framesAs, rooted } from "./writers/frames.ts";
import type { FramesToWrite } from "./writers/framesToWrite.ts";

/**
 * A scan in the PtychoPINN contract (see `readScanNpz`), which that system reads too: amplitudes in `diff3d`, so counts
 * become their square roots; `_metadata` is unicode text, so no reader has to unpickle anything.
 */
export function writeScanNpz(dataset: Dataset, options: { readonly compress?: boolean } = {}): Uint8Array<ArrayBuffer> {
  const { count, height, width } = dataset.patterns;
  const patterns: NumericArray = { shape: [count, height, width], dtype: "float32", data: amplitudes(dataset) };
  return writeNpz({ diff3d: patterns, ...arraysBesidePatterns(dataset, count) }, options);
}

/**
 * The same file, of any size, its patterns never all in memory. By default nothing is compressed: training on a scan of
 * this size reads the patterns where they are.
 * @param history lines that go into the archive as `_history`
 */
export async function writeScanFrames(
  writer: ZipWriter,
  scan: FramesToWrite,
  { level = 0, history = [] }: { readonly level?: ZipLevel; readonly history?: readonly string[] } = {},
): Promise<void> {
  const { shape } = scan;
  const [count, height, width] = shape;
  const header = float32Header(shape);
  const chunks = async function* (): AsyncGenerator<Uint8Array, void, void> {
    yield header;
    for await (const frames of framesAs("amplitude", scan))
      yield new Uint8Array(frames.buffer, frames.byteOffset, frames.byteLength);
  };
  await writer.addInTurns("diff3d.npy", header.length + 4 * count * height * width, chunks(), level);
  const text: Record<string, NpyArray> =
    history.length === 0 ? {} : { _history: { shape: [], dtype: "string", data: [history.join("\n")] } };
  for (const [key, array] of Object.entries({ ...arraysBesidePatterns(scan, count), ...text })) {
    const bytes = writeNpy(array);
    writer.add(`${key}.npy`, bytes.length, [bytes], level);
  }
}

/** Everything but the patterns. */
export function arraysBesidePatterns(scan: Omit<Dataset, "patterns">, count: number): Record<string, NpyArray> {
  const { probe, object, patches, mask, scanIndex, nominalPositions, photonsPerPattern, frameIntensities } = scan;
  const [x, y] = columns(scan.positions);
  const [xStart, yStart] = columns(nominalPositions ?? scan.positions);
  const single = probe.shape.length === 3 && probe.shape[0] === 1;
  return {
    xcoords: vector(x),
    ycoords: vector(y),
    xcoords_start: vector(xStart),
    ycoords_start: vector(yStart),
    probeGuess: { ...probe, dtype: "complex64", shape: single ? probe.shape.slice(1) : probe.shape },
    ...(object === undefined ? {} : { objectGuess: { ...object, dtype: "complex64" } }),
    ...(patches === undefined ? {} : { Y: { ...patches, dtype: "complex64" } }),
    ...(mask === undefined ? {} : { mask: { ...mask, dtype: "float32" } }),
    ...(scanIndex === undefined ? {} : { scan_index: { shape: [count], dtype: "int64", data: scanIndex } }),
    ...(frameIntensities === undefined ? {} : { frame_intensity: vector(frameIntensities) }),
    ...geometryArrays(scan.geometry),
    ...(photonsPerPattern === undefined
      ? {}
      : { _metadata: { shape: [], dtype: "string", data: [photonsMetadata(photonsPerPattern)] } }),
  };
}

function amplitudes({ patterns, measurement }: Dataset): Float32Array {
  const { count, height, width } = patterns;
  const out = new Float32Array(count * height * width);
  patterns.read(
    Array.from({ length: count }, (_, frame) => frame),
    out,
  );
  if (measurement === "counts") rooted(out);
  return out;
}

function columns(positions: Float64Array): [x: Float64Array, y: Float64Array] {
  const count = positions.length / 2;
  const x = new Float64Array(count);
  const y = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    y[k] = positions[2 * k];
    x[k] = positions[2 * k + 1];
  }
  return [x, y];
}

const vector = (data: Float64Array): NumericArray => ({ shape: [data.length], dtype: "float64", data });
