import type { Communicator } from "../communicator.ts";
import { PtychonautError } from "../errors.ts";
import type { Random } from "../random.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Canvas, canvasOf, type SubPixel } from "./canvas.ts";
import { type Estimate, estimateOf, type StageState, type Values } from "./driverState.ts";
import type { Engine, EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import { Experiment } from "./experiment.ts";
import type { Kernels, Waves } from "./kernels/kernels.ts";
import { heldOutMisfit } from "./misfit.ts";
import type { ModeStatement } from "./modes/startModes.ts";
import { CoarseGrid } from "./multigrid/coarseGrid.ts";
import type { EngineScan } from "./scan.ts";
import type { EngineSettings } from "./settings.ts";
import type { Wrapper } from "./wrapper.ts";
import type { WrapperRun } from "./wrapperRun.ts";

/** Epochs with one engine and one set of its settings. */
export interface Stage {
  readonly engine: Engine;
  /** All that the engine has. */
  readonly settings: EngineSettings;
  readonly epochs: number;
  readonly subPixel: SubPixel;
  /** Of the probe from here on. Default: as many as there are. */
  readonly modes?: ModeStatement;
  /** Object pixels are so many times as large as the scan's. Default 1. */
  readonly coarse?: number;
  /** In the order in which they work, each with all its settings. */
  readonly wrappers: readonly { readonly wrapper: Wrapper; readonly settings: EngineSettings }[];
}

/** What there is to be seen of a reconstruction. */
export interface Look extends Estimate {
  readonly object: NonNullable<Estimate["object"]>;
  /** `[H, W]`: light that fell on each pixel of the object, of the frames that are explained. */
  readonly light: Float32Array;
  /** Of the probe, as it is to have it. */
  readonly energy: number;
  /** Planes of the object that are its states; 1 of one that may have slices. */
  readonly states: number;
}

/** Complex values of exit waves that are on the device at once, at most: enough to keep it busy, little enough for its cache. */
const ON_DEVICE = 2 ** 21;
/** Where the engine needs no more together. */
const USUAL_FRAMES = 32;

/** A stage at work: everything that it has on the device. What it takes and gives is on the scan's own grid. */
export class RunningStage {
  readonly #grid: CoarseGrid | undefined;
  /** On the scan's grid. */
  readonly canvas: Canvas;
  readonly #kernels: Kernels;
  readonly #experiment: Experiment;
  readonly #run: EngineRun;
  readonly #inGraphs: boolean;
  readonly #wrappers: readonly WrapperRun[];
  /** Of engine and wrappers, by name. */
  readonly #memory: ReadonlyMap<string, Remembered | Float64Array>;
  /** What wrappers had to tell after the last epoch. */
  notes: readonly string[] = [];
  /** What is to be doubted of wrappers since the last epoch: of each once in a stage. */
  doubts: readonly string[] = [];
  readonly #doubted = new Set<WrapperRun>();

  /** @param kernels its own, with nothing in them */
  constructor(
    {
      kernels,
      runtime,
      ranks,
    }: {
      readonly kernels: Kernels;
      readonly runtime: Runtime | undefined;
      /** The processes that share the frames. Default: this one alone. */
      readonly ranks?: Communicator | undefined;
    },
    scan: EngineScan,
    begun: Estimate,
    { engine, settings, subPixel, wrappers, coarse = 1 }: Stage,
  ) {
    this.#kernels = kernels;
    const { object: _, ...measured } = scan;
    this.#grid = coarse === 1 ? undefined : new CoarseGrid(scan, begun, coarse);
    const taken = this.#grid?.scan ?? { ...measured, ...begun };
    const batchSize = framesAtOnce(taken, { engine, settings });
    const margin = Math.max(0, ...wrappers.map(({ wrapper }) => wrapper.margin ?? 0));
    this.#experiment = new Experiment(kernels, taken, {
      ...{ batchSize, subPixel, margin, ...(runtime === undefined ? {} : { runtime }) },
      ...(ranks === undefined ? {} : { ranks }),
    });
    const { height, width } = scan.amplitudes;
    this.canvas =
      this.#grid === undefined ? this.#experiment.canvas : canvasOf(begun.positions, [height, width], coarse * margin);
    this.#wrappers = wrappers.map(({ wrapper, settings: own }) => wrapper.init(this.#experiment, own));
    this.#experiment.wrap(this.#wrappers);
    this.#inGraphs = engine.inGraphs === true;
    this.#run = engine.init(this.#experiment, settings);
    this.#memory = new Map([
      ...Object.entries(this.#run.memory),
      ...wrappers.flatMap(({ wrapper }, i) =>
        Object.entries(this.#wrappers[i].memory ?? {}).map(
          ([name, held]) => [`${wrapper.name}.${name}`, held] as const,
        ),
      ),
    ]);
  }

  /**
   * Goes on where a stage was.
   * @throws PtychonautError "data" for a state that lacks what engine or wrappers remember, as of an earlier version
   */
  restore({ object, probe, positions, memory }: StageState): void {
    const lacking = [...this.#memory.keys()].find((name) => memory[name] === undefined);
    if (lacking !== undefined)
      throw new PtychonautError("data", "the checkpoint is of another version, whose engines remember less", {
        ...{ expected: lacking, got: Object.keys(memory).join(", ") || "nothing" },
        fix: "go on with the version that wrote it, or start a new run",
      });
    this.#kernels.write(this.#experiment.object, object);
    this.#kernels.write(this.#experiment.probe, probe);
    this.#experiment.positions.set(positions);
    for (const [name, held] of this.#memory)
      if (held instanceof Float64Array) held.set(memory[name]);
      else if (this.#isDealt(name)) this.#experiment.shares.deal(held as Waves, memory[name]);
      else this.#kernels.write(held, memory[name]);
  }

  /**
   * Prepares the frames of all epochs, piece by piece: in the order in which they lie, which is faster than as epochs ask
   * for them.
   */
  *prepare(frames: Int32Array, heldOut: Int32Array): Generator<void, void, void> {
    if (this.#inGraphs) return;
    const [own, held] = [frames, heldOut].map((all) => this.#experiment.shares.ownOf(all));
    const all = new Int32Array(own.length + held.length);
    all.set(own);
    all.set(held, own.length);
    yield* this.#experiment.prepare(all);
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const report = await this.#run.step(epoch);
    const notes: string[] = [];
    await this.#experiment.refine({ frames: epoch.frames, explained: true, random: epoch.random });
    for (const wrapper of this.#wrappers) notes.push(...((await wrapper.endEpoch?.(epoch.number)) ?? []));
    this.notes = notes;
    this.doubts = this.#wrappers.flatMap((wrapper) => {
      const doubt = this.#doubted.has(wrapper) ? undefined : wrapper.doubt?.();
      if (doubt === undefined) return [];
      this.#doubted.add(wrapper);
      return [doubt];
    });
    return report;
  }

  /** How frames are predicted that are held out. */
  misfit(frames: Int32Array, random: Random, pause?: () => Promise<void> | undefined): Promise<EpochReport> {
    return heldOutMisfit(this.#experiment, frames, random, pause);
  }

  /** Bytes of its state. */
  get stateBytes(): number {
    const { object, probe } = this.#experiment;
    return [object, probe, ...this.#memory.values()].reduce((sum, held) => sum + bytesOf(held), 0);
  }

  /** What processes share is whole in process 0 alone. All of them are to ask for it. */
  async state(): Promise<StageState> {
    const { object, probe, positions, shares, frames } = this.#experiment;
    const memory: Record<string, Values> = {};
    for (const [name, held] of this.#memory)
      if (held instanceof Float64Array) memory[name] = held.slice();
      else if (this.#isDealt(name)) memory[name] = await shares.together(held as Waves, frames);
      else memory[name] = await this.#copied(held);
    return {
      ...{ object: await this.#copied(object), probe: await this.#copied(probe) },
      ...{ positions: positions.slice(), memory },
    };
  }

  async estimate(): Promise<Estimate & Pick<Look, "object">> {
    const { object, probe, positions, canvas } = this.#experiment;
    const [, modes, height, width] = probe.shape;
    const values = Float32Array.from(await this.#kernels.read(object));
    const beside: Partial<Estimate> = {};
    for (const wrapper of this.#wrappers) Object.assign(beside, await wrapper.estimate?.());
    const found = {
      ...estimateOf({
        probe: { shape: [modes, height, width], data: Float32Array.from(await this.#kernels.read(probe)) },
        positions: positions.slice(),
        ...beside,
      }),
      object: { values: { shape: object.shape.slice(1), data: values }, origin: canvas.origin },
    };
    return this.#grid?.fine(found, this.canvas) ?? found;
  }

  async look(frames: Int32Array): Promise<Look> {
    const experiment = this.#experiment;
    const { probe, canvas } = experiment;
    const kernels = this.#kernels;
    const [, , height, width] = probe.shape;
    const [lit, light] = [kernels.images([1, 1, height, width]), kernels.images([1, 1, canvas.height, canvas.width])];
    kernels.power(lit, probe);
    const most = Math.min(frames.length, experiment.batchSize);
    for (let from = 0; from < frames.length; from += most)
      kernels.pasteImages(light, lit, experiment.windows(frames.subarray(from, from + most)));
    const seen = Float32Array.from(await kernels.read(light));
    kernels.release(lit, light);
    const grid = this.#grid;
    return {
      ...(await this.estimate()),
      light: grid?.fineLight(seen, canvas, this.canvas) ?? seen,
      states: experiment.object.shape[1] / experiment.slices,
      energy: grid?.fineEnergy(experiment.probeEnergy) ?? experiment.probeEnergy,
    };
  }

  /** Whether each process has those of its own frames. */
  #isDealt(name: string): boolean {
    return this.#run.dealt?.includes(name) === true;
  }

  /** What a home reads may be its own memory. */
  async #copied(held: Remembered): Promise<Values> {
    return (await this.#kernels.read(held)).slice();
  }

  /** Gives back what it has; its kernels are the caller's to close. */
  async release(): Promise<void> {
    await this.#run.release();
    this.#experiment.release();
  }
}

/** Frames that are on the device at once: as many as the engine has together, but for `ON_DEVICE`. */
export function framesAtOnce(
  { amplitudes: { count, height, width }, probe, objectModes }: EngineScan,
  { engine, settings }: Pick<Stage, "engine" | "settings">,
): number {
  const each = probe.shape[0] * (objectModes?.count ?? 1) * height * width;
  const wanted = Math.max(USUAL_FRAMES, engine.framesTogether?.(settings) ?? 0);
  return Math.max(1, Math.min(count, wanted, Math.floor(ON_DEVICE / each)));
}

function bytesOf(held: Remembered | Float64Array): number {
  if (held instanceof Float64Array) return held.byteLength;
  if (held.kind === "numbers") return 8 * held.frames * held.each;
  return (held.kind === "waves" ? 8 : 4) * held.shape.reduce((a, b) => a * b, 1);
}
