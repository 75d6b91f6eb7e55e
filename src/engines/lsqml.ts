import { Random } from "../random.ts";
import { batchings } from "./batching/batching.ts";
import { brightness } from "./brightness.ts";
import type { Engine, EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import type { Images, LikelihoodKind, Numbers } from "./kernels/kernels.ts";
import { BatchStep } from "./lsqml/batchStep.ts";
import { Momentum } from "./lsqml/momentum.ts";
import { batching, objectStep, probeStart, probeStep } from "./pie.ts";
import { restoreProbeEnergy } from "./probeEnergy.ts";
import type { EngineSetting } from "./settings.ts";
import { type ScheduleSettings, scheduleContradiction, scheduleSettings, stepFactor } from "./stepSchedule.ts";
import { Tally } from "./tally.ts";

export type LsqmlSettings = ScheduleSettings & {
  readonly batchSize: number;
  readonly batching: string;
  readonly noise: string;
  readonly objectStep: number;
  readonly probeStep: number;
  readonly probeStart: number;
  readonly damping: number;
  readonly momentumGain: number;
  readonly presolve: boolean;
};

const settings: readonly EngineSetting[] = [
  {
    ...{ name: "batchSize", kind: "integer", default: 16, min: 1 },
    help: "most frames of a batch, which are on the device together: fewer where they have more than two million pixels in all modes and states. An epoch of a small scan has ten batches all the same.",
  },
  { ...batching, default: "random" },
  {
    ...{ name: "noise", kind: "choice", default: "gaussian", values: ["gaussian", "poisson"] },
    help: "of amplitudes, which forgives what the model leaves out, or of counts, which is right where photons are few.",
  },
  objectStep(1.2),
  probeStep(1.2),
  probeStart,
  ...scheduleSettings,
  {
    ...{ name: "damping", kind: "real", default: 0, min: 0, max: 1 },
    help: "part of the most light below which pixels move less: more lets in less noise, and takes longer. 0: by the photons on the probe's brightest pixel, n: √(10 / n), between 0.03 and 0.4.",
  },
  {
    ...{ name: "momentumGain", kind: "real", default: 0.5, min: 0, max: 1 },
    help: "part of past updates that is gone on top of an epoch's, while the misfit falls.",
  },
  {
    ...{ name: "presolve", kind: "toggle", default: true },
    help: "before the first epoch scale the probe to the light that was measured.",
  },
];

/** At least so many batches an epoch: with fewer, small scans move too seldom. */
const BATCHES = 10;
/** Steps become shorter by this whenever an epoch's misfit is more than this part of that of the epoch before. */
const SHORTER = 0.7;
const STALLED = 0.997;
const SHORTEST = 0.05;
/**
 * A Poisson step (I − Î) / Î is twice as long as one to the measured amplitudes, √(I / Î) − 1, close to the solution. Both
 * have the same minimum, and steps solved for the second are half as long as they might be.
 */
const POISSON_STEP = 0.5;
/**
 * By n photons on the probe's brightest pixel damping is √(10 / n) within bounds: what was best on simulated scans of 10³ to
 * 10⁶ photons a pattern, within a few percent of error. With fewer than 10 steps begin shorter by √(n / 10), since batches then
 * ask for little but noise.
 */
const FEW_PHOTONS = 10;
const LEAST_DAMPING = 0.03;
const MOST_DAMPING = 0.4;
const SHORTEST_OF_FEW = 0.2;
/** Batches that lie as they do for the whole run are those of one seed, which a run that goes on finds again. */
const SEED = 1;

/**
 * Least-squares maximum likelihood with step lengths that are solved for (Odstrčil, Menzel & Guizar-Sicairos, Opt. Express 26,
 * 3108 (2018)). Of a batch of frames with the changes χ_jm that the data ask of their exit waves, the directions are
 *
 *   ΔO = Σ_j R_jᵀ Σ_m P_m* χ_jm / √(W² + (δ max W)²),     ΔP_m = Σ_j (R_j O)* χ_jm / √(V² + (0.1 max V)²),
 *
 * W = Σ_j R_jᵀ Σ_m |P_m|² and V = Σ_j |R_j O|² over the batch; each frame solves for the two lengths that bring
 * a P_m R_jΔO + b ΔP_m R_jO closest to χ_jm over all modes (`lsqml/stepLengths.ts`); object and probe move by the trimmed
 * means of these lengths. χ comes from the modulus projection (Gaussian noise of amplitudes) or the shifted Poisson
 * likelihood's gradient (`Kernels.likelihood`).
 *
 * What differs from the paper and its programs was measured to be better, in the error of simulated objects after equal
 * epochs. W is the batch's own, not the scan's: the error after five epochs halves. Lengths are taken 1.2 times, since the
 * solve takes the phases of the far field to be data. The object moves after each batch with compact ones too: waiting for
 * the end of the epoch leaves three times the error after twenty. Steps become shorter when the misfit stalls: batches that
 * contradict each other by noise would else leave an object a half worse than the likelihood's best.
 *
 * States of an object that is in several have a ΔO each, in the same light, and share the lengths: u and v are then made of
 * the exit waves of all, as of all modes of the probe.
 *
 * Object and probe share a factor that no pattern knows: after every epoch the probe has the energy of the one normalisation,
 * and so the mean of |O|², weighted by the light, is 1.
 */
export const lsqml: Engine<LsqmlSettings> = {
  name: "lsqml",
  about: "least-squares maximum likelihood, step lengths solved for (Odstrčil, Menzel & Guizar-Sicairos 2018)",
  multislice: true,
  objectModes: true,
  settings,
  // Lengths are solved with a whole batch on the device.
  framesTogether: ({ batchSize }) => batchSize,
  contradiction: scheduleContradiction,
  init: (experiment, chosen) => new LsqmlRun(experiment, chosen),
};

class LsqmlRun implements EngineRun {
  readonly memory: Readonly<Record<string, Remembered>>;
  readonly #experiment: Experiment;
  readonly #settings: LsqmlSettings;
  readonly #size: number;
  readonly #tally: Tally;
  readonly #batch: BatchStep;
  readonly #momenta: { readonly object: Momentum; readonly probe: Momentum } | undefined;
  /** Factor on steps, less 1, and the last epoch's misfit, or 0: zeros at first. */
  readonly #progress: Numbers;
  readonly #glow: Images;
  readonly #most: Numbers;
  #fixed: readonly Int32Array[] | undefined;

  constructor(experiment: Experiment, chosen: LsqmlSettings) {
    const { kernels, object, probe, frames } = experiment;
    this.#experiment = experiment;
    this.#settings = chosen;
    this.#size = Math.min(chosen.batchSize, Math.ceil(frames / BATCHES), experiment.batchSize);
    this.#tally = new Tally(kernels, frames);
    this.#batch = new BatchStep(experiment);
    this.#progress = kernels.numbers(1, 2);
    this.#glow = kernels.images([1, 1, probe.shape[2], probe.shape[3]]);
    this.#most = kernels.numbers(1);
    if (chosen.momentumGain > 0)
      this.#momenta = {
        object: new Momentum(kernels, object, chosen.momentumGain),
        probe: new Momentum(kernels, probe, chosen.momentumGain),
      };
    this.memory = {
      progress: this.#progress,
      ...this.#momenta?.object.memory("object"),
      ...this.#momenta?.probe.memory("probe"),
    };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const { kernels, scan, shares } = this.#experiment;
    const { presolve, probeStep, probeStart: start, noise } = this.#settings;
    const probeMoves = probeStep > 0 && epoch.number >= start;
    if (epoch.number === 0 && presolve && probeStep > 0) await this.#presolve(epoch.frames);
    const [less, last] = await kernels.read(this.#progress);
    this.#momenta?.object.begin();
    this.#momenta?.probe.begin();
    this.#batch.clear();
    await this.#pass(epoch, 1 + less, probeMoves);
    const report = await this.#tally.report(scan.countsPerUnit, shares.ranks);
    const misfit = noise === "poisson" ? Math.sqrt(report.deviance) : report.error;
    await this.#momenta?.object.end(last > 0 && misfit < last);
    if (probeMoves) await this.#momenta?.probe.end(last > 0 && misfit < last);
    const stalled = last > 0 && misfit > STALLED * last;
    kernels.write(this.#progress, [stalled ? Math.max(SHORTEST, (1 + less) * SHORTER) - 1 : less, misfit]);
    if (probeMoves) await this.#fixGauge();
    await this.#experiment.moved();
    return report;
  }

  async #pass(epoch: Epoch, shorter: number, probeMoves: boolean): Promise<void> {
    const { noise, objectStep, probeStep, damping } = this.#settings;
    const starved = Math.sqrt(FEW_PHOTONS / (await this.#photons()));
    const few = Math.max(SHORTEST_OF_FEW, Math.min(1, 1 / starved));
    const factor = stepFactor(this.#settings, epoch) * shorter * few * (noise === "poisson" ? POISSON_STEP : 1);
    const lengths = {
      object: factor * objectStep,
      probe: probeMoves ? factor * probeStep : 0,
      damping: damping > 0 ? damping : Math.min(MOST_DAMPING, Math.max(LEAST_DAMPING, starved)),
    };
    let done = 0;
    for (const frames of this.#batches(epoch)) {
      const places = this.#experiment.shares.placesOf(frames, epoch.frames);
      const own = places.map((place) => frames[place]);
      const change =
        own.length === 0
          ? undefined
          : await this.#experiment.change(
              this.#experiment.load(own),
              noise as LikelihoodKind,
              this.#tally.next(own.length),
            );
      await this.#batch.take(change, { count: frames.length, places }, lengths);
      await this.#experiment.moved();
      done += frames.length;
      await epoch.checkpoint(done);
    }
  }

  /** On the probe's brightest pixel. */
  async #photons(): Promise<number> {
    const { kernels, probe, scan } = this.#experiment;
    kernels.power(this.#glow, probe);
    kernels.largest(this.#most, this.#glow);
    return scan.countsPerUnit * (await kernels.read(this.#most))[0];
  }

  #batches({ frames, random }: Epoch): readonly Int32Array[] {
    const { batching } = this.#settings;
    // As the file has them: positions that have moved would be batched otherwise by a run that goes on.
    const { positions } = this.#experiment.scan;
    if (batching === "random") return batchings.random(frames, positions, this.#size, random);
    this.#fixed ??= batchings[batching](frames, positions, this.#size, new Random(SEED));
    return random.shuffle(this.#fixed.slice());
  }

  async #presolve(frames: Int32Array): Promise<void> {
    const { kernels, probe } = this.#experiment;
    const factor = await brightness(this.#experiment, frames);
    kernels.combine(probe, factor, probe, 0, probe);
    this.#experiment.rescaled(factor);
  }

  async #fixGauge(): Promise<void> {
    const factor = await restoreProbeEnergy(this.#experiment);
    this.#momenta?.object.rescale(factor ** (-1 / this.#experiment.slices));
    this.#momenta?.probe.rescale(factor);
  }

  release(): void {
    this.#tally.release();
    this.#batch.release();
    this.#momenta?.object.release();
    this.#momenta?.probe.release();
    this.#experiment.kernels.release(this.#progress, this.#glow, this.#most);
  }
}
