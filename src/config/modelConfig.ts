import { z } from "zod";
import type { GeneratorOptions } from "../nets/generator.ts";
import { generatorNames } from "../nets/registry.ts";
import { choice, integer, only, optional, real, toggle, withDefault } from "./fields.ts";
import { generatorList, ofGenerators as of } from "./generatorNotes.ts";
import type { Open, SettingGroup } from "./group.ts";
import { hybridFields } from "./hybridConfig.ts";
import { spectralFields } from "./spectralConfig.ts";

/** The network and its physics, fully resolved. */
export interface ModelConfig extends GeneratorOptions {
  readonly modelType: "pinn" | "supervised";
  /** The name of a registered generator. */
  readonly architecture: string;
  readonly gridsize: number;
  readonly padObject: true;
  readonly trainingPatchWeighting: "central_mask" | "probe" | "uniform";
  readonly physicsForwardMode: "amplitude" | "rectangular_scaled";
  readonly rectS1s2Trainable: boolean;
  readonly rectS1s2Init: "ones" | "data";
  readonly amplitudePhysicsGain: number;
  readonly intensityScaleTrainable: boolean;
  readonly modeCoherence: "incoherent" | "coherent";
  readonly probeTrainable: boolean;
  readonly frameIntensityTrainable: boolean;
  readonly probeMask: boolean;
  readonly probeMaskSigma: number;
  readonly probeMaskDiameter: number;
}

export type ModelSettings = Open<ModelConfig, "N" | "objectBig" | "probeMaskDiameter">;

