import type { Runtime } from "../../runtime/runtime.ts";
import type { EngineRun, Epoch, EpochReport } from "../engine.ts";
import type { Experiment } from "../experiment.ts";
import type { Numbers, Waves } from "../kernels/kernels.ts";
import { Tally } from "../tally.ts";
import type { AdPhysics } from "./graphs.ts";
import { dot, type Pair, quasiNewton } from "./quasiNewton.ts";
import { type Curvatures, curvatures } from "./scaling.ts";
import { type Evaluated, type Point, Slopes } from "./slopes.ts";

export type LbfgsSettings = {
  readonly probeStep: number;
  readonly probeStart: number;
};

/** Pairs of steps and changes of slope that are remembered. */
const HISTORY = 8;

/** Objects with probes: steps, changes of the slope, the slope, and the point that it is of. */
export const LBFGS_REMEMBERS: number = 2 * HISTORY + 2;
/** Part of the expected gain that a step must bring (Armijo), and rounding of the loss in float32. */
const [SUFFICIENT, ROUNDING] = [1e-4, 1e-6];
/** Steps that are tried; each is a pass over all frames. */
const TRIES = 8;

/** Points on the device, `[count, …]`. */
interface Held {
  readonly object: Waves;
  readonly probe: Waves;
}

/**
 * L-BFGS (Nocedal, Math. Comput. 35, 773 (1980)) on the pixels of object and probe: each epoch is a step along a direction
 * that remembers the last ones, as long as the loss of all frames asks for. Whichever pixels are weakly lit or bright, the
 * first guess of the curvature is that of `scaling.ts`. Where wrappers have moved object or probe since the last step, loss and
 * slope are asked for anew, which is a pass more; what is remembered of the curvature is still true.
 */
export class LbfgsRun implements EngineRun {
  readonly memory: Readonly<Record<string, Waves | Numbers>>;
  readonly #experiment: Experiment;
  readonly #physics: AdPhysics;
  readonly #settings: LbfgsSettings;
  readonly #tally: Tally;
  readonly #slopes: Slopes;
  readonly #history: Readonly<Record<"steps" | "changes" | "slope" | "point", Held>>;
  /** Pairs that are remembered, whether the probe moved, 1 where the slope is known, its loss, and the four misfits. */
  readonly #numbers: Numbers;

  constructor(experiment: Experiment, runtime: Runtime, physics: AdPhysics, settings: LbfgsSettings) {
    const { kernels, object, probe } = experiment;
    this.#experiment = experiment;
    this.#physics = physics;
    this.#settings = settings;
    this.#slopes = new Slopes(experiment, runtime, physics);
    this.#tally = new Tally(kernels, 1);
    const planes = (count: number): Held => ({
      object: kernels.waves([count, object.shape[1], object.shape[2], object.shape[3]]),
      probe: kernels.waves([count, probe.shape[1], probe.shape[2], probe.shape[3]]),
    });
    this.#history = { steps: planes(HISTORY), changes: planes(HISTORY), slope: planes(1), point: planes(1) };
    this.#numbers = kernels.numbers(1, 8);
    const named = Object.entries(this.#history).flatMap(([name, of]) =>
      Object.entries(of).map(([wave, held]) => [`${wave}/${name}`, held] as const),
    );
    this.memory = { ...Object.fromEntries(named), numbers: this.#numbers };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const { kernels, object, probe, scan } = this.#experiment;
    const { probeStep, probeStart } = this.#settings;
    const movesProbe = probeStep > 0 && epoch.number >= probeStart;
    const here = await this.#read({ object, probe });
    const bounds = await this.#bounds(epoch.frames);
    const remembered = await this.#remembered(here, movesProbe);
    const now = remembered.at ?? (await this.#evaluate(here, epoch, movesProbe));
    const direction = quasiNewton(flat(now.slope), remembered.pairs, (k) =>
      k < here.object.length ? 1 / bounds.object : probeStep / bounds.probe,
    );
    const found = await this.#search(here, now, direction, (point) => this.#evaluate(point, epoch, movesProbe));
    if (found === undefined) this.#remember([], here, now, movesProbe);
    else {
      kernels.write(object, found.point.object);
      kernels.write(probe, found.point.probe);
      const pair: Pair = {
        step: difference(flat(found.point), flat(here)),
        change: difference(flat(found.at.slope), flat(now.slope)),
      };
      const kept = bends(pair) ? [...remembered.pairs, pair].slice(-HISTORY) : remembered.pairs;
      this.#remember(kept, found.point, found.at, movesProbe);
      await this.#experiment.moved();
    }
    kernels.write(this.#tally.next(1), now.misfit);
    return this.#tally.report(scan.countsPerUnit);
  }

  /** Downhill by at least a part of what the slope promises; nothing where no step does. */
  async #search(
    here: Point,
    now: Evaluated,
    direction: Float64Array,
    evaluate: (point: Point) => Promise<Evaluated>,
  ): Promise<{ readonly point: Point; readonly at: Evaluated } | undefined> {
    const promised = dot(flat(now.slope), direction);
    if (!(promised < 0)) return undefined;
    let length = 1;
    for (let k = 0; k < TRIES; k++) {
      const point = moved(here, direction, length);
      const at = await evaluate(point);
      const gain = SUFFICIENT * length * promised;
      if (at.loss <= now.loss + gain + ROUNDING * now.loss) return { point, at };
      // Where the parabola through both losses and the slope is lowest, within bounds.
      const lowest = (-promised * length ** 2) / (2 * (at.loss - now.loss - promised * length));
      length = Math.min(0.5 * length, Math.max(0.1 * length, Number.isFinite(lowest) ? lowest : 0));
    }
    return undefined;
  }

  #evaluate(point: Point, { frames, checkpoint }: Epoch, movesProbe: boolean): Promise<Evaluated> {
    const { shares } = this.#experiment;
    return this.#slopes.at(point, shares.ownOf(frames), movesProbe, (done) =>
      // As if of all.
      checkpoint(Math.min(frames.length, shares.ranks.size * done)),
    );
  }

