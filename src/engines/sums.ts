import type { Placed } from "./batches.ts";
import type { Experiment } from "./experiment.ts";
import type { Images, Kernels, Waves } from "./kernels/kernels.ts";
import type { Change } from "./wrapperRun.ts";

/**
 * Sums over frames in the planes of object and probe: what the changes of exit waves ask of both, and the weights that it
 * is divided by. Batch after batch adds to them.
 */
export class Sums {
  /** `[1, slices or states, H, W]`, Σ_j R_jᵀ Σ_m P_jm* χ_jm: downhill in the object, half the likelihood's gradient. */
  readonly object: Waves;
  /** `[1, slices or states, H, W]`, Σ_j R_jᵀ Σ_m |P_jm|²: the light on each pixel. Between pixels, a bound of what (R_jO)* R_j O sums to. */
  readonly light: Images;
  /** `[1, M, h, w]`, Σ_j (R_j O)* χ_jm: the same in the probe. */
  readonly probe: Waves;
  /** `[1, 1, h, w]`, Σ_j |R_j O|². */
  readonly shade: Images;
  readonly #experiment: Experiment;
  readonly #kernels: Kernels;
  /** `[B, 1]`, on their way to the canvas. */
  readonly #direction: Waves;
  readonly #power: Images;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize } = experiment;
    this.#experiment = experiment;
    const [, modes, height, width] = probe.shape;
    this.#kernels = kernels;
    this.object = kernels.waves(object.shape);
    this.light = kernels.images(object.shape);
    this.probe = kernels.waves([1, modes, height, width]);
    this.shade = kernels.images([1, 1, height, width]);
    this.#direction = kernels.waves([batchSize, 1, height, width]);
    this.#power = kernels.images([batchSize, 1, height, width]);
  }

  clear(): void {
    for (const sum of [this.object, this.light, this.probe, this.shade]) this.#kernels.fill(sum, 0);
  }

  add({ batch, slices, lit }: Pick<Change, "batch" | "slices" | "lit">): void {
    for (const [k, slice] of slices.entries()) this.addToObject(batch, slice.probe, slice.change, k);
    for (const { patches, change } of lit) this.addToProbe(batch, patches, change);
  }

  /**
   * @param probe `[1 or B, M]`
   * @param slice of the object. Default the first
   */
  addToObject({ frames, windows }: Placed, probe: Waves, change: Waves, slice = 0): void {
    const kernels = this.#kernels;
    const direction = kernels.frames(this.#direction, 0, frames.length);
    kernels.product(direction, probe, change, { conjugate: true });
    kernels.paste(kernels.modes(this.object, slice, 1), direction, windows);
    const power = kernels.frames(this.#power, 0, probe.shape[0]);
    kernels.power(power, probe);
    kernels.pasteImages(kernels.modes(this.light, slice, 1), power, windows);
  }

  /** @param patches `[B, 1]` */
  addToProbe(placed: Placed, patches: Waves, change: Waves): void {
    const kernels = this.#kernels;
    this.#experiment.addToProbe(this.probe, placed, patches, change);
    kernels.power(this.shade, patches, { add: true });
  }

  /** What all processes have added. */
  join(): Promise<void> {
    return this.#experiment.shares.sum(this.object, this.light, this.probe, this.shade);
  }

  release(): void {
    this.#kernels.release(this.object, this.light, this.probe, this.shade, this.#direction, this.#power);
  }
}
