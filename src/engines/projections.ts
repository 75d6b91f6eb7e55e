import { PtychonautError, setting } from "../errors.ts";
import type { Placed } from "./batches.ts";
import type { EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import type { Exits } from "./exits.ts";
import type { Experiment } from "./experiment.ts";
import type { Kernels, Numbers, Shape, Waves } from "./kernels/kernels.ts";
import type { EngineSetting, NumberSetting } from "./settings.ts";
import { Sums } from "./sums.ts";
import { Tally } from "./tally.ts";
import type { Wrapper } from "./wrapper.ts";

export type ProjectionSettings = {
  readonly probeStart: number;
  readonly overlapRounds: number;
  readonly overlapTolerance: number;
  readonly objectInertia: number;
  readonly probeInertia: number;
  readonly powerBound: number;
};

const rounds: NumberSetting = {
  ...{ name: "overlapRounds", kind: "integer", default: 10, min: 1, max: 100 },
  help: "how often, at most, object and probe are fitted in turn to the exit waves of an epoch.",
};
const tolerance: NumberSetting = {
  ...{ name: "overlapTolerance", kind: "real", default: 0.05, min: 0 },
  help: "relative change of the probe at which they are fitted.",
};
const objectInertia: NumberSetting = {
  ...{ name: "objectInertia", kind: "real", default: 1e-3, min: 0 },
  help: "how much object pixels stay what they were, over the mean light on a pixel.",
};
const probeInertia: NumberSetting = {
  ...{ name: "probeInertia", kind: "real", default: 1e-3, min: 0 },
  help: "how much the probe stays what it was, over the mean of what its pixels meet.",
};
const powerBound: NumberSetting = {
  ...{ name: "powerBound", kind: "real", default: 0, min: 0 },
  help: "mean square misfit of amplitudes, in counts, up to which a frame's data ask nothing; 0.25 is Poisson noise of many counts.",
};

/** What all of them can be told. */
export const projectionSettings = (probeStart: NumberSetting): readonly EngineSetting[] => [
  ...[probeStart, rounds, tolerance, objectInertia, probeInertia, powerBound],
];

/** Of all of them. */
export const refusedByProjections = ({ rearranges }: Wrapper): string | undefined =>
  rearranges === true ? "exit waves that are kept belong to object and probe as they were" : undefined;

/** Coefficients of the update. */
export interface Mixture {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/**
 * Projection engines, which keep the exit waves of all frames and seek some that lie in two sets: those with the measured
 * amplitudes (Π), and those that are one probe times one object, Q = P_m R_j O. In every epoch all frames take the step
 *
 *   f = (1 − c) ψ + c Q,    ψ ← (1 − a − b) ψ + a Q + b (f + s (F⁻¹ Π F f − f)),
 *
 * of which difference map, RAAR and alternating projections are cases (a, b, c); then object and probe are fitted to the
 * new exit waves in turn, with inertia, until the probe stands still (Thibault et al., Ultramicroscopy 109, 338 (2009)):
 *
 *   O += Σ_jm R_jᵀ P_m* (ψ_jm − Q_jm) / (i_O + Σ_j R_jᵀ Σ_m |P_m|²),   P_m += Σ_j (R_j O)* (ψ_jm − Q_jm) / (i_P + Σ_j |R_j O|²).
 *
 * On whole pixels these are the paper's quotients, O ← (i_O O + Σ R_jᵀ P* ψ) / (i_O + Σ R_jᵀ |P|²); written so, object and
 * probe that explain the exit waves stay, between pixels as well.
 *
 * s = 1, or with a power bound b > 0, for a frame whose mean square misfit of amplitudes at f is e, max(0, 1 − √(b / e)):
 * the data do not ask for more than noise leaves open (Giewekemeyer et al., PNAS 107, 529 (2010)).
 *
 * Exit waves are on the device: frames × modes × h × w complex numbers, 8 bytes each in single precision. A thousand frames
 * of 256 × 256 are half a gigabyte, and as much again is in a checkpoint.
 */
export class ProjectionRun implements EngineRun {
  readonly memory: Readonly<Record<string, Remembered>>;
  readonly dealt: readonly string[] = ["exitWaves"];
  readonly #experiment: Experiment;
  readonly #settings: ProjectionSettings;
  readonly #mixture: Mixture;
  readonly #tally: Tally;
  readonly #sums: Sums;
  /** ψ, `[frames, M]`, in the order of the epoch's frames: this process's. */
  readonly #waves: Waves;
  /** One number: whether exit waves have been made. */
  readonly #begun: Numbers;
  /** f, `[B, M]`. */
  readonly #mixed: Waves;
  readonly #before: Waves;
  readonly #misfit: Numbers;
  readonly #strength: Numbers;
  readonly #norms: Numbers;
  #frames: Int32Array | undefined;

  /** @throws PtychonautError "memory" where there is no room for the exit waves */
  constructor(experiment: Experiment, settings: ProjectionSettings, mixture: Mixture) {
    const { kernels, probe, batchSize, shares } = experiment;
    const frames = shares.most(experiment.frames);
    const [, modes, height, width] = probe.shape;
    this.#experiment = experiment;
    this.#settings = settings;
    this.#mixture = mixture;
    this.#tally = new Tally(kernels, frames);
    this.#sums = new Sums(experiment);
    this.#waves = roomFor(kernels, [frames, modes, height, width]);
    this.#begun = kernels.numbers(1);
    this.#mixed = kernels.waves([batchSize, modes, height, width]);
    this.#before = kernels.waves(probe.shape);
    this.#misfit = kernels.numbers(batchSize, 4);
    this.#strength = kernels.numbers(batchSize);
    this.#norms = kernels.numbers(2, 2);
    this.memory = { exitWaves: this.#waves, begun: this.#begun };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    this.#hold(epoch.frames);
    const { kernels, scan, shares } = this.#experiment;
    const [begun] = await kernels.read(this.#begun);
    for (const [from, frames] of this.#parts(shares.ownOf(epoch.frames))) {
      await this.#project(from, frames, begun === 0);
      // As if of all.
      await epoch.checkpoint(Math.min(epoch.frames.length, shares.ranks.size * (from + frames.length)));
    }
    kernels.fill(this.#begun, 1);
    await this.#fit(epoch);
    await this.#experiment.moved();
    return this.#tally.report(scan.countsPerUnit, shares.ranks);
  }

  /** Exit waves are of these frames. @throws PtychonautError "usage" where they were of others */
  #hold(frames: Int32Array): void {
    const held = this.#frames;
    if (held !== undefined && (held.length !== frames.length || held.some((frame, k) => frame !== frames[k])))
      throw new PtychonautError("usage", "an engine that keeps exit waves takes the same frames in every epoch");
    this.#frames = frames;
  }

  *#parts(frames: Int32Array): Iterable<readonly [from: number, frames: Int32Array]> {
    const { batchSize } = this.#experiment;
    for (let from = 0; from < frames.length; from += batchSize) yield [from, frames.subarray(from, from + batchSize)];
  }

  async #project(from: number, frames: Int32Array, first: boolean): Promise<void> {
    const { a, b, c } = this.#mixture;
    const experiment = this.#experiment;
    const { kernels } = experiment;
    const batch = experiment.load(frames);
    const tally = this.#tally.next(frames.length);
    if (experiment.isPlain) experiment.assess(batch, tally);
    else await experiment.change(batch, "gaussian", tally);
    const { patches, probe, waves: current } = experiment.exits(batch);
    const held = kernels.frames(this.#waves, from, frames.length);
    const mixed = kernels.frames(this.#mixed, 0, frames.length);
    if (first) kernels.combine(held, 1, current, 0, current);
    kernels.combine(mixed, 1 - c, held, c, current);
    kernels.combine(held, 1 - a - b, held, a, current);
    kernels.combine(held, 1, held, b, mixed);
    const misfit = kernels.frames(this.#misfit, 0, frames.length);
    experiment.project(batch, { patches, probe, waves: mixed }, misfit);
    kernels.combine(held, 1, held, await this.#strengths(misfit, b), mixed);
  }

  /** b s of each frame. */
  async #strengths(misfit: Numbers, b: number): Promise<number | Numbers> {
    const { kernels, scan } = this.#experiment;
    if (this.#settings.powerBound === 0) return b;
    const bound = this.#settings.powerBound / scan.countsPerUnit;
    const sums = await kernels.read(misfit);
    const strengths = kernels.frames(this.#strength, 0, misfit.frames);
    kernels.write(
      strengths,
      Float64Array.from({ length: misfit.frames }, (_, k) => {
        const [off, valid] = [sums[4 * k], sums[4 * k + 3]];
        return off > bound * valid ? b * (1 - Math.sqrt((bound * valid) / off)) : 0;
      }),
    );
    return strengths;
  }

  /** Object and probe of the exit waves. */
  async #fit({ frames, number }: Epoch): Promise<void> {
    const { overlapRounds, overlapTolerance, probeStart } = this.#settings;
    for (let round = 0; round < overlapRounds; round++) {
      await this.#fitObject(frames);
      if (number < probeStart) return;
      if ((await this.#fitProbe(frames)) < overlapTolerance) return;
    }
  }

  async #fitObject(frames: Int32Array): Promise<void> {
    const { kernels, object, probe, shares } = this.#experiment;
    const [light] = await this.#energies(probe, probe);
    const inertia = this.#settings.objectInertia * ((frames.length * light) / (object.shape[2] * object.shape[3]));
    const sums = this.#sums;
    kernels.fill(sums.object, 0);
    kernels.fill(sums.light, this.#once(inertia));
    for (const [from, some] of this.#parts(shares.ownOf(frames))) {
      const { placed, probe: light, waves } = this.#unexplained(from, some);
      sums.addToObject(placed, light, waves);
    }
    await shares.sum(sums.object, sums.light);
    kernels.divide(object, sums.object, sums.light, { form: "linear", alpha: 0, most: 0 }, { add: true });
  }

  /** @returns ‖change‖ / ‖probe‖ */
  async #fitProbe(frames: Int32Array): Promise<number> {
    const { kernels, object, probe, shares } = this.#experiment;
    const [met] = await this.#energies(object, object);
    const inertia = this.#settings.probeInertia * ((frames.length * met) / (object.shape[2] * object.shape[3]));
    const sums = this.#sums;
    kernels.combine(this.#before, 1, probe, 0, probe);
    kernels.fill(sums.probe, 0);
    kernels.fill(sums.shade, this.#once(inertia));
    for (const [from, some] of this.#parts(shares.ownOf(frames))) {
      const { placed, patches, waves } = this.#unexplained(from, some);
      sums.addToProbe(placed, patches, waves);
    }
    await shares.sum(sums.probe, sums.shade);
    kernels.divide(probe, sums.probe, sums.shade, { form: "linear", alpha: 0, most: 0 }, { add: true });
    kernels.combine(this.#before, 1, probe, -1, this.#before);
    const [moved, all] = await this.#energies(this.#before, probe);
    return all > 0 ? Math.sqrt(moved / all) : 0;
  }

  /** What all processes are to have once in a sum. */
  #once(value: number): number {
    return this.#experiment.shares.ranks.rank === 0 ? value : 0;
  }

  /** ψ − Q of some frames. */
  #unexplained(from: number, frames: Int32Array): Exits & { readonly placed: Placed } {
    const experiment = this.#experiment;
    const { kernels } = experiment;
    const placed = experiment.place(frames);
    const exits = experiment.exits(placed);
    kernels.combine(exits.waves, 1, kernels.frames(this.#waves, from, frames.length), -1, exits.waves);
    return { ...exits, placed };
  }

  /** ‖a‖² and ‖b‖². */
  async #energies(a: Waves, b: Waves): Promise<[number, number]> {
    const { kernels } = this.#experiment;
    kernels.dot(kernels.frames(this.#norms, 0, 1), a, a);
    kernels.dot(kernels.frames(this.#norms, 1, 1), b, b);
    const norms = await kernels.read(this.#norms);
    return [norms[0], norms[2]];
  }

  release(): void {
    this.#tally.release();
    this.#sums.release();
    const { kernels } = this.#experiment;
    kernels.release(this.#waves, this.#begun, this.#mixed, this.#before, this.#misfit, this.#strength, this.#norms);
  }
}

/** @throws PtychonautError "memory" that says who needs less */
function roomFor(kernels: Kernels, shape: Shape): Waves {
  try {
    return kernels.waves(shape);
  } catch (error) {
    if (!(error instanceof PtychonautError && error.kind === "memory")) throw error;
    throw new PtychonautError("memory", "the exit waves of all frames do not fit into memory", {
      ...error.details,
      fix: `take an engine that keeps none: ${setting("engine", "rpie")} or ${setting("engine", "lsqml")}`,
      cause: error,
    });
  }
}
