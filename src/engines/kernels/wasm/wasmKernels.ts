import { PtychonautError } from "../../../errors.ts";
import {
  type ExitChange,
  type Factor,
  type Images,
  type Kernels,
  type LikelihoodKind,
  type Numbers,
  type PieStep,
  POISSON_DARK,
  type Shape,
  type StepOverlaps,
  type Waves,
  type Windows,
} from "../kernels.ts";
import { expectRepeats, longest } from "../shapes.ts";
import { checkWindows } from "../views.ts";
import { exitChangeWords, farFieldScratch, KINDS, pieStepWords } from "./farField.ts";
import { fourierScratch } from "./fftPlan.ts";
import { Heap } from "./heap.ts";
import { Holdings } from "./holdings.ts";
import { instantiate, MOST_PAGES, type WasmMemory, type WasmModule, webAssembly } from "./module.ts";
import { type Places, type Planes, planesOf, type Row } from "./planes.ts";
import { operand, operands } from "./program.ts";
import { Recorder } from "./recorder.ts";
import { JOB_BYTES, type KernelThread, type StartThread, Team } from "./threads.ts";

/** Of `assembly/engines/elementwise.ts` and `sums.ts`. */
const [PRODUCT, PRODUCT_CONJUGATE, POWER, SCALE, MULTIPLY_IMAGES, INTERFERENCE] = [0, 1, 2, 3, 4, 5];
const [DOT, SUM, SUM_PRODUCT] = [0, 1, 2];
const GROUPS = 8;

export interface WasmKernelOptions {
  /** `engines.wasm`, or with several threads `engines.threads.wasm`. */
  readonly module: WasmModule;
  /** All of them, this one included. Default 1. */
  readonly threads?: number;
  /** Needed for more than one. */
  readonly startThread?: StartThread;
  /** Why these were chosen, as `Kernels` has it. */
  readonly why?: string;
}

/**
 * Kernels in SIMD WebAssembly, float32. Waves are cut at 1e-18 when they are written. Whoever waits for numbers computes
 * with the other threads until they are there, and so must be allowed to wait: a page's own thread must not.
 *
 * @throws PtychonautError "memory" where there is none, "device" when a thread cannot be started
 */
export async function wasmKernels({ module, threads = 1, startThread, why }: WasmKernelOptions): Promise<Kernels> {
  const memory = createMemory(threads > 1);
  const code = instantiate(module, memory);
  const heap = new Heap(memory, code.heap);
  const job = heap.allocate(JOB_BYTES);
  const others: KernelThread[] = [];
  try {
    for (let thread = 1; thread < threads && startThread !== undefined; thread++)
      others.push(await startThread({ module, memory, job, thread, threads }));
  } catch (cause) {
    for (const other of others) await other.terminate();
    throw new PtychonautError("device", "a thread of the kernels did not start", { got: String(cause), cause });
  }
  return new WasmKernels(new Recorder(code, heap, new Team(code, memory, job, others)), why);
}

function createMemory(shared: boolean): WasmMemory {
  // Shared memory takes its addresses at once, which not every system has.
  for (let maximum = MOST_PAGES; ; maximum /= 4)
    try {
      return new webAssembly.Memory({ initial: 64, maximum, shared });
    } catch (cause) {
      if (!(cause instanceof RangeError) || maximum < 1024)
        throw new PtychonautError("memory", "there is no memory for kernels", { got: String(cause), cause });
    }
}

class WasmKernels extends Holdings implements Kernels {
  readonly home = "wasm";
  readonly epsilon = 2 ** -24;
  readonly why?: string;

  constructor(recorder: Recorder, why: string | undefined) {
    super(recorder);
    if (why !== undefined) this.why = why;
  }

  get threads(): number {
    return this.recorder.team.threads;
  }

  cut(out: Waves, object: Waves, windows: Windows): void {
    this.#cut(planesOf(out), planesOf(object), windows);
  }

  cutImages(out: Images, canvas: Images, windows: Windows): void {
    this.#cut(planesOf(out), planesOf(canvas), windows);
  }

