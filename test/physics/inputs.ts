import type { NumericArray } from "../../src/formats/npy.ts";
import type { Complex } from "../../src/graph/complex.ts";
import type { Graph } from "../../src/graph/tensor.ts";
import type { FixtureArrays, FixtureEntry } from "../fixtures.ts";

/** Real and imaginary parts on the host. */
export interface Parts {
  readonly re: Float32Array;
  readonly im: Float32Array;
}

/** A complex graph input "name_re", "name_im". */
export const complexInput = (graph: Graph, name: string, shape: readonly number[]): Complex => ({
  re: graph.input(`${name}_re`, shape),
  im: graph.input(`${name}_im`, shape),
});

export const complexFeed = (name: string, { re, im }: Parts): Record<string, Float32Array> => ({
  [`${name}_re`]: re,
  [`${name}_im`]: im,
});

export const complexConstant = (graph: Graph, shape: readonly number[], { re, im }: Parts): Complex => ({
  re: graph.constant(re, shape),
  im: graph.constant(im, shape),
});

/** A complex array of a fixture as a constant. A probe without mode axis gets one. */
export function fixtureComplex(graph: Graph, arrays: FixtureArrays, name: string, rank?: number): Complex {
  const { shape, re, im } = arrays.complex(name);
  return complexConstant(graph, rank === undefined ? shape : withRank(shape, rank), { re, im });
}

/** Where a fixture has a probe of this name: one for all samples, or in `NAME_batch` one a sample where the entry says so. */
export const probeName = (entry: FixtureEntry, name: string): string =>
  entry["probePerSample"] === true ? `${name}_batch` : name;

/** The probe of a fixture as the physics takes it, `[mode, N, N]`, or one a sample, `[B, 1, mode, N, N]`. */
export function fixtureProbe(graph: Graph, entry: FixtureEntry, arrays: FixtureArrays, name: string): Complex {
  const stored = probeName(entry, name);
  if (stored === name) return fixtureComplex(graph, arrays, name, 3);
  const { shape, re, im } = arrays.complex(stored);
  const [batch, ...modes] = shape.slice(0, -2);
  const count = modes.reduce((product, extent) => product * extent, 1);
  return complexConstant(graph, [batch, 1, count, ...shape.slice(-2)], { re, im });
}

export const fixtureReal = (graph: Graph, arrays: FixtureArrays, name: string) =>
  graph.constant(floats(arrays.get(name)), arrays.get(name).shape);

export const floats = ({ data }: NumericArray): Float32Array => Float32Array.from(data as ArrayLike<number>);

const withRank = (shape: readonly number[], rank: number): number[] => [
  ...Array.from({ length: rank - shape.length }, () => 1),
  ...shape,
];
