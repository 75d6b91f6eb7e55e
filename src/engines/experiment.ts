import { PtychonautError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Batch, Batches, type Placed } from "./batches.ts";
import { type Canvas, canvasOf, type SubPixel } from "./canvas.ts";
import type { Images, Kernels, LikelihoodKind, Numbers, PieStep, Shape, Waves, Windows } from "./kernels/kernels.ts";
import { type Passage, passageOf } from "./passage.ts";
import type { EngineScan } from "./scan.ts";
import { type Layer, SliceStack } from "./sliceStack.ts";
import type { Change, Optics, SliceChange, WrapperRun } from "./wrapperRun.ts";

export interface ExperimentOptions {
  /** Most frames that are on the device at once. */
  readonly batchSize: number;
  readonly subPixel: SubPixel;
  /** Object pixels by which positions may move beyond where they are now. Default 0. */
  readonly margin?: number;
  /** Variance of the detector's read-out in counts, for Poisson likelihoods. Default `READ_OUT_COUNTS`. */
  readonly readOutCounts?: number;
  /** For engines that compute in graphs. */
  readonly runtime?: Runtime;
}

/**
 * Some, since a likelihood without any asks for steps without bound wherever a photon falls where none is expected; and
 * little, since whatever weighs pixels by less than their light loses information. On simulated scans with a tenth of a
 * photon to ten a pixel, objects were worse by up to a third with 0.1, by a few percent with 0.005, and with 0.0001 scans of
 * a tenth of a photon were lost.
 */
const READ_OUT_COUNTS = 0.002;

/** Some frames behind the sample. Where it has several slices, `patches` and `probe` are the first one's. */
export interface Exits extends Layer {
  /** `[B, M]`: ψ, behind the last slice. */
  readonly waves: Waves;
}

/** The same, and every slice on the way, the first first. */
export interface LayeredExits extends Exits {
  readonly layers: readonly Layer[];
}

/** How object and probe explain some frames. */
export interface Prediction extends LayeredExits {
  readonly batch: Batch;
  /** `[B, M]`: Ψ, in the detector's plane. */
  readonly waves: Waves;
  /** `[B, 1]`: Î. */
  readonly expected: Images;
}

/** What patterns are compared with. */
type Compared = Pick<Prediction, "batch" | "expected">;

/**
 * Object, probe and positions as they are now, on the device, and how they make patterns: what engines and wrappers
 * share. Engines ask for changes and move object and probe; none has a forward model of its own.
 */
export class Experiment {
  readonly kernels: Kernels;
  readonly scan: EngineScan;
  readonly runtime: Runtime | undefined;
  readonly canvas: Canvas;
  /** `[1, slices, H, W]`; a thin object has one. */
  readonly object: Waves;
  /** `[1, M, h, w]`. */
  readonly probe: Waves;
  readonly mask: Images | undefined;
  /** From the sample to the detector, and in which order of pixels images of the detector are here. */
  readonly passage: Passage;
  /** Variance of the detector's read-out, in the unit of the measured intensities. */
  readonly dark: number;
  /** `[frame, 2]`, as they are now. */
  readonly positions: Float64Array;
  /** Most frames that are on the device at once. */
  readonly batchSize: number;
  readonly subPixel: SubPixel;
  /** Object pixels by which positions may be elsewhere than the scan has them. */
  readonly margin: number;
  readonly #batches: Batches;
  readonly #stack: SliceStack;
  readonly #misfit: Numbers;
  #expected: Images | undefined;
  #factor: Images | undefined;
  readonly #wrappers: WrapperRun[] = [];

