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
  return builder.parameters.within(name, () => {
    const weights = spectralWeights(builder, "weights", [channels, channels, modes, modes], gain);
    const columns = each(realDft(x, modes), transposeMatrix);
    const spectrum = complexMatmul(columns, analysis(x.graph, height, modes)); // [batch, channel, kx, ky]
    const mixed = complexMatmul(permuted(spectrum, [3, 2, 0, 1]), permuted(weights, [2, 3, 0, 1]));
    const back = complexMatmul(permuted(mixed, [2, 3, 1, 0]), synthesis(x.graph, height, modes));
    return inverseRealDft(each(back, transposeMatrix), width);
  });
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
  return inverseRealDft(spectrum, width);
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
  const { re, im } = analysis(x.graph, x.shape.at(-1)!, modes);
  return { re: matmul(x, re), im: matmul(x, im) };
}

/** Real values of which these are the lowest frequencies; the others are zero. */
function inverseRealDft(spectrum: Complex, n: number): Tensor {
  const { re, im } = realSynthesis(spectrum.re.graph, n, spectrum.re.shape.at(-1)!);
  return sub(matmul(spectrum.re, re), matmul(spectrum.im, im));
}

type DftMatrix = (graph: Graph, n: number, modes: number) => Complex;

/** exp(−2πi kx/n) / √n, `[n, modes]`. */
const analysis: DftMatrix = perGraph((graph, n, modes) =>
  waves(graph, [n, modes], n, (x, k) => ({ turns: -k * x, weight: 1 })),
);

/** exp(2πi kx/n) / √n, `[modes, n]`. */
const synthesis: DftMatrix = perGraph((graph, n, modes) =>
  waves(graph, [modes, n], n, (k, x) => ({ turns: k * x, weight: 1 })),
);

/**
 * The same for real results, `[modes, n]`: a frequency stands for its negative too, but 0 and n/2 for themselves alone.
 * There the sines vanish, so that imaginary parts play no role.
 */
const realSynthesis: DftMatrix = perGraph((graph, n, modes) =>
  waves(graph, [modes, n], n, (k, x) => ({ turns: k * x, weight: k === 0 || 2 * k === n ? 1 : 2 })),
);

function waves(
  graph: Graph,
  shape: readonly [number, number],
  n: number,
  at: (row: number, column: number) => { readonly turns: number; readonly weight: number },
): Complex {
  const re = new Float32Array(shape[0] * shape[1]);
  const im = new Float32Array(re.length);
  for (let i = 0; i < re.length; i++) {
    const { turns, weight } = at(Math.floor(i / shape[1]), i % shape[1]);
    // Whole and half turns are taken off in integers: the angle keeps all its digits, and sines of them are zero.
    const part = turns % n;
    re[i] = (weight * Math.cos((2 * Math.PI * part) / n)) / Math.sqrt(n);
    im[i] = (2 * part) % n === 0 ? 0 : (weight * Math.sin((2 * Math.PI * part) / n)) / Math.sqrt(n);
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
