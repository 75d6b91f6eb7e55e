import { sizeOf } from "../arrays.ts";
import { checkValues, type ParameterSpec, type ParameterValues } from "../nets/parameters.ts";
import type { HostTensor } from "../runtime/runtime.ts";

/** A named tensor's place in one long vector. */
export interface Slot {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/**
 * Where each tensor lies in one long vector: trained parameters in one layout, untrained state in another. One vector
 * makes sums over processes, checkpoints and copies one operation; graphs see views of it, tensor by tensor.
 */
export interface Layout {
  readonly slots: readonly Slot[];
  readonly length: number;
}

export function layoutOf(specs: readonly { readonly name: string; readonly shape: readonly number[] }[]): Layout {
  let offset = 0;
  const slots = specs.map(({ name, shape }) => {
    const slot = { name, shape, offset, length: sizeOf(shape) };
    offset += slot.length;
    return slot;
  });
  return { slots, length: offset };
}

/** What a layout needs to know of a parameter. */
export type ParameterShape = Pick<ParameterSpec, "name" | "shape" | "trainable">;

export const trainableLayout = (specs: readonly ParameterShape[]): Layout => layoutOf(specs.filter((s) => s.trainable));
export const stateLayout = (specs: readonly ParameterShape[]): Layout => layoutOf(specs.filter((s) => !s.trainable));

/** Views of the vector by the slots' names, each with `prefix` in front; no copies. */
export function views({ slots }: Layout, vector: Float32Array, prefix = ""): Record<string, HostTensor> {
  return Object.fromEntries(
    slots.map(({ name, shape, offset, length }) => [
      `${prefix}${name}`,
      { data: vector.subarray(offset, offset + length), shape },
    ]),
  );
}

/** What training changes: parameters, the optimiser's moments, and untrained state, each as one vector. */
export interface Weights {
  readonly parameters: Float32Array;
  /** In the order of the optimiser's `moments`. */
  readonly moments: readonly Float32Array[];
  readonly state: Float32Array;
}

/**
 * Vectors of fresh or loaded values, with moments at zero.
 * @throws PtychonautError "bundle" when the values do not belong to these parameters
 */
export function packWeights(
  specs: readonly ParameterSpec[],
  values: ParameterValues,
  momentCount: number,
  where = "start weights",
): Weights {
  checkValues(specs, values, where);
  const parameters = pack(trainableLayout(specs), values);
  return {
    parameters,
    moments: Array.from({ length: momentCount }, () => new Float32Array(parameters.length)),
    state: pack(stateLayout(specs), values),
  };
}

/**
 * The same values in the vectors of another layout: of the same parameters, of which others are trained. What is trained
 * in both keeps its moments; what is trained no longer loses them.
 */
export function relaidWeights(
  weights: Weights,
  from: readonly ParameterShape[],
  to: readonly ParameterShape[],
): Weights {
  const values = unpackWeights(from, weights);
  const trained = trainableLayout(to);
  return {
    parameters: pack(trained, values),
    moments: weights.moments.map((moment) => pack(trained, valuesOf(views(trainableLayout(from), moment)))),
    state: pack(stateLayout(to), values),
  };
}

/** Values by name, views of the vectors. */
export function unpackWeights(
  specs: readonly ParameterShape[],
  { parameters, state }: Pick<Weights, "parameters" | "state">,
): Record<string, Float32Array> {
  const named = valuesOf({ ...views(trainableLayout(specs), parameters), ...views(stateLayout(specs), state) });
  return Object.fromEntries(specs.map(({ name }) => [name, named[name]]));
}

const valuesOf = (tensors: Readonly<Record<string, HostTensor>>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data as Float32Array]));

export function copyWeights({ parameters, moments, state }: Weights): Weights {
  return { parameters: parameters.slice(), moments: moments.map((moment) => moment.slice()), state: state.slice() };
}

function pack({ slots, length }: Layout, values: ParameterValues): Float32Array {
  const vector = new Float32Array(length);
  for (const { name, offset } of slots) vector.set(values[name], offset);
  return vector;
}
