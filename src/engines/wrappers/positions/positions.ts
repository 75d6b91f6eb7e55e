import { sumsOf } from "../../../communicator.ts";
import { setting } from "../../../errors.ts";
import { median } from "../../../numerics/median.ts";
import type { Experiment } from "../../experiment.ts";
import type { ChoiceSetting, NumberSetting, ToggleSetting } from "../../settings.ts";
import type { OfFrames } from "../../shares.ts";
import type { Wrapper } from "../../wrapper.ts";
import type { Change, FramePass, WrapperRun } from "../../wrapperRun.ts";
import { PositionAnnealing } from "./annealing.ts";
import { PositionCorrelation } from "./correlation.ts";
import { PositionFrame } from "./frame.ts";
import { PositionGradient } from "./gradient.ts";
import type { PositionMethod } from "./method.ts";

type PositionSettings = {
  readonly positionMethod: string;
  readonly positionStart: number;
  readonly positionStep: number;
  readonly positionLimit: number;
  readonly positionRadius: number;
  readonly positionModel: string;
  readonly freeScale: boolean;
};

const methods: Readonly<Record<string, (experiment: Experiment, settings: PositionSettings) => PositionMethod>> = {
  gradient: (experiment) => new PositionGradient(experiment),
  correlation: (experiment, { positionLimit }) => new PositionCorrelation(experiment, positionLimit),
  annealing: (experiment, { positionRadius }) => new PositionAnnealing(experiment, positionRadius),
};

const positionMethod: ChoiceSetting = {
  ...{ name: "positionMethod", kind: "choice", default: "gradient", values: Object.keys(methods) },
  help: "how positions are corrected: by the gradient, least time; by correlation of exit waves; by annealing, the gradient and places that are tried by chance, which finds frames that are several pixels off.",
};
const positionStart: NumberSetting = {
  ...{ name: "positionStart", kind: "integer", default: 5, min: 0 },
  help: "epoch, from 0, from which on positions move: before, the object has no shape to hold them by.",
};
const positionStep: NumberSetting = {
  ...{ name: "positionStep", kind: "real", default: 1, above: 0, max: 2 },
  help: "part of the step that positions take.",
};
const positionLimit: NumberSetting = {
  ...{ name: "positionLimit", kind: "real", default: 0.2, above: 0 },
  help: "longest way of a position in one epoch along an axis, in object pixels; annealing goes farther where that is better.",
};
const positionRadius: NumberSetting = {
  ...{ name: "positionRadius", kind: "real", default: 5, above: 0, max: 10 },
  help: "object pixels by which annealing takes frames to be off at most: the radius within which it tries places at first.",
};
const positionModel: ChoiceSetting = {
  ...{ name: "positionModel", kind: "choice", default: "free", values: ["free", "affine"] },
  help: "free: every frame has an error of its own. affine: all are rotated, sheared and stretched together, for few photons.",
};
const freeScale: ToggleSetting = {
  ...{ name: "freeScale", kind: "toggle", default: false },
  help: "the scale of all positions may change, which noise and defocus pull at; else it is the scan's.",
};

/** Steps this many times as long as the median one are cut: a frame that nothing fits is not sent away. */
const OUTLIER = 10;

/** Corrects where the frames were taken, by one of several methods, each a file beside this one; `frame.ts` moves them. */
export const positions: Wrapper<PositionSettings> = {
  name: "positions",
  thin: true,
  about: "corrects the positions of frames",
  settings: [positionMethod, positionStart, positionStep, positionLimit, positionRadius, positionModel, freeScale],
  margin: 12,
  refuses({ engine, subPixel }) {
    if (subPixel === "whole")
      return {
        why: "frames would be taken at whole pixels however they move",
        fix: `leave out ${setting("sub_pixel", "whole")}: positions that move come to lie between pixels`,
      };
    if (subPixel === "fourier" && engine.exitWaves !== undefined)
      return {
        why: `${engine.name} keeps exit waves, which would have to move with the light of their frames`,
        fix: `say ${setting("sub_pixel", "bilinear")}, or take an engine that keeps none`,
      };
    return undefined;
  },
  contradiction: ({ positionMethod, positionRadius: radius }) =>
    positionMethod === "annealing" || radius === positionRadius.default
      ? undefined
      : {
          why: `position_radius ${radius} is the radius of annealing, not of ${positionMethod}`,
          fix: `leave it out, or say ${setting("position_method", "annealing")}`,
        },
  idle: ({ positionStart }, epochs) =>
    positionStart < epochs
      ? undefined
      : `positions stay: they move from epoch ${positionStart} on, and there are ${epochs}: say a smaller ${setting("position_start")}`,
  init: (experiment, settings) => new Positions(experiment, settings),
};

