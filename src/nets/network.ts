import { PtychonautError } from "../errors.ts";
import { add, log, relu, sqrt } from "../graph/ops/elementwise.ts";
import { reshape } from "../graph/ops/layout.ts";
import type { Tensor } from "../graph/tensor.ts";
import { conditioned } from "./conditioning.ts";
import type { GeneratorOptions, InputTransform, Patches } from "./generator.ts";
import { initialisation } from "./initialisers.ts";
import { standardise } from "./normalise.ts";
import type { Parameters } from "./parameters.ts";
import { generatorNamed } from "./registry.ts";
import { standardised } from "./standardise.ts";

export interface NetworkOptions extends GeneratorOptions {
  readonly architecture: string;
}

/** Keeps images of constant amplitude finite. */
const EPSILON = 1e-6;

const transforms: Readonly<Record<InputTransform, (x: Tensor) => Tensor>> = {
  none: (x) => x,
  sqrt: (x) => sqrt(relu(x)),
  log1p: (x) => log(add(relu(x), 1)),
  instancenorm: (x) => standardise(x, [2, 3], EPSILON),
};

/**
 * Builds the network that the settings describe. Group members are channels of one image when they are to be merged into
 * one object, and separate images otherwise, or where the generator takes one pattern at a time; amplitudes are compressed or standardised where asked for; the channels of the input
 * conditioning come last.
 * @param images amplitudes of mean energy (N/2)², `[batch, channel, N, N]`
 * @param probe `[1, 2, N, N]`, real and imaginary part (`probeChannels`), or `[batch, 2, N, N]`, each group's own; needed for the
 * conditioning `probe_real_imag`
 * @throws PtychonautError "shape" for images of another size, "usage" for a network that cannot be
 */
export function buildNetwork(parameters: Parameters, images: Tensor, options: NetworkOptions, probe?: Tensor): Patches {
  const { N, objectBig, architecture, fnoInputTransform } = options;
  if (images.rank !== 4 || images.shape[2] !== N || images.shape[3] !== N) {
    throw new PtychonautError("shape", "the images do not fit the network", {
      expected: `[batch, channel, ${N}, ${N}]`,
      got: `[${images.shape.join(", ")}]`,
    });
  }
  const { build, onePattern } = generatorNamed(architecture);
  const grouped = objectBig && !onePattern ? images : reshape(images, [-1, 1, N, N]);
  const transformed = transforms[fnoInputTransform](grouped);
  const seen = options.standardiseInput ? standardised(parameters, transformed) : transformed;
  const input = conditioned(seen, options.inputConditioning, probe);
  const builder = { parameters, start: initialisation(options.initialization) };
  const patches = build(builder, input, { ...options, outputs: grouped.shape[1] });
  const asGiven = (x: Tensor): Tensor => reshape(x, images.shape);
  return patches.kind === "polar"
    ? { kind: "polar", amplitude: asGiven(patches.amplitude), phase: asGiven(patches.phase) }
    : { kind: "cartesian", re: asGiven(patches.re), im: asGiven(patches.im) };
}
