import type { Engine, EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import type { Numbers } from "./kernels/kernels.ts";
import { ConjugateDirections } from "./ml/conjugate.ts";
import { DataTerm, type Noise } from "./ml/dataTerm.ts";
import { LineSearch, type Pair } from "./ml/lineSearch.ts";
import { leastFromZero } from "./ml/polynomial.ts";
import { Smoothness } from "./ml/smoothness.ts";
import { probeStart, probeStep } from "./pie.ts";
import { restoreProbeEnergy } from "./probeEnergy.ts";
import type { EngineSetting } from "./settings.ts";
import { Sums } from "./sums.ts";
import { Tally } from "./tally.ts";

export type MlSettings = {
  readonly noise: string;
  readonly probeStep: number;
  readonly probeStart: number;
  readonly preconditioner: string;
  readonly smoothness: number;
};

const settings: readonly EngineSetting[] = [
  {
    ...{ name: "noise", kind: "choice", default: "poisson", values: ["gaussian", "poisson"] },
    help: "of counts, Gaussian of a variance that is what was measured and one, or Poisson's.",
  },
  probeStep(1),
  probeStart,
  {
    ...{ name: "preconditioner", kind: "choice", default: "illumination", values: ["illumination", "balance", "none"] },
    help: "gradients are divided by the light that fell on each pixel; or those of the probe made as long as the object's; or left.",
  },
  {
    ...{ name: "smoothness", kind: "real", default: 0, min: 0 },
    help: "weight of differences between neighbouring object pixels, over the light that falls on a pixel.",
  },
];

/** Part of the most light that the light on each pixel is raised by. */
const RAISED = 0.1;
/** Coefficients of the polynomial of eighth degree along a line. */
const COEFFICIENTS = 9;

/**
 * Maximum likelihood by conjugate gradients over object and probe together (Thibault & Guizar-Sicairos, New J. Phys. 14, 063004
 * (2012)): an epoch looks at all frames twice, for the gradient and for the step along the direction
 * (`ml/conjugate.ts`), whose length is exact for Gaussian noise and Fisher's for Poisson's (`ml/lineSearch.ts`). It refines
 * what another engine has found rather than begins: a step for all frames together moves less than one for each. States of an
 * object are pixels as others are.
 */
export const ml: Engine<MlSettings> = {
  name: "ml",
  about: "maximum likelihood by conjugate gradients, for the last refinement (Thibault & Guizar-Sicairos 2012)",
  objectModes: true,
  settings,
  init: (experiment, chosen) => new MlRun(experiment, chosen),
};

class MlRun implements EngineRun {
  readonly memory: Readonly<Record<string, Remembered>>;
  readonly #experiment: Experiment;
  readonly #settings: MlSettings;
  readonly #tally: Tally;
  readonly #sums: Sums;
  readonly #steep: Pair;
  readonly #data: DataTerm;
  readonly #line: LineSearch;
  readonly #directions: ConjugateDirections;
  readonly #smoothness: Smoothness | undefined;
  readonly #most: Numbers;
  /** The last epoch's deviance, 0 at first. */
  readonly #progress: Numbers;

  constructor(experiment: Experiment, chosen: MlSettings) {
    const { kernels, object, probe, frames } = experiment;
    this.#experiment = experiment;
    this.#settings = chosen;
    this.#tally = new Tally(kernels, frames);
    this.#sums = new Sums(experiment);
    this.#steep = { object: kernels.waves(object.shape), probe: kernels.waves(probe.shape) };
    this.#data = new DataTerm(experiment, chosen.noise as Noise);
    this.#line = new LineSearch(experiment);
    this.#directions = new ConjugateDirections(kernels, experiment);
    if (chosen.smoothness > 0)
      this.#smoothness = new Smoothness(kernels, object.shape, chosen.smoothness * meanLight(experiment));
    this.#most = kernels.numbers(1, 2);
    this.#progress = kernels.numbers(1);
    this.memory = { ...this.#directions.memory, progress: this.#progress };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const { kernels, scan, object, probe, shares } = this.#experiment;
    const { probeStep, probeStart: start } = this.#settings;
    await this.#gradient(epoch);
    const report = await this.#tally.report(scan.countsPerUnit, shares.ranks);
    const [last] = await kernels.read(this.#progress);
    const rose = last > 0 && report.deviance > last;
    kernels.write(this.#progress, [report.deviance]);
    const probeMoves = probeStep > 0 && epoch.number >= start;
    if (!probeMoves) kernels.fill(this.#sums.probe, 0);
    await this.#precondition();
    const by = await this.#directions.next(this.#sums, this.#steep, rose || (probeMoves && epoch.number === start));
    const length = leastFromZero(await this.#alongLine(epoch, by));
    kernels.combine(object, 1, object, length, by.object);
    kernels.combine(probe, 1, probe, length, by.probe);
    // A prior would else be satisfied by an object that becomes ever fainter.
    if (probeMoves) this.#directions.rescale(await restoreProbeEnergy(this.#experiment));
    await this.#experiment.moved();
    return report;
  }

  /** Into the sums: half the gradient, downhill. */
  async #gradient(epoch: Epoch): Promise<void> {
    const experiment = this.#experiment;
    this.#sums.clear();
    for (const { frames, done } of this.#parts(epoch.frames)) {
      const prediction = experiment.predict(experiment.load(frames));
      this.#sums.add(await this.#data.change(prediction, this.#tally.next(frames.length)));
      await epoch.checkpoint(Math.floor(done / 2));
    }
    await this.#sums.join();
    this.#smoothness?.addGradient(this.#sums.object, experiment.object);
  }

  async #precondition(): Promise<void> {
    const { kernels } = this.#experiment;
    const { preconditioner, probeStep } = this.#settings;
    const { object, light, probe, shade } = this.#sums;
    if (preconditioner === "illumination") {
      const denominator = { form: "linear", alpha: RAISED, most: kernels.frames(this.#most, 0, 1) } as const;
      kernels.largest(this.#most, light);
      kernels.divide(this.#steep.object, object, light, denominator);
      kernels.largest(this.#most, shade);
      kernels.divide(this.#steep.probe, probe, shade, denominator, { step: probeStep });
      return;
    }
    let longer = 1;
    if (preconditioner === "balance") {
      const [o, p] = [await this.#lengthOf(object), await this.#lengthOf(probe)];
      longer = p > 0 ? o / p : 1;
    }
    kernels.combine(this.#steep.object, 1, object, 0, object);
    kernels.combine(this.#steep.probe, longer * probeStep, probe, 0, probe);
  }

  async #lengthOf(waves: Pair["object"]): Promise<number> {
    const { kernels } = this.#experiment;
    kernels.dot(this.#most, waves, waves);
    return Math.sqrt((await kernels.read(this.#most))[0]);
  }

  async #alongLine(epoch: Epoch, by: Pair): Promise<number[]> {
    const polynomial = new Float64Array(COEFFICIENTS);
    const all = epoch.frames.length;
    for (const { frames, done } of this.#parts(epoch.frames)) {
      await this.#line.add(frames, this.#data, by, polynomial);
      await epoch.checkpoint(Math.floor((all + done) / 2));
    }
    await this.#experiment.shares.ranks.sum(polynomial);
    await this.#smoothness?.add(this.#experiment.object, by.object, polynomial);
    return [...polynomial];
  }

  /** This process's, some at a time; `done` as if of all. */
  *#parts(all: Int32Array): Iterable<{ readonly frames: Int32Array; readonly done: number }> {
    const { batchSize: most, shares } = this.#experiment;
    const frames = shares.ownOf(all);
    for (let from = 0; from < frames.length; from += most) {
      const part = frames.subarray(from, from + most);
      yield { frames: part, done: Math.min(all.length, shares.ranks.size * (from + part.length)) };
    }
  }

  release(): void {
    const { kernels } = this.#experiment;
    for (const part of [this.#tally, this.#sums, this.#data, this.#line, this.#directions]) part.release();
    this.#smoothness?.release();
    kernels.release(this.#steep.object, this.#steep.probe, this.#most, this.#progress);
  }
}

/** Light that falls on an object pixel, were it even: the probe's energy a frame. */
function meanLight({ frames, probeEnergy, object: { shape } }: Experiment): number {
  return (frames * probeEnergy) / (shape[2] * shape[3]);
}
