import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";

/** What a batch's frames ask of some planes of the object that one light falls on. */
export interface Asked {
  readonly batch: Batch;
  /** `[1 or B, M]`: what lights the first of the planes. */
  readonly probe: Waves;
  /** `[B, 1]`, one for each plane. */
  readonly directions: readonly Waves[];
}

/** Where the light and the directions of a batch come onto the object. */
export interface Landing {
  /** Before an epoch. */
  clear(): void;
  /**
   * W, the light that the whole batch brings onto a plane, where this process's windows lie, and its largest value.
   *
   * @param asked of this process's frames; nothing where it has none in the batch
   * @returns `[B, 1]`, good until the next is asked for
   */
  lightOn(asked: Omit<Asked, "directions"> | undefined, plane: number, most: Numbers): Promise<Images | undefined>;
  /** The object goes the whole of the directions. */
  go(asked: Asked | undefined, planes: readonly number[]): Promise<void>;
  /** And a part of them more, or less. */
  goOn(asked: Asked | undefined, planes: readonly number[], part: number): void;
  release(): void;
}

/** One process has the whole batch: only pixels of its windows are touched, however large the canvas is. */
export class OwnLanding implements Landing {
  readonly #experiment: Experiment;
  /**
   * `[1, slices, H, W]`: the light that a batch brings onto each pixel, the same on all states. Between batches it is 0, but for
   * what rounding leaves since `clear`.
   */
  readonly #light: Images;
  readonly #power: Images;
  readonly #seen: Images;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize, slices } = experiment;
    const images = (): Images => kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
    this.#experiment = experiment;
    this.#light = kernels.images([1, slices, object.shape[2], object.shape[3]]);
    [this.#power, this.#seen] = [images(), images()];
  }

  clear(): void {
    this.#experiment.kernels.fill(this.#light, 0);
  }

  async lightOn(
    asked: Omit<Asked, "directions"> | undefined,
    plane: number,
    most: Numbers,
  ): Promise<Images | undefined> {
    if (asked === undefined) return undefined;
    const { kernels } = this.#experiment;
    const { batch, probe } = asked;
    const light = kernels.modes(this.#light, plane, 1);
    const seen = kernels.frames(this.#seen, 0, batch.frames.length);
    const power = kernels.frames(this.#power, 0, probe.shape[0]);
    kernels.power(power, probe);
    kernels.pasteImages(light, power, batch.windows);
    kernels.cutImages(seen, light, batch.windows);
    kernels.pasteImages(light, power, batch.windows, -1);
    kernels.largest(most, seen);
    return seen;
  }

  async go(asked: Asked | undefined, planes: readonly number[]): Promise<void> {
    this.#paste(asked, planes, 1);
  }

  goOn(asked: Asked | undefined, planes: readonly number[], part: number): void {
    this.#paste(asked, planes, part);
  }

  #paste(asked: Asked | undefined, planes: readonly number[], part: number): void {
    if (asked === undefined) return;
    const { kernels, object } = this.#experiment;
    for (const [k, direction] of asked.directions.entries())
      kernels.paste(kernels.modes(object, planes[k], 1), direction, asked.batch.windows, part);
  }

  release(): void {
    this.#experiment.kernels.release(this.#light, this.#power, this.#seen);
  }
}

/** Several processes have a part of the batch each: planes of the canvas are summed. */
export class SharedLanding implements Landing {
  readonly #experiment: Experiment;
  /** `[1, 1, H, W]`. */
  readonly #light: Images;
  /** `[1, slices or states, H, W]`: ΔO. */
  readonly #whole: Waves;
  readonly #power: Images;
  readonly #seen: Images;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize } = experiment;
    const images = (): Images => kernels.images([batchSize, 1, probe.shape[2], probe.shape[3]]);
    this.#experiment = experiment;
    this.#light = kernels.images([1, 1, object.shape[2], object.shape[3]]);
    this.#whole = kernels.waves(object.shape);
    [this.#power, this.#seen] = [images(), images()];
  }

  clear(): void {}

  async lightOn(
    asked: Omit<Asked, "directions"> | undefined,
    _plane: number,
    most: Numbers,
  ): Promise<Images | undefined> {
    const { kernels, shares } = this.#experiment;
    kernels.fill(this.#light, 0);
    if (asked !== undefined) {
      const power = kernels.frames(this.#power, 0, asked.probe.shape[0]);
      kernels.power(power, asked.probe);
      kernels.pasteImages(this.#light, power, asked.batch.windows);
    }
    await shares.sum(this.#light);
    const seen = asked === undefined ? undefined : kernels.frames(this.#seen, 0, asked.batch.frames.length);
    if (asked === undefined || seen === undefined) kernels.fill(most, 0);
    else {
      kernels.cutImages(seen, this.#light, asked.batch.windows);
      kernels.largest(most, seen);
    }
    await shares.largest(most);
    return seen;
  }

  async go(asked: Asked | undefined, planes: readonly number[]): Promise<void> {
    const { kernels, shares } = this.#experiment;
    const whole = planes.map((plane) => kernels.modes(this.#whole, plane, 1));
    for (const [k, plane] of whole.entries()) {
      kernels.fill(plane, 0);
      if (asked !== undefined) kernels.paste(plane, asked.directions[k], asked.batch.windows);
    }
    await shares.sum(...whole);
    this.#move(planes, 1);
  }

  goOn(_asked: Asked | undefined, planes: readonly number[], part: number): void {
    this.#move(planes, part);
  }

  #move(planes: readonly number[], by: number): void {
    const { kernels, object } = this.#experiment;
    for (const k of planes) {
      const plane = kernels.modes(object, k, 1);
      kernels.combine(plane, 1, plane, by, kernels.modes(this.#whole, k, 1));
    }
  }

  release(): void {
    this.#experiment.kernels.release(this.#light, this.#whole, this.#power, this.#seen);
  }
}