class Positions implements WrapperRun {
  readonly memory: Readonly<Record<string, Float64Array>>;
  readonly changed?: NonNullable<WrapperRun["changed"]>;
  readonly fitFrames?: NonNullable<WrapperRun["fitFrames"]>;
  readonly refine?: NonNullable<WrapperRun["refine"]>;
  readonly ofFrames: readonly OfFrames[];
  readonly #experiment: Experiment;
  readonly #settings: PositionSettings;
  readonly #method: PositionMethod;
  readonly #frame: PositionFrame;
  /** Epochs that are over. */
  readonly #epoch = new Float64Array(1);
  /** Steps that frames ask for in this epoch, `[frame, 2]`; NaN where they were not asked. */
  readonly #steps: Float64Array;
  /** Whole steps of those that a search has moved, `[frame, 2]`; NaN of the others. */
  readonly #jumps: Float64Array;

  constructor(experiment: Experiment, settings: PositionSettings) {
    this.#experiment = experiment;
    this.#settings = settings;
    const method = methods[settings.positionMethod](experiment, settings);
    this.#method = method;
    this.#steps = new Float64Array(2 * experiment.frames).fill(Number.NaN);
    this.#jumps = this.#steps.slice();
    this.#frame = new PositionFrame(experiment, {
      affine: settings.positionModel === "affine",
      scaleHeld: !settings.freeScale,
    });
    this.memory = {
      ...{ positions: experiment.positions, epoch: this.#epoch },
      ...method.memory,
      ...this.#frame.memory,
    };
    const places = [experiment.positions, this.#steps, this.#jumps];
    this.ofFrames = [...places.map((values) => ({ values, each: 2 })), ...(method.ofFrames ?? [])];
    this.changed = (change) => this.#ask(change);
    if (settings.positionModel === "free") this.fitFrames = (change) => this.#fit(change);
    if (method.search !== undefined) this.refine = (pass) => this.#search(pass);
  }

  async #ask(change: Change): Promise<void> {
    if (this.#epoch[0] < this.#settings.positionStart) return;
    const shifts = await this.#method.shifts(change);
    change.batch.frames.forEach((frame, k) => {
      this.#steps.set(shifts.subarray(2 * k, 2 * k + 2), 2 * frame);
    });
  }

  /** As they stand in the object, whose frame the others keep. */
  async #fit(change: Change): Promise<void> {
    if (this.#epoch[0] <= this.#settings.positionStart) return;
    const { positionStep, positionLimit } = this.#settings;
    const shifts = await this.#method.shifts(change);
    change.batch.frames.forEach((frame, k) => {
      for (const axis of [0, 1])
        this.#move(2 * frame + axis, clamped(positionStep * shifts[2 * k + axis], positionLimit));
    });
  }

  async #search({ frames, explained, random }: FramePass): Promise<void> {
    const method = this.#method;
    // An affine function of the scan's positions has those of held-out frames.
    if (!explained && this.#settings.positionModel === "affine") return;
    // Held-out frames are looked at when the epoch has been counted.
    if (this.#epoch[0] - (explained ? 0 : 1) < this.#settings.positionStart) return;
    const found = (await method.search?.(frames, random)) ?? new Float64Array();
    let moved = 0;
    frames.forEach((frame, k) => {
      if (Number.isNaN(found[2 * k])) return;
      moved++;
      for (const axis of [0, 1]) {
        if (explained) this.#jumps[2 * frame + axis] = found[2 * k + axis];
        else this.#move(2 * frame + axis, found[2 * k + axis]);
      }
    });
    if (!explained) return;
    const [all] = await sumsOf(this.#experiment.shares.ranks, [moved]);
    method.searched?.(all, frames.length);
  }

  /** @param k of the coordinate */
  #move(k: number, step: number): void {
    const { positions } = this.#experiment;
    positions[k] = this.#experiment.within(k, positions[k] + step);
  }

  endEpoch(): readonly string[] {
    this.#epoch[0]++;
    const asked = this.#steps.filter((step) => !Number.isNaN(step));
    const steps = asked.length === 0 ? this.#steps.slice() : this.#limited(this.#steps, asked);
    this.#jumps.forEach((jump, k) => {
      if (!Number.isNaN(jump)) steps[k] = jump;
    });
    this.#steps.fill(Number.NaN);
    this.#jumps.fill(Number.NaN);
    if (steps.some((step) => !Number.isNaN(step))) this.#frame.move(steps);
    return [];
  }

  #limited(steps: Float64Array, asked: Float64Array): Float64Array {
    const { positionStep, positionLimit } = this.#settings;
    const limit = Math.min(positionLimit, OUTLIER * median(asked.map(Math.abs)));
    const factor = this.#method.factor?.(steps) ?? 1;
    return steps.map((step) => clamped(positionStep * factor * step, limit));
  }
}

const clamped = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));
