import type { RealArray } from "../../src/arrays.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { type ParameterSpec, Parameters, type ParameterValues } from "../../src/nets/parameters.ts";
import { referenceName } from "../../src/reference/referenceNames.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import type { StepBatch } from "../../src/training/trainingStep.ts";
import { evaluate } from "../evaluate.ts";
import { type Fixture, type FixtureArrays, fixtureArrays, fixturesOfKind } from "../fixtures.ts";
import {
  calibration,
  type ReferenceInit,
  type ReferenceProblem,
  referenceProblem,
  type Variant,
  variants,
} from "./referenceTraining.ts";

/** A training of the reference system in the fixture folder: five steps on one batch. */
export interface StoredTraining {
  /** Of the fixtures' README. */
  readonly name: string;
  readonly init: ReferenceInit;
  readonly variant: Variant;
  readonly problem: ReferenceProblem;
  /** What its entry expects to be followed up to step 5; of the others the fixtures' README asks for less. */
  readonly wellConditioned: boolean;
  /** Before step 1 … after step 5. */
  readonly losses: ArrayLike<number>;
  /** An array of this training, in float32, or undefined where it was not stored. */
  get(key: string): Float32Array | undefined;
}

export const STEPS = 5;

/** Double precision takes seconds, and on a busy machine many times that. */
export const PATIENCE_MS = 300_000;

/** The trainings of one fixture of kind `train` (one training) or `train_variants`. */
export function storedTrainings({ entry, arrays }: Fixture): StoredTraining[] {
  const init = initOf(String(entry["init"]));
  const followed = (entry["wellConditioned"] ?? []) as readonly string[];
  const training = (name: string, prefix: string): StoredTraining => ({
    ...storedTraining(init, name, arrays, prefix),
    wellConditioned: followed.includes(name),
  });
  if (entry.kind === "train") return [training(String(entry["variant"]), "")];
  const names = arrays.keys.filter((key) => key.endsWith(".loss")).map((key) => key.slice(0, -".loss".length));
  return names.map((name) => training(name, `${name}.`));
}

function storedTraining(
  init: ReferenceInit,
  name: string,
  arrays: FixtureArrays,
  prefix: string,
): Omit<StoredTraining, "wellConditioned"> {
  const variant = variants[name];
  if (variant === undefined) throw new Error(`the tests do not know the training variant "${name}"`);
  const problem = referenceProblem(init, variant);
  return {
    name,
    init,
    variant,
    problem,
    losses: arrays.get(`${prefix}loss`).data,
    get: (key) => (arrays.has(prefix + key) ? floats(arrays, prefix + key).data : undefined),
  };
}

/** The stored initial parameters, by our names. */
export async function startValues(
  { init: { arrays }, variant, problem }: StoredTraining,
  specs: readonly ParameterSpec[],
): Promise<ParameterValues> {
  const network = specs.filter(({ name }) => !name.startsWith("physics."));
  const stored = arrays.keys.filter((key) => key.startsWith("sd.autoencoder."));
  const values = {
    ...valuesFromReference(new Map(stored.map((key) => [key, floats(arrays, key)])), network, "init"),
  };
  if (variant.loss !== "ci") return values;
  for (const s of ["s1", "s2"]) values[`physics.${s}`] = floats(arrays, `sd.forward_model.rect_scaler.${s}`).data;
  if (!variant.calibrated) return values;
  const parameters = new Parameters(new Graph(), { training: false });
  const { measures } = problem.build(parameters);
  const { rates } = await evaluate({ rates: measures["meanRate"] }, { ...feedsOf(problem), ...values });
  const scale = Float32Array.of(calibration(arrays, rates.reduce((a, b) => a + b, 0) / rates.length));
  return { ...values, "physics.s1": scale, "physics.s2": scale };
}

export const feedsOf = ({ inputs }: ReferenceProblem): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(inputs).map(([name, { data }]) => [name, data]));

/** The batch of every step. */
export const batchOf = ({ problem }: StoredTraining): StepBatch => ({
  inputs: problem.inputs,
  sampleWeights: new Float32Array(problem.batch).fill(1),
});

/** Upstream name of one of our parameters. */
export const upstream = (name: string): string =>
  name.startsWith("physics.")
    ? `forward_model.rect_scaler.${name.slice("physics.".length)}`
    : `autoencoder.${referenceName(name)}`;

/** Part of the elements of all tensors that lie further than `limit` from what is expected of them. */
export class Outliers {
  readonly limit: number;
  #far = 0;
  #all = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(values: ArrayLike<number>, expected: ArrayLike<number>): void {
    // Written so that a NaN counts.
    for (let i = 0; i < expected.length; i++) if (!(Math.abs(values[i] - expected[i]) <= this.limit)) this.#far++;
    this.#all += expected.length;
  }

  /** 0 when nothing was compared. */
  get part(): number {
    return this.#far / Math.max(1, this.#all);
  }
}

/** Absolute where zero is expected, as of the gradient of a parameter that the loss does not see. */
export const relative = (got: number, expected: number): number => Math.abs(got - expected) / (Math.abs(expected) || 1);

const floats = (arrays: FixtureArrays, key: string): RealArray => {
  const { shape, data } = arrays.get(key);
  return { shape, data: Float32Array.from(data) };
};

function initOf(file: string): ReferenceInit {
  const init = fixturesOfKind("train_init").find((fixture) => fixture.file === file);
  if (init === undefined) throw new Error(`no fixture ${file}`);
  return { entry: init.entry, arrays: fixtureArrays(file) };
}
