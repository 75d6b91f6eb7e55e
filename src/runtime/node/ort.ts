import { InferenceSession, Tensor } from "onnxruntime-node";
import { PtychonautError } from "../../errors.ts";
import type { Target } from "../../graph/lowering/target.ts";
import { ortDeviceMemory } from "../ortDeviceMemory.ts";
import { type OrtFlavour, OrtSession } from "../ortSession.ts";
import type { Provider, Runtime, SessionOptions } from "../runtime.ts";
import { conversionStop, withConversionStop } from "./conversionStop.ts";

const returning: OrtFlavour = { Tensor };
const writing: OrtFlavour = { Tensor, stop: conversionStop };

/** The runtime in Node: onnxruntime-node with one execution provider. Which one to take: `accelerator.ts`. */
export function nodeRuntime(
  provider: Provider,
  description: string,
  defaults: SessionOptions = {},
  target: Target = "portable",
): Runtime {
  const open = (
    model: Uint8Array,
    options: SessionOptions = {},
    preferredOutputLocation: OutputLocations = {},
  ): Promise<InferenceSession> => create(model, provider, { ...defaults, ...options }, preferredOutputLocation);
  return {
    provider,
    description,
    target,
    load: async (model, options) =>
      options?.bringsMemory === true
        ? new OrtSession(await open(withConversionStop(model), options), writing)
        : new OrtSession(await open(model, options), returning),
    ...(provider === "webgpu" && { memory: ortDeviceMemory(open, Tensor) }),
  };
}

/** Both passes of it: for any provider, and for the CPU's. */
const TRANSPOSE_OPTIMIZERS = "TransposeOptimizer;TransposeOptimizer_CPUExecutionProvider";

type OutputLocations = Readonly<Record<string, "gpu-buffer">>;

async function create(
  model: Uint8Array,
  provider: Provider,
  options: SessionOptions,
  preferredOutputLocation: OutputLocations,
): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      executionProviders: [provider],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      logSeverityLevel: 3,
      preferredOutputLocation,
      // Plans for memory make a second copy of it from the second run on, and save no time.
      enableMemPattern: false,
      // Moments and gradients near zero would otherwise be denormal numbers, which processors add ten times slower.
      extra: {
        session: { set_denormal_as_zero: "1" },
        // It moves the transpositions that graphs for the CPU place with care, and makes some of them twice.
        ...(provider === "cpu" && { optimization: { disable_specified_optimizers: TRANSPOSE_OPTIMIZERS } }),
      },
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.profile === undefined ? {} : { enableProfiling: true, profileFilePrefix: options.profile }),
    });
  } catch (cause) {
    throw new PtychonautError("device", `ONNX Runtime refuses the graph on provider ${provider}`, {
      got: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}