  #cut(out: Planes, canvas: Planes, windows: Windows): void {
    checkWindows(windows, canvas.shape, out.shape);
    this.recorder.record("CUT", [...operands(out.shape, out, canvas), (windows as Places).at, out.parts]);
  }

  paste(canvas: Waves, patches: Waves, windows: Windows, factor = 1): void {
    this.#paste(planesOf(canvas), planesOf(patches), windows, factor);
  }

  pasteImages(canvas: Images, images: Images, windows: Windows, factor = 1): void {
    this.#paste(planesOf(canvas), planesOf(images), windows, factor);
  }

  #paste(canvas: Planes, patches: Planes, windows: Windows, factor: number): void {
    checkWindows(windows, canvas.shape, patches.shape);
    const [, , height, width] = patches.shape;
    const extents: Shape = [windows.frames, canvas.shape[1], height, width];
    const words = [...operands(extents, canvas, patches), (windows as Places).at, canvas.parts];
    this.recorder.record("PASTE", words, [factor]);
  }

  fourier(out: Waves, waves: Waves, direction: "forward" | "inverse"): void {
    expectRepeats(out, [waves]);
    const [, , height, width] = out.shape;
    this.recorder.needScratch(fourierScratch(height, width));
    const plans = [this.recorder.plan(height), this.recorder.plan(width)];
    const words = operands(out.shape, planesOf(out), planesOf(waves));
    this.recorder.record("FOURIER", [...words, ...plans, direction === "inverse" ? 1 : 0]);
  }

  ramps(out: Waves, shifts: Numbers): void {
    this.recorder.needScratch(planesOf(out).pitch);
    const { at, each, frames } = shifts as Row;
    this.recorder.record("RAMPS", [...operands(out.shape, planesOf(out)), at, frames === 1 ? 0 : 8 * each]);
  }

  product(out: Waves, a: Waves, b: Waves, { conjugate = false, add = false } = {}): void {
    this.#elementwise(conjugate ? PRODUCT_CONJUGATE : PRODUCT, out, [a, b], add);
  }

  power(out: Images, a: Waves, { add = false } = {}): void {
    this.#elementwise(POWER, out, [a], add);
  }

  interference(out: Images, a: Waves, b: Waves, { add = false } = {}): void {
    this.#elementwise(INTERFERENCE, out, [a, b], add);
  }

  reciprocal(out: Images, images: Images, dark: number): void {
    expectRepeats(out, [images]);
    this.recorder.record("RECIPROCAL", operands(out.shape, planesOf(out), planesOf(images)), [dark]);
  }

  scale(out: Waves, waves: Waves, images: Images, { add = false } = {}): void {
    this.#elementwise(SCALE, out, [waves, images], add);
  }

  multiplyImages(out: Images, a: Images, b: Images, { add = false } = {}): void {
    this.#elementwise(MULTIPLY_IMAGES, out, [a, b], add);
  }

  #elementwise(kind: number, out: Waves | Images, terms: readonly (Waves | Images)[], add: boolean): void {
    const extents = longest([out, ...terms]);
    this.recorder.needScratch(planesOf(out).pitch);
    const words = operands(extents, planesOf(out), ...terms.map(planesOf));
    this.recorder.record("ELEMENTWISE", [...words, kind, add ? 1 : 0]);
  }

  combine<T extends Waves | Images>(out: T, alpha: Factor, a: T, beta: Factor, b: T): void {
    expectRepeats(out, [a, b]);
    const to = planesOf(out);
    this.recorder.record("COMBINE", [...operands(out.shape, to, planesOf(a), planesOf(b)), to.parts], [alpha, beta]);
  }

  divide(
    out: Waves,
    numerator: Waves,
    weights: Images,
    { form, alpha, most }: Parameters<Kernels["divide"]>[3],
    { step = 1, add = false }: Parameters<Kernels["divide"]>[4] = {},
  ): void {
    expectRepeats(out, [numerator, weights]);
    const words = operands(out.shape, planesOf(out), planesOf(numerator), planesOf(weights));
    this.recorder.record("DIVIDE", [...words, form === "quadrature" ? 1 : 0, add ? 1 : 0], [alpha, most, step]);
  }

  fill(out: Waves | Images | Numbers, value: number): void {
    if (out.kind === "numbers") this.recorder.record("FILL_NUMBERS", [(out as Row).at, out.frames * out.each], [value]);
    else this.recorder.record("FILL", [...operands(out.shape, planesOf(out)), planesOf(out).parts], [value]);
  }

  likelihood(
    factor: Images,
    expected: Images,
    measured: Images,
    mask: Images | undefined,
    kind: LikelihoodKind,
    misfit: Numbers,
    dark: number = POISSON_DARK,
  ): void {
    expectRepeats(factor, mask === undefined ? [expected, measured] : [expected, measured, mask]);
    this.recorder.needPartials(factor.shape[0] * GROUPS);
    const valid = mask === undefined ? [0, 0] : [planesOf(mask).at, planesOf(mask).pitch];
    const words = operands(factor.shape, planesOf(factor), planesOf(expected), planesOf(measured));
    this.recorder.record("LIKELIHOOD", [...words, KINDS.indexOf(kind), (misfit as Row).at, ...valid], [dark]);
  }

  dot(out: Numbers, a: Waves, b: Waves): void {
    this.#sums(DOT, out, a, b);
  }

  sum(out: Numbers, a: Images, b?: Images): void {
    if (b === undefined) this.#sums(SUM, out, a, a);
    else this.#sums(SUM_PRODUCT, out, a, b);
  }

  #sums(kind: number, out: Numbers, a: Waves | Images, b: Waves | Images): void {
    const extents = longest([a, b]);
    this.recorder.needPartials(extents[0] * extents[1] * GROUPS);
    const words = operands(extents, planesOf(a), planesOf(b));
    this.recorder.record("SUMS", [...words, kind, (out as Row).at, out.each]);
  }

  largest(out: Numbers, a: Images): void {
    this.recorder.record("LARGEST", [...operands(a.shape, planesOf(a)), (out as Row).at]);
  }

  exitChange(terms: ExitChange): void {
    const { object, windows, measured, dark = POISSON_DARK, change, patches } = terms;
    checkWindows(windows, object.shape, change.shape);
    expectRepeats(change, [terms.probe, patches]);
    expectRepeats(patches, [measured]);
    const [, modes, height, width] = change.shape;
    this.#needFarField(modes, height, width);
    const plans = [this.recorder.plan(height), this.recorder.plan(width)];
    const words = exitChangeWords(terms, plans);
    this.recorder.record("EXIT_CHANGE", words, [dark]);
  }

  pieStep(terms: PieStep): void {
    const { object, probe, windows, dark = POISSON_DARK, alpha, objectStep, probeStep } = terms;
    checkWindows(windows, object.shape, probe.shape);
    longest([probe, terms.measured]);
    const [, modes, height, width] = probe.shape;
    this.#needFarField(modes, height, width);
    const plans = [this.recorder.plan(height), this.recorder.plan(width)];
    const between = (windows as Places).fractions.some((fraction) => fraction !== 0);
    const [work, room] = [this.waves(probe.shape), this.waves([between ? 2 : 1, 1, height, width])];
    const most = this.numbers(2, this.threads);
    const words = pieStepWords(terms, plans, { work: planesOf(work), room: planesOf(room), most: most as Row });
    this.recorder.record("PIE_STEP", words, [dark, alpha, objectStep, probeStep]);
    this.release(work, room, most);
  }

  stepOverlaps({ patches, object, windows, probe, change, direction, out }: StepOverlaps): void {
    checkWindows(windows, object.shape, patches.shape);
    expectRepeats(change, [patches, probe, ...(direction === undefined ? [] : [direction])]);
    this.recorder.needScratch(planesOf(patches).pitch);
    this.recorder.needPartials(2 * change.shape[0] * GROUPS);
    const words = operands(change.shape, planesOf(object), planesOf(probe), planesOf(change));
    const beside = [
      ...operand(planesOf(patches)),
      ...(direction === undefined ? [0, 0, 0, 0] : operand(planesOf(direction))),
    ];
    this.recorder.record("STEP_OVERLAPS", [...words, ...beside, (out as Row).at, (windows as Places).at]);
  }

  #needFarField(modes: number, height: number, width: number): void {
    this.recorder.needScratch(farFieldScratch(modes, height, width));
    this.recorder.needPartials(this.threads * height);
  }

  async close(): Promise<void> {
    this.heldBytes = 0;
    await this.recorder.team.close();
  }
}
