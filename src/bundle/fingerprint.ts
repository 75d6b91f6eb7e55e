import { sizeOf } from "../arrays.ts";
import type { Dataset, Measurement } from "../data/dataset.ts";
import { crc32 } from "../formats/crc32.ts";

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
}

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
  };
}

/** CRC-32 of an array's bytes in memory. */
export function crcOf(data: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }): number {
  return crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}
