import { PtychonautError } from "../../../src/errors.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import type { Random } from "../../../src/random.ts";
import type { Engine, EngineRun, EngineState, StepReport } from "./engine.ts";
import { type PtychographyProblem, windowGrid } from "./problem.ts";

export interface PieSettings {
  /** Step lengths. Default 1. */
  readonly objectStep?: number;
  readonly probeStep?: number;
  /**
   * α of the denominators (1 − α)|P|² + α max |P|²: 1 is ePIE, less is rPIE, which goes further where there is little
   * light. Default 1.
   */
  readonly regularisation?: number;
}

/** Added to the expected counts of a pixel in the deviance, over the mean of a pattern's pixels. */
const DARK = 1e-4;

/**
 * The extended ptychographical iterative engine, ePIE (Maiden & Rodenburg, Ultramicroscopy 109, 1256 (2009)), and its
 * regularised form, rPIE (Maiden, Johnson & Li, Optica 4, 736 (2017)), with incoherent probe modes that share the modulus
 * constraint (Thibault & Menzel, Nature 494, 68 (2013)). One frame after the other, in random order:
 *
 *   ψ_m = P_m O_j,  Ψ_m = F ψ_m,  Ψ'_m = Ψ_m √I / √Σ_m |Ψ_m|² on valid pixels, Ψ_m on others,  χ_m = F⁻¹ Ψ'_m − ψ_m,
 *   O_j += a_O Σ_m P_m* χ_m / ((1 − α) Σ_m |P_m|² + α max Σ_m |P_m|²),
 *   P_m += a_P O_j* χ_m / ((1 − α) |O_j|² + α max |O_j|²),
 *
 * both with the values from before. Windows lie on whole pixels. The object begins as 1. Computed in float64.
 */
export const pie: Engine<PieSettings> = {
  name: "pie",
  init: (problem, settings) => new PieRun(problem, settings),
};

function firstState(problem: PtychographyProblem): EngineState {
  const [modes, n, width] = problem.probe.shape as [number, number, number];
  const frames = problem.positions.length / 2;
  if (width !== n || problem.amplitudes.length !== frames * n * n || frames === 0)
    throw new PtychonautError("shape", "patterns, positions and probe do not fit each other", {
      expected: `[${frames}, ${n}, ${width}] amplitudes, square`,
      got: `${problem.amplitudes.length} numbers`,
    });
  let energy = 0;
  for (let i = 0; i < problem.amplitudes.length; i++)
    if (problem.mask === undefined || problem.mask[i % (n * n)] > 0) energy += problem.amplitudes[i] ** 2;
  const given = problem.probe.data.reduce((sum, value) => sum + value * value, 0);
  if (!(energy > 0 && given > 0))
    throw new PtychonautError("data", "there is no light to reconstruct from", {
      got: `Σ I ${energy}, Σ |P|² ${given}`,
    });
  const scale = Math.sqrt(energy / frames / given);
  const grid = windowGrid(problem.positions, n);
  const object = new Float64Array(2 * grid.height * grid.width);
  for (let i = 0; i < object.length; i += 2) object[i] = 1;
  return {
    grid,
    object,
    probe: Float64Array.from(problem.probe.data, (value) => scale * value),
    probeShape: [modes, n, n],
  };
}

class PieRun implements EngineRun {
  readonly state: EngineState;
  readonly #n: number;
  readonly #amplitudes: Float32Array;
  readonly #mask: Float32Array | undefined;
  readonly #objectStep: number;
  readonly #probeStep: number;
  readonly #alpha: number;
  readonly #fft: ReturnType<typeof planFft2>;
  /** ψ_m before, and Ψ_m, Ψ'_m, then ψ'_m, `[mode, n, n]`. */
  readonly #before: Float64Array;
  readonly #after: Float64Array;
  readonly #intensity: Float64Array;
  readonly #patch: Float64Array;

  constructor(problem: PtychographyProblem, settings: PieSettings) {
    this.state = firstState(problem);
    const [modes, n] = this.state.probeShape;
    this.#n = n;
    this.#amplitudes = problem.amplitudes;
    this.#mask = problem.mask;
    this.#objectStep = settings.objectStep ?? 1;
    this.#probeStep = settings.probeStep ?? 1;
    this.#alpha = settings.regularisation ?? 1;
    this.#fft = planFft2([n, n]);
    this.#before = new Float64Array(2 * modes * n * n);
    this.#after = new Float64Array(2 * modes * n * n);
    this.#intensity = new Float64Array(n * n);
    this.#patch = new Float64Array(2 * n * n);
  }

  step(frames: readonly number[], random: Random): StepReport {
    let [off, all] = [0, 0];
    for (const frame of random.shuffle([...frames])) {
      this.#predict(frame);
      const [frameOff, frameAll] = this.#project(frame);
      off += frameOff;
      all += frameAll;
      this.#update(frame);
    }
    return { error: off / all };
  }

  misfit(frames: readonly number[]): Float64Array {
    return Float64Array.from(frames, (frame) => {
      this.#predict(frame);
      return this.#deviance(frame);
    });
  }

