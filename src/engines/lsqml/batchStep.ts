import type { Batch } from "../batches.ts";
import type { Experiment } from "../experiment.ts";
import type { Images, Numbers, Waves } from "../kernels/kernels.ts";
import type { Change, SliceChange } from "../wrapperRun.ts";
import { type Landing, OwnLanding, SharedLanding } from "./landing.ts";
import { type Overlaps, stepLengths, trimmedMean } from "./stepLengths.ts";

/** How far a batch goes. */
export interface Lengths {
  /** Factors on the solved lengths. A probe whose factor is 0 stays. */
  readonly object: number;
  readonly probe: number;
  /** δ of the directions' denominators. */
  readonly damping: number;
}

/** A plane of the object, and what is asked of it. */
interface Part extends SliceChange {
  readonly plane: number;
}

/** δ of the probe's denominator: Σ |R_j O|² hardly varies, and where nothing lets light through nothing is learnt. */
const PROBE_DAMPING = 0.1;

/** A batch, and which of its frames this process has. */
export interface Shared {
  readonly count: number;
  /** In the batch. */
  readonly places: Int32Array;
}

/** What this process's frames ask of some planes. */
interface Own {
  readonly batch: Batch;
  readonly parts: readonly Part[];
}

/** One update of object and probe from the changes of a batch, of which each process has those of its own frames. */
export class BatchStep {
  readonly #experiment: Experiment;
  readonly #landing: Landing;
  /** `[B, states]`. */
  readonly #direction: Waves;
  readonly #probeDirection: Waves;
  readonly #shade: Images;
  readonly #most: Numbers;
  readonly #sums: Numbers;

  constructor(experiment: Experiment) {
    const { kernels, object, probe, batchSize, slices, shares } = experiment;
    const [, modes, height, width] = probe.shape;
    const states = object.shape[1] / slices;
    this.#experiment = experiment;
    this.#landing = shares.shared ? new SharedLanding(experiment) : new OwnLanding(experiment);
    this.#direction = kernels.waves([batchSize, states, height, width]);
    this.#probeDirection = kernels.waves([1, modes, height, width]);
    this.#shade = kernels.images([1, 1, height, width]);
    this.#most = kernels.numbers(1);
    this.#sums = kernels.numbers(5 * batchSize * states);
  }

  /** Before an epoch. */
  clear(): void {
    this.#landing.clear();
  }

