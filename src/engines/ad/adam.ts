import { adam } from "../../graph/optimizers.ts";
import type { HostTensor, Runtime } from "../../runtime/runtime.ts";
import { batchings } from "../batching/batching.ts";
import type { EngineRun, Epoch, EpochReport } from "../engine.ts";
import type { Experiment } from "../experiment.ts";
import type { Numbers, Waves } from "../kernels/kernels.ts";
import { type ScheduleSettings, stepFactor } from "../stepSchedule.ts";
import { Tally } from "../tally.ts";
import { type CarriedSession, carriedSession } from "./carriedSession.ts";
import { FrameFeeds } from "./frameFeeds.ts";
import {
  type AdPhysics,
  movingNames,
  objectNames,
  type ParameterName,
  probeNames,
  shapeOf,
  stepModel,
  updateModel,
} from "./graphs.ts";
import { addParts, partsOf } from "./parameters.ts";
import { curvatures } from "./scaling.ts";
import { Slopes } from "./slopes.ts";

export type AdamSettings = ScheduleSettings & {
  readonly batchSize: number;
  readonly batching: string;
  readonly learningRate: number;
  readonly probeStep: number;
  readonly probeStart: number;
};

/** Full steps that a small gradient is followed by, at most: five, over which its mean of ten steps stays stable. */
const LONGEST = 5;

const MOMENTS = ["moment1", "moment2"] as const;
const WAVES = ["object", "probe"] as const;
type WaveName = (typeof WAVES)[number];

/**
 * Adam (Kingma & Ba 2015) on the pixels of object and probe, a step a batch. Gradients are in units of the full step, what
 * they would ask for divided by their curvature, and the rate η is in units of the object's amplitude, 1, and the probe's
 * peak: a pixel moves by η g / (|g| + η / 5), by η where much is wrong and by five full steps' length near the end.
 */
export class AdamRun implements EngineRun {
  readonly memory: Readonly<Record<string, Waves | Numbers>>;
  readonly #experiment: Experiment;
  readonly #runtime: Runtime;
  readonly #physics: AdPhysics;
  readonly #settings: AdamSettings;
  /** Frames of an update, of all processes together. */
  readonly #batch: number;
  readonly #feeds: FrameFeeds;
  readonly #slopes: Slopes;
  readonly #tally: Tally;
  readonly #sessions = new Map<boolean, Promise<CarriedSession>>();
  readonly #moments: Readonly<Record<WaveName, readonly Waves[]>>;
  /** Steps taken. */
  readonly #steps: Numbers;

