import { PtychonautError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Batch, Batches, type Placed } from "./batches.ts";
import { type Canvas, canvasOf, type SubPixel } from "./canvas.ts";
import type { Images, Kernels, LikelihoodKind, Numbers, PieStep, Shape, Waves, Windows } from "./kernels/kernels.ts";
import { type Passage, passageOf } from "./passage.ts";
import type { EngineScan } from "./scan.ts";
import type { Change, Optics, WrapperRun } from "./wrapperRun.ts";

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

/** Some frames behind the sample. */
export interface Exits {
  /** `[B, 1]`: R_j O. */
  readonly patches: Waves;
  /** `[1 or B, M]`: what lit these frames. */
  readonly probe: Waves;
  /** `[B, M]`: ψ. */
  readonly waves: Waves;
}

/** How object and probe explain some frames. */
export interface Prediction extends Exits {
  readonly batch: Batch;
  /** `[B, M]`: Ψ, in the detector's plane. */
  readonly waves: Waves;
  /** `[B, 1]`: Î. */
  readonly expected: Images;
}

/**
 * Object, probe and positions as they are now, on the device, and how they make patterns: what engines and wrappers
 * share. Engines ask for changes and move object and probe; none has a forward model of its own.
 */
export class Experiment {
  readonly kernels: Kernels;
  readonly scan: EngineScan;
  readonly runtime: Runtime | undefined;
  readonly canvas: Canvas;
  /** `[1, 1, H, W]`. */
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
  readonly #patches: Waves;
  readonly #change: Waves;
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
    this.object = kernels.waves([1, 1, this.canvas.height, this.canvas.width]);
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
    this.#patches = kernels.waves([frames, 1, height, width]);
    this.#change = kernels.waves([frames, modes, height, width]);
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

  /** Whether patterns are made as `Kernels.exitChange` says, and nobody wants to see χ: engines may fuse their steps. */
  get isPlain(): boolean {
    return (
      this.passage.isFarField && this.#wrappers.every(({ optics, changed, moved }) => !(optics || changed || moved))
    );
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
    if (!this.passage.isFarField || optics.some(({ detector }) => detector !== undefined)) {
      const prediction = this.predict(batch);
      return this.changeBy(prediction, this.#compared(prediction, likelihood, misfit), misfit);
    }
    const [patches, change] = this.#planesFor(batch);
    const probe = lit(this.probe, optics, batch);
    kernels.exitChange({ ...this.#data(batch), object, probe, likelihood, dark, change, patches, misfit });
    return this.#changed({ batch, patches, probe, change, misfit });
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

  /** What lights some frames, `[1 or B, M]`. */
  light(placed: Placed): Waves {
    return lit(this.probe, this.#optics(), placed);
  }

  /** ψ = P R_j O. Good until the next are asked for. */
  exits(placed: Placed): Exits {
    const [patches, waves] = this.#planesFor(placed);
    const probe = this.light(placed);
    this.kernels.cut(patches, this.object, placed.windows);
    this.kernels.product(waves, patches, probe);
    return { patches, probe, waves };
  }

  /** What a batch's patterns should be. Good until the next is asked for. */
  predict(batch: Batch): Prediction {
    return this.#predicted(batch, this.exits(batch));
  }

  /** What other exit waves make of it, which are in the detector's plane afterwards. */
  #predicted(batch: Batch, exits: Exits): Prediction {
    const { kernels } = this;
    const expected = kernels.frames(this.#expectations(), 0, batch.frames.length);
    this.passage.forward(exits.waves);
    kernels.power(expected, exits.waves);
    for (const part of this.#optics()) part.detector?.(expected, batch);
    return { ...exits, batch, expected };
  }

  /** The step of amplitudes of what is predicted; good until the next is asked for. */
  #compared({ batch, expected }: Prediction, likelihood: LikelihoodKind, misfit: Numbers): Images {
    const { kernels, mask, dark } = this;
    const factor = kernels.frames(this.#factors(), 0, batch.frames.length);
    kernels.likelihood(factor, expected, batch.measured, mask, likelihood, misfit, dark);
    return factor;
  }

  /** How object and probe explain a batch now, and its exit waves; wrappers do not see it. */
  assess(batch: Batch, misfit: Numbers): Exits {
    this.#compared(this.predict(batch), "gaussian", misfit);
    return this.exits(batch);
  }

  /**
   * χ = F⁻¹ Π F ψ − ψ of other exit waves, in their place, Π giving them the measured amplitudes; wrappers do not see it.
   * @param misfit where misfits of these waves go
   */
  project(batch: Batch, exits: Exits, misfit: Numbers): void {
    const prediction = this.#predicted(batch, exits);
    this.#step(prediction, this.#compared(prediction, "gaussian", misfit));
  }

  /**
   * χ of a step `factor` × Ψ in the detector's plane, where its waves were.
   *
   * @param factor `[B, 1]`; spent afterwards
   */
  async changeBy(prediction: Prediction, factor: Images, misfit: Numbers): Promise<Change> {
    const { batch, patches, probe, waves } = prediction;
    this.#step(prediction, factor);
    return this.#changed({ batch, patches, probe, change: waves, misfit });
  }

  #step({ batch, waves }: Prediction, factor: Images): void {
    for (const part of this.#optics().toReversed()) part.detectorAdjoint?.(factor, batch);
    this.kernels.scale(waves, waves, factor);
    this.passage.adjoint(waves);
  }

  async #changed(change: Change): Promise<Change> {
    for (const wrapper of this.#wrappers) await wrapper.changed?.(change);
    return change;
  }

  /** To be called whenever object or probe have moved. */
  async moved(): Promise<void> {
    for (const wrapper of this.#wrappers) await wrapper.moved?.();
  }

  #optics(): readonly Optics[] {
    return this.#wrappers.flatMap((wrapper) => wrapper.optics ?? []);
  }

  #planesFor({ frames }: Placed): [patches: Waves, change: Waves] {
    const { kernels } = this;
    return [kernels.frames(this.#patches, 0, frames.length), kernels.frames(this.#change, 0, frames.length)];
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
    const [frames, , height, width] = this.#patches.shape;
    return [frames, 1, height, width];
  }

  /** Gives its memory on the device back. */
  release(): void {
    this.#batches.release();
    this.passage.release();
    const made = [this.mask, this.#expected, this.#factor].filter((images) => images !== undefined);
    this.kernels.release(this.object, this.probe, this.#patches, this.#change, this.#misfit, ...made);
  }
}

const lit = (probe: Waves, optics: readonly Optics[], placed: Placed): Waves =>
  optics.reduce<Waves>((light, part) => part.probe?.(placed, light) ?? light, probe);

function checkScan({ amplitudes, positions, probe, mask }: EngineScan): void {
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

/** The first guess where it lies on the canvas, 1 elsewhere. */
function firstObject({ object }: EngineScan, { height, width, origin }: Canvas): Float32Array {
  const out = new Float32Array(2 * height * width);
  for (let i = 0; i < out.length; i += 2) out[i] = 1;
  if (object === undefined) return out;
  const [, rows, columns] = object.values.shape;
  const [down, right] = [object.origin[0] - origin[0], object.origin[1] - origin[1]];
  for (let y = Math.max(0, -down); y < Math.min(rows, height - down); y++)
    for (let x = Math.max(0, -right); x < Math.min(columns, width - right); x++)
      for (let part = 0; part < 2; part++)
        out[2 * ((y + down) * width + x + right) + part] = object.values.data[2 * (y * columns + x) + part];
  return out;
}
