import { PtychonautError } from "../errors.ts";
import { add, gelu } from "../graph/ops/elementwise.ts";
import { concat, expand } from "../graph/ops/layout.ts";
import { perGraph } from "../graph/perGraph.ts";
import type { Graph, Tensor } from "../graph/tensor.ts";
import type { Generator } from "./generator.ts";
import { type Builder, conv, GELU_GAIN } from "./layers.ts";
import { resample } from "./resample.ts";
import { centredSpectralConv2d } from "./spectralConv.ts";
import { spectralOutput } from "./spectralOutput.ts";
import { spectralSettings } from "./spectralSettings.ts";

/** Channels of a block over the width, and the side of its output over the image's. */
const BLOCKS = [
  { channels: 1, scale: 1 },
  { channels: 2, scale: 1 / 2 },
  { channels: 2, scale: 1 / 2 },
  { channels: 1, scale: 1 },
] as const;

/** Hidden channels of the maps at entrance and exit, over the width. */
const MAPS = 4;

/**
 * U-shaped neural operator (Rahman et al. 2023) in the layout of the library neuraloperator 2.0, which the reference takes
 * with four blocks: pixelwise maps of amplitudes and coordinates, blocks of full, half, half and full resolution, and the
 * output of each of the first two beside the input of its mirror image.
 *
 * Unlike there, frequencies keep their meaning where the resolution changes (the library cuts and pads its spectra at the
 * end, where the negative frequencies of the rows are).
 */
export const uno: Generator = {
  summary: "U-shaped neural operator",
  settings: spectralSettings,
  encoder: ["lifting", "uno.0", "uno.1"],
  check({ N, fnoModes }) {
    if (fnoModes <= N / 2) return;
    throw new PtychonautError("usage", "wrong value for fno_modes", {
      expected: `at most N/2 = ${N / 2}, which the inner blocks have`,
      got: String(fnoModes),
    });
  },
  build(builder, images, options) {
    const { fnoWidth: width, fnoModes: modes, N } = options;
    const grid = expand(coordinates(images.graph, N), [images.shape[0], 2, N, N]);
    const input = concat([images, grid], 1);
    // Patterns come through as if they were alone: coordinates say nothing about the object.
    const lifting = { hidden: MAPS * width, out: width, gain: Math.sqrt(input.shape[1] / images.shape[1]) };
    const lifted = pixelwise(builder, "lifting", input, lifting);
    const block = (i: number, x: Tensor): Tensor => {
      const { channels, scale } = BLOCKS[i];
      return unoBlock(builder, `uno.${i}`, x, { out: channels * width, side: N * scale, modes });
    };
    const first = block(0, lifted);
    const second = block(1, first);
    const third = block(2, concat([second, skip(builder, "skip.1", second)], 1));
    const last = block(3, concat([third, resample(skip(builder, "skip.0", first), N / 2)], 1));
    const hidden = gelu(conv(builder, "projection", last, MAPS * width, { kernel: 1, gain: GELU_GAIN }));
    return spectralOutput(builder, hidden, options);
  },
};

interface UnoBlockOptions {
  readonly out: number;
  /** Side of the output. */
  readonly side: number;
  readonly modes: number;
}

/** Before training a branch of two; the kept frequencies of a spectral one hold about half of the energy. */
const [GAIN, SPECTRAL_GAIN] = [Math.sqrt(1 / 2), Math.sqrt(2 / 3)];

/** W₂ GELU(W₁ (S x + K x)) + L x: S a spectral convolution; K, L, W₁ and W₂ pixelwise; K x and L x resampled. */
function unoBlock(builder: Builder, name: string, x: Tensor, { out, side, modes }: UnoBlockOptions): Tensor {
  const map = (layer: string, gain: number): Tensor =>
    resample(conv(builder, layer, x, out, { kernel: 1, bias: false, gain }), side);
  return builder.parameters.within(name, () => {
    const spectral = centredSpectralConv2d(builder, "spectral", x, { modes, gain: SPECTRAL_GAIN, out, side });
    const seen = add(spectral, map("local", SPECTRAL_GAIN));
    const mixed = pixelwise(builder, "mlp", seen, { hidden: Math.round(out / 2), out, gain: GAIN });
    return add(mixed, map("around", GAIN));
  });
}

interface PixelwiseOptions {
  readonly hidden: number;
  readonly out: number;
  /** Output RMS over input RMS in a fresh network. */
  readonly gain: number;
}

/** Two pixelwise maps with GELU between them. */
function pixelwise(builder: Builder, name: string, x: Tensor, { hidden, out, gain }: PixelwiseOptions): Tensor {
  return builder.parameters.within(name, () => {
    const inner = gelu(conv(builder, "expand", x, hidden, { kernel: 1, gain: GELU_GAIN }));
    return conv(builder, "project", inner, out, { kernel: 1, gain });
  });
}

const skip = (builder: Builder, name: string, x: Tensor): Tensor =>
  conv(builder, name, x, x.shape[1], { kernel: 1, bias: false, gain: 1 });

/**
 * y, then x, from −1/2 to 1/2, `[1, 2, N, N]`. The library has 0 to 1, which is the same but for a bias; around zero they
 * do not outweigh the patterns.
 */
const coordinates: (graph: Graph, N: number) => Tensor = perGraph((graph, N) => {
  const at = (i: number): number => (i < N * N ? Math.floor(i / N) : i % N) / N - 1 / 2;
  return graph.constant(
    Float32Array.from({ length: 2 * N * N }, (_, i) => at(i)),
    [1, 2, N, N],
  );
});
