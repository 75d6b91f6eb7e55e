import { PtychonautError } from "../errors.ts";
import { type Complex, complexMatmul, each } from "../graph/complex.ts";
import { add, neg, sub } from "../graph/ops/elementwise.ts";
import { concat, reshape, slice, transpose } from "../graph/ops/layout.ts";
import { matmul, transposeMatrix } from "../graph/ops/linear.ts";
import { perGraph } from "../graph/perGraph.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import type { Builder } from "./layers.ts";

/**
 * Convolutions with kernels as large as the image, given by their lowest frequencies (Li et al. 2021): DFT, a complex
 * matrix over the channels at every kept frequency, inverse DFT. Few frequencies are kept, so the transforms are products
 * with a few columns of the DFT matrix, which every provider has and whose gradients are products too.
 */
export interface SpectralConvOptions {
  /** m, the kept frequencies 0 … m − 1 of an axis. */
  readonly modes: number;
  /** Output RMS over the RMS of what the kept frequencies hold, in a fresh network. */
  readonly gain: number;
}

/**
 * Over both axes, with weights `[in, out, m, m]`, in = out. Negative frequencies of the rows are not kept.
 * @param x `[batch, channel, y, x]`
 */
export function spectralConv2d(
  builder: Builder,
  name: string,
  x: Tensor,
  { modes, gain }: SpectralConvOptions,
): Tensor {
  const [, channels, height, width] = x.shape as [number, number, number, number];
  checkModes(modes, Math.min(height, Math.floor(width / 2) + 1));
  const block = { firstRow: 0, rows: modes, columns: modes };
  return builder.parameters.within(name, () => filtered(builder, x, channels, [height, width], block, gain));
}

export interface CentredSpectralConvOptions extends SpectralConvOptions {
  /** Output channels. */
  readonly out: number;
  /** Side of the output: the same frequencies on a finer or coarser grid. */
  readonly side: number;
}

/**
 * Over both axes, with weights `[in, out, m, floor(m/2) + 1]` for the m lowest frequencies of the rows, negative ones
 * too, −floor(m/2) … m − 1 − floor(m/2), and 0 … floor(m/2) of the columns; and a bias per channel.
 * @param x `[batch, channel, y, x]`, square
 * @returns `[batch, out, side, side]`
 */
export function centredSpectralConv2d(
  builder: Builder,
  name: string,
  x: Tensor,
  { modes, gain, out, side }: CentredSpectralConvOptions,
): Tensor {
  checkModes(modes, Math.min(x.shape[2], side));
  const half = Math.floor(modes / 2);
  const block = { firstRow: -half, rows: modes, columns: half + 1 };
  return builder.parameters.within(name, () => {
    const y = filtered(builder, x, out, [side, side], block, gain);
    const bias = builder.parameters.trainable("bias", [out], builder.start.bias(x.shape[1], 0));
    return add(y, reshape(bias, [1, out, 1, 1]));
  });
}

/** Which frequencies are kept. */
interface Block {
  readonly firstRow: number;
  readonly rows: number;
  readonly columns: number;
}

/** DFT, weights `[in, out, ky, kx]`, inverse DFT onto a grid of `[y, x]`. */
function filtered(
  builder: Builder,
  x: Tensor,
  out: number,
  [height, width]: readonly [number, number],
  { firstRow, rows, columns: count }: Block,
  gain: number,
): Tensor {
  const { graph } = x;
  const [, channels, fromHeight, fromWidth] = x.shape as [number, number, number, number];
  const weights = spectralWeights(builder, "weights", [channels, out, rows, count], gain);
  const columns = matmul(x, analysis(graph, fromWidth, 0, count)); // [batch, channel, y, re and im of kx]
  const spectrum = timesParts(transposeMatrix(analysis(graph, fromHeight, firstRow, rows)), columns);
  const mixed = complexMatmul(permuted(spectrum, [2, 3, 0, 1]), permuted(weights, [2, 3, 0, 1]));
  const back = permuted(mixed, [2, 3, 0, 1]); // [batch, channel, ky, kx]
  return matmul(
    timesComplex(synthesis(graph, height, firstRow, rows, fromHeight), back),
    transposeMatrix(realSynthesis(graph, width, count, fromWidth)),
  );
}

/**
 * A complex matrix times a complex one that has its parts side by side.
 * @param matrix `[2 m, n]`, real part above imaginary part
 * @param x `[…, n, 2 k]`
 * @returns `[…, m, k]`
 */
function timesParts(matrix: Tensor, x: Tensor): Complex {
  const product = matmul(matrix, x);
  const above = parts(product, -2);
  const [re, im] = [parts(above.re, -1), parts(above.im, -1)];
  return { re: sub(re.re, im.im), im: add(re.im, im.re) };
}

/**
 * The same from separate parts to parts side by side.
 * @param matrix `[m, 2 n]`, real part beside imaginary part
 * @param x `[…, n, k]`
 * @returns `[…, m, 2 k]`
 */
const timesComplex = (matrix: Tensor, { re, im }: Complex): Tensor =>
  matmul(matrix, concat([concat([re, im], -1), concat([neg(im), re], -1)], -2));

/**
 * Along x and along y separately, summed (factorised, Tran et al. 2023), with weights `[in, out, m]` each. Returned as a
 * function of images `[batch, channel, y, x]`, since blocks may share it.
 */
