import type { EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import type { Images, Numbers, Shape, Waves } from "./kernels/kernels.ts";
import type { NumberSetting } from "./settings.ts";
import { Sums } from "./sums.ts";
import { Tally } from "./tally.ts";

export type PieSettings = {
  readonly batchSize: number;
  readonly objectStep: number;
  readonly probeStep: number;
  /** α of the denominators. */
  readonly alpha: number;
  readonly probeStart: number;
};

export const batchSize: NumberSetting = {
  ...{ name: "batchSize", kind: "integer", default: 1, min: 1 },
  help: "frames of one update. Frames one after the other converge in the fewest epochs; more at once use more threads.",
};
export const objectStep: NumberSetting = {
  ...{ name: "objectStep", kind: "real", default: 1, above: 0, max: 2 },
  help: "part of the object's full step that is taken.",
};
export const probeStep: NumberSetting = {
  ...{ name: "probeStep", kind: "real", default: 1, min: 0, max: 2 },
  help: "part of the probe's full step that is taken; 0 keeps the probe.",
};
export const probeStart: NumberSetting = {
  ...{ name: "probeStart", kind: "integer", default: 0, min: 0 },
  help: "epoch, from 0, from which on the probe changes.",
};

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
 * times as frames share a pixel, and diverge; W and V are sums over the same frames, so that each pixel moves by a mean of
 * what its frames ask for, and a step of up to 2 cannot raise the sum of squares that it minimises: W + 0 is at most what
 * it is divided by, and bounds the curvature.
 */
export class PieRun implements EngineRun {
  readonly memory: Readonly<Record<string, Remembered>> = {};
  readonly #experiment: Experiment;
  readonly #settings: PieSettings;
  readonly #tally: Tally;
  /** Made when they are first needed: fused steps need neither. */
  #window: Window | undefined;
  #sums: Sums | undefined;

  constructor(experiment: Experiment, settings: PieSettings) {
    this.#experiment = experiment;
    this.#settings = settings;
    this.#tally = new Tally(experiment.kernels, experiment.frames);
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const order = epoch.random.shuffle(epoch.frames.slice());
    const { batchSize, probeStep, probeStart } = this.#settings;
    const steps = { ...this.#settings, probeStep: epoch.number < probeStart ? 0 : probeStep };
    const fused = batchSize === 1 && this.#experiment.isPlain;
    const most = fused ? this.#experiment.batchSize : batchSize;
    for (let from = 0; from < order.length; from += most) {
      const frames = order.subarray(from, from + most);
      if (fused) this.#experiment.pieStep(this.#experiment.load(frames), steps, this.#tally.next(frames.length));
      else {
        if (batchSize === 1) await this.#alone(frames, steps);
        else await this.#together(frames, steps);
        await this.#experiment.moved();
      }
      await epoch.checkpoint(from + frames.length);
    }
    return this.#tally.report(this.#experiment.scan.countsPerUnit);
  }

  /** What `Kernels.pieStep` does of one frame. */
  async #alone(frames: Int32Array, { objectStep, probeStep, alpha }: PieSettings): Promise<void> {
    const { kernels, object, probe } = this.#experiment;
    const change = await this.#experiment.change(this.#experiment.load(frames), "gaussian", this.#tally.next(1));
    this.#window ??= windowOf(this.#experiment);
    const { direction, gradient, light, shade, most } = this.#window;
    kernels.power(light, change.probe);
    kernels.largest(most, light);
    kernels.product(direction, change.probe, change.change, { conjugate: true });
    kernels.divide(direction, direction, light, { form: "linear", alpha, most }, { step: objectStep });
    kernels.paste(object, direction, change.batch.windows);
    kernels.power(shade, change.patches);
    kernels.largest(most, shade);
    kernels.product(gradient, change.patches, change.change, { conjugate: true });
    kernels.divide(probe, gradient, shade, { form: "linear", alpha, most }, { step: probeStep, add: true });
  }

  /** One update from some frames, of which as many are on the device at once as the experiment has room for. */
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
    kernels.largest(most, sums.light);
    kernels.divide(object, sums.object, sums.light, { form: "linear", alpha, most }, { step: objectStep, add: true });
    kernels.largest(most, sums.shade);
    kernels.divide(probe, sums.probe, sums.shade, { form: "linear", alpha, most }, { step: probeStep, add: true });
  }

  release(): void {
    this.#tally.release();
    this.#sums?.release();
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
