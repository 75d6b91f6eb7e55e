import { type ComplexArray, joinComplex, type RealArray } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import { PtychonautError } from "../errors.ts";
import { probeChannels } from "../nets/conditioning.ts";
import { seesExperiment, seesOffsets, seesProbe } from "../nets/network.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import type { Propagator } from "../physics/propagation/propagator.ts";
import type { HostTensor, Runtime } from "../runtime/runtime.ts";
import {
  MASK_INPUT,
  OFFSETS_INPUT,
  PREDICTION_INPUT,
  PREDICTION_OUTPUTS,
  PROBE_INPUT,
  predictionGraph,
} from "./predictionModel.ts";

/** Turns a batch of diffraction into object patches. */
export interface Predictor {
  /** Groups in a batch; every batch has as many. */
  readonly batch: number;
  /**
   * @param batch.images `[batch, C, N, N]`, network input
   * @param batch.offsets `[batch, C, 2]`, where they are of each other; for networks that see it (`seesOffsets`)
   * @param batch.frames `[batch, C]`, which patterns they are
   * @returns `[batch · C, N, N]`
   * @throws PtychonautError "usage" when the network misses the offsets
   */
  predict(batch: {
    readonly images: Float32Array;
    readonly offsets?: Float32Array;
    readonly frames: Int32Array;
  }): Promise<ComplexArray>;
  dispose(): Promise<void>;
}

/** What networks may see of the scan that they predict. */
export interface PredictedScan {
  /** `[mode, N, N]`, scaled to the data (`scaledProbe`). */
  readonly probe: ComplexArray;
  /** `[N, N]`, 1 = valid pixel of the detector. */
  readonly mask?: RealArray;
  /** From the sample to the detector. Default: far field. */
  readonly propagator?: Propagator;
}

/**
 * A trained network on a runtime. The graph is built anew from the settings, since the one in a bundle has the batch size
 * that it was exported with.
 * @param scan that of the data; needed where the network sees it
 * @throws PtychonautError "bundle" when the weights are not those of this network, "usage" when it lacks the probe
 */
export async function loadPredictor(
  runtime: Runtime,
  model: ModelConfig,
  weights: ParameterValues,
  batch: number,
  scan?: PredictedScan,
): Promise<Predictor> {
  const constants = {
    ...(seesProbe(model) ? { [PROBE_INPUT]: seenProbe(scan?.probe, model.N) } : {}),
    ...(seesExperiment(model) ? { [MASK_INPUT]: seenMask(scan?.mask, model.N) } : {}),
  };
  const session = await runtime.load(predictionGraph(model, batch, scan?.propagator).export(weights));
  const { N, gridsize } = model;
  const shape = [batch, gridsize ** 2, N, N];
  return {
    batch,
    async predict({ images, offsets }) {
      const { [PREDICTION_OUTPUTS.re]: re, [PREDICTION_OUTPUTS.im]: im } = await session.run({
        [PREDICTION_INPUT]: { data: images, shape },
        ...(seesOffsets(model) ? { [OFFSETS_INPUT]: seenOffsets(offsets, [batch, gridsize ** 2, 2]) } : {}),
        ...constants,
      });
      return joinComplex([batch * gridsize ** 2, N, N], re.data as Float32Array, im.data as Float32Array);
    },
    dispose: () => session.dispose(),
  };
}

function seenOffsets(data: Float32Array | undefined, shape: readonly number[]): HostTensor {
  if (data !== undefined) return { data, shape };
  throw new PtychonautError("usage", "this network needs to see where the patterns of a group lie", {
    expected: `offsets [${shape.join(", ")}]`,
    got: "none",
  });
}

function seenMask(mask: RealArray | undefined, N: number): HostTensor {
  return { data: mask?.data ?? new Float32Array(N * N).fill(1), shape: [1, 1, N, N] };
}

function seenProbe(probe: ComplexArray | undefined, N: number): HostTensor {
  if (probe?.shape.slice(-2).every((side) => side === N)) return probeChannels(probe);
  throw new PtychonautError("usage", "this network was trained to see the probe beside the patterns", {
    expected: `the probe of the data, [mode, ${N}, ${N}]`,
    got: probe === undefined ? "none" : `[${probe.shape.join(", ")}]`,
  });
}
