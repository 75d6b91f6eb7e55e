import { evenly, sizeOf } from "../arrays.ts";
import type { Dataset, Measurement } from "../data/dataset.ts";
import { crc32 } from "../formats/crc32.ts";
import type { Geometry } from "../optics/geometry.ts";

/** What a bundle remembers of the data it was trained on, and what it compares new data with. */
export interface DataFacts {
  readonly name: string;
  /** Side of the patterns, pixels. */
  readonly N: number;
  /** Patterns enter the network in groups of gridsize squared. */
  readonly gridsize: number;
  readonly measurement: Measurement;
  readonly frames: number;
  readonly probeModes: number;
  /** CRC-32 of the probe's float32 values. */
  readonly probeCrc: number;
  /** CRC-32 of the positions' float64 values. */
  readonly positionsCrc: number;
  /**
   * CRC-32 of the patterns' float32 values, of `SAMPLE` of them at most, spread evenly: two samples measured on one
   * raster with one probe differ in nothing else. Absent in older bundles.
   */
  readonly patternsCrc?: number;
  /** What was known of the experiment. Absent in older bundles. */
  readonly geometry?: Geometry;
}

/** Patterns that a fingerprint looks at, and how many are read at a time. */
const SAMPLE = 1024;
const CHUNK = 64;

export function dataFacts(dataset: Dataset, gridsize: number): DataFacts {
  const { probe, positions } = dataset;
  return {
    name: dataset.name,
    N: dataset.patterns.height,
    gridsize,
    measurement: dataset.measurement,
    frames: dataset.patterns.count,
    probeModes: sizeOf(probe.shape) / sizeOf(probe.shape.slice(-2)),
    probeCrc: crcOf(probe.data),
    positionsCrc: crcOf(positions),
    patternsCrc: patternsCrc(dataset),
    ...(dataset.geometry === undefined ? {} : { geometry: dataset.geometry }),
  };
}

function patternsCrc({ patterns }: Dataset): number {
  const { count, height, width } = patterns;
  const frames = evenly(
    Array.from({ length: count }, (_, frame) => frame),
    SAMPLE,
  );
  let crc = 0;
  for (let start = 0; start < frames.length; start += CHUNK) {
    const chunk = frames.slice(start, start + CHUNK);
    const values = new Float32Array(chunk.length * height * width);
    patterns.read(chunk, values);
    crc = crc32(new Uint8Array(values.buffer), crc);
  }
  return crc;
}

/** CRC-32 of an array's bytes in memory. */
export function crcOf(data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): number {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
