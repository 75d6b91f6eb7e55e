import type { Communicator } from "../communicator.ts";
import type { Weights } from "./parameterStore.ts";

/**
 * The weights that rank 0 has, in every process.
 * @param own of rank 0; others need not have any
 * @param moments vectors that the optimiser keeps
 */
export async function broadcastWeights(
  communicator: Communicator,
  own: Weights | undefined,
  moments: number,
): Promise<Weights> {
  if (communicator.size === 1 && own !== undefined) return own;
  const from = async (values: Float32Array | undefined): Promise<Float32Array> => {
    const bytes = values && new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const had = await communicator.broadcast(bytes ?? new Uint8Array(0));
    return values ?? new Float32Array(had.slice().buffer);
  };
  const parameters = await from(own?.parameters);
  const state = await from(own?.state);
  const theirs: Float32Array[] = [];
  for (let i = 0; i < moments; i++) theirs.push(await from(own?.moments[i]));
  return { parameters, state, moments: theirs };
}
