import { Random } from "../../random.ts";
import type { Placed } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";
import { iterated } from "../opr/subspace.ts";
import type { Variations } from "../scan.ts";
import type { NumberSetting } from "../settings.ts";
import type { OfFrames } from "../shares.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Change, Optics, WrapperRun } from "../wrapperRun.ts";
import { refusedOfKeptProbe } from "./keptProbe.ts";

type OprSettings = { readonly oprModes: number; readonly oprStart: number };

const oprModes: NumberSetting = {
  ...{ name: "oprModes", kind: "integer", default: 2, min: 1, max: 20 },
  help: "ways in which the probe's first mode varies from frame to frame.",
};
const oprStart: NumberSetting = {
  ...{ name: "oprStart", kind: "integer", default: 5, min: 0 },
  help: "epoch, from 0, from which on the probe varies: before, what object and probe lack would be taken for variation.",
};

/** Part of a frame's least-squares step that its weights take: object and probe take the rest. */
const RELAXATION = 0.5;
/** Part of the brightest pixel of R_j O below which a pixel says less of the probe. */
const DAMPING = 0.1;
/** What the first mixture is made by is the same in every run. */
const SEED = 1;
/** Part of its velocity that a weight keeps in an epoch: what patterns hardly see comes slowly. */
const FRICTION = 0.7;
/**
 * Part of the weights that is lost in an epoch. A smooth phase of the object, seen by a small probe, is a tilt that grows along
 * the scan, and hardly any pattern tells: of both the object is to have it. True variations lose twice this part.
 */
const RIDGE = 0.01;
/** Weights this many times as large as those of this part of all frames are cut: no single frame draws the directions to it. */
const OUTLIER = 1.5;
const USUAL = 0.95;

/**
 * Orthogonal probe relaxation (Odstrčil, Baksh, Boden, Card, Chad, Frey & Brocklesby, Opt. Express 24, 8360 (2016)): the first
 * mode of the probe varies from frame to frame in a few ways,
 *
 *   P_j = P + Σ_k w_jk U_k,   w real, Re ⟨U_k, U_l⟩ = δ_kl, ⟨P, U_k⟩ = 0, Σ_j w_jk = 0.
 *
 * Frames ask for changes of their probes, ρ_j = (R_j O)* χ_j / (0.9 |R_j O|² + 0.1 max |R_j O|²). Weights take half of what is
 * along the directions at once, and after an epoch the directions turn to where most of all P_j − P is: the truncated singular
 * value decomposition of the paper by one step of subspace iteration (`opr/subspace.ts`), which keeps no probe of a frame.
 * What is along P itself is the intensity of the beam in a frame, which is left to the wrapper `intensities`, so that nothing
 * is known twice.
 */
export const opr: Wrapper<OprSettings> = {
  name: "opr",
  about: "lets the probe's first mode vary from frame to frame in a few ways (orthogonal probe relaxation)",
  oneState: true,
  settings: [oprModes, oprStart],
  optics: true,
  refuses(stage) {
    const { engine, subPixel } = stage;
    if ((engine.exitWaves ?? 0) > 0)
      return {
        why: "exit waves wander in what a varying probe leaves open, smooth phases of the object",
        fix: "take an engine that keeps none: rpie, or lsqml",
      };
    if (subPixel === "fourier")
      return {
        why: "its directions lie in the window, where light that is moved between pixels is not",
        fix: "say sub_pixel bilinear",
      };
    return refusedOfKeptProbe(stage);
  },
  idle: ({ oprStart: from }, epochs) =>
    from >= epochs ? `opr_start ${from} is not reached in ${epochs} epochs` : undefined,
  init: (experiment, settings) => new Opr(experiment, settings),
};