const schema = z.strictObject({
  modelType: choice(
    ["pinn", "supervised"],
    "pinn",
    "How the network learns: from the diffraction alone, through the physics, or from labels, the true patches.",
  ),
  architecture: choice(
    generatorNames as readonly [string, ...string[]],
    "cnn",
    `The generator that turns diffraction into object patches. ${generatorList()}.`,
  ),
  N: optional(
    integer({ min: 32, multipleOf: 8 }),
    "Side of a diffraction pattern; a multiple of 8. Taken from the data when left open.",
    { unit: "pixels" },
  ),
  gridsize: withDefault(
    integer({ min: 1, max: 8 }),
    2,
    "Side of a group of neighbouring patterns: gridsize² patterns enter the network together.",
  ),
  inputConditioning: choice(
    ["diffraction_only", "probe_real_imag", "coordinate_grid"],
    "diffraction_only",
    "What the network sees behind the patterns: nothing, the probe's real and imaginary part (that of the data at hand, its strongest mode), or where on the detector each pixel is.",
  ),
  standardiseInput: toggle(
    false,
    "The network sees how far each pixel of a pattern is from its mean over the training patterns, in units of its deviation. Without a transform of the input.",
  ),
  nFiltersScale: withDefault(
    integer({ min: 1, max: 16 }),
    2,
    of("nFiltersScale", "multiplies the channels of every layer."),
  ),
  cnnOutputMode: choice(
    ["amp_phase", "real_imag"],
    "amp_phase",
    of("cnnOutputMode", "what the two decoders emit: amplitude and phase, or real and imaginary part."),
  ),
  ampActivation: choice(["silu", "sigmoid"], "silu", of("ampActivation", "activation of the amplitude head."), {
    refused: {
      relu: "the reference's PyTorch network turns every name but sigmoid into silu; choose one of the two",
      softplus: "the reference's PyTorch network turns every name but sigmoid into silu; choose one of the two",
    },
  }),
  sharedDecoder: toggle(
    false,
    of("sharedDecoder", "one decoder with channel attention for both outputs instead of two decoders."),
  ),
  batchNorm: toggle(false, of("batchNorm", "batch normalisation in the encoder and the phase decoder.")),
  cbamEncoder: toggle(
    false,
    of(
      "cbamEncoder",
      "channel and spatial attention after every encoder block. Off, unlike in the reference: with it a fresh network barely sees its input.",
    ),
  ),
  cbamBottleneck: toggle(false, of("cbamBottleneck", "channel and spatial attention at the bottleneck.")),
  cbamDecoder: toggle(false, of("cbamDecoder", "channel and spatial attention after every decoder block.")),
  ecaEncoder: toggle(
    false,
    of("ecaEncoder", "efficient channel attention after every encoder block, behind the other where both are on."),
  ),
  ecaDecoder: toggle(
    false,
    of("ecaDecoder", "efficient channel attention after every decoder block, behind the other where both are on."),
  ),
  spatialDecoder: toggle(
    false,
    of("spatialDecoder", "spatial attention of its own after every decoder block, behind the others."),
  ),
  decoderSpatialKernel: withDefault(
    integer({ min: 3, max: 31 }),
    7,
    of("decoderSpatialKernel", "side of that attention's kernel, odd."),
    { unit: "pixels" },
  ),
  probeBig: toggle(
    true,
    of("probeBig", "a low-resolution path for the border of the patch, where a wide probe still has light."),
  ),
  borderChannels: optional(
    integer({ min: 1, max: 256 }),
    of("borderChannels", "features of each decoder that make the border; as many as its outputs when left open."),
  ),
  padObject: only(
    true,
    "The decoder fills the central N/2 of the patch; the rest is the border path's.",
    "a decoder of full size belongs to the reference's TensorFlow backend",
  ),
  initialization: choice(
    ["variance_preserving", "torch", "glorot"],
    "variance_preserving",
    "Start weights: keep the signal's variance through the depth, PyTorch's defaults, or Glorot uniform with zero biases.",
  ),
  objectBig: optional(
    z.boolean(),
    "Merge the patches of a group into one object before the physics. On when gridsize is above 1, unless said.",
  ),
  trainingPatchWeighting: choice(
    ["central_mask", "probe", "uniform"],
    "central_mask",
    "Weights of the patches where they overlap inside a group: one in the middle N/2 of each and none around it, where the object is zero then, as the reference trains; the probe's light; or one.",
  ),
  physicsForwardMode: choice(
    ["amplitude", "rectangular_scaled"],
    "amplitude",
    "Forward model: amplitude of the far field, or intensity with separate scales s1, s2 of real and imaginary part.",
  ),
  rectS1s2Trainable: toggle(true, "Train s1 and s2 of the rectangular forward model."),
  rectS1s2Init: choice(["ones", "data"], "ones", "Start of s1 and s2: one, or fitted to the first batch."),
  amplitudePhysicsGain: withDefault(real({ above: 0 }), 1, "Factor on the predicted amplitude."),
  intensityScaleTrainable: toggle(false, "Train one affine correction of the predicted amplitude."),
  modeCoherence: choice(
    ["incoherent", "coherent"],
    "incoherent",
    "How the probe's modes add: their intensities (a partly coherent beam), or their waves.",
  ),
  probeTrainable: toggle(
    false,
    "Refine the probe while training, starting from the file's; its energy stays, since only object times probe is seen.",
  ),
  frameIntensityTrainable: toggle(
    false,
    "Train a factor on the intensity of every training pattern, of mean one: a beam that flickers. Needs gridsize above 1.",
  ),
  probeMask: toggle(false, "Multiply the probe by a soft circular mask."),
  probeMaskSigma: withDefault(real({ min: 0 }), 1, "Width of the probe mask's Gaussian edge.", { unit: "pixels" }),
  probeMaskDiameter: optional(real({ above: 0 }), "Diameter of the probe mask; N/2 when left open.", {
    unit: "pixels",
  }),
  ...spectralFields,
  ...hybridFields,
  unrolledStages: withDefault(
    integer({ min: 1, max: 32 }),
    4,
    of("unrolledStages", "updates of a patch from its pattern, and small networks behind them."),
  ),
  unrolledWidth: withDefault(
    integer({ min: 4, max: 256 }),
    16,
    of("unrolledWidth", "channels of those networks at full resolution."),
  ),
}) satisfies z.ZodType<ModelSettings>;

const ONE_NORMALISATION = "there is one normalisation: a unit object reproduces the mean energy of the patterns";

export const modelGroup: SettingGroup<ModelSettings> = {
  name: "model",
  title: "Network and physics",
  schema,
  refused: {
    probeScale: ONE_NORMALISATION,
    intensityScale: ONE_NORMALISATION,
    parityScaleMode: ONE_NORMALISATION,
    gaussianSmoothingSigma: "smoothing the probe or the object is not in this version",
    decoderLastCOuterFraction: "border_channels gives their number",
    decoderLastAmpChannels: "the number of amplitude channels follows from gridsize",
    useLegacyDecoderChannelOverride: "border_channels gives the number of border channels",
    edgePad: "it has no effect in the reference system's network",
    maxPositionJitter: "the canvas of a group is sized from its positions",
    CModel: "it is gridsize²",
    CForward: "it is gridsize²",
    numDatasets: "it is the number of scans that train_data_file names",
    learnedInputChannels: "how many channels the input has follows from gridsize and input_conditioning",
    ffnoEncoderBlocks: "fno_blocks gives the number of blocks of every spectral generator",
    ffnoEncoderModes: "fno_modes gives the frequencies of every spectral generator",
  },
};
