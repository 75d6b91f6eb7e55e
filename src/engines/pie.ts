import { setting } from "../errors.ts";
import { batchings } from "./batching/batching.ts";
import { cutEvenly, randomBatches } from "./batching/random.ts";
import { brightness } from "./brightness.ts";
import type { EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import type { Images, Numbers, Shape, Waves } from "./kernels/kernels.ts";
import { Momentum } from "./momentum.ts";
import { restoreProbeEnergy } from "./probeEnergy.ts";
import type { ChoiceSetting, NumberSetting } from "./settings.ts";
import { type ScheduleSettings, scheduleContradiction, stepFactor } from "./stepSchedule.ts";
import { Sums } from "./sums.ts";
import { Tally } from "./tally.ts";
import type { Refusal } from "./wrapper.ts";

export type PieSettings = ScheduleSettings & {
  readonly batchSize: number;
  readonly objectStep: number;
  readonly probeStep: number;
  /** α of the denominators. */
  readonly alpha: number;
  readonly probeStart: number;
  readonly batching: string;
  /** η. */
  readonly momentum: number;
  readonly momentumEvery: number;
};

export const batchSize: NumberSetting = {
  ...{ name: "batchSize", kind: "integer", default: 1, min: 1 },
  help: "frames of one update. Frames one after the other converge in the fewest epochs; more at once use more threads.",
};
export const objectStep = (initial: number): NumberSetting => ({
  ...{ name: "objectStep", kind: "real", default: initial, above: 0, max: 2, step: true },
  help: "part of the object's full step that is taken.",
});
export const probeStep = (initial: number): NumberSetting => ({
  ...{ name: "probeStep", kind: "real", default: initial, min: 0, max: 2, step: true },
  help: "part of the probe's full step that is taken; 0 keeps the probe.",
});
export const probeStart: NumberSetting = {
  ...{ name: "probeStart", kind: "integer", default: 0, min: 0 },
  help: "epoch, from 0, from which on the probe changes.",
};

export const batching: ChoiceSetting = {
  ...{ name: "batching", kind: "choice", default: "uniform", values: Object.keys(batchings) },
  help: "how frames are put into batches, where these have more than one: by chance, spread over the scan, or as neighbours.",
};
/** None unless asked for: it halves the epochs to a given misfit, and has noise amplified by as much. */
export const momentum: NumberSetting = {
  ...{ name: "momentum", kind: "real", default: 0, min: 0, below: 1 },
  help: "part of their velocity that object and probe keep (mPIE). 0: none; 0.5 to 0.9 where there are many photons.",
};
export const momentumEvery: NumberSetting = {
  ...{ name: "momentumEvery", kind: "integer", default: 0, min: 0 },
  help: "frames after which momentum moves object and probe; 0: once their windows have eight times as many pixels as the object.",
};

/** Of all that have these settings. */
export function pieContradiction(settings: Omit<PieSettings, "alpha">, epochs: number): Refusal | undefined {
  if (settings.momentumEvery > 0 && settings.momentum === 0)
    return {
      why: `momentum_every ${settings.momentumEvery} says how often momentum pushes, and there is none`,
      fix: `say ${setting("momentum")} too, or leave ${setting("momentum_every")} out`,
    };
  return scheduleContradiction(settings, epochs);
}

/** Frames that are taken one after the other are not shared. */
export const aloneOneByOne = ({ batchSize }: { readonly batchSize: number }): Refusal | undefined =>
  batchSize > 1
    ? undefined
    : {
        why: "with a batch of one frame each sees the object that the one before has left",
        fix: `say a batch that processes can share, ${setting("batch_size", 16)} for example`,
      };

/**
 * Windows on a pixel until momentum moves it: light fills a part of a window, and what no frame has corrected since the last
 * time would be amplified.
 */
const LIT_BY = 8;

/** What the papers leave alone is left alone, as long as the probe is not so many times too strong or too weak. */
const SLACK = 4;

/**
 * The ptychographical iterative engine: ePIE (Maiden & Rodenburg, Ultramicroscopy 109, 1256 (2009)) where α = 1, rPIE
 * (Maiden, Johnson & Li, Optica 4, 736 (2017)) where it is less, with incoherent modes that share the modulus constraint
 * (Thibault & Menzel, Nature 494, 68 (2013)). Frames are taken in random order, `batchSize` at a time. χ = F⁻¹ Π F ψ − ψ
 * is the change that a frame's data ask of its exit waves, and with the values from before the batch B
 *
 *   O   += a_O Σ_j R_jᵀ Σ_m P_m* χ_jm / ((1 − α) W + α max W),     W = Σ_j R_jᵀ Σ_m |P_m|²,
 *   P_m += a_P Σ_j (R_j O)* χ_jm / ((1 − α) V + α max V),          V = Σ_j |R_j O|².
 *
 * With one frame in the batch these are the papers' formulas. With more, sums of full steps would go too far by as many
 * times as frames share a pixel, and diverge. W and V are sums over the same frames, so that each pixel moves by a mean of
 * what its frames ask for. Half the gradient of Σ (|Ψ| − √I)² in the object is −Σ_j R_jᵀ P* χ, and its curvature at most
 * 2 W: what is divided by is at least W, so that a step of up to 2 in the object alone, or in the probe alone, cannot raise
 * that sum over the batch. Of an object with several slices each takes its part of the step, with the light on it in W.
 * States of an object, whose patterns add up, take full steps each, by their own χ; the probe moves by what all ask of it,
 * the sums over j then being over states as well.
 */
export class PieRun implements EngineRun {
  readonly memory: Readonly<Record<string, Remembered>>;
  readonly #experiment: Experiment;
  readonly #settings: PieSettings;
  readonly #tally: Tally;
  readonly #objectMomentum: Momentum | undefined;
  readonly #probeMomentum: Momentum | undefined;
  /** Made when they are first needed: fused steps need neither. */
  #window: Window | undefined;
  #sums: Sums | undefined;

  constructor(experiment: Experiment, settings: PieSettings) {
    const { kernels, object, probe, frames } = experiment;
    const { momentum, probeStep } = settings;
    this.#experiment = experiment;
    this.#settings = settings;
    this.#tally = new Tally(kernels, frames);
    this.#objectMomentum = momentum > 0 ? new Momentum(kernels, object, momentum) : undefined;
    this.#probeMomentum = momentum > 0 && probeStep > 0 ? new Momentum(kernels, probe, momentum) : undefined;
    this.memory = {
      ...(this.#objectMomentum && { objectVelocity: this.#objectMomentum.velocity }),
      ...(this.#probeMomentum && { probeVelocity: this.#probeMomentum.velocity }),
    };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const { probeStep, probeStart } = this.#settings;
    const moving = epoch.number >= probeStart;
    // Slices that all took their full step would together go as many times too far.
    const factor = stepFactor(this.#settings, epoch);
    const objectStep = (factor * this.#settings.objectStep) / this.#experiment.slices;
    const steps = { ...this.#settings, objectStep, probeStep: moving ? factor * probeStep : 0 };
    if (epoch.number === 0 && steps.probeStep > 0) await this.#lightSlices(epoch.frames);
    const momenta = [this.#objectMomentum, moving ? this.#probeMomentum : undefined];
    const pushes = this.#pushes(epoch.frames.length);
    const pushed = (frames: number): number => Math.floor((frames * pushes) / epoch.frames.length);
    for (const momentum of momenta) momentum?.begin();
    let done = 0;
    for (const frames of this.#batches(epoch, pushes)) {
      await this.#update(frames, steps, epoch.frames);
      const before = done;
      done += frames.length;
      if (pushed(done) > pushed(before)) for (const momentum of momenta) momentum?.goOn();
      await epoch.checkpoint(done);
    }
    if (steps.probeStep > 0) await this.#restoreEnergy();
    return this.#tally.report(this.#experiment.scan.countsPerUnit, this.#experiment.shares.ranks);
  }

  /** Slices share what is asked of them by their product: in a light that is far from right they drive each other away. */
  async #lightSlices(frames: Int32Array): Promise<void> {
    const { kernels, probe, slices } = this.#experiment;
    if (slices === 1) return;
    const factor = await brightness(this.#experiment, frames);
    if (factor >= 1 / SLACK && factor <= SLACK) return;
    kernels.combine(probe, factor, probe, 0, probe);
    this.#experiment.rescaled(factor);
  }

  /** Where there are few photons, frames drive the factor that object and probe share ever further one way. */
  async #restoreEnergy(): Promise<void> {
    const factor = await restoreProbeEnergy(this.#experiment, SLACK);
    if (factor === 1) return;
    this.#probeMomentum?.rescale(factor);
    this.#objectMomentum?.rescale(factor ** (-1 / this.#experiment.slices));
  }

  get #fused(): boolean {
    return this.#settings.batchSize === 1 && this.#experiment.isPlain;
  }

  /** Pushes of the momentum in an epoch, each after an equally long part of it, which is not always whole frames. */
  #pushes(frames: number): number {
    const { object, probe } = this.#experiment;
    const pixels = ({ shape }: Waves): number => shape[2] * shape[3];
    const wanted = this.#settings.momentumEvery || (LIT_BY * pixels(object)) / pixels(probe);
    return Math.max(1, Math.round(frames / wanted));
  }

  #batches({ frames, random }: Epoch, pushes: number): readonly Int32Array[] {
    const { batchSize, batching, momentum } = this.#settings;
    const { batchSize: room, positions } = this.#experiment;
    if (batchSize > 1) return batchings[batching](frames, positions, batchSize, random);
    if (!this.#fused) return randomBatches(frames, positions, 1, random);
    // A push comes between two operations.
    const [order] = randomBatches(frames, positions, frames.length, random);
    const parts = momentum > 0 ? pushes : 1;
    return Array.from({ length: parts }, (_, k) => {
      const [from, to] = [k, k + 1].map((part) => Math.ceil((part * frames.length) / parts));
      return cutEvenly(order.subarray(from, to), room);
    }).flat();
  }

  async #update(frames: Int32Array, steps: PieSettings, all: Int32Array): Promise<void> {
    const experiment = this.#experiment;
    if (this.#fused) experiment.pieStep(experiment.load(frames), steps, this.#tally.next(frames.length));
    else {
      if (this.#settings.batchSize === 1) await this.#alone(frames, steps);
      else await this.#together(experiment.shares.ownOf(frames, all), steps);
      await experiment.moved();
    }
  }

  /** What `Kernels.pieStep` does of one frame, slice after slice. */
  async #alone(frames: Int32Array, { objectStep, probeStep, alpha }: PieSettings): Promise<void> {
    const { kernels, object, probe } = this.#experiment;
    const change = await this.#experiment.change(this.#experiment.load(frames), "gaussian", this.#tally.next(1));
    this.#window ??= windowOf(this.#experiment);
    const { direction, gradient, light, shade, most } = this.#window;
    for (const [k, slice] of change.slices.entries()) {
      kernels.power(light, slice.probe);
      kernels.largest(most, light);
      kernels.product(direction, slice.probe, slice.change, { conjugate: true });
      kernels.divide(direction, direction, light, { form: "linear", alpha, most }, { step: objectStep });
      kernels.paste(kernels.modes(object, k, 1), direction, change.batch.windows);
    }
    kernels.fill(gradient, 0);
    for (const [k, lit] of change.lit.entries()) {
      kernels.power(shade, lit.patches, { add: k > 0 });
      this.#experiment.addToProbe(gradient, change.batch, lit.patches, lit.change);
    }
    kernels.largest(most, shade);
    kernels.divide(probe, gradient, shade, { form: "linear", alpha, most }, { step: probeStep, add: true });
  }

  /**
   * One update from some frames, of which as many are on the device at once as the experiment has room for.
   *
   * @param frames this process's part of a batch
   */
  async #together(frames: Int32Array, { objectStep, probeStep, alpha }: PieSettings): Promise<void> {
    const experiment = this.#experiment;
    const { kernels, object, probe } = experiment;
    this.#window ??= windowOf(experiment);
    this.#sums ??= new Sums(experiment);
    const [sums, { most }] = [this.#sums, this.#window];
    sums.clear();
    for (let from = 0; from < frames.length; from += experiment.batchSize) {
      const some = frames.subarray(from, from + experiment.batchSize);
      sums.add(await experiment.change(experiment.load(some), "gaussian", this.#tally.next(some.length)));
    }
    await sums.join();
    kernels.largest(most, sums.light);
    kernels.divide(object, sums.object, sums.light, { form: "linear", alpha, most }, { step: objectStep, add: true });
    kernels.largest(most, sums.shade);
    kernels.divide(probe, sums.probe, sums.shade, { form: "linear", alpha, most }, { step: probeStep, add: true });
  }

  release(): void {
    this.#tally.release();
    this.#sums?.release();
    this.#objectMomentum?.release();
    this.#probeMomentum?.release();
    if (this.#window !== undefined) this.#experiment.kernels.release(...Object.values(this.#window));
  }
}

/** What one frame's update needs, in the plane of its window. */
interface Window {
  readonly direction: Waves;
  readonly light: Images;
  readonly gradient: Waves;
  readonly shade: Images;
  readonly most: Numbers;
}

function windowOf({ kernels, probe }: Experiment): Window {
  const plane: Shape = [1, 1, probe.shape[2], probe.shape[3]];
  return {
    direction: kernels.waves(plane),
    light: kernels.images(plane),
    gradient: kernels.waves(probe.shape),
    shade: kernels.images(plane),
    most: kernels.numbers(1),
  };
}