  /** @throws PtychonautError "shape" where the parts of the scan do not fit each other; "data" as `passageOf` does */
  constructor(kernels: Kernels, scan: EngineScan, options: ExperimentOptions) {
    const { batchSize, subPixel, margin = 0, readOutCounts = READ_OUT_COUNTS } = options;
    const { count, height, width } = scan.amplitudes;
    const [modes] = scan.probe.shape;
    checkScan(scan);
    this.kernels = kernels;
    this.scan = scan;
    this.runtime = options.runtime;
    this.dark = readOutCounts / scan.countsPerUnit;
    this.positions = scan.positions.slice();
    this.canvas = canvasOf(scan.positions, [height, width], margin);
    this.object = kernels.waves([1, scan.slices?.count ?? 1, this.canvas.height, this.canvas.width]);
    kernels.write(this.object, firstObject(scan, this.canvas));
    this.probe = kernels.waves([1, modes, height, width]);
    kernels.write(this.probe, scan.probe.data);
    this.passage = passageOf(kernels, scan.geometry, [height, width]);
    if (scan.mask === undefined) this.mask = undefined;
    else {
      this.mask = kernels.images([1, 1, height, width]);
      kernels.write(this.mask, this.passage.toDevice(scan.mask));
    }
    const frames = Math.min(batchSize, count);
    this.batchSize = frames;
    this.subPixel = subPixel;
    this.margin = margin;
    this.#batches = new Batches(kernels, scan, {
      canvas: this.canvas,
      passage: this.passage,
      largest: frames,
      subPixel,
    });
    this.#stack = new SliceStack(kernels, [frames, modes, height, width], scan.slices);
    this.#misfit = kernels.numbers(frames, 4);
  }

  get frames(): number {
    return this.scan.amplitudes.count;
  }

  /** Frames on the device; good until the next are asked for. */
  load(frames: Int32Array): Batch {
    return this.#batches.load(frames, this.positions);
  }

  /** Where frames lie on the canvas, without their patterns; good until these or others are asked for. */
  windows(frames: Int32Array): Windows {
    return this.place(frames).windows;
  }

  /** Frames without their patterns; good until these or others are asked for. */
  place(frames: Int32Array): Placed {
    return { frames, windows: this.#batches.place(frames, this.positions) };
  }

  /** In the order in which they change optics. */
  wrap(wrappers: readonly WrapperRun[]): void {
    this.#wrappers.push(...wrappers);
  }

  /** Whether wrappers change how patterns are made. */
  get hasOptics(): boolean {
    return this.#optics().length > 0;
  }

  /** Whether waves pass one slice, and a Fourier transform. */
  get isSimple(): boolean {
    return this.passage.isFarField && this.#stack.count === 1;
  }

  /** Whether patterns are made as `Kernels.exitChange` says, and nobody wants to see χ: engines may fuse their steps. */
  get isPlain(): boolean {
    return this.isSimple && this.#wrappers.every(({ optics, changed, moved }) => !(optics || changed || moved));
  }

  /** Whether what patterns are made of, or what they ask for, is not object, probe and propagation alone. */
  get isWrapped(): boolean {
    return this.#wrappers.some(({ optics, changed }) => optics || changed);
  }

  /**
   * χ of a batch. Good until the next is asked for.
   * @param misfit where misfits go. Default: room of the experiment, until the next batch
   */
  async change(batch: Batch, likelihood: LikelihoodKind, misfit: Numbers = this.#rowFor(batch)): Promise<Change> {
    const { kernels, object, dark } = this;
    const optics = this.#optics();
    if (!this.isSimple || optics.some(({ detector }) => detector !== undefined)) {
      const prediction = this.predict(batch);
      return this.changeBy(prediction, this.#compared(prediction, likelihood, misfit), misfit);
    }
    const { patches, waves: change } = this.#stack.thin(batch.frames.length);
    const probe = lit(this.probe, optics, batch);
    kernels.exitChange({ ...this.#data(batch), object, probe, likelihood, dark, change, patches, misfit });
    return this.#changed({ batch, misfit, slices: [{ patches, probe, change }] });
  }

  /**
   * PIE through a whole batch, frame after frame, object and probe in place, in one operation: for plain experiments.
   * @param misfit where misfits go
   */
  pieStep(batch: Batch, steps: Pick<PieStep, "objectStep" | "probeStep" | "alpha">, misfit: Numbers): void {
    const { kernels, object, probe } = this;
    kernels.pieStep({ ...this.#data(batch), object, probe, likelihood: "gaussian", ...steps, misfit });
  }

  #data({ measured, windows }: Batch): Pick<PieStep, "measured" | "windows" | "mask"> {
    return { measured, windows, ...(this.mask === undefined ? {} : { mask: this.mask }) };
  }

  /** ψ = P R_j O, through slice after slice. Good until the next are asked for. */
  exits(placed: Placed): LayeredExits {
    const { layers, waves } = this.#stack.exits(this.object, lit(this.probe, this.#optics(), placed), placed);
    return { ...layers[0], layers, waves };
  }

  /** What a batch's patterns should be. Good until the next is asked for. */
  predict(batch: Batch): Prediction {
    return this.#predicted(batch, this.exits(batch));
  }

  /** What other exit waves make of it, which are in the detector's plane afterwards. */
  #predicted<T extends Exits>(batch: Batch, exits: T): T & Compared {
    const { kernels } = this;
    const expected = kernels.frames(this.#expectations(), 0, batch.frames.length);
    this.passage.forward(exits.waves);
    kernels.power(expected, exits.waves);
    for (const part of this.#optics()) part.detector?.(expected, batch);
    return { ...exits, batch, expected };
  }

  /** The step of amplitudes of what is predicted; good until the next is asked for. */
  #compared({ batch, expected }: Compared, likelihood: LikelihoodKind, misfit: Numbers): Images {
    const { kernels, mask, dark } = this;
    const factor = kernels.frames(this.#factors(), 0, batch.frames.length);
    kernels.likelihood(factor, expected, batch.measured, mask, likelihood, misfit, dark);
    return factor;
  }

  /** How object and probe explain a batch now; wrappers do not see it. */
  assess(batch: Batch, misfit: Numbers): void {
    this.#compared(this.predict(batch), "gaussian", misfit);
  }

  /**
   * χ = F⁻¹ Π F ψ − ψ of other exit waves, in their place, Π giving them the measured amplitudes; wrappers do not see it.
   * @param misfit where misfits of these waves go
   */
  project(batch: Batch, exits: Exits, misfit: Numbers): void {
    const prediction = this.#predicted(batch, exits);
    this.#step(prediction, this.#compared(prediction, "gaussian", misfit), true);
  }

  /**
   * χ of a step `factor` × Ψ in the detector's plane, where its waves were.
   *
   * @param factor `[B, 1]`; spent afterwards
   */
  async changeBy(prediction: Prediction, factor: Images, misfit: Numbers): Promise<Change> {
    const { batch, layers, waves } = prediction;
    this.#step(prediction, factor, true);
    return this.#changed({ batch, misfit, slices: this.#stack.changes(layers, waves) });
  }

  #step({ batch, waves }: Compared & Exits, factor: Images, explained: boolean): void {
    for (const part of this.#optics().toReversed()) part.detectorAdjoint?.(factor, batch, explained);
    this.kernels.scale(waves, waves, factor);
    this.passage.adjoint(waves);
  }

  async #changed(of: Pick<Change, "batch" | "misfit"> & { readonly slices: readonly SliceChange[] }): Promise<Change> {
    const change: Change = { ...of.slices[0], ...of };
    for (const wrapper of this.#wrappers) await wrapper.changed?.(change);
    return change;
  }

  /** Whether wrappers know something of single frames that held-out ones need as well. */
  get knowsFrames(): boolean {
    return this.#wrappers.some(({ fitFrames }) => fitFrames !== undefined);
  }

  /** Wrappers fit what they know of these held-out frames alone; nothing else moves or learns. */
  async fitFrames(batch: Batch): Promise<void> {
    const prediction = this.predict(batch);
    const { layers, waves } = prediction;
    const misfit = this.#rowFor(batch);
    this.#step(prediction, this.#compared(prediction, "gaussian", misfit), false);
    const slices = this.#stack.changes(layers, waves);
    const change: Change = { ...slices[0], batch, misfit, slices };
    for (const wrapper of this.#wrappers) await wrapper.fitFrames?.(change);
  }

  /** To be called whenever object or probe have moved. */
  async moved(): Promise<void> {
    for (const wrapper of this.#wrappers) await wrapper.moved?.();
  }

  #optics(): readonly Optics[] {
    return this.#wrappers.flatMap((wrapper) => wrapper.optics ?? []);
  }

  #rowFor({ frames }: Batch): Numbers {
    return this.kernels.frames(this.#misfit, 0, frames.length);
  }

  /** Made when they are first needed: most engines let a kernel keep them. */
  #expectations(): Images {
    this.#expected ??= this.kernels.images(this.#imagesShape());
    return this.#expected;
  }

  #factors(): Images {
    this.#factor ??= this.kernels.images(this.#imagesShape());
    return this.#factor;
  }

  #imagesShape(): Shape {
    const [, , height, width] = this.probe.shape;
    return [this.batchSize, 1, height, width];
  }

  /** Gives its memory on the device back. */
  release(): void {
    this.#batches.release();
    this.passage.release();
    const made = [this.mask, this.#expected, this.#factor].filter((images) => images !== undefined);
    this.#stack.release();
    this.kernels.release(this.object, this.probe, this.#misfit, ...made);
  }
}

const lit = (probe: Waves, optics: readonly Optics[], placed: Placed): Waves =>
  optics.reduce<Waves>((light, part) => part.probe?.(placed, light) ?? light, probe);

function checkScan({ amplitudes, positions, probe, mask, object, slices }: EngineScan): void {
  const given = object?.values.shape[0] ?? 1;
  if (given > 1 && given !== slices?.count)
    throw new PtychonautError("shape", "the first guess has other slices than the object is to have", {
      expected: `1 or ${slices?.count ?? 1}`,
      got: `${given}`,
    });
  const { count, height, width } = amplitudes;
  const [, h, w] = probe.shape;
  const fits =
    positions.length === 2 * count &&
    h === height &&
    w === width &&
    (mask?.length ?? height * width) === height * width;
  if (!fits || count === 0)
    throw new PtychonautError("shape", "patterns, positions, probe and mask do not fit each other", {
      expected: `${count} positions, a probe and a mask of [${height}, ${width}], and at least one frame`,
      got: `${positions.length / 2} positions, a probe of [${probe.shape}]${mask === undefined ? "" : `, a mask of ${mask.length} pixels`}`,
    });
}

/** The first guess where it lies on the canvas, 1 elsewhere, slice by slice; of a thin guess the first slice is it. */
function firstObject({ object, slices }: EngineScan, { height, width, origin }: Canvas): Float32Array {
  const out = new Float32Array(2 * (slices?.count ?? 1) * height * width);
  for (let i = 0; i < out.length; i += 2) out[i] = 1;
  if (object === undefined) return out;
  const [given, rows, columns] = object.values.shape;
  const [down, right] = [object.origin[0] - origin[0], object.origin[1] - origin[1]];
  for (let slice = 0; slice < given; slice++)
    for (let y = Math.max(0, -down); y < Math.min(rows, height - down); y++)
      for (let x = Math.max(0, -right); x < Math.min(columns, width - right); x++)
        for (let part = 0; part < 2; part++)
          out[2 * ((slice * height + y + down) * width + x + right) + part] =
            object.values.data[2 * ((slice * rows + y) * columns + x) + part];
  return out;
}
