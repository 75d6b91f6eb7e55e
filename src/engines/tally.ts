import { alone, type Communicator, sumsOf } from "../communicator.ts";
import type { EpochReport } from "./engine.ts";
import type { Kernels, Numbers } from "./kernels/kernels.ts";

/** Misfits of an epoch's frames, on the device until the epoch is over: nothing waits for them. */
export class Tally {
  readonly #kernels: Kernels;
  readonly #misfits: Numbers;
  #filled = 0;

  /** @param most frames of an epoch */
  constructor(kernels: Kernels, most: number) {
    this.#kernels = kernels;
    this.#misfits = kernels.numbers(most, 4);
  }

  /** Where the next frames' misfits go. */
  next(frames: number): Numbers {
    this.#filled += frames;
    return this.#kernels.frames(this.#misfits, this.#filled - frames, frames);
  }

  /**
   * Of the frames since the last report.
   * @param ranks processes that have frames of their own. Default: this one alone
   */
  async report(countsPerUnit: number, ranks: Communicator = alone): Promise<EpochReport> {
    const misfits = await this.#read();
    const sums = [0, 0, 0, 0];
    for (let i = 0; i < misfits.length; i++) sums[i % 4] += misfits[i];
    const [off, all, deviance, valid] = await sumsOf(ranks, sums);
    return { error: Math.sqrt(off / all), deviance: (countsPerUnit * deviance) / valid };
  }

  /** Of each frame since the last report: Poisson deviance of a valid pixel, in counts. */
  async deviances(countsPerUnit: number): Promise<Float64Array> {
    const misfits = await this.#read();
    return Float64Array.from({ length: misfits.length / 4 }, (_, k) => {
      return (countsPerUnit * misfits[4 * k + 2]) / misfits[4 * k + 3];
    });
  }

  async #read(): Promise<ArrayLike<number>> {
    if (this.#filled === 0) return [];
    const filled = this.#kernels.frames(this.#misfits, 0, this.#filled);
    this.#filled = 0;
    return this.#kernels.read(filled);
  }

  release(): void {
    this.#kernels.release(this.#misfits);
  }
}
