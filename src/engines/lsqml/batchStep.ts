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
  /** Σ_m P_m* χ_jm, before it is divided. */
  readonly #asked: Waves;
  readonly #spare: Waves;
  readonly #power: Images;
  readonly #lightBefore: Images;
  readonly #lightAfter: Images;
  readonly #shade: Images;
  readonly #most: Numbers;
  readonly #dots: Numbers;
  readonly #squares: Numbers;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize } = experiment;
    const [, modes, height, width] = probe.shape;
    this.#experiment = experiment;
    this.#light = kernels.images(object.shape);
    this.#direction = kernels.waves([batchSize, 1, height, width]);
    this.#after = kernels.waves([batchSize, 1, height, width]);
    this.#probeDirection = kernels.waves([1, modes, height, width]);
    this.#asked = kernels.waves([batchSize, 1, height, width]);
    this.#spare = kernels.waves([batchSize, 1, height, width]);
    this.#power = kernels.images([batchSize, 1, height, width]);
    this.#lightBefore = kernels.images([batchSize, 1, height, width]);
    this.#lightAfter = kernels.images([batchSize, 1, height, width]);
    this.#shade = kernels.images([1, 1, height, width]);
    this.#most = kernels.numbers(1);
    this.#dots = kernels.numbers(3 * batchSize, 2);
    this.#squares = kernels.numbers(2 * batchSize);
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
    const [direction, asked, before, after] = [
      kernels.frames(this.#direction, 0, count),
      kernels.frames(this.#asked, 0, count),
      kernels.frames(this.#lightBefore, 0, count),
      kernels.frames(this.#lightAfter, 0, count),
    ];
    const power = kernels.frames(this.#power, 0, probe.shape[0]);
    kernels.product(asked, probe, change, { conjugate: true });
    kernels.power(power, probe);
    kernels.cutImages(before, light, batch.windows);
    kernels.pasteImages(light, power, batch.windows);
    kernels.cutImages(after, light, batch.windows);
    kernels.combine(after, 1, after, -1, before);
    kernels.largest(this.#most, after);
    kernels.divide(direction, asked, after, { form: "quadrature", alpha: damping, most: this.#most });
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

  /**
   * Of u_m = P_m R_jΔO and v_m = ΔP_m R_jO. Modes are summed before frames are looked at: ⟨u, χ⟩ = ⟨R_jΔO, Σ_m P_m* χ_m⟩ and so
   * on, so that neither is made.
   *
   * @param along R_jΔO
   */
  async #overlaps(
    batch: Batch,
    { patches, probe, change }: SliceChange,
    along: Waves,
    withProbe: boolean,
  ): Promise<Overlaps[]> {
    const { kernels } = this.#experiment;
    const count = batch.frames.length;
    const [asked, spare] = [this.#asked, this.#spare].map((room) => kernels.frames(room, 0, count));
    const power = kernels.frames(this.#lightAfter, 0, count);
    const dots = (k: number): Numbers => kernels.frames(this.#dots, k * count, count);
    const squares = (k: number): Numbers => kernels.frames(this.#squares, k * count, count);
    const lit = probe.shape[0];
    const light = kernels.frames(this.#lightBefore, 0, lit);
    kernels.power(light, probe);
    kernels.power(power, along);
    kernels.sum(squares(0), power, light);
    kernels.dot(dots(0), along, asked);
    if (withProbe) {
      const direction = this.#probeDirection;
      kernels.product(spare, direction, change, { conjugate: true });
      kernels.dot(dots(1), patches, spare);
      const both = kernels.frames(this.#asked, 0, lit);
      kernels.product(both, probe, direction, { conjugate: true });
      kernels.product(spare, patches, both);
      kernels.dot(dots(2), along, spare);
      kernels.power(power, patches);
      kernels.power(this.#shade, direction);
      kernels.sum(squares(1), power, this.#shade);
    }
    const terms = withProbe ? 3 : 1;
    const products = await kernels.read(kernels.frames(this.#dots, 0, terms * count));
    const norms = await kernels.read(kernels.frames(this.#squares, 0, (withProbe ? 2 : 1) * count));
    return Array.from({ length: count }, (_, frame) => {
      const product = (k: number): number => (k < terms ? products[2 * (k * count + frame)] : 0);
      const [uu, vv] = [norms[frame], withProbe ? norms[count + frame] : 0];
      return { uu, vv, ux: product(0), vx: product(1), uv: product(2) };
    });
  }

  release(): void {
    const { kernels } = this.#experiment;
    kernels.release(
      this.#light,
      this.#direction,
      this.#after,
      this.#probeDirection,
      this.#asked,
      this.#spare,
      this.#power,
    );
    kernels.release(this.#lightBefore, this.#lightAfter, this.#shade, this.#most, this.#dots, this.#squares);
  }
}