  /** Of all frames at once. */
  #bounds(frames: Int32Array): Promise<Curvatures> {
    const { shape } = this.#physics;
    return curvatures(this.#experiment, frames, { ...this.#physics, shape: { ...shape, frames: frames.length } });
  }

  /** Pairs, and loss and slope where they are known here. */
  async #remembered(
    here: Point,
    movesProbe: boolean,
  ): Promise<{ readonly pairs: readonly Pair[]; readonly at: Evaluated | undefined }> {
    const [pairs, moved, known, loss, ...misfit] = await this.#experiment.kernels.read(this.#numbers);
    if (known === 0 || (moved === 1) !== movesProbe) return { pairs: [], at: undefined };
    const of = (name: "steps" | "changes" | "slope" | "point"): Promise<Point> => this.#read(this.#history[name]);
    const [steps, changes, slope, point] = [
      await of("steps"),
      await of("changes"),
      await of("slope"),
      await of("point"),
    ];
    const kth = ({ object, probe }: Point, k: number): Float32Array => {
      const [o, p] = [object.length / HISTORY, probe.length / HISTORY];
      return flat({ object: object.subarray(k * o, (k + 1) * o), probe: probe.subarray(k * p, (k + 1) * p) });
    };
    return {
      pairs: Array.from({ length: pairs }, (_, k) => ({ step: kth(steps, k), change: kth(changes, k) })),
      at: same(point, here) ? { loss, slope, misfit } : undefined,
    };
  }

  #remember(pairs: readonly Pair[], at: Point, { loss, slope, misfit }: Evaluated, movesProbe: boolean): void {
    const { kernels } = this.#experiment;
    const { steps, changes, slope: held, point } = this.#history;
    const write = (target: Held, k: number, values: Float32Array): void => {
      const objects = slope.object.length;
      kernels.write(kernels.frames(target.object, k, 1), values.subarray(0, objects));
      kernels.write(kernels.frames(target.probe, k, 1), values.subarray(objects));
    };
    pairs.forEach((pair, k) => {
      write(steps, k, pair.step);
      write(changes, k, pair.change);
    });
    write(held, 0, flat(slope));
    write(point, 0, flat(at));
    kernels.write(this.#numbers, [pairs.length, movesProbe ? 1 : 0, 1, loss, ...misfit]);
  }

  async #read({ object, probe }: Held): Promise<Point> {
    const { kernels } = this.#experiment;
    return {
      object: Float32Array.from(await kernels.read(object)),
      probe: Float32Array.from(await kernels.read(probe)),
    };
  }

  async release(): Promise<void> {
    const { kernels } = this.#experiment;
    this.#tally.release();
    kernels.release(this.#numbers, ...Object.values(this.#history).flatMap(({ object, probe }) => [object, probe]));
    await this.#slopes.release();
  }
}

function flat({ object, probe }: Point): Float32Array {
  const out = new Float32Array(object.length + probe.length);
  out.set(object);
  out.set(probe, object.length);
  return out;
}

function moved({ object, probe }: Point, direction: Float64Array, length: number): Point {
  return {
    object: object.map((value, k) => value + length * direction[k]),
    probe: probe.map((value, k) => value + length * direction[object.length + k]),
  };
}

const same = (a: Point, b: Point): boolean =>
  (["object", "probe"] as const).every((wave) => a[wave].every((value, k) => value === b[wave][k]));

const difference = (a: Float32Array, b: Float32Array): Float32Array => a.map((value, k) => value - b[k]);

/** Whether the slope rose along the step, beyond rounding: else it tells no curvature. */
function bends({ step, change }: Pair): boolean {
  return dot(step, change) > 1e-8 * Math.sqrt(dot(step, step) * dot(change, change));
}
