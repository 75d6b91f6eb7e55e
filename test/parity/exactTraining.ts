import type { ParameterSpec, ParameterValues } from "../../src/nets/parameters.ts";
import { packWeights, type Weights } from "../../src/training/parameterStore.ts";
import { SAMPLE_WEIGHTS, trainingGraph } from "../../src/training/stepModels.ts";
import { type Program64, program64 } from "../float64.ts";
import { feedsOf, type StoredTraining, startValues } from "./storedTrainings.ts";

/** A stored training followed in float64: our graph of a step, evaluated with nine digits more than the product has. */
export class ExactTraining {
  readonly specs: readonly ParameterSpec[];
  readonly #training: StoredTraining;
  readonly #program: Program64;
  /** Parameters and moments, by the names of their graph inputs. */
  readonly #state: Record<string, ArrayLike<number>>;
  #steps = 0;

  static async begin(training: StoredTraining): Promise<ExactTraining> {
    const { optimizer, clipping } = training.variant;
    const options = { optimizer, ...(clipping === undefined ? {} : { clipping }) };
    const { fused, specs } = trainingGraph(training.problem.build, options);
    return new ExactTraining(training, specs, await program64(fused), await startValues(training, specs));
  }

  private constructor(
    training: StoredTraining,
    specs: readonly ParameterSpec[],
    program: Program64,
    start: ParameterValues,
  ) {
    this.specs = specs;
    this.#training = training;
    this.#program = program;
    const moments = training.variant.optimizer.moments.flatMap((moment) =>
      specs.map(({ name }) => [`${moment}/${name}`, new Float64Array(start[name].length)] as const),
    );
    this.#state = { ...start, ...Object.fromEntries(moments) };
  }

  parameter(name: string): ArrayLike<number> {
    return this.#state[name];
  }

  /** Everything that a step starts from, rounded to float32. */
  get weights(): Weights {
    const { moments } = this.#training.variant.optimizer;
    const rounded = (prefix: string): ParameterValues =>
      Object.fromEntries(this.specs.map(({ name }) => [name, Float32Array.from(this.#state[prefix + name])]));
    const packed = (prefix: string): Weights => packWeights(this.specs, rounded(prefix), 0);
    return { ...packed(""), moments: moments.map((moment) => packed(`${moment}/`).parameters) };
  }

  /** @returns the loss before the step */
  async step(): Promise<number> {
    const { problem, variant } = this.#training;
    const { optimizer, learningRate } = variant;
    const scalars = optimizer.scalarValues(learningRate, ++this.#steps);
    const results = await this.#program.run({
      ...feedsOf(problem),
      ...this.#state,
      [SAMPLE_WEIGHTS]: new Float64Array(problem.batch).fill(1 / problem.batch),
      ...Object.fromEntries(optimizer.scalars.map((name, i) => [`optimizer.${name}`, [scalars[i]]])),
    });
    for (const name of Object.keys(this.#state)) this.#state[name] = results[`next/${name}`];
    return results["loss"][0];
  }

  dispose(): Promise<void> {
    return this.#program.dispose();
  }
}
