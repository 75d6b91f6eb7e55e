import { PtychonautError } from "../errors.ts";
import { type Complex, complexMatmul, each } from "../graph/complex.ts";
import { add, sub } from "../graph/ops/elementwise.ts";
import { reshape, transpose } from "../graph/ops/layout.ts";
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
  checkModes(modes, Math.min(x.shape[2]!, side));
  const half = Math.floor(modes / 2);
  const block = { firstRow: -half, rows: modes, columns: half + 1 };
  return builder.parameters.within(name, () => {
    const y = filtered(builder, x, out, [side, side], block, gain);
    const bias = builder.parameters.trainable("bias", [out], builder.start.bias(x.shape[1]!, 0));
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
  const [, channels, fromHeight, fromWidth] = x.shape as [number, number, number, number];
  const weights = spectralWeights(builder, "weights", [channels, out, rows, count], gain);
  const columns = each(realDft(x, count), transposeMatrix);
  const spectrum = complexMatmul(columns, analysis(x.graph, fromHeight, firstRow, rows)); // [batch, channel, kx, ky]
  const mixed = complexMatmul(permuted(spectrum, [3, 2, 0, 1]), permuted(weights, [2, 3, 0, 1]));
  const back = complexMatmul(permuted(mixed, [2, 3, 1, 0]), synthesis(x.graph, height, firstRow, rows, fromHeight));
  return inverseRealDft(each(back, transposeMatrix), width, fromWidth);
}

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
  return (x) =>
    x.graph.scoped(name, () => add(alongLast(x, alongX), transposeMatrix(alongLast(transposeMatrix(x), alongY))));
}

function alongLast(x: Tensor, weights: Complex): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const modes = weights.re.shape[2]!;
  checkModes(modes, Math.floor(width / 2) + 1);
  const perMode = each(permuted(realDft(x, modes), [3, 0, 2, 1]), (part) =>
    reshape(part, [modes, batch * height, channels]),
  );
  const mixed = complexMatmul(perMode, permuted(weights, [2, 0, 1]));
  const spectrum = each(mixed, (part) => transpose(reshape(part, [modes, batch, height, channels]), [1, 3, 2, 0]));
  return inverseRealDft(spectrum, width, width);
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

/** The lowest frequencies of the last axis of real values. */
function realDft(x: Tensor, modes: number): Complex {
  const { re, im } = analysis(x.graph, x.shape.at(-1)!, 0, modes);
  return { re: matmul(x, re), im: matmul(x, im) };
}

/** Real values on n points of which these are the lowest frequencies on `from` points; the others are zero. */
function inverseRealDft(spectrum: Complex, n: number, from: number): Tensor {
  const { re, im } = realSynthesis(spectrum.re.graph, n, spectrum.re.shape.at(-1)!, from);
  return sub(matmul(spectrum.re, re), matmul(spectrum.im, im));
}

/** exp(−2πi kx/n) / √n for `count` frequencies k from the first, `[n, count]`. */
const analysis: (graph: Graph, n: number, first: number, count: number) => Complex = perGraph(
  (graph, n, first, count) => waves(graph, [n, count], n, n, (x, k) => ({ turns: -(first + k) * x, weight: 1 })),
);

/** exp(2πi kx/n) / √from, `[count, n]`: what came from `from` points keeps its values on n. */
const synthesis: (graph: Graph, n: number, first: number, count: number, from: number) => Complex = perGraph(
  (graph, n, first, count, from) =>
    waves(graph, [count, n], n, from, (k, x) => ({ turns: (first + k) * x, weight: 1 })),
);

/**
 * The same for real results, `[modes, n]`: a frequency stands for its negative too, but 0 and n/2 for themselves alone.
 * There the sines vanish, so that imaginary parts play no role.
 */
const realSynthesis: (graph: Graph, n: number, modes: number, from: number) => Complex = perGraph(
  (graph, n, modes, from) =>
    waves(graph, [modes, n], n, from, (k, x) => ({ turns: k * x, weight: k === 0 || 2 * k === n ? 1 : 2 })),
);

function waves(
  graph: Graph,
  shape: readonly [number, number],
  n: number,
  energy: number,
  at: (row: number, column: number) => { readonly turns: number; readonly weight: number },
): Complex {
  const re = new Float32Array(shape[0] * shape[1]);
  const im = new Float32Array(re.length);
  for (let i = 0; i < re.length; i++) {
    const { turns, weight } = at(Math.floor(i / shape[1]), i % shape[1]);
    // Whole and half turns are taken off in integers: the angle keeps all its digits, and sines of them are zero.
    const part = turns % n;
    re[i] = (weight * Math.cos((2 * Math.PI * part) / n)) / Math.sqrt(energy);
    im[i] = (2 * part) % n === 0 ? 0 : (weight * Math.sin((2 * Math.PI * part) / n)) / Math.sqrt(energy);
  }
  return { re: graph.constant(re, shape), im: graph.constant(im, shape) };
}

function checkModes(modes: number, most: number): void {
  if (modes <= most) return;
  throw new PtychonautError("usage", "a spectral layer cannot keep so many frequencies", {
    expected: `at most ${most}, half the side of the image and one`,
    got: String(modes),
    fix: "lower fno_modes",
  });
}
