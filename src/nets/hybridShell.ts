import { PtychonautError } from "../errors.ts";
import { add, gelu } from "../graph/ops/elementwise.ts";
import { averagePool2x2, conv2d } from "../graph/ops/image.ts";
import { reshape, transpose } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fnoBlock } from "./fnoBlock.ts";
import type { BuildOptions, GeneratorOptions, Patches } from "./generator.ts";
import { type Builder, conv, GELU_GAIN } from "./layers.ts";
import { lifter } from "./lifter.ts";
import { sampleNorm } from "./normalise.ts";
import { spectralOutput } from "./spectralOutput.ts";
import { checkModes, spectralSettings } from "./spectralSettings.ts";
import { parityConv } from "./upsampledConv.ts";

/** Settings of the generators that share the shell. */
export const shellSettings: readonly (keyof GeneratorOptions)[] = [
  ...spectralSettings,
  "fnoBlocks",
  "hybridDownsampleSteps",
  "hybridDownsampleOp",
  "hybridSkipConnections",
  "hybridEncoderConvHiddenScale",
];

/** @throws PtychonautError "usage" for fewer encoder blocks than halvings, or more frequencies than a pattern has */
export function checkShell(options: GeneratorOptions): void {
  checkModes(options);
  const { fnoBlocks, hybridDownsampleSteps: steps } = options;
  if (steps <= fnoBlocks) return;
  throw new PtychonautError("usage", "wrong value for hybrid_downsample_steps", {
    expected: `at most fno_blocks ${fnoBlocks}: each halving stands behind a block`,
    got: String(steps),
  });
}

/** The frequencies that an image of this side has, if it has fewer. */
export const modesAt = (side: number, modes: number): number => Math.min(modes, Math.floor(side / 2) + 1);

/**
 * Lifter; spectral and local convolutions side by side in residual blocks, behind the first of which the image is halved
 * and its channels doubled; a bottleneck; the way back by learned enlargement; full patches.
 * @param bottleneck from features to features of the same shape
 */
export function hybridShell(
  builder: Builder,
  images: Tensor,
  options: BuildOptions,
  bottleneck: (x: Tensor) => Tensor,
): Patches {
  const { fnoBlocks: blocks, fnoModes, hybridDownsampleSteps: steps, hybridDownsampleOp: op } = options;
  // Two branches a block; all blocks together add about as much as goes in.
  const gain = GELU_GAIN / Math.sqrt(2 * blocks);
  let x = lifter(builder, images, options.fnoWidth);
  const passed: Tensor[] = [];
  for (let i = 0; i < blocks; i++) {
    const localChannels = Math.max(1, Math.round(options.hybridEncoderConvHiddenScale * x.shape[1]));
    const modes = modesAt(x.shape[2], fnoModes);
    x = fnoBlock(builder, `encoder.${i}`, x, { modes, gain, stable: false, localChannels });
    if (i >= steps) continue;
    passed.push(x);
    x = halved(builder, `down.${i}`, x, op);
  }
  x = bottleneck(x);
  for (let i = 0; i < steps; i++) {
    x = doubled(builder, `up.${i}`, x);
    const same = passed[steps - 1 - i];
    if (options.hybridSkipConnections) {
      x = add(x, conv(builder, `skip.${i}`, same, x.shape[1], { kernel: 1, gain: 1 }));
    }
  }
  return spectralOutput(builder, x, options);
}

/** `[batch, C, y, x]` → `[batch, 2C, y/2, x/2]` */
function halved(builder: Builder, name: string, x: Tensor, op: GeneratorOptions["hybridDownsampleOp"]): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const out = 2 * channels;
  if (op === "avgpool_conv") return conv(builder, name, averagePool2x2(x), out, { kernel: 1, gain: 1 });
  const { parameters, start } = builder;
  return parameters.within(name, () => {
    const weights = parameters.trainable("weight", [out, channels, 2, 2], start.weights(1));
    const bias = parameters.trainable("bias", [out], start.bias(4 * channels, 0));
    // A convolution whose windows do not overlap is a pixelwise map of the windows.
    const windows = transpose(reshape(x, [batch, channels, height / 2, 2, width / 2, 2]), [0, 1, 3, 5, 2, 4]);
    const pixels = reshape(windows, [batch, 4 * channels, height / 2, width / 2]);
    return conv2d(pixels, reshape(weights, [out, 4 * channels, 1, 1]), { bias });
  });
}

/** Transposed convolution, instance normalisation, GELU: `[batch, C, y, x]` → `[batch, C/2, 2y, 2x]`. */
function doubled(builder: Builder, name: string, x: Tensor): Tensor {
  const { parameters, start } = builder;
  const channels = x.shape[1];
  return parameters.within(name, () => {
    const weights = parameters.trainable("weight", [2 * channels, channels, 2, 2], start.weights(1));
    return gelu(sampleNorm(parameters, "norm", parityConv(x, weights), "instance"));
  });
}

/** norm(K₂ GELU(norm(K₁ x))), K₁ and K₂ 3×3 convolutions: what a residual block adds. */
export function localBranch(builder: Builder, x: Tensor): Tensor {
  const channels = x.shape[1];
  const normal = (name: string, y: Tensor): Tensor =>
    sampleNorm(
      builder.parameters,
      `norm${name}`,
      conv(builder, `conv${name}`, y, channels, { bias: false, gain: 1 }),
      "instance",
    );
  return normal("2", gelu(normal("1", x)));
}