  /**
   * Moves object and probe, slice by slice, each by its own lengths, the probe with the first; or all states together.
   *
   * @param change of this process's frames; nothing where it has none
   */
  async take(change: Change | undefined, shared: Shared, lengths: Lengths): Promise<void> {
    const { object, slices } = this.#experiment;
    const planes = Array.from({ length: object.shape[1] }, (_, plane) => plane);
    const own = (of: readonly number[]): Own | undefined =>
      change && { batch: change.batch, parts: of.map((plane) => ({ ...change.slices[plane], plane })) };
    if (slices === 1) return this.#move(own(planes), planes, shared, lengths);
    // Slices that all went as far as one would have to go would together go as many times too far.
    const factor = lengths.object / slices;
    for (const plane of planes)
      await this.#move(own([plane]), [plane], shared, {
        ...{ ...lengths, object: factor },
        probe: plane === 0 ? lengths.probe : 0,
      });
  }

  /** @param planes which the same probe lights */
  async #move(
    own: Own | undefined,
    planes: readonly number[],
    shared: Shared,
    { object: objectFactor, probe: probeFactor, damping }: Lengths,
  ): Promise<void> {
    const { kernels, probe } = this.#experiment;
    const moves = { object: true, probe: probeFactor > 0 };
    const lit = own && { batch: own.batch, probe: own.parts[0].probe };
    const light = await this.#landing.lightOn(lit, planes[0], this.#most);
    const asked = own &&
      light && { ...own, probe: own.parts[0].probe, directions: this.#directions(own, light, damping) };
    if (moves.probe) await this.#findProbeDirection(own);
    // The full direction is put on the object, since what windows share of it, R_j ΔO, is then cut from there.
    await this.#landing.go(asked, planes);
    const lengths = stepLengths(await this.#overlaps(own, shared, moves.probe), moves);
    this.#landing.goOn(asked, planes, objectFactor * trimmedMean(lengths.object) - 1);
    if (moves.probe) kernels.combine(probe, 1, probe, probeFactor * trimmedMean(lengths.probe), this.#probeDirection);
  }

  #directions({ batch, parts }: Own, light: Images, damping: number): Waves[] {
    return parts.map((part, k) => this.#objectDirection(batch, part, k, light, damping));
  }

  /** Σ_m P_m* χ_jm over √(W² + (δ max W)²). */
  #objectDirection(batch: Batch, { probe, change }: Part, which: number, light: Images, damping: number): Waves {
    const { kernels } = this.#experiment;
    const direction = kernels.modes(kernels.frames(this.#direction, 0, batch.frames.length), which, 1);
    kernels.product(direction, probe, change, { conjugate: true });
    kernels.divide(direction, direction, light, { form: "quadrature", alpha: damping, most: this.#most });
    return direction;
  }

  async #findProbeDirection(own: Own | undefined): Promise<void> {
    const { kernels, shares } = this.#experiment;
    const [direction, shade, most] = [this.#probeDirection, this.#shade, this.#most];
    kernels.fill(direction, 0);
    if (own === undefined) kernels.fill(shade, 0);
    else
      for (const [k, { patches, change }] of own.parts.entries()) {
        this.#experiment.addToProbe(direction, own.batch, patches, change);
        kernels.power(shade, patches, { add: k > 0 });
      }
    await shares.sum(direction, shade);
    kernels.largest(most, shade);
    kernels.divide(direction, direction, shade, { form: "quadrature", alpha: PROBE_DAMPING, most });
  }

  /** Of the exit waves of all parts together; each has been moved by its whole direction. Of all frames of the batch. */
  async #overlaps(own: Own | undefined, { count, places }: Shared, withProbe: boolean): Promise<Overlaps[]> {
    const found = own === undefined ? new Float64Array(0) : await this.#ownOverlaps(own, withProbe);
    const rows = await this.#experiment.shares.rows(found, places, count, 5);
    return Array.from({ length: count }, (_, frame) => {
      const [uu, ux, vv, vx, uv] = rows.subarray(5 * frame, 5 * frame + 5);
      return { uu, ux, vv, vx, uv };
    });
  }

  /** `[B, 5]`. */
  async #ownOverlaps({ batch, parts }: Own, withProbe: boolean): Promise<Float64Array> {
    const { kernels, object } = this.#experiment;
    const count = batch.frames.length;
    const kinds = withProbe ? 5 : 2;
    const each = kinds * count;
    const direction = withProbe ? { direction: this.#experiment.movedLight(batch, this.#probeDirection) } : {};
    for (const [k, { patches, probe, change, plane }] of parts.entries()) {
      const out = kernels.frames(this.#sums, k * each, each);
      const moved = kernels.modes(object, plane, 1);
      kernels.stepOverlaps({ patches, object: moved, windows: batch.windows, probe, change, out, ...direction });
    }
    const sums = await kernels.read(kernels.frames(this.#sums, 0, parts.length * each));
    const rows = new Float64Array(5 * count);
    for (let k = 0; k < parts.length; k++)
      for (let what = 0; what < kinds; what++)
        for (let frame = 0; frame < count; frame++) rows[5 * frame + what] += sums[k * each + what * count + frame];
    return rows;
  }

  release(): void {
    this.#landing.release();
    this.#experiment.kernels.release(...[this.#direction, this.#probeDirection, this.#shade, this.#most, this.#sums]);
  }
}
