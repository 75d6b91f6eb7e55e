import { type ComplexArray, joinComplex } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import { PtychonautError } from "../errors.ts";
import { probeChannels } from "../nets/conditioning.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import type { HostTensor, Runtime } from "../runtime/runtime.ts";
import { PREDICTION_INPUT, PREDICTION_OUTPUTS, PROBE_INPUT, predictionGraph, seesProbe } from "./predictionModel.ts";

/** Turns a batch of diffraction into object patches. */
export interface Predictor {
  /** Groups in a batch; every batch has as many. */
  readonly batch: number;
  /**
   * @param batch.images `[batch, C, N, N]`, network input
   * @param batch.frames `[batch, C]`, which patterns they are
   * @returns `[batch · C, N, N]`
   */
  predict(batch: { readonly images: Float32Array; readonly frames: Int32Array }): Promise<ComplexArray>;
  dispose(): Promise<void>;
}

/**
 * A trained network on a runtime. The graph is built anew from the settings, since the one in a bundle has the batch size
 * that it was exported with.
 * @param probe that of the data, `[mode, N, N]`, scaled to them (`scaledProbe`); needed where the network sees it
 * @throws PtychonautError "bundle" when the weights are not those of this network, "usage" when it lacks the probe
 */
export async function loadPredictor(
  runtime: Runtime,
  model: ModelConfig,
  weights: ParameterValues,
  batch: number,
  probe?: ComplexArray,
): Promise<Predictor> {
  const constants = seesProbe(model) ? { [PROBE_INPUT]: seenProbe(probe, model.N) } : {};
  const session = await runtime.load(predictionGraph(model, batch).export(weights));
  const { N, gridsize } = model;
  const shape = [batch, gridsize ** 2, N, N];
  return {
    batch,
    async predict({ images }) {
      const { [PREDICTION_OUTPUTS.re]: re, [PREDICTION_OUTPUTS.im]: im } = await session.run({
        [PREDICTION_INPUT]: { data: images, shape },
        ...constants,
      });
      return joinComplex([batch * gridsize ** 2, N, N], re.data as Float32Array, im.data as Float32Array);
    },
    dispose: () => session.dispose(),
  };
}

function seenProbe(probe: ComplexArray | undefined, N: number): HostTensor {
  if (probe?.shape.slice(-2).every((side) => side === N)) return probeChannels(probe);
  throw new PtychonautError("usage", "this network was trained to see the probe beside the patterns", {
    expected: `the probe of the data, [mode, ${N}, ${N}]`,
    got: probe === undefined ? "none" : `[${probe.shape.join(", ")}]`,
  });
}
