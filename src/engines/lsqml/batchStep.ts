import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";
import type { Change, SliceChange } from "../wrapperRun.ts";
import { type Overlaps, stepLengths, trimmedMean } from "./stepLengths.ts";

/** How far a batch goes. */
export interface Lengths {
  /** Factors on the solved lengths. A probe whose factor is 0 stays. */
  readonly object: number;
  readonly probe: number;
  /** δ of the directions' denominators. */
  readonly damping: number;
}

/** δ of the probe's denominator: Σ |R_j O|² hardly varies, and where nothing lets light through nothing is learnt. */
const PROBE_DAMPING = 0.1;

/**
 * One update of object and probe from the changes of a batch. Only pixels of its windows are touched, so that an epoch costs
 * the same a frame however large the canvas is.
 */
export class BatchStep {
  readonly #experiment: Experiment;
  /** `[1, slices, H, W]`: the light that fell on each pixel since `clear`. */
  readonly #light: Images;
  readonly #direction: Waves;
  readonly #after: Waves;
  readonly #probeDirection: Waves;
  readonly #u: Waves;
  readonly #v: Waves;
  readonly #power: Images;
  readonly #lightBefore: Images;
  readonly #lightAfter: Images;
  readonly #shade: Images;
  readonly #most: Numbers;
  readonly #dots: Numbers;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize } = experiment;
    const [, modes, height, width] = probe.shape;
    this.#experiment = experiment;
    this.#light = kernels.images(object.shape);
    this.#direction = kernels.waves([batchSize, 1, height, width]);
    this.#after = kernels.waves([batchSize, 1, height, width]);
    this.#probeDirection = kernels.waves([1, modes, height, width]);
    this.#u = kernels.waves([batchSize, modes, height, width]);
    this.#v = kernels.waves([batchSize, modes, height, width]);
    this.#power = kernels.images([batchSize, 1, height, width]);
    this.#lightBefore = kernels.images([batchSize, 1, height, width]);
    this.#lightAfter = kernels.images([batchSize, 1, height, width]);
    this.#shade = kernels.images([1, 1, height, width]);
    this.#most = kernels.numbers(1);
    this.#dots = kernels.numbers(5 * batchSize, 2);
  }

  /** Before an epoch. */
  clear(): void {
    this.#experiment.kernels.fill(this.#light, 0);
  }

  /** Moves object and probe, slice by slice, each by its own lengths; the probe with the first. */
  async take(change: Change, lengths: Lengths): Promise<void> {
    // Slices that all went as far as one would have to go would together go as many times too far.
    const object = lengths.object / change.slices.length;
    for (const [k, slice] of change.slices.entries())
      await this.#move(change.batch, slice, k, { ...lengths, object, probe: k === 0 ? lengths.probe : 0 });
  }

  async #move(
    batch: Batch,
    slice: SliceChange,
    which: number,
    { object: objectFactor, probe: probeFactor, damping }: Lengths,
  ): Promise<void> {
    const { kernels, probe } = this.#experiment;
    const object = kernels.modes(this.#experiment.object, which, 1);
    const { windows } = batch;
    const moves = { object: true, probe: probeFactor > 0 };
    const direction = this.#objectDirection(batch, slice, which, damping);
    if (moves.probe) this.#findProbeDirection(slice);
    // The full direction is put on the object, since what windows share of it, R_j ΔO, is then cut from there.
    kernels.paste(object, direction, windows);
    const after = kernels.frames(this.#after, 0, batch.frames.length);
    kernels.cut(after, object, windows);
    kernels.combine(after, 1, after, -1, slice.patches);
    const lengths = stepLengths(await this.#overlaps(batch, slice, after, moves.probe), moves);
    kernels.combine(direction, objectFactor * trimmedMean(lengths.object) - 1, direction, 0, direction);
    kernels.paste(object, direction, windows);
    if (moves.probe) kernels.combine(probe, 1, probe, probeFactor * trimmedMean(lengths.probe), this.#probeDirection);
  }

  /** Σ_m P_m* χ_jm over √(W² + (δ max W)²), the batch's own light in W. */
  #objectDirection(batch: Batch, { probe, change }: SliceChange, which: number, damping: number): Waves {
    const { kernels } = this.#experiment;
    const light = kernels.modes(this.#light, which, 1);
    const count = batch.frames.length;
    const [direction, before, after] = [
      kernels.frames(this.#direction, 0, count),
      kernels.frames(this.#lightBefore, 0, count),
      kernels.frames(this.#lightAfter, 0, count),
    ];
    const power = kernels.frames(this.#power, 0, probe.shape[0]);
    kernels.product(direction, probe, change, { conjugate: true });
    kernels.power(power, probe);
    kernels.cutImages(before, light, batch.windows);
    kernels.pasteImages(light, power, batch.windows);
    kernels.cutImages(after, light, batch.windows);
    kernels.combine(after, 1, after, -1, before);
    kernels.largest(this.#most, after);
    kernels.divide(direction, direction, after, { form: "quadrature", alpha: damping, most: this.#most });
    return direction;
  }

  #findProbeDirection({ patches, change }: SliceChange): void {
    const { kernels } = this.#experiment;
    const [direction, shade, most] = [this.#probeDirection, this.#shade, this.#most];
    kernels.product(direction, patches, change, { conjugate: true });
    kernels.power(shade, patches);
    kernels.largest(most, shade);
    kernels.divide(direction, direction, shade, { form: "quadrature", alpha: PROBE_DAMPING, most });
  }

  async #overlaps(
    batch: Batch,
    { patches, probe, change }: SliceChange,
    along: Waves,
    withProbe: boolean,
  ): Promise<Overlaps[]> {
    const { kernels } = this.#experiment;
    const count = batch.frames.length;
    const [u, v] = [kernels.frames(this.#u, 0, count), kernels.frames(this.#v, 0, count)];
    const row = (k: number): Numbers => kernels.frames(this.#dots, k * count, count);
    kernels.product(u, along, probe);
    kernels.dot(row(0), u, u);
    kernels.dot(row(1), u, change);
    if (withProbe) {
      kernels.product(v, patches, this.#probeDirection);
      kernels.dot(row(2), v, v);
      kernels.dot(row(3), v, change);
      kernels.dot(row(4), u, v);
    }
    const values = await kernels.read(kernels.frames(this.#dots, 0, (withProbe ? 5 : 2) * count));
    return Array.from({ length: count }, (_, frame) => {
      const [uu, ux, vv = 0, vx = 0, uv = 0] = Array.from(
        { length: withProbe ? 5 : 2 },
        (__, k) => values[2 * (k * count + frame)],
      );
      return { uu, ux, vv, vx, uv };
    });
  }

  release(): void {
    const { kernels } = this.#experiment;
    kernels.release(this.#light, this.#direction, this.#after, this.#probeDirection, this.#u, this.#v, this.#power);
    kernels.release(this.#lightBefore, this.#lightAfter, this.#shade, this.#most, this.#dots);
  }
}
