import type { Communicator } from "../communicator.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type Batch, Batches, type Placed } from "./batches.ts";
import { type Canvas, canvasOf, type SubPixel } from "./canvas.ts";
import { DetectorPlane } from "./detectorPlane.ts";
import type { Exits, LayeredExits, Prediction } from "./exits.ts";
import { FrameLight } from "./frameLight.ts";
import type { Images, Kernels, LikelihoodKind, Numbers, PieStep, Shape, Waves, Windows } from "./kernels/kernels.ts";
import { ModeStack } from "./modeStack.ts";
import { firstObject } from "./modes/firstObject.ts";
import { type Passage, passageOf } from "./passage.ts";
import type { EngineScan } from "./scan.ts";
import { checkScan, planesOf } from "./scanFits.ts";
import { Shares } from "./shares.ts";
import { type ObjectStack, SliceStack } from "./sliceStack.ts";
import type { Change, FramePass, Optics, WrapperRun } from "./wrapperRun.ts";

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
  /** The processes that share the frames. Default: this one alone. */
  readonly ranks?: Communicator;
}

/**
 * Some, since a likelihood without any asks for steps without bound wherever a photon falls where none is expected; and
 * little, since whatever weighs pixels by less than their light loses information. On simulated scans with a tenth of a
 * photon to ten a pixel, objects were worse by up to a third with 0.1, by a few percent with 0.005, and with 0.0001 scans of
 * a tenth of a photon were lost.
 */
const READ_OUT_COUNTS = 0.002;

/**
 * Object, probe and positions as they are now, on the device, and how they make patterns: what engines and wrappers
 * share. Engines ask for changes and move object and probe; none has a forward model of its own.
 */
