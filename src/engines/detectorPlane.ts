import type { Batch } from "./batches.ts";
import type { Compared, Exits } from "./exits.ts";
import type { Images, Kernels, LikelihoodKind, Numbers, Shape } from "./kernels/kernels.ts";
import type { Passage } from "./passage.ts";
import type { Asked, Optics } from "./wrapperRun.ts";

interface DetectorPlaneOptions {
  /** From the sample to the detector. */
  readonly passage: Passage;
  readonly mask: Images | undefined;
  /** Variance of the detector's read-out, in the unit of the measured intensities. */
  readonly dark: number;
  /** Of wrappers, asked for whenever waves arrive. */
  readonly optics: () => readonly Optics[];
}

/** Where exit waves become expected intensities, are compared with measured ones, and are led back. */
export class DetectorPlane {
  readonly #kernels: Kernels;
  readonly #shape: Shape;
  readonly #options: DetectorPlaneOptions;
  /** `[B, 1]` each, made when they are first needed: most engines let a kernel keep them. */
  #expected: Images | undefined;
  #factor: Images | undefined;

  /** @param shape `[B, M, h, w]` */
  constructor(kernels: Kernels, [frames, , height, width]: Shape, options: DetectorPlaneOptions) {
    this.#kernels = kernels;
    this.#shape = [frames, 1, height, width];
    this.#options = options;
  }

  /** Whether wrappers change what a detector counts. */
  get isChanged(): boolean {
    return this.#options.optics().some(({ detector }) => detector !== undefined);
  }

  /** What exit waves, which are in the detector's plane afterwards, make of a batch. Good until the next is asked for. */
  predict<T extends Exits>(batch: Batch, exits: T): T & Compared {
    const kernels = this.#kernels;
    this.#expected ??= kernels.images(this.#shape);
    const expected = kernels.frames(this.#expected, 0, batch.frames.length);
    this.#options.passage.forward(exits.waves);
    kernels.power(expected, exits.waves);
    for (const part of this.#options.optics()) part.detector?.(expected, batch);
    return { ...exits, batch, expected };
  }

  /**
   * `[B, 1]`: the step of amplitudes of what is predicted; good until the next is asked for.
   * @param misfit where misfits go
   */
  compare({ batch, expected }: Compared, likelihood: LikelihoodKind, misfit: Numbers): Images {
    const kernels = this.#kernels;
    const { mask, dark } = this.#options;
    this.#factor ??= kernels.images(this.#shape);
    const factor = kernels.frames(this.#factor, 0, batch.frames.length);
    kernels.likelihood(factor, expected, batch.measured, mask, likelihood, misfit, dark);
    return factor;
  }

  /**
   * χ, where the waves were, of a step `factor` × Ψ.
   * @param factor `[B, 1]`; spent afterwards
   */
  step({ batch, waves }: Compared & Exits, factor: Images, asked: Asked): void {
    const { passage, optics } = this.#options;
    for (const part of optics().toReversed()) part.detectorAdjoint?.(factor, batch, asked);
    this.#kernels.scale(waves, waves, factor);
    passage.adjoint(waves);
  }

  /** Gives its memory on the device back. */
  release(): void {
    this.#kernels.release(...[this.#expected, this.#factor].filter((images) => images !== undefined));
  }
}
