import { median } from "../../numerics/median.ts";
import type { Experiment } from "../experiment.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Change, WrapperRun } from "../wrapperRun.ts";
import { PositionGradient } from "./positionGradient.ts";

type PositionSettings = {
  readonly positionStart: number;
  readonly positionStep: number;
  readonly positionLimit: number;
};

const positionStart: NumberSetting = {
  ...{ name: "positionStart", kind: "integer", default: 5, min: 0 },
  help: "epoch, from 0, from which on positions move: before, the object has no shape to hold them by.",
};
const positionStep: NumberSetting = {
  ...{ name: "positionStep", kind: "real", default: 1, above: 0, max: 2 },
  help: "part of the least-squares step that positions take.",
};
const positionLimit: NumberSetting = {
  ...{ name: "positionLimit", kind: "real", default: 0.2, above: 0 },
  help: "longest way of a position in one epoch along an axis, in object pixels.",
};

/** Steps this many times as long as the median one are cut: a frame that nothing fits is not sent away. */
const OUTLIER = 10;

/**
 * Corrects where the frames were taken, by the gradient (`positionGradient.ts`). The mean of the corrections is taken out
 * after every epoch: object and positions could drift together for ever without any pattern's noticing.
 */
export const positions: Wrapper<PositionSettings> = {
  name: "positions",
  thin: true,
  about: "corrects the positions of frames by the gradient",
  settings: [positionStart, positionStep, positionLimit],
  margin: 12,
  init: (experiment, settings) => new Positions(experiment, settings),
};

class Positions implements WrapperRun {
  readonly memory: { readonly positions: Float64Array; readonly epoch: Float64Array };
  readonly #experiment: Experiment;
  readonly #settings: PositionSettings;
  readonly #gradient: PositionGradient;
  /** Steps that frames ask for in this epoch, `[frame, 2]`; NaN where they were not asked. */
  readonly #steps: Float64Array;

  constructor(experiment: Experiment, settings: PositionSettings) {
    this.#experiment = experiment;
    this.#settings = settings;
    this.#gradient = new PositionGradient(experiment);
    this.#steps = new Float64Array(2 * experiment.frames).fill(Number.NaN);
    this.memory = { positions: experiment.positions, epoch: new Float64Array(1) };
  }

  async changed(change: Change): Promise<void> {
    if (this.memory.epoch[0] < this.#settings.positionStart) return;
    const shifts = await this.#gradient.shifts(change);
    change.batch.frames.forEach((frame, k) => {
      this.#steps.set(shifts.subarray(2 * k, 2 * k + 2), 2 * frame);
    });
  }

  /** As they stand in the object, whose frame the others keep. */
  async fitFrames(change: Change): Promise<void> {
    if (this.memory.epoch[0] <= this.#settings.positionStart) return;
    const { positionStep, positionLimit } = this.#settings;
    const shifts = await this.#gradient.shifts(change);
    change.batch.frames.forEach((frame, k) => {
      for (const axis of [0, 1])
        this.#move(2 * frame + axis, clamped(positionStep * shifts[2 * k + axis], positionLimit));
    });
  }

  /** @param k of the coordinate */
  #move(k: number, step: number): void {
    const { positions, scan, margin } = this.#experiment;
    const nominal = scan.positions[k];
    positions[k] = nominal + clamped(positions[k] + step - nominal, margin - 1);
  }

  endEpoch(): readonly string[] {
    this.memory.epoch[0]++;
    const asked = this.#steps.filter((step) => !Number.isNaN(step));
    if (asked.length === 0) return [];
    const limit = Math.min(this.#settings.positionLimit, OUTLIER * median(asked.map(Math.abs)));
    const steps = this.#steps.map((step) => clamped(this.#settings.positionStep * step, limit));
    this.#steps.fill(Number.NaN);
    for (const axis of [0, 1]) {
      let mean = 0;
      for (let k = axis; k < steps.length; k += 2) if (!Number.isNaN(steps[k])) mean += (2 * steps[k]) / asked.length;
      for (let k = axis; k < steps.length; k += 2) if (!Number.isNaN(steps[k])) this.#move(k, steps[k] - mean);
    }
    return [];
  }
}

const clamped = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));