export class Experiment {
  readonly kernels: Kernels;
  readonly scan: EngineScan;
  readonly runtime: Runtime | undefined;
  /** Of the processes that look at the frames together. */
  readonly shares: Shares;
  readonly canvas: Canvas;
  /** `[1, slices or states, H, W]`; a thin object in one state has one. */
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
  /** Of the probe, which engines give back to it: h w / 4, the one normalisation, unless a wrapper holds another. */
  probeEnergy: number;
  readonly #batches: Batches;
  readonly #stack: ObjectStack;
  readonly #misfit: Numbers;
  readonly #light: FrameLight;
  readonly #detector: DetectorPlane;
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
    this.shares = new Shares(kernels, count, options.ranks);
    this.dark = readOutCounts / scan.countsPerUnit;
    this.positions = scan.positions.slice();
    this.probeEnergy = (height * width) / 4;
    this.canvas = canvasOf(scan.positions, [height, width], margin);
    this.object = kernels.waves([1, planesOf(scan), this.canvas.height, this.canvas.width]);
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
    const shape: Shape = [frames, modes, height, width];
    const { count: states = 1 } = scan.objectModes ?? {};
    this.#stack = states > 1 ? new ModeStack(kernels, shape, states) : new SliceStack(kernels, shape, scan.slices);
    this.#misfit = kernels.numbers(frames, 4);
    const { passage, mask, dark } = this;
    const optics = (): readonly Optics[] => this.#optics();
    this.#light = new FrameLight(kernels, shape, { subPixel, isFarField: passage.isFarField, optics });
    this.#detector = new DetectorPlane(kernels, shape, { passage, mask, dark, optics });
  }

  get frames(): number {
    return this.scan.amplitudes.count;
  }

  /** Planes of the object that light passes one after the other. */
  get slices(): number {
    return this.#stack.parallel ? 1 : this.#stack.count;
  }

  /** Frames on the device; good until the next are asked for. */
  load(frames: Int32Array): Batch {
    return this.#batches.load(frames, this.positions);
  }

  /** Prepares frames that will be loaded again and again, piece by piece; without it each is when it is first loaded. */
  prepare(frames: Int32Array): Generator<void, void, void> {
    return this.#batches.prepare(frames);
  }

  /** Where frames lie on the canvas, without their patterns; good until these or others are asked for. */
  windows(frames: Int32Array): Windows {
    return this.place(frames).windows;
  }

  /**
   * Frames without their patterns; good until these or others are asked for.
   * @param positions `[frame, 2]` of all frames. Default as they are now
   */
  place(frames: Int32Array, positions: Float64Array = this.positions): Placed {
    return this.#batches.place(frames, positions);
  }

  /** A coordinate of a position (`2 * frame + axis`), no farther from where the scan has it than the canvas has room for. */
  within(coordinate: number, value: number): number {
    const [given, most] = [this.scan.positions[coordinate], Math.max(0, this.margin - 1)];
    return Math.min(given + most, Math.max(given - most, value));
  }

  /** In the order in which they change optics. */
  wrap(wrappers: readonly WrapperRun[]): void {
    this.#wrappers.push(...wrappers);
    for (const wrapper of wrappers) wrapper.wrapped?.();
  }

  /** Whether wrappers change how patterns are made. */
  get hasOptics(): boolean {
    return this.#optics().length > 0;
  }

  /** Whether wrappers give frames light of their own. */
  get hasLight(): boolean {
    return this.#light.isOwn;
  }

  /** What would light frames if this were the probe. Good until the next is asked for. */
  light(placed: Placed, probe: Waves): Waves {
    return this.#light.of(placed, probe);
  }

  /** A change of the probe `[1, M]` as frames have it, `[1 or B, M]`: moved between pixels where light is. */
  movedLight(placed: Placed, direction: Waves): Waves {
    return this.#light.moved(placed, direction);
  }

  /** out `[1, M]` += Σ_j patches_j* change_j, what frames ask of the probe: the adjoint of `movedLight`, of their products. */
  addToProbe(out: Waves, placed: Placed, patches: Waves, change: Waves): void {
    this.#light.addBack(out, placed, patches, change);
  }

  /** What the detector makes, but for a constant, of intensities, in place. */
  detectLinear(images: Images, batch: Batch): void {
    for (const { detectorLinear } of this.#optics()) detectorLinear?.(images, batch);
  }

  /** Whether waves pass one plane, and a Fourier transform. */
  get isSimple(): boolean {
    return this.passage.isFarField && this.#stack.count === 1;
  }

  /** Whether patterns are made as `Kernels.exitChange` says, and nobody wants to see χ: engines may fuse their steps. */
  get isPlain(): boolean {
    if (this.#light.isMoved || !this.isSimple) return false;
    return this.#wrappers.every(({ optics, changed, moved }) => !(optics || changed || moved));
  }

  /** Whether wrappers want to see χ. */
  get isWatched(): boolean {
    return this.#wrappers.some(({ changed }) => changed !== undefined);
  }

  /**
   * χ of a batch. Good until the next is asked for.
   * @param misfit where misfits go. Default: room of the experiment, until the next batch
   */
  async change(batch: Batch, likelihood: LikelihoodKind, misfit: Numbers = this.#rowFor(batch)): Promise<Change> {
    const { kernels, object, dark } = this;
    if (!this.isSimple || this.#detector.isChanged) {
      const prediction = this.predict(batch);
      const length = likelihood === "gaussian" ? 1 : 2;
      return this.changeBy(prediction, this.#detector.compare(prediction, likelihood, misfit), misfit, length);
    }
    const { patches, waves: change } = this.#stack.thin(batch.frames.length);
    const probe = this.light(batch, this.probe);
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
    const { layers, waves } = this.#stack.exits(this.object, this.light(placed, this.probe), placed);
    return { ...layers[0], layers, waves };
  }

  /** What a batch's patterns should be. Good until the next is asked for. */
  predict(batch: Batch): Prediction {
    return this.#detector.predict(batch, this.exits(batch));
  }

  /** How object and probe explain a batch now; wrappers do not see it. */
  assess(batch: Batch, misfit: Numbers): void {
    this.#detector.compare(this.predict(batch), "gaussian", misfit);
  }

  /**
   * χ = F⁻¹ Π F ψ − ψ of other exit waves, in their place, Π giving them the measured amplitudes; wrappers do not see it, and
   * learn nothing of waves that object and probe do not make.
   * @param misfit where misfits of these waves go
   */
  project(batch: Batch, exits: Exits, misfit: Numbers): void {
    const prediction = this.#detector.predict(batch, exits);
    const factor = this.#detector.compare(prediction, "gaussian", misfit);
    this.#detector.step(prediction, factor, { explained: false, length: 1 });
  }

  /**
   * χ of a step `factor` × Ψ in the detector's plane, where its waves were.
   *
   * @param factor `[B, 1]`; spent afterwards
   * @param length of the factor, close to the solution, over that of the step to the measured amplitudes
   */
  async changeBy(prediction: Prediction, factor: Images, misfit: Numbers, length: number): Promise<Change> {
    const { batch, layers, waves } = prediction;
    this.#detector.step(prediction, factor, { explained: true, length });
    return this.#changed({ batch, misfit, slices: this.#stack.changes(layers, waves) });
  }

  async #changed(of: Pick<Change, "batch" | "misfit" | "slices">): Promise<Change> {
    const change = this.#changeOf(of);
    for (const wrapper of this.#wrappers) await wrapper.changed?.(change);
    return change;
  }

  #changeOf(of: Pick<Change, "batch" | "misfit" | "slices">): Change {
    const { slices } = of;
    return { ...slices[0], ...of, lit: this.#stack.parallel ? slices : slices.slice(0, 1) };
  }

  /** Whether wrappers know something of single frames that held-out ones need as well. */
  get knowsFrames(): boolean {
    return this.#wrappers.some(({ fitFrames }) => fitFrames !== undefined);
  }

  /** Wrappers that look at frames themselves do so, when an engine has passed them or before held-out ones are predicted. */
  async refine(pass: FramePass): Promise<void> {
    await this.joinFrames(pass.frames);
    for (const wrapper of this.#wrappers) await wrapper.refine?.(pass);
    await this.joinFrames(pass.frames);
  }

  /** What wrappers know of single frames is everywhere what the processes have whose frames they are. */
  async joinFrames(all: Int32Array): Promise<void> {
    await this.shares.join(
      all,
      this.#wrappers.flatMap(({ ofFrames }) => ofFrames ?? []),
    );
  }

  /** Wrappers fit what they know of these held-out frames alone; nothing else moves or learns. */
  async fitFrames(batch: Batch): Promise<void> {
    const prediction = this.predict(batch);
    const { layers, waves } = prediction;
    const misfit = this.#rowFor(batch);
    const factor = this.#detector.compare(prediction, "gaussian", misfit);
    this.#detector.step(prediction, factor, { explained: false, length: 1 });
    const change = this.#changeOf({ batch, misfit, slices: this.#stack.changes(layers, waves) });
    for (const wrapper of this.#wrappers) await wrapper.fitFrames?.(change);
  }

  /** To be called whenever object or probe have moved. */
  async moved(): Promise<void> {
    for (const wrapper of this.#wrappers) await wrapper.moved?.();
  }

  /** To be called whenever the probe was multiplied by a factor, for all frames alike. */
  rescaled(factor: number): void {
    for (const wrapper of this.#wrappers) wrapper.rescaled?.(factor);
  }

  /** Waves that wrappers have beside the probe, in its window. */
  get besideProbe(): readonly Waves[] {
    return this.#wrappers.flatMap(({ beside }) => beside ?? []);
  }

  #optics(): readonly Optics[] {
    return this.#wrappers.flatMap((wrapper) => wrapper.optics ?? []);
  }

  #rowFor({ frames }: Batch): Numbers {
    return this.kernels.frames(this.#misfit, 0, frames.length);
  }

  /** Gives its memory on the device back. */
  release(): void {
    for (const part of [this.#batches, this.passage, this.#light, this.#stack, this.#detector]) part.release();
    this.kernels.release(this.object, this.probe, this.#misfit, ...(this.mask === undefined ? [] : [this.mask]));
  }
}
