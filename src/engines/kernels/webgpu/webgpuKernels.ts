import { pieStep, stepOverlaps } from "../compound.ts";
import {
  type Denominator,
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
import { Device } from "./device.ts";
import {
  combineKernel,
  divideKernel,
  fillKernel,
  pixelGroups,
  rampsKernel,
  reciprocalKernel,
  type TermName,
  termKernel,
} from "./elementwise.ts";
import { type LinePlan, lineGroups, linePlan, linesKernel, linesName } from "./fourier.ts";
import { Holdings, numbersOperand, operandOf, type Places, windowsOperand } from "./holdings.ts";
import { changeKernel, likelihoodKernel } from "./likelihood.ts";
import type { OpenedGpu } from "./open.ts";
import { Recorder } from "./recorder.ts";
import type { Kernel, Operand } from "./shader.ts";
import { dotKernel, finishLargest, finishSums, largestKernel, sumGroups, sumKernel, sumProductKernel } from "./sums.ts";
import { cutKernel, exitWavesKernel, pasteKernel } from "./windows.ts";

/**
 * Kernels in WGSL on a device of WebGPU, float32, numbers too. Closing them leaves the device, and
 * what was compiled for it, to others. Results are the same each time; those of another device differ by rounding.
 */
export const webgpuKernels = ({ device, name }: OpenedGpu, why?: string): Kernels =>
  new WebgpuKernels(new Recorder(Device.of(device)), name, why);

class WebgpuKernels extends Holdings implements Kernels {
  readonly home = "webgpu";
  readonly epsilon = 2 ** -24;
  readonly threads = 1;
  readonly device: string;
  readonly why?: string;
  readonly #plans = new Map<number, LinePlan & { readonly operand: Operand }>();
  readonly #kernels = new Map<string, Kernel>();

  constructor(recorder: Recorder, device: string, why: string | undefined) {
    super(recorder);
    this.device = device;
    if (why !== undefined) this.why = why;
  }

  /** Runs a kernel over all pixels of planes of a shape. */
  #everyPixel(
    kernel: Kernel,
    [frames, modes, height, width]: Shape,
    operands: Readonly<Record<string, Operand>>,
    scalars: Readonly<Record<string, number>> = {},
  ): void {
    const pixels = height * width;
    this.recorder.record(kernel, {
      operands,
      scalars: { pixels, frames, modes, ...scalars },
      groups: [pixelGroups(pixels), frames * modes],
    });
  }

  /** A kernel that is made once. */
  #kernel(key: string, make: () => Kernel): Kernel {
    const known = this.#kernels.get(key);
    if (known !== undefined) return known;
    const kernel = make();
    this.#kernels.set(key, kernel);
    return kernel;
  }

  cut(out: Waves, object: Waves, windows: Windows): void {
    this.#cut("vec2f", out, object, windows);
  }

  cutImages(out: Images, canvas: Images, windows: Windows): void {
    this.#cut("f32", out, canvas, windows);
  }

  #cut(element: "vec2f" | "f32", out: Waves | Images, canvas: Waves | Images, windows: Windows): void {
    checkWindows(windows, canvas.shape, out.shape);
    const operands = { out: operandOf(out), canvas: operandOf(canvas), windows: windowsOperand(windows) };
    const scalars = { width: out.shape[3], columns: canvas.shape[3] };
    this.#everyPixel(
      this.#kernel(`cut ${element}`, () => cutKernel(element)),
      out.shape,
      operands,
      scalars,
    );
  }

  paste(canvas: Waves, patches: Waves, windows: Windows, factor = 1): void {
    this.#paste("vec2f", canvas, patches, windows, factor);
  }

  pasteImages(canvas: Images, images: Images, windows: Windows, factor = 1): void {
    this.#paste("f32", canvas, images, windows, factor);
  }

  #paste(
    element: "vec2f" | "f32",
    canvas: Waves | Images,
    patches: Waves | Images,
    windows: Windows,
    factor: number,
  ): void {
    checkWindows(windows, canvas.shape, patches.shape);
    const [, , height, width] = patches.shape;
    const { top, left, rows, columns } = reachOf(windows as Places, height, width);
    this.#everyPixel(
      this.#kernel(`paste ${element}`, () => pasteKernel(element)),
      [1, canvas.shape[1], rows, columns],
      { canvas: operandOf(canvas), patches: operandOf(patches), windows: windowsOperand(windows) },
      { count: windows.frames, height, width, columns: canvas.shape[3], top, left, boxWidth: columns, factor },
    );
  }

  fourier(out: Waves, waves: Waves, direction: "forward" | "inverse"): void {
    expectRepeats(out, [waves]);
    const [, , height, width] = out.shape;
    const [to, from] = [operandOf(out), operandOf(waves)];
    const sign = direction === "forward" ? 1 : -1;
    this.#lines(out.shape, { out: to, a: from }, height, { count: width, valueStride: width, lineStride: 1, sign });
    this.#lines(out.shape, { out: to, a: to }, width, { count: height, valueStride: 1, lineStride: width, sign });
  }

  #lines(
    [frames, modes]: Shape,
    operands: Readonly<Record<"out" | "a", Operand>>,
    length: number,
    how: Readonly<Record<"count" | "valueStride" | "lineStride" | "sign", number>>,
  ): void {
    const plan = this.#plan(length);
    const { lines, radices } = plan;
    this.recorder.record(
      this.#kernel(linesName(plan), () => linesKernel(plan)),
      {
        operands: { ...operands, table: plan.operand },
        scalars: { ...how, length, lines, passes: radices.length, frames, modes, size: 1 / Math.sqrt(length) },
        groups: [lineGroups(how.count, plan), frames * modes],
      },
    );
  }

  #plan(length: number): LinePlan & { readonly operand: Operand } {
    let plan = this.#plans.get(length);
    if (plan === undefined) {
      const made = linePlan(length, this.recorder.device.limits.maxComputeWorkgroupStorageSize);
      plan = { ...made, operand: { buffer: this.recorder.device.filled(made.table), at: 0, frame: 0, mode: 0 } };
      this.#plans.set(length, plan);
    }
    return plan;
  }

  ramps(out: Waves, shifts: Numbers): void {
    const [, , height, width] = out.shape;
    this.#everyPixel(
      rampsKernel,
      out.shape,
      { out: operandOf(out), shifts: numbersOperand(shifts) },
      { height, width },
    );
  }

  product(out: Waves, a: Waves, b: Waves, { conjugate = false, add = false } = {}): void {
    this.#terms(conjugate ? "conjugateProduct" : "product", out, a, b, add);
  }

  power(out: Images, a: Waves, { add = false } = {}): void {
    this.#terms("power", out, a, undefined, add);
  }

  interference(out: Images, a: Waves, b: Waves, { add = false } = {}): void {
    this.#terms("interference", out, a, b, add);
  }

  scale(out: Waves, waves: Waves, images: Images, { add = false } = {}): void {
    this.#terms("scale", out, waves, images, add);
  }

  multiplyImages(out: Images, a: Images, b: Images, { add = false } = {}): void {
    this.#terms("multiplyImages", out, a, b, add);
  }

  #terms(name: TermName, out: Waves | Images, a: Waves | Images, b: Waves | Images | undefined, add: boolean): void {
    const [frames, modes] = longest(b === undefined ? [out, a] : [out, a, b]);
    const operands = { out: operandOf(out), a: operandOf(a), ...(b && { b: operandOf(b) }) };
    this.#everyPixel(
      this.#kernel(name, () => termKernel(name)),
      out.shape,
      operands,
      { sumFrames: frames / out.shape[0], sumModes: modes / out.shape[1], add: add ? 1 : 0 },
    );
  }

  reciprocal(out: Images, images: Images, dark: number): void {
    expectRepeats(out, [images]);
    this.#everyPixel(reciprocalKernel, out.shape, { out: operandOf(out), a: operandOf(images) }, { dark });
  }

  combine<T extends Waves | Images>(out: T, alpha: Factor, a: T, beta: Factor, b: T): void {
    expectRepeats(out, [a, b]);
    const element = out.kind === "waves" ? "vec2f" : "f32";
    const buffered = { alpha: typeof alpha !== "number", beta: typeof beta !== "number" };
    const factors = factorsOf({ alpha, beta });
    this.#everyPixel(
      this.#kernel(`combine ${element} ${buffered.alpha} ${buffered.beta}`, () => combineKernel(element, buffered)),
      out.shape,
      { out: operandOf(out), a: operandOf(a), b: operandOf(b), ...factors.operands },
      factors.scalars,
    );
  }

  divide(
    out: Waves,
    numerator: Waves,
    weights: Images,
    { form, alpha, most }: Denominator,
    { step = 1, add = false }: Parameters<Kernels["divide"]>[4] = {},
  ): void {
    expectRepeats(out, [numerator, weights]);
    const buffered = { most: typeof most !== "number", step: typeof step !== "number" };
    const factors = factorsOf({ most, step });
    this.#everyPixel(
      this.#kernel(`divide ${form} ${buffered.most} ${buffered.step}`, () => divideKernel(form, buffered)),
      out.shape,
      { out: operandOf(out), a: operandOf(numerator), weights: operandOf(weights), ...factors.operands },
      { ...factors.scalars, share: alpha, add: add ? 1 : 0 },
    );
  }

  fill(out: Waves | Images | Numbers, value: number): void {
    const element = out.kind === "waves" ? "vec2f" : "f32";
    const kernel = this.#kernel(`fill ${element}`, () => fillKernel(element));
    if (out.kind === "numbers")
      this.#everyPixel(kernel, [1, 1, out.frames, out.each], { out: numbersOperand(out) }, { value });
    else this.#everyPixel(kernel, out.shape, { out: operandOf(out) }, { value });
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
    const masked = mask !== undefined;
    const [frames, , height, width] = factor.shape;
    const operands = {
      ...{ factor: operandOf(factor), expected: operandOf(expected), measured: operandOf(measured) },
      ...(masked && { mask: operandOf(mask) }),
    };
    const kernel = this.#kernel(`likelihood ${kind} ${masked}`, () => likelihoodKernel(kind, masked));
    this.#join(kernel, finishSums, [frames, 1, height, width], operands, misfit, 4, { dark, least: POISSON_DARK });
  }

  dot(out: Numbers, a: Waves, b: Waves): void {
    this.#join(dotKernel, finishSums, longest([a, b]), { a: operandOf(a), b: operandOf(b) }, out, 2);
  }

  sum(out: Numbers, a: Images, b?: Images): void {
    if (b === undefined) this.#join(sumKernel, finishSums, a.shape, { a: operandOf(a) }, out, 1);
    else this.#join(sumProductKernel, finishSums, longest([a, b]), { a: operandOf(a), b: operandOf(b) }, out, 1);
  }

  largest(out: Numbers, a: Images): void {
    const operand = operandOf(a);
    // All frames are one.
    this.#join(largestKernel, finishLargest, a.shape, { a: operand }, out, 1, {}, a.shape[0]);
  }

  /** Joins terms of pixels to `parts` numbers of each frame, or of `sumFrames` frames together. */
  #join(
    kernel: Kernel,
    finish: Kernel,
    [frames, modes, height, width]: Shape,
    operands: Readonly<Record<string, Operand>>,
    out: Numbers,
    parts: number,
    scalars: Readonly<Record<string, number>> = {},
    sumFrames = 1,
  ): void {
    const results = frames / sumFrames;
    const pixels = height * width;
    const { maxComputeWorkgroupsPerDimension: most } = this.recorder.device.limits;
    const groups = Math.min(sumGroups(pixels * modes * sumFrames), most);
    const buffer = this.room(16 * results * groups);
    const partials = { buffer, at: 0, frame: groups, mode: 0 };
    this.recorder.record(kernel, {
      operands: { ...operands, partials },
      scalars: { pixels, frames: results, sumFrames, modes, ...scalars },
      groups: [groups, results],
    });
    this.recorder.record(finish, {
      operands: { out: numbersOperand(out), partials },
      scalars: { frames: results, groups, parts },
      groups: [pixelGroups(results), 1],
    });
    this.giveBack(buffer);
  }

  exitChange(terms: ExitChange): void {
    const { object, probe, windows, measured, mask, likelihood, dark = POISSON_DARK, change, patches, misfit } = terms;
    checkWindows(windows, object.shape, change.shape);
    expectRepeats(change, [probe, patches]);
    expectRepeats(patches, [measured]);
    const [frames, modes, height, width] = change.shape;
    this.#everyPixel(
      exitWavesKernel,
      change.shape,
      {
        ...{ change: operandOf(change), patches: operandOf(patches), canvas: operandOf(object) },
        ...{ probe: operandOf(probe), windows: windowsOperand(windows) },
      },
      { width, columns: object.shape[3] },
    );
    this.fourier(change, change, "forward");
    const masked = mask !== undefined;
    const kernel = this.#kernel(`change ${likelihood} ${masked}`, () => changeKernel(likelihood, masked));
    const operands = {
      ...{ change: operandOf(change), measured: operandOf(measured) },
      ...(masked && { mask: operandOf(mask) }),
    };
    const scalars = { waves: modes, dark, least: POISSON_DARK };
    this.#join(kernel, finishSums, [frames, 1, height, width], operands, misfit, 4, scalars);
    this.fourier(change, change, "inverse");
  }

  pieStep(terms: PieStep): void {
    pieStep(this, terms);
  }

  stepOverlaps(terms: StepOverlaps): void {
    stepOverlaps(this, terms);
  }

  async close(): Promise<void> {
    this.recorder.close();
    this.destroyAll();
    for (const { operand } of this.#plans.values()) operand.buffer.destroy();
  }
}

/** Factors as operands, or as scalars. */
function factorsOf(factors: Readonly<Record<string, Factor>>): {
  readonly operands: Record<string, Operand>;
  readonly scalars: Record<string, number>;
} {
  const operands: Record<string, Operand> = {};
  const scalars: Record<string, number> = {};
  for (const [name, factor] of Object.entries(factors))
    if (typeof factor === "number") scalars[name] = factor;
    else operands[name] = numbersOperand(factor);
  return { operands, scalars };
}

/** The box of the canvas that windows reach. */
function reachOf(
  { corners, fractions }: Places,
  height: number,
  width: number,
): Readonly<Record<"top" | "left" | "rows" | "columns", number>> {
  const [least, most] = [
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
    [0, 0],
  ];
  for (let k = 0; k < corners.length; k++) {
    const size = (k % 2 === 0 ? height : width) + (fractions[k] > 0 ? 1 : 0);
    least[k % 2] = Math.min(least[k % 2], corners[k]);
    most[k % 2] = Math.max(most[k % 2], corners[k] + size);
  }
  return { top: least[0], left: least[1], rows: most[0] - least[0], columns: most[1] - least[1] };
}
