import { PtychonautError } from "../../../errors.ts";
import {
  type ExitChange,
  type Factor,
  type Held,
  type Images,
  type Kernels,
  type LikelihoodKind,
  type Numbers,
  type PieStep,
  POISSON_DARK,
  type Shape,
  type Waves,
  type WindowPlaces,
  type Windows,
} from "../kernels.ts";
import { expectRepeats, longest } from "../shapes.ts";
import { exitChangeWords, farFieldScratch, KINDS, pieStepWords } from "./farField.ts";
import { fftPlan, fourierScratch } from "./fftPlan.ts";
import { Heap } from "./heap.ts";
import {
  instantiate,
  type KernelCode,
  MOST_PAGES,
  type Opcode,
  type WasmMemory,
  type WasmModule,
  webAssembly,
} from "./module.ts";
import { eachRow, layPlanes, type Places, type Planes, planesOf, type Row, WINDOW_BYTES } from "./planes.ts";
import { operands, Program } from "./program.ts";
import { JOB_BYTES, type KernelThread, type StartThread, Team } from "./threads.ts";

/** Waves weaker than this, of numbers of order one, are written as zero: what they lead to may be denormal, 50 times as slow. */
const LEAST_WAVE = 1e-18;
/** Of `assembly/engines/elementwise.ts` and `sums.ts`. */
const [PRODUCT, PRODUCT_CONJUGATE, POWER, SCALE, MULTIPLY_IMAGES, INTERFERENCE] = [0, 1, 2, 3, 4, 5];
const [DOT, SUM, SUM_PRODUCT] = [0, 1, 2];
const [GROUPS, PARTIAL_BYTES] = [8, 32];

export interface WasmKernelOptions {
  /** `engines.wasm`, or with several threads `engines.threads.wasm`. */
  readonly module: WasmModule;
  /** All of them, this one included. Default 1. */
  readonly threads?: number;
  /** Needed for more than one. */
  readonly startThread?: StartThread;
}

/**
 * Kernels in SIMD WebAssembly, float32. Waves are cut at 1e-18 when they are written. Whoever waits for numbers computes
 * with the other threads until they are there, and so must be allowed to wait: a page's own thread must not.
 *
 * @throws PtychonautError "memory" where there is none, "device" when a thread cannot be started
 */