class Opr implements WrapperRun {
  readonly optics: Optics;
  readonly beside: Waves;
  readonly ofFrames: readonly OfFrames[];
  readonly memory: {
    readonly directions: Waves;
    readonly weights: Float64Array;
    readonly begun: Float64Array;
    readonly velocity: Float64Array;
    readonly epoch: Float64Array;
  };
  readonly #experiment: Experiment;
  readonly #settings: OprSettings;
  /** `[1, K, h, w]`: U, and Σ_j w_jk ρ_j of an epoch's frames. */
  readonly #directions: Waves;
  readonly #weighted: Waves;
  readonly #all: Waves;
  /** `[frame, K]`. */
  readonly #weights: Float64Array;
  /** The same as the epoch began with them, and how fast they go. */
  readonly #begun: Float64Array;
  readonly #velocity: Float64Array;
  readonly #explained: Float64Array;
  readonly #room: {
    readonly lit: Waves;
    readonly asked: Waves;
    readonly spare: Waves;
    readonly shade: Images;
    readonly ones: Waves;
    readonly most: Numbers;
    readonly dots: Numbers;
    readonly factors: Numbers;
  };

  constructor(experiment: Experiment, settings: OprSettings) {
    const { kernels, probe, batchSize, scan, frames } = experiment;
    const [, modes, height, width] = probe.shape;
    const count = settings.oprModes;
    this.#experiment = experiment;
    this.#settings = settings;
    this.#directions = kernels.waves([1, count, height, width]);
    this.#weighted = kernels.waves([1, count, height, width]);
    this.#all = kernels.waves([1, 1, height, width]);
    this.#weights = new Float64Array(frames * count);
    this.#begun = new Float64Array(frames * count);
    this.#velocity = new Float64Array(frames * count);
    this.#explained = new Float64Array(frames);
    this.#room = {
      lit: kernels.waves([batchSize, modes, height, width]),
      asked: kernels.waves([batchSize, 1, height, width]),
      spare: kernels.waves([batchSize, 1, height, width]),
      shade: kernels.images([batchSize, 1, height, width]),
      ones: kernels.waves([1, 1, height, width]),
      most: kernels.numbers(batchSize),
      dots: kernels.numbers(count * batchSize, 2),
      factors: kernels.numbers(batchSize),
    };
    kernels.fill(this.#room.ones, 1);
    const epoch = new Float64Array(1);
    this.#begin(scan.variations, epoch);
    this.beside = this.#directions;
    this.ofFrames = [
      { values: this.#weights, each: count },
      { values: this.#explained, each: 1 },
    ];
    const [begun, velocity] = [this.#begun, this.#velocity];
    this.memory = { directions: this.#directions, weights: this.#weights, begun, velocity, epoch };
    this.optics = { probe: (placed, light) => this.#lit(placed, light) };
  }

  /** With what a stage before has found, or with nothing, whose weights mix what frames ask for at first. */
  #begin(before: Variations | undefined, epoch: Float64Array): void {
    const { kernels, probe } = this.#experiment;
    const [, , height, width] = probe.shape;
    const { oprModes: count, oprStart: start } = this.#settings;
    const size = 2 * height * width;
    const values = new Float64Array(count * size);
    const random = new Random(SEED);
    for (let i = 0; i < this.#weights.length; i++) this.#weights[i] = random.normal();
    if (before !== undefined) {
      const had = before.directions.shape[0];
      const kept = Math.min(had, count);
      values.set(before.directions.data.subarray(0, kept * size));
      this.#weights.forEach((_, i) => {
        const [frame, k] = [Math.floor(i / count), i % count];
        if (k < kept) this.#weights[i] = before.weights[frame * had + k];
      });
      epoch[0] = start;
    }
    this.#begun.set(this.#weights);
    kernels.write(this.#directions, values);
  }

  get #varies(): boolean {
    return this.memory.epoch[0] >= this.#settings.oprStart;
  }

  #lit({ frames }: Placed, light: Waves): Waves {
    if (!this.#varies) return light;
    const { kernels } = this.#experiment;
    const out = kernels.frames(this.#room.lit, 0, frames.length);
    kernels.combine(out, 1, light, 0, light);
    const first = kernels.modes(out, 0, 1);
    for (let k = 0; k < this.#settings.oprModes; k++)
      kernels.combine(first, 1, first, this.#factors(frames, k), kernels.modes(this.#directions, k, 1));
    return out;
  }

  /** w_jk of some frames. */
  #factors(frames: Int32Array, k: number): Numbers {
    const { kernels } = this.#experiment;
    const factors = kernels.frames(this.#room.factors, 0, frames.length);
    const count = this.#settings.oprModes;
    kernels.write(
      factors,
      Float64Array.from(frames, (frame) => this.#weights[frame * count + k]),
    );
    return factors;
  }

  async changed(change: Change): Promise<void> {
    if (!this.#varies) return;
    const { kernels } = this.#experiment;
    const { frames } = change.batch;
    const asked = this.#asked(change);
    await this.#weigh(frames, asked);
    const { ones, spare } = this.#room;
    const some = kernels.frames(spare, 0, frames.length);
    for (let k = 0; k < this.#settings.oprModes; k++) {
      kernels.combine(some, this.#factors(frames, k), asked, 0, asked);
      kernels.product(kernels.modes(this.#weighted, k, 1), ones, some, { add: true });
    }
    kernels.product(this.#all, ones, asked, { add: true });
    for (const frame of frames) this.#explained[frame] = 1;
  }

  async fitFrames(change: Change): Promise<void> {
    if (this.#varies) await this.#weigh(change.batch.frames, this.#asked(change));
  }

  /** ρ_j, `[B, 1]`. */
  #asked({ batch, patches, change }: Change): Waves {
    const { kernels } = this.#experiment;
    const [asked, shade] = [this.#room.asked, this.#room.shade].map((room) =>
      kernels.frames<Waves | Images>(room, 0, batch.frames.length),
    ) as [Waves, Images];
    kernels.product(asked, patches, kernels.modes(change, 0, 1), { conjugate: true });
    kernels.power(shade, patches);
    // Of each frame by itself: what others are looked at with it, or in another process, makes no difference.
    const most = kernels.frames(this.#room.most, 0, batch.frames.length);
    for (const j of batch.frames.keys()) kernels.largest(kernels.frames(most, j, 1), kernels.frames(shade, j, 1));
    kernels.divide(asked, asked, shade, { form: "linear", alpha: DAMPING, most });
    return asked;
  }

  async #weigh(frames: Int32Array, asked: Waves): Promise<void> {
    const { kernels } = this.#experiment;
    const { oprModes: count } = this.#settings;
    const dots = (k: number): Numbers => kernels.frames(this.#room.dots, k * frames.length, frames.length);
    for (let k = 0; k < count; k++) kernels.dot(dots(k), kernels.modes(this.#directions, k, 1), asked);
    const along = await kernels.read(kernels.frames(this.#room.dots, 0, count * frames.length));
    frames.forEach((frame, j) => {
      for (let k = 0; k < count; k++)
        this.#weights[frame * count + k] += RELAXATION * along[2 * (k * frames.length + j)];
    });
  }

  /** Variations are as much of the probe as before. */
  rescaled(factor: number): void {
    for (const numbers of [this.#weights, this.#begun, this.#velocity])
      for (let i = 0; i < numbers.length; i++) numbers[i] *= factor;
  }

  async endEpoch(): Promise<readonly string[]> {
    const varied = this.#varies;
    this.memory.epoch[0]++;
    const frames = Array.from(this.#explained.keys()).filter((frame) => this.#explained[frame] === 1);
    this.#explained.fill(0);
    if (!varied || frames.length === 0) return [];
    const { kernels, probe, shares } = this.#experiment;
    await shares.sum(this.#weighted, this.#all);
    const values = Float64Array.from(await kernels.read(probe));
    const size = 2 * probe.shape[2] * probe.shape[3];
    const sums = { weighted: await this.#planes(this.#weighted), all: (await this.#planes(this.#all))[0], frames };
    const directions = await this.#planes(this.#directions);
    for (let i = 0; i < this.#weights.length; i++)
      this.#velocity[i] = FRICTION * this.#velocity[i] + this.#weights[i] - this.#begun[i];
    const { directions: next, turn } = iterated(directions, this.#weights, values.subarray(0, size), sums);
    turn(this.#velocity);
    turn(this.#begun);
    for (let i = 0; i < this.#weights.length; i++)
      this.#weights[i] = (1 - RIDGE) * (this.#begun[i] + this.#velocity[i]);
    this.#cut(frames);
    this.#begun.set(this.#weights);
    kernels.write(
      this.#directions,
      next.flatMap((direction) => Array.from(direction)),
    );
    kernels.write(probe, values);
    kernels.fill(this.#weighted, 0);
    kernels.fill(this.#all, 0);
    return [];
  }

  #cut(frames: readonly number[]): void {
    const count = this.#settings.oprModes;
    for (let k = 0; k < count; k++) {
      const sizes = Float64Array.from(frames, (frame) => Math.abs(this.#weights[frame * count + k])).sort();
      const most = OUTLIER * sizes[Math.floor(USUAL * (sizes.length - 1))];
      for (let i = k; i < this.#weights.length; i += count)
        this.#weights[i] = Math.min(most, Math.max(-most, this.#weights[i]));
    }
  }

  async #planes(waves: Waves): Promise<Float64Array[]> {
    const values = Float64Array.from(await this.#experiment.kernels.read(waves));
    const size = values.length / waves.shape[1];
    return Array.from({ length: waves.shape[1] }, (_, k) => values.slice(k * size, (k + 1) * size));
  }

  async estimate(): Promise<{ readonly variations: Variations }> {
    const [, count, height, width] = this.#directions.shape;
    const data = Float32Array.from(await this.#experiment.kernels.read(this.#directions));
    return { variations: { directions: { shape: [count, height, width], data }, weights: this.#weights.slice() } };
  }
}