  /** ψ, Ψ and the intensity of a frame. */
  #predict(frame: number): void {
    const { state } = this;
    const size = 2 * this.#n * this.#n;
    loadPatch(state, frame, this.#n, this.#patch);
    this.#intensity.fill(0);
    for (let start = 0; start < state.probe.length; start += size) {
      const before = this.#before.subarray(start, start + size);
      const after = this.#after.subarray(start, start + size);
      multiply(this.#patch, state.probe.subarray(start, start + size), before);
      this.#fft.forward(before, after);
      for (let i = 0; i < this.#intensity.length; i++) this.#intensity[i] += after[2 * i] ** 2 + after[2 * i + 1] ** 2;
    }
  }

  /** Ψ' in the place of Ψ, and Σ (|Ψ| − √I)² and Σ I. */
  #project(frame: number): [off: number, all: number] {
    const pixels = this.#intensity.length;
    const first = frame * pixels;
    let [off, all] = [0, 0];
    for (let i = 0; i < pixels; i++) {
      if (this.#mask !== undefined && !(this.#mask[i] > 0)) continue;
      const wanted = this.#amplitudes[first + i];
      const modulus = Math.sqrt(this.#intensity[i]);
      off += (modulus - wanted) ** 2;
      all += wanted * wanted;
      const ratio = modulus > 0 ? wanted / modulus : 0;
      for (let k = 2 * i; k < this.#after.length; k += 2 * pixels) {
        this.#after[k] *= ratio;
        this.#after[k + 1] *= ratio;
      }
    }
    return [off, all];
  }

  /** Object and probe move by what the exit waves changed. */
  #update(frame: number): void {
    const size = this.#patch.length;
    const { probe, object, grid } = this.state;
    const alpha = this.#alpha;
    // |P|² summed over modes; the intensity is not needed any more.
    const light = this.#intensity;
    light.fill(0);
    for (let start = 0; start < probe.length; start += size)
      for (let i = 0; i < size; i += 2) light[i >> 1] += probe[start + i] ** 2 + probe[start + i + 1] ** 2;
    const mostLight = largest(light);
    const mostObject = largestSquare(this.#patch);
    for (let start = 0; start < probe.length; start += size) {
      const after = this.#after.subarray(start, start + size);
      this.#fft.inverse(after, after);
    }
    for (let row = 0; row < this.#n; row++) {
      let at = 2 * ((grid.corners[2 * frame] + row) * grid.width + grid.corners[2 * frame + 1]);
      for (let i = 2 * row * this.#n; i < 2 * (row + 1) * this.#n; i += 2, at += 2) {
        const [re, im] = [this.#patch[i], this.#patch[i + 1]];
        const objectScale = this.#objectStep / ((1 - alpha) * light[i >> 1] + alpha * mostLight);
        const probeScale = this.#probeStep / ((1 - alpha) * (re * re + im * im) + alpha * mostObject);
        let [changeRe, changeIm] = [0, 0];
        for (let k = i; k < probe.length; k += size) {
          const dRe = this.#after[k] - this.#before[k];
          const dIm = this.#after[k + 1] - this.#before[k + 1];
          changeRe += probe[k] * dRe + probe[k + 1] * dIm;
          changeIm += probe[k] * dIm - probe[k + 1] * dRe;
          probe[k] += probeScale * (re * dRe + im * dIm);
          probe[k + 1] += probeScale * (re * dIm - im * dRe);
        }
        object[at] += objectScale * changeRe;
        object[at + 1] += objectScale * changeIm;
      }
    }
  }

  #deviance(frame: number): number {
    const pixels = this.#intensity.length;
    const observed = this.#amplitudes.subarray(frame * pixels, (frame + 1) * pixels);
    const dark = (DARK / pixels) * observed.reduce((sum, a) => sum + a * a, 0);
    let [sum, valid] = [0, 0];
    for (let i = 0; i < pixels; i++) {
      if (this.#mask !== undefined && !(this.#mask[i] > 0)) continue;
      const k = observed[i] ** 2;
      const lambda = this.#intensity[i] + dark;
      sum += 2 * (lambda - k + (k > 0 ? k * Math.log(k / lambda) : 0));
      valid++;
    }
    return sum / valid;
  }
}

function loadPatch({ object, grid }: EngineState, frame: number, n: number, out: Float64Array): void {
  const [top, left] = [grid.corners[2 * frame], grid.corners[2 * frame + 1]];
  for (let row = 0; row < n; row++) {
    const at = 2 * ((top + row) * grid.width + left);
    out.set(object.subarray(at, at + 2 * n), 2 * row * n);
  }
}

function multiply(a: Float64Array, b: Float64Array, out: Float64Array): void {
  for (let i = 0; i < a.length; i += 2) {
    out[i] = a[i] * b[i] - a[i + 1] * b[i + 1];
    out[i + 1] = a[i] * b[i + 1] + a[i + 1] * b[i];
  }
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
  return most;
}

function largestSquare(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i += 2) {
    const square = values[i] ** 2 + values[i + 1] ** 2;
    if (square > most) most = square;
  }
  return most;
}