export function factorisedSpectralConv(
  builder: Builder,
  name: string,
  channels: number,
  { modes, gain }: SpectralConvOptions,
): (x: Tensor) => Tensor {
  // The two directions add up.
  const weights = (axis: "x" | "y"): Complex =>
    builder.parameters.within(name, () =>
      spectralWeights(builder, `weights_${axis}`, [channels, channels, modes], gain * Math.SQRT1_2),
    );
  const [alongX, alongY] = [weights("x"), weights("y")];
  return (x) => x.graph.scoped(name, () => add(along(x, alongX, "x"), along(x, alongY, "y")));
}

/**
 * Where frequencies of one axis stand, and how they come to stand in front: `[…, y, kx]` for x, `[…, ky, x]` for y, so that no
 * image has to be transposed.
 */
const order = {
  x: { toFront: [3, 0, 2, 1], back: [1, 3, 2, 0] },
  y: { toFront: [2, 0, 3, 1], back: [1, 3, 0, 2] },
} as const;

function along(x: Tensor, weights: Complex, axis: "x" | "y"): Tensor {
  const { graph } = x;
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [side, other] = axis === "x" ? [width, height] : [height, width];
  const modes = weights.re.shape[2];
  checkModes(modes, Math.floor(side / 2) + 1);
  const [forward, inverse] = [analysis(graph, side, 0, modes), realSynthesis(graph, side, modes, side)];
  const spectrum = axis === "x" ? matmul(x, forward) : matmul(transposeMatrix(forward), x);
  const perMode = each(parts(transpose(spectrum, order[axis].toFront), 0), (part) =>
    reshape(part, [modes, batch * other, channels]),
  );
  const mixed = complexMatmul(perMode, permuted(weights, [2, 0, 1]));
  const stacked = reshape(concat([mixed.re, mixed.im], 0), [2 * modes, batch, other, channels]);
  const back = transpose(stacked, order[axis].back);
  return axis === "x" ? matmul(back, transposeMatrix(inverse)) : matmul(inverse, back);
}

function spectralWeights(
  { parameters, start }: Builder,
  name: string,
  shape: readonly number[],
  gain: number,
): Complex {
  const part = (suffix: "re" | "im"): Tensor =>
    parameters.trainable(`${name}_${suffix}`, shape, start.spectralWeights(gain));
  return { re: part("re"), im: part("im") };
}

const permuted = (a: Complex, perm: readonly number[]): Complex => each(a, (part) => transpose(part, perm));

/** The two halves of an axis. */
function parts(x: Tensor, axis: number): Complex {
  const at = axis < 0 ? x.rank + axis : axis;
  const half = x.shape[at] / 2;
  const part = (start: number): Tensor => slice(x, [{ axis: at, start, end: start + half }]);
  return { re: part(0), im: part(half) };
}

/** exp(−2πi kx/n) / √n for `count` frequencies k from the first, `[n, re and im of count]`. */
const analysis: (graph: Graph, n: number, first: number, count: number) => Tensor = perGraph((graph, n, first, count) =>
  waves(graph, n, count, n, (x, k) => ({ turns: -(first + k) * x, weight: 1 })),
);

/** exp(2πi kx/n) / √from, `[n, re and im of count]`: what came from `from` points keeps its values on n. */
const synthesis: (graph: Graph, n: number, first: number, count: number, from: number) => Tensor = perGraph(
  (graph, n, first, count, from) => waves(graph, n, count, from, (x, k) => ({ turns: (first + k) * x, weight: 1 })),
);

/**
 * From the lowest frequencies on `from` points, the others being zero, to real values on n, `[n, re and im of modes]`. A
 * frequency stands for its negative too, but 0 and n/2 for themselves alone; there the sines vanish, so that imaginary parts
 * play no role. i times i is −1, hence the negative turns.
 */
const realSynthesis: (graph: Graph, n: number, modes: number, from: number) => Tensor = perGraph(
  (graph, n, modes, from) =>
    waves(graph, n, modes, from, (x, k) => ({ turns: -k * x, weight: k === 0 || 2 * k === n ? 1 : 2 })),
);

/** weight · exp(2πi turns/n) / √energy as `[n, 2 count]`, real parts beside imaginary ones. */
function waves(
  graph: Graph,
  n: number,
  count: number,
  energy: number,
  at: (x: number, k: number) => { readonly turns: number; readonly weight: number },
): Tensor {
  const values = new Float32Array(n * 2 * count);
  for (let x = 0; x < n; x++) {
    for (let k = 0; k < count; k++) {
      const { turns, weight } = at(x, k);
      // Whole and half turns are taken off in integers: the angle keeps all its digits, and sines of them are zero.
      const part = turns % n;
      const i = x * 2 * count + k;
      values[i] = (weight * Math.cos((2 * Math.PI * part) / n)) / Math.sqrt(energy);
      values[i + count] = (2 * part) % n === 0 ? 0 : (weight * Math.sin((2 * Math.PI * part) / n)) / Math.sqrt(energy);
    }
  }
  return graph.constant(values, [n, 2 * count]);
}

function checkModes(modes: number, most: number): void {
  if (modes <= most) return;
  throw new PtychonautError("usage", "a spectral layer cannot keep so many frequencies", {
    expected: `at most ${most}, half the side of the image and one`,
    got: String(modes),
    fix: "lower fno_modes",
  });
}