export async function wasmKernels({ module, threads = 1, startThread }: WasmKernelOptions): Promise<Kernels> {
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
  return new WasmKernels(code, heap, new Team(code, memory, job, others));
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

class WasmKernels implements Kernels {
  readonly home = "wasm";
  readonly epsilon = 2 ** -24;
  readonly threads: number;
  heldBytes = 0;
  readonly #code: KernelCode;
  readonly #heap: Heap;
  readonly #program: Program;
  readonly #team: Team;
  readonly #plans = new Map<number, number>();
  /** `bytes` a thread. */
  #scratch = { at: 0, bytes: 0 };
  #partials = { at: 0, bytes: 0 };

  constructor(code: KernelCode, heap: Heap, team: Team) {
    this.#code = code;
    this.#heap = heap;
    this.#team = team;
    this.threads = team.threads;
    this.#program = new Program(heap);
    this.#needScratch(65_536);
    this.#needPartials(1024);
  }

  waves(shape: Shape): Waves {
    return this.#planes("waves", shape) as unknown as Waves;
  }

  images(shape: Shape): Images {
    return this.#planes("images", shape) as unknown as Images;
  }

  #planes(kind: Planes["kind"], shape: Shape): Planes {
    const at = this.#zeros(layPlanes(kind, shape, 0).bytes);
    return layPlanes(kind, shape, at).planes;
  }

  numbers(frames: number, each = 1): Numbers {
    return { kind: "numbers", frames, each, at: this.#zeros(8 * frames * each) } as Row;
  }

  windows(frames: number): Windows {
    const at = this.#zeros(WINDOW_BYTES * frames);
    const [corners, fractions] = [new Int32Array(2 * frames), new Float64Array(2 * frames)];
    return { kind: "windows", frames, at, corners, fractions } as Places;
  }

  /** What was there before may still be an operand of what is recorded. */
  #zeros(bytes: number): number {
    const at = this.#heap.allocate(bytes);
    this.#record("ZERO", [at, Math.ceil(bytes / 16)]);
    this.heldBytes += bytes;
    return at;
  }

  frames<T extends Held>(of: T, from: number, count: number): T {
    if (of.kind === "numbers") {
      const { at, each } = of as Numbers as Row;
      return { ...of, frames: count, at: at + 8 * each * from };
    }
    if (of.kind === "windows") {
      const { at, corners, fractions } = of as Windows as Places;
      const part = [2 * from, 2 * (from + count)] as const;
      return {
        ...of,
        frames: count,
        at: at + WINDOW_BYTES * from,
        corners: corners.subarray(...part),
        fractions: fractions.subarray(...part),
      };
    }
    const { shape, at, frameStride } = of as unknown as Planes;
    return { ...of, shape: [count, ...shape.slice(1)], at: at + from * frameStride };
  }

  modes<T extends Waves | Images>(of: T, from: number, count: number): T {
    const { shape, at, modeStride } = planesOf(of);
    return { ...of, shape: [shape[0], count, shape[2], shape[3]], at: at + from * modeStride };
  }

  release(...held: readonly Held[]): void {
    for (const one of held) {
      this.#heap.free((one as Row).at);
      this.heldBytes -= bytesOf(one);
    }
  }

  write(target: Waves | Images | Numbers, values: ArrayLike<number>): void {
    this.#flush();
    if (target.kind === "numbers") this.#heap.doubles.set(values, (target as Row).at / 8);
    else {
      const { singles } = this.#heap;
      const least = target.kind === "waves" ? LEAST_WAVE : 0;
      eachRow(planesOf(target), (at, length, tight) => {
        for (let i = 0; i < length; i++) {
          const value = values[tight + i];
          // NaN is written as it is.
          singles[at + i] = Math.abs(value) < least ? 0 : value;
        }
      });
    }
  }

  place(target: Windows, { corners, fractions }: WindowPlaces): void {
    this.#flush();
    const places = target as Places;
    places.corners.set(corners);
    if (fractions === undefined) places.fractions.fill(0);
    else places.fractions.set(fractions);
    const { integers, doubles } = this.#heap;
    for (let frame = 0; frame < places.frames; frame++) {
      const at = places.at + WINDOW_BYTES * frame;
      integers.set(places.corners.subarray(2 * frame, 2 * frame + 2), at / 4);
      doubles.set(places.fractions.subarray(2 * frame, 2 * frame + 2), at / 8 + 1);
    }
  }

  async read(source: Waves | Images | Numbers): Promise<Float32Array | Float64Array> {
    this.#flush();
    if (source.kind === "numbers") {
      const { at, frames, each } = source as Row;
      return Float64Array.from(this.#heap.doubles.subarray(at / 8, at / 8 + frames * each));
    }
    const planes = planesOf(source);
    const out = new Float32Array(planes.parts * planes.shape.reduce((a, b) => a * b));
    const { singles } = this.#heap;
    eachRow(planes, (at, length, tight) => out.set(singles.subarray(at, at + length), tight));
    return out;
  }

  cut(out: Waves, object: Waves, windows: Windows): void {
    this.#cut(planesOf(out), planesOf(object), windows);
  }

  cutImages(out: Images, canvas: Images, windows: Windows): void {
    this.#cut(planesOf(out), planesOf(canvas), windows);
  }

  #cut(out: Planes, canvas: Planes, windows: Windows): void {
    this.#checkWindows(windows, canvas.shape, out.shape);
    this.#record("CUT", [...operands(out.shape, out, canvas), (windows as Places).at, out.parts]);
  }

  paste(canvas: Waves, patches: Waves, windows: Windows): void {
    this.#paste(planesOf(canvas), planesOf(patches), windows);
  }

  pasteImages(canvas: Images, images: Images, windows: Windows): void {
    this.#paste(planesOf(canvas), planesOf(images), windows);
  }

  #paste(canvas: Planes, patches: Planes, windows: Windows): void {
    this.#checkWindows(windows, canvas.shape, patches.shape);
    const [, , height, width] = patches.shape;
    const extents: Shape = [windows.frames, canvas.shape[1], height, width];
    this.#record("PASTE", [...operands(extents, canvas, patches), (windows as Places).at, canvas.parts]);
  }

  #checkWindows(windows: Windows, [, , rows, columns]: Shape, [, , height, width]: Shape): void {
    const { corners, fractions } = windows as Places;
    for (let k = 0; k < corners.length; k++) {
      const [extent, size] = k % 2 === 0 ? [rows, height] : [columns, width];
      if (corners[k] >= 0 && corners[k] + size + (fractions[k] > 0 ? 1 : 0) <= extent) continue;
      const at = k - (k % 2);
      throw new PtychonautError("shape", "a window leaves its canvas", {
        expected: `[${height}, ${width}] within [${rows}, ${columns}]`,
        got: `row ${corners[at] + fractions[at]}, column ${corners[at + 1] + fractions[at + 1]} of frame ${at / 2}`,
      });
    }
  }

  fourier(out: Waves, waves: Waves, direction: "forward" | "inverse"): void {
    expectRepeats(out, [waves]);
    const [, , height, width] = out.shape;
    this.#needScratch(fourierScratch(height, width));
    const plans = [this.#plan(height), this.#plan(width)];
    const words = operands(out.shape, planesOf(out), planesOf(waves));
    this.#record("FOURIER", [...words, ...plans, direction === "inverse" ? 1 : 0]);
  }

  ramps(out: Waves, shifts: Numbers): void {
    this.#needScratch(planesOf(out).pitch);
    const { at, each, frames } = shifts as Row;
    this.#record("RAMPS", [...operands(out.shape, planesOf(out)), at, frames === 1 ? 0 : 8 * each]);
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
    this.#record("RECIPROCAL", operands(out.shape, planesOf(out), planesOf(images)), [dark]);
  }

  scale(out: Waves, waves: Waves, images: Images, { add = false } = {}): void {
    this.#elementwise(SCALE, out, [waves, images], add);
  }

  multiplyImages(out: Images, a: Images, b: Images, { add = false } = {}): void {
    this.#elementwise(MULTIPLY_IMAGES, out, [a, b], add);
  }

  #elementwise(kind: number, out: Waves | Images, terms: readonly (Waves | Images)[], add: boolean): void {
    const extents = longest([out, ...terms]);
    this.#needScratch(planesOf(out).pitch);
    const words = operands(extents, planesOf(out), ...terms.map(planesOf));
    this.#record("ELEMENTWISE", [...words, kind, add ? 1 : 0]);
  }

  combine<T extends Waves | Images>(out: T, alpha: Factor, a: T, beta: Factor, b: T): void {
    expectRepeats(out, [a, b]);
    const to = planesOf(out);
    this.#record("COMBINE", [...operands(out.shape, to, planesOf(a), planesOf(b)), to.parts], [alpha, beta]);
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
    this.#record("DIVIDE", [...words, form === "quadrature" ? 1 : 0, add ? 1 : 0], [alpha, most, step]);
  }

  fill(out: Waves | Images | Numbers, value: number): void {
    if (out.kind === "numbers") this.#record("FILL_NUMBERS", [(out as Row).at, out.frames * out.each], [value]);
    else this.#record("FILL", [...operands(out.shape, planesOf(out)), planesOf(out).parts], [value]);
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
    this.#needPartials(factor.shape[0] * GROUPS);
    const valid = mask === undefined ? [0, 0] : [planesOf(mask).at, planesOf(mask).pitch];
    const words = operands(factor.shape, planesOf(factor), planesOf(expected), planesOf(measured));
    this.#record("LIKELIHOOD", [...words, KINDS.indexOf(kind), (misfit as Row).at, ...valid], [dark]);
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
    this.#needPartials(extents[0] * extents[1] * GROUPS);
    const words = operands(extents, planesOf(a), planesOf(b));
    this.#record("SUMS", [...words, kind, (out as Row).at, out.each]);
  }

  largest(out: Numbers, a: Images): void {
    this.#record("LARGEST", [...operands(a.shape, planesOf(a)), (out as Row).at]);
  }

  exitChange(terms: ExitChange): void {
    const { object, windows, measured, dark = POISSON_DARK, change, patches } = terms;
    this.#checkWindows(windows, object.shape, change.shape);
    expectRepeats(change, [terms.probe, patches]);
    expectRepeats(patches, [measured]);
    const [, modes, height, width] = change.shape;
    this.#needFarField(modes, height, width);
    const plans = [this.#plan(height), this.#plan(width)];
    const words = exitChangeWords(terms, plans);
    this.#record("EXIT_CHANGE", words, [dark]);
  }

  pieStep(terms: PieStep): void {
    const { object, probe, windows, dark = POISSON_DARK, alpha, objectStep, probeStep } = terms;
    this.#checkWindows(windows, object.shape, probe.shape);
    longest([probe, terms.measured]);
    const [, modes, height, width] = probe.shape;
    this.#needFarField(modes, height, width);
    const plans = [this.#plan(height), this.#plan(width)];
    const between = (windows as Places).fractions.some((fraction) => fraction !== 0);
    const [work, room] = [this.waves(probe.shape), this.waves([between ? 2 : 1, 1, height, width])];
    const most = this.numbers(2, this.threads);
    const words = pieStepWords(terms, plans, { work: planesOf(work), room: planesOf(room), most: most as Row });
    this.#record("PIE_STEP", words, [dark, alpha, objectStep, probeStep]);
    this.release(work, room, most);
  }

  #needFarField(modes: number, height: number, width: number): void {
    this.#needScratch(farFieldScratch(modes, height, width));
    this.#needPartials(this.threads * height);
  }

  #record(name: Opcode, words: readonly number[], factors: readonly Factor[] = []): void {
    if (this.#program.isFull) this.#flush();
    this.#program.add(this.#code.opcode(name), words, factors);
  }

  #flush(): void {
    if (this.#program.isEmpty) return;
    const { at: program } = this.#program;
    const { at: scratch, bytes: scratchBytes } = this.#scratch;
    this.#team.run({ program, end: this.#program.finish(), scratch, scratchBytes, partials: this.#partials.at });
  }

  /** Where the module finds how to transform lines of a length. */
  #plan(length: number): number {
    let at = this.#plans.get(length);
    if (at === undefined) {
      const { bytes } = fftPlan(length);
      at = this.#heap.allocate(bytes.length);
      this.#heap.bytes.set(bytes, at);
      this.#plans.set(length, at);
    }
    return at;
  }

  /** @param least bytes a thread */
  #needScratch(least: number): void {
    const { at, bytes } = this.#scratch;
    if (least <= bytes) return;
    const wanted = 64 * Math.ceil(least / 64);
    this.#scratch = { at: this.#replace(at, this.threads * wanted), bytes: wanted };
  }

  #needPartials(units: number): void {
    const { at, bytes } = this.#partials;
    const wanted = PARTIAL_BYTES * Math.max(units, this.threads);
    if (wanted > bytes) this.#partials = { at: this.#replace(at, wanted), bytes: wanted };
  }

  #replace(at: number, bytes: number): number {
    this.#flush();
    if (at !== 0) this.#heap.free(at);
    return this.#heap.allocate(bytes);
  }

  async close(): Promise<void> {
    this.heldBytes = 0;
    await this.#team.close();
  }
}

function bytesOf(held: Held): number {
  if (held.kind === "numbers") return 8 * held.frames * held.each;
  if (held.kind === "windows") return WINDOW_BYTES * held.frames;
  return layPlanes(held.kind, held.shape, 0).bytes;
}