  constructor(experiment: Experiment, runtime: Runtime, physics: AdPhysics, settings: AdamSettings) {
    const { kernels, object, probe, frames } = experiment;
    this.#experiment = experiment;
    this.#runtime = runtime;
    this.#physics = physics;
    this.#settings = settings;
    this.#batch = Math.min(settings.batchSize, frames);
    this.#feeds = new FrameFeeds(experiment, physics.shape);
    this.#slopes = new Slopes(experiment, runtime, physics);
    this.#tally = new Tally(kernels, frames);
    this.#moments = {
      object: MOMENTS.map(() => kernels.waves(object.shape)),
      probe: MOMENTS.map(() => kernels.waves(probe.shape)),
    };
    this.#steps = kernels.numbers(1);
    const named = WAVES.flatMap((wave) =>
      MOMENTS.map((moment, k) => [`${wave}/${moment}`, this.#moments[wave][k]] as const),
    );
    this.memory = { ...Object.fromEntries(named), steps: this.#steps };
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const { kernels, positions, scan, shares } = this.#experiment;
    const { batching, probeStep, probeStart } = this.#settings;
    const learningRate = stepFactor(this.#settings, epoch) * this.#settings.learningRate;
    const movesProbe = probeStep > 0 && epoch.number >= probeStart;
    const session = await this.#session(movesProbe);
    session.set(await this.#state(movesProbe));
    const scales = await this.#scales(epoch.frames, learningRate);
    const optimizer = adam({ epsilon: learningRate / LONGEST });
    let [steps] = await kernels.read(this.#steps);
    let done = 0;
    for (const frames of batchings[batching](epoch.frames, positions, this.#batch, epoch.random)) {
      steps++;
      const values = optimizer.scalarValues(1, steps);
      const scalars = optimizer.scalars.map((name, i) => [`optimizer.${name}`, scalar(values[i])] as const);
      const rest = { ...scales, ...Object.fromEntries(scalars) };
      const own = shares.ownOf(frames, epoch.frames);
      if (shares.shared) await session.run({ ...(await this.#slopesAt(own, session, movesProbe)), ...rest });
      else {
        const { misfits } = await session.run({ ...this.#feeds.of(frames), ...rest });
        kernels.write(this.#tally.next(frames.length), (misfits.data as Float32Array).subarray(0, 4 * frames.length));
      }
      done += frames.length;
      await epoch.checkpoint(done);
    }
    this.#keep(await session.get(), movesProbe);
    kernels.write(this.#steps, [steps]);
    await this.#experiment.moved();
    return this.#tally.report(scan.countsPerUnit);
  }

  #session(movesProbe: boolean): Promise<CarriedSession> {
    const known = this.#sessions.get(movesProbe);
    if (known !== undefined) return known;
    const names = movingNames(movesProbe);
    const modelOf = this.#experiment.shares.shared ? updateModel : stepModel;
    const model = modelOf(this.#physics, names, adam(), this.#runtime.target);
    const kept = names.flatMap((name) => [name, ...MOMENTS.map((moment) => `${moment}/${name}`)]);
    const made = carriedSession(this.#runtime, model, kept);
    this.#sessions.set(movesProbe, made);
    return made;
  }

  /** Gradients of a batch of which this process has some frames, where the session has come to. */
  async #slopesAt(own: Int32Array, session: CarriedSession, movesProbe: boolean): Promise<Record<string, HostTensor>> {
    const { kernels, object, probe } = this.#experiment;
    const { shape } = this.#physics;
    const values = await session.get();
    const waves = (held: Waves, wave: WaveName): Float32Array => addParts(new Float32Array(sizeOf(held)), values, wave);
    // What the session does not move is where the epoch has begun with it.
    const still = movesProbe ? undefined : Float32Array.from(await kernels.read(probe));
    const point = { object: waves(object, "object"), probe: still ?? waves(probe, "probe") };
    const { slope, misfit } = await this.#slopes.at(point, own, movesProbe);
    // Sums over the batch.
    kernels.write(this.#tally.next(1), misfit);
    return {
      ...partsOf(slope.object, "object", shapeOf(shape, "object"), "grad/"),
      ...(movesProbe ? partsOf(slope.probe, "probe", shapeOf(shape, "probe"), "grad/") : {}),
    };
  }

  /** Everything that the first step of an epoch starts from. */
  async #state(movesProbe: boolean): Promise<Record<string, HostTensor>> {
    const { kernels, object, probe } = this.#experiment;
    const read = async (held: Waves, wave: WaveName, prefix = ""): Promise<Record<string, HostTensor>> =>
      partsOf(await kernels.read(held), wave, shapeOf(this.#physics.shape, wave), prefix);
    const out = { ...(await read(object, "object")), ...(await read(probe, "probe")) };
    for (const wave of movesProbe ? WAVES : (["object"] as const))
      for (const [k, moment] of MOMENTS.entries())
        Object.assign(out, await read(this.#moments[wave][k], wave, `${moment}/`));
    return out;
  }

  #keep(values: Readonly<Record<string, HostTensor>>, movesProbe: boolean): void {
    const { kernels, object, probe } = this.#experiment;
    const write = (held: Waves, wave: WaveName, prefix = ""): void => {
      kernels.write(held, addParts(new Float32Array(sizeOf(held)), values, wave, prefix));
    };
    write(object, "object");
    if (movesProbe) write(probe, "probe");
    for (const wave of movesProbe ? WAVES : (["object"] as const))
      for (const [k, moment] of MOMENTS.entries()) write(this.#moments[wave][k], wave, `${moment}/`);
  }

  async #scales(frames: Int32Array, learningRate: number): Promise<Record<string, HostTensor>> {
    const { object, probe, peak } = await curvatures(this.#experiment, frames, {
      ...this.#physics,
      shape: { ...this.#physics.shape, frames: this.#batch },
    });
    const { probeStep } = this.#settings;
    const of = (names: readonly ParameterName[], scale: number, rate: number) =>
      names.flatMap((name) => [[`scale/${name}`, scalar(scale)] as const, [`rate/${name}`, scalar(rate)] as const]);
    return Object.fromEntries([
      ...of(objectNames, 1 / object, learningRate),
      ...of(probeNames, 1 / (probe * peak), learningRate * probeStep * peak),
    ]);
  }

  async release(): Promise<void> {
    const { kernels } = this.#experiment;
    this.#tally.release();
    this.#feeds.release();
    kernels.release(this.#steps, ...Object.values(this.#moments).flat());
    await this.#slopes.release();
    for (const session of this.#sessions.values()) await (await session).dispose();
  }
}

const sizeOf = ({ shape }: Waves): number => 2 * shape.reduce((product, extent) => product * extent, 1);

const scalar = (value: number): HostTensor => ({ data: Float32Array.of(value), shape: [] });
