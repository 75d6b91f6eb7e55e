import type { Runtime, Session } from "../../runtime/runtime.ts";
import type { Experiment } from "../experiment.ts";
import { FrameFeeds } from "./frameFeeds.ts";
import { type AdPhysics, gradientModel, movingNames, shapeOf } from "./graphs.ts";
import { addParts, partsOf } from "./parameters.ts";

/** Object and probe, or what belongs to each of their pixels: interleaved as kernels have them. */
export interface Point {
  readonly object: Float32Array;
  readonly probe: Float32Array;
}

/** A point's loss over frames, and its slope. */
export interface Evaluated {
  readonly loss: number;
  /** Zero in a probe that stays. */
  readonly slope: Point;
  /** As `Kernels.likelihood` says, summed over frames. */
  readonly misfit: readonly number[];
}

/** Losses and slopes by the gradient's graph. Of several processes each looks at its own frames, and all have the sums. */
export class Slopes {
  readonly #experiment: Experiment;
  readonly #runtime: Runtime;
  readonly #physics: AdPhysics;
  readonly #feeds: FrameFeeds;
  readonly #sessions = new Map<boolean, Promise<Session>>();

  constructor(experiment: Experiment, runtime: Runtime, physics: AdPhysics) {
    this.#experiment = experiment;
    this.#runtime = runtime;
    this.#physics = physics;
    this.#feeds = new FrameFeeds(experiment, physics.shape);
  }

  /**
   * @param frames this process's
   * @param looked is told when so many of them have been looked at
   */
  async at(
    point: Point,
    frames: Int32Array,
    movesProbe: boolean,
    looked: (frames: number) => void | Promise<void> = () => {},
  ): Promise<Evaluated> {
    const session = await this.#session(movesProbe);
    const { shape } = this.#physics;
    const most = shape.frames;
    const fixed = {
      ...partsOf(point.object, "object", shapeOf(shape, "object")),
      ...partsOf(point.probe, "probe", shapeOf(shape, "probe")),
    };
    const slope: Point = {
      object: new Float32Array(point.object.length),
      probe: new Float32Array(point.probe.length),
    };
    const numbers = new Float64Array(5);
    for (let from = 0; from < frames.length; from += most) {
      const some = frames.subarray(from, from + most);
      const found = await session.run({ ...this.#feeds.of(some), ...fixed });
      numbers[0] += (found["loss"].data as Float32Array)[0];
      const misfits = found["misfits"].data as Float32Array;
      for (let i = 0; i < 4 * some.length; i++) numbers[1 + (i % 4)] += misfits[i];
      addParts(slope.object, found, "object", "grad/");
      if (movesProbe) addParts(slope.probe, found, "probe", "grad/");
      await looked(from + some.length);
    }
    const { ranks } = this.#experiment.shares;
    for (const values of [numbers, slope.object, ...(movesProbe ? [slope.probe] : [])]) await ranks.sum(values);
    const [loss, ...misfit] = numbers;
    return { loss, misfit, slope };
  }

  #session(movesProbe: boolean): Promise<Session> {
    const known = this.#sessions.get(movesProbe);
    if (known !== undefined) return known;
    const made = this.#runtime.load(gradientModel(this.#physics, movingNames(movesProbe), this.#runtime.target));
    this.#sessions.set(movesProbe, made);
    return made;
  }

  async release(): Promise<void> {
    this.#feeds.release();
    for (const session of this.#sessions.values()) await (await session).dispose();
  }
}
