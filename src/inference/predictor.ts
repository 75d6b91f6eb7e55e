import { type ComplexArray, joinComplex } from "../arrays.ts";
import type { ModelConfig } from "../config/modelConfig.ts";
import type { ParameterValues } from "../nets/parameters.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { PREDICTION_INPUT, PREDICTION_OUTPUTS, predictionGraph } from "./predictionModel.ts";

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
 * @throws PtychonautError "bundle" when the weights are not those of this network
 */
export async function loadPredictor(
  runtime: Runtime,
  model: ModelConfig,
  weights: ParameterValues,
  batch: number,
): Promise<Predictor> {
  const session = await runtime.load(predictionGraph(model, batch).export(weights));
  const { N, gridsize } = model;
  const shape = [batch, gridsize ** 2, N, N];
  return {
    batch,
    async predict({ images }) {
      const { [PREDICTION_OUTPUTS.re]: re, [PREDICTION_OUTPUTS.im]: im } = await session.run({
        [PREDICTION_INPUT]: { data: images, shape },
      });
      return joinComplex([batch * gridsize ** 2, N, N], re!.data as Float32Array, im!.data as Float32Array);
    },
    dispose: () => session.dispose(),
  };
}
