import type { Runtime } from "../runtime/runtime.ts";
import type { Canvas, SubPixel } from "./canvas.ts";
import { type Estimate, estimateOf, type StageState, type Values } from "./driverState.ts";
import type { Engine, EngineRun, Epoch, EpochReport, Remembered } from "./engine.ts";
import { Experiment } from "./experiment.ts";
import type { Kernels } from "./kernels/kernels.ts";
import { heldOutMisfit } from "./misfit.ts";
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
  /** In the order in which they work, each with all its settings. */
  readonly wrappers: readonly { readonly wrapper: Wrapper; readonly settings: EngineSettings }[];
}

/** What there is to be seen of a reconstruction. */
export interface Look extends Estimate {
  readonly object: NonNullable<Estimate["object"]>;
  /** `[H, W]`: light that fell on each pixel of the object, of the frames that are explained. */
  readonly light: Float32Array;
}

/** Complex values of exit waves that are on the device at once, at most: enough to keep it busy, little enough for its cache. */
const ON_DEVICE = 2 ** 21;
const MOST_FRAMES = 64;

/** A stage at work: everything that it has on the device. */
export class RunningStage {
  readonly #kernels: Kernels;
  readonly #experiment: Experiment;
  readonly #run: EngineRun;
  readonly #wrappers: readonly WrapperRun[];
  /** Of engine and wrappers, by name. */
  readonly #memory: ReadonlyMap<string, Remembered | Float64Array>;
  /** What wrappers had to tell after the last epoch. */
  notes: readonly string[] = [];

  /** @param kernels its own, with nothing in them */
  constructor(
    { kernels, runtime }: { readonly kernels: Kernels; readonly runtime: Runtime | undefined },
    scan: EngineScan,
    begun: Estimate,
    { engine, settings, subPixel, wrappers }: Stage,
  ) {
    this.#kernels = kernels;
    const { object: _, ...measured } = scan;
    const batchSize = framesAtOnce(scan);
    const margin = Math.max(0, ...wrappers.map(({ wrapper }) => wrapper.margin ?? 0));
    this.#experiment = new Experiment(
      kernels,
      { ...measured, ...begun },
      { batchSize, subPixel, margin, ...(runtime === undefined ? {} : { runtime }) },
    );
    this.#wrappers = wrappers.map(({ wrapper, settings: own }) => wrapper.init(this.#experiment, own));
    this.#experiment.wrap(this.#wrappers);
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

  get canvas(): Canvas {
    return this.#experiment.canvas;
  }

  /** Goes on where a stage was. */
  restore({ object, probe, positions, memory }: StageState): void {
    this.#kernels.write(this.#experiment.object, object);
    this.#kernels.write(this.#experiment.probe, probe);
    this.#experiment.positions.set(positions);
    for (const [name, held] of this.#memory)
      if (held instanceof Float64Array) held.set(memory[name]);
      else this.#kernels.write(held, memory[name]);
  }

  async step(epoch: Epoch): Promise<EpochReport> {
    const report = await this.#run.step(epoch);
    const notes: string[] = [];
    for (const wrapper of this.#wrappers) notes.push(...((await wrapper.endEpoch?.(epoch.number)) ?? []));
    this.notes = notes;
    return report;
  }

  /** How frames are predicted that are held out. */
  misfit(frames: Int32Array, pause?: () => Promise<void> | undefined): Promise<EpochReport> {
    return heldOutMisfit(this.#experiment, frames, pause);
  }

  /** Bytes of its state. */
  get stateBytes(): number {
    const { object, probe } = this.#experiment;
    return [object, probe, ...this.#memory.values()].reduce((sum, held) => sum + bytesOf(held), 0);
  }

  async state(): Promise<StageState> {
    const { object, probe, positions } = this.#experiment;
    const memory: Record<string, Values> = {};
    for (const [name, held] of this.#memory)
      memory[name] = held instanceof Float64Array ? held.slice() : await this.#copied(held);
    return {
      ...{ object: await this.#copied(object), probe: await this.#copied(probe) },
      ...{ positions: positions.slice(), memory },
    };
  }

  async estimate(): Promise<Estimate & Pick<Look, "object">> {
    const { object, probe, positions, canvas } = this.#experiment;
    const [, modes, height, width] = probe.shape;
    const values = Float32Array.from(await this.#kernels.read(object));
    const beside: Pick<Estimate, "background"> = {};
    for (const wrapper of this.#wrappers) Object.assign(beside, await wrapper.estimate?.());
    return {
      ...estimateOf({
        probe: { shape: [modes, height, width], data: Float32Array.from(await this.#kernels.read(probe)) },
        positions: positions.slice(),
        ...beside,
      }),
      object: { values: { shape: object.shape.slice(1), data: values }, origin: canvas.origin },
    };
  }

  async look(frames: Int32Array): Promise<Look> {
    const experiment = this.#experiment;
    const { probe, canvas } = experiment;
    const kernels = this.#kernels;
    const [, , height, width] = probe.shape;
    const [lit, light] = [kernels.images([1, 1, height, width]), kernels.images([1, 1, canvas.height, canvas.width])];
    kernels.power(lit, probe);
    const most = Math.min(frames.length, framesAtOnce(experiment.scan));
    for (let from = 0; from < frames.length; from += most)
      kernels.pasteImages(light, lit, experiment.windows(frames.subarray(from, from + most)));
    const seen = Float32Array.from(await kernels.read(light));
    kernels.release(lit, light);
    return { ...(await this.estimate()), light: seen };
  }

  /** What a home reads may be its own memory. */
  async #copied(held: Remembered): Promise<Values> {
    return (await this.#kernels.read(held)).slice();
  }

  /** Gives back what the engine has; its kernels are the caller's to close. */
  async release(): Promise<void> {
    await this.#run.release();
  }
}

/** Frames that are on the device at once. */
export function framesAtOnce({ amplitudes: { count, height, width }, probe }: EngineScan): number {
  const each = probe.shape[0] * height * width;
  return Math.max(1, Math.min(count, MOST_FRAMES, Math.floor(ON_DEVICE / each)));
}

function bytesOf(held: Remembered | Float64Array): number {
  if (held instanceof Float64Array) return held.byteLength;
  if (held.kind === "numbers") return 8 * held.frames * held.each;
  return (held.kind === "waves" ? 8 : 4) * held.shape.reduce((a, b) => a * b, 1);
}
