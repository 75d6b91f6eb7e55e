import { planFft2 } from "../../src/numerics/fft.ts";
import { Random } from "../../src/random.ts";
import type { Problem } from "./problem.ts";

/** What is unknown beside the positions. */
export interface Unknown {
  readonly object: boolean;
  readonly probe: boolean;
}

/**
 * The least error of positions along an axis that photons allow, √ of the mean of the variances, object pixels: Cramér and
 * Rao's bound for unbiased estimates from Poisson counts, whose information is 4 Σ ∂a ∂aᵀ of the amplitudes a in √counts. What
 * positions have in common with object and probe is held: shift and, where the object is unknown, scale. The trace of the
 * inverse is Hutchinson's mean over random signs, each solved for by conjugate gradients.
 */
export function positionBound(
  problem: Problem,
  { object, probe }: Unknown,
  { signs = 2, steps = 200, seed = 1 } = {},
): number {
  const model = new Linear(problem, { object, probe }, heldOf(problem, object));
  const random = new Random(seed);
  let sum = 0;
  for (let k = 0; k < signs; k++) {
    const z = model.zeros();
    for (let i = 0; i < model.positions; i++) z[i] = random.uniform() < 0.5 ? -1 : 1;
    model.hold(z);
    const x = solved(model, z, steps);
    for (let i = 0; i < model.positions; i++) sum += (z[i] * x[i]) / signs;
  }
  return Math.sqrt(sum / model.positions);
}

/**
 * The same of the factor by which all positions are moved together along a direction, `[frame, 2]` pixels, where nothing else
 * is wrong with them: that of 1 where directions are positions is a scale.
 */
export function commonBound(
  problem: Problem,
  direction: Float64Array,
  { object, probe }: Unknown,
  steps = 200,
): number {
  const length = Math.hypot(...direction);
  const model = new Linear(
    problem,
    { object, probe },
    direction.map((value) => value / length),
  );
  const z = model.zeros();
  z.set(direction.map((value) => value / length));
  const x = solved(model, z, steps);
  return Math.sqrt(z.reduce((sum, value, i) => sum + value * x[i], 0)) / length;
}

/** F x = b by conjugate gradients, preconditioned by the diagonal. */
function solved(model: Linear, b: Float64Array, steps: number): Float64Array {
  const x = model.zeros();
  const r = b.slice();
  const dot = (a: Float64Array, c: Float64Array) => a.reduce((sum, value, i) => sum + value * c[i], 0);
  let z = model.preconditioned(r);
  const p = z.slice();
  let rz = dot(r, z);
  const first = rz;
  for (let step = 0; step < steps && rz > 1e-8 * first; step++) {
    const f = model.information(p);
    const length = rz / dot(p, f);
    for (let i = 0; i < x.length; i++) {
      x[i] += length * p[i];
      r[i] -= length * f[i];
    }
    z = model.preconditioned(r);
    const next = dot(r, z);
    for (let i = 0; i < x.length; i++) p[i] = z[i] + (next / rz) * p[i];
    rz = next;
  }
  return x;
}

/** How amplitudes change with positions, object and probe: parameters are `[frame, 2]`, object, probe. */
class Linear {
  readonly positions: number;
  readonly #problem: Problem;
  readonly #unknown: Unknown;
  readonly #fft: ReturnType<typeof planFft2>;
  readonly #corners: Int32Array;
  /** Of every frame Ψ / |Ψ|, and P ∂_a R_j O. */
  readonly #phases: Float64Array[] = [];
  readonly #moved: (readonly [Float64Array, Float64Array])[] = [];
  readonly #objectAt: number;
  readonly #probeAt: number;
  readonly #length: number;
  readonly #diagonal: Float64Array;
  readonly #held: readonly Float64Array[];
  readonly #only: Float64Array | undefined;

  /** @param held orthonormal directions of positions that are known, or the one that is not */
  constructor(problem: Problem, unknown: Unknown, held: readonly Float64Array[] | Float64Array) {
    const { scan, object, probe } = problem;
    const [, h, w] = probe.shape;
    this.#problem = problem;
    this.#unknown = unknown;
    this.#fft = planFft2([h, w]);
    this.positions = scan.positions.length;
    this.#objectAt = this.positions;
    this.#probeAt = this.positions + object.data.length;
    this.#length = this.#probeAt + probe.data.length;
    this.#corners = Int32Array.from(
      scan.positions,
      (value, k) => Math.round(value) - Math.floor((k % 2 === 0 ? h : w) / 2),
    );
    for (let j = 0; j < this.positions / 2; j++) this.#prepare(j);
    this.#diagonal = this.#diagonalOf();
    [this.#held, this.#only] = held instanceof Float64Array ? [[], held] : [held, undefined];
  }

  zeros(): Float64Array {
    return new Float64Array(this.#length);
  }

  /** Without what is held of the positions. */
  hold(values: Float64Array): void {
    const only = this.#only;
    if (only !== undefined) {
      const sum = only.reduce((all, value, i) => all + value * values[i], 0);
      values.set(only.map((value) => sum * value));
    }
    for (const direction of this.#held) {
      let sum = 0;
      for (let i = 0; i < this.positions; i++) sum += direction[i] * values[i];
      for (let i = 0; i < this.positions; i++) values[i] -= sum * direction[i];
    }
  }

  information(x: Float64Array): Float64Array {
    const out = this.zeros();
    const own = x.slice();
    this.hold(own);
    for (let j = 0; j < this.positions / 2; j++) this.#frame(j, own, out);
    this.hold(out);
    return out;
  }

  preconditioned(x: Float64Array): Float64Array {
    const out = x.map((value, i) => (this.#diagonal[i] === 0 ? 0 : value / this.#diagonal[i]));
    this.hold(out);
    return out;
  }

  #pixel(j: number, i: number): number {
    const [, h, w] = this.#problem.probe.shape;
    const width = this.#problem.object.shape[1];
    return (this.#corners[2 * j] + (Math.floor(i / w) % h)) * width + this.#corners[2 * j + 1] + (i % w);
  }

  #prepare(j: number): void {
    const { object, probe } = this.#problem;
    const size = probe.data.length / 2;
    const width = object.shape[1];
    const wave = new Float64Array(2 * size);
    const moved = [new Float64Array(2 * size), new Float64Array(2 * size)] as const;
    const o = object.data;
    for (let i = 0; i < size; i++) {
      const at = 2 * this.#pixel(j, i);
      const [re, im] = [probe.data[2 * i], probe.data[2 * i + 1]];
      const times = (out: Float64Array, a: number, b: number): void => {
        out[2 * i] = re * a - im * b;
        out[2 * i + 1] = re * b + im * a;
      };
      times(wave, o[at], o[at + 1]);
      for (const [axis, stride] of [2 * width, 2].entries()) {
        const [next, last] = [Math.min(at + stride, o.length - 2), Math.max(at - stride, 0)];
        times(moved[axis], (o[next] - o[last]) / 2, (o[next + 1] - o[last + 1]) / 2);
      }
    }
    const far = this.#fft.forward(wave);
    for (let i = 0; i < 2 * size; i += 2) {
      const length = Math.hypot(far[i], far[i + 1]) || 1;
      far[i] /= length;
      far[i + 1] /= length;
    }
    this.#phases.push(far);
    this.#moved.push(moved);
  }

  /** out += Jᵀ 4c J x of a frame. */
  #frame(j: number, x: Float64Array, out: Float64Array): void {
    const { object, probe, scan } = this.#problem;
    const { object: ofObject, probe: ofProbe } = this.#unknown;
    const [down, right] = this.#moved[j];
    const [P, o] = [probe.data, object.data];
    const wave = new Float64Array(P.length);
    for (let i = 0; i < wave.length; i += 2) {
      wave[i] = x[2 * j] * down[i] + x[2 * j + 1] * right[i];
      wave[i + 1] = x[2 * j] * down[i + 1] + x[2 * j + 1] * right[i + 1];
      const at = 2 * this.#pixel(j, i / 2);
      if (ofObject) {
        const [a, b] = [x[this.#objectAt + at], x[this.#objectAt + at + 1]];
        wave[i] += P[i] * a - P[i + 1] * b;
        wave[i + 1] += P[i] * b + P[i + 1] * a;
      }
      if (ofProbe) {
        const [a, b] = [x[this.#probeAt + i], x[this.#probeAt + i + 1]];
        wave[i] += o[at] * a - o[at + 1] * b;
        wave[i + 1] += o[at] * b + o[at + 1] * a;
      }
    }
    const phase = this.#phases[j];
    const far = this.#fft.forward(wave);
    for (let i = 0; i < far.length; i += 2) {
      const change = 4 * scan.countsPerUnit * (far[i] * phase[i] + far[i + 1] * phase[i + 1]);
      far[i] = change * phase[i];
      far[i + 1] = change * phase[i + 1];
    }
    const back = this.#fft.inverse(far);
    for (let i = 0; i < back.length; i += 2) {
      const [re, im] = [back[i], back[i + 1]];
      out[2 * j] += down[i] * re + down[i + 1] * im;
      out[2 * j + 1] += right[i] * re + right[i + 1] * im;
      const at = 2 * this.#pixel(j, i / 2);
      if (ofObject) {
        out[this.#objectAt + at] += P[i] * re + P[i + 1] * im;
        out[this.#objectAt + at + 1] += P[i] * im - P[i + 1] * re;
      }
      if (ofProbe) {
        out[this.#probeAt + i] += o[at] * re + o[at + 1] * im;
        out[this.#probeAt + i + 1] += o[at] * im - o[at + 1] * re;
      }
    }
  }

  /** Half of what whole waves would have. */
  #diagonalOf(): Float64Array {
    const out = this.zeros();
    const { object, probe, scan } = this.#problem;
    const half = 2 * scan.countsPerUnit;
    for (let j = 0; j < this.positions / 2; j++) {
      for (const [axis, moved] of this.#moved[j].entries())
        out[2 * j + axis] = half * moved.reduce((sum, value) => sum + value * value, 0);
      for (let i = 0; i < probe.data.length; i += 2) {
        const at = 2 * this.#pixel(j, i / 2);
        const light = half * (probe.data[i] ** 2 + probe.data[i + 1] ** 2);
        const shade = half * (object.data[at] ** 2 + object.data[at + 1] ** 2);
        for (const part of [0, 1]) {
          if (this.#unknown.object) out[this.#objectAt + at + part] += light;
          if (this.#unknown.probe) out[this.#probeAt + i + part] += shade;
        }
      }
    }
    return out;
  }
}

/** Orthonormal: the shift of all and their scale, which an unknown object shares. */
function heldOf({ scan: { positions } }: Problem, object: boolean): Float64Array[] {
  if (!object) return [];
  const unit = (values: Float64Array): Float64Array => {
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  const along = [0, 1].map((axis) => unit(positions.map((_, k) => (k % 2 === axis ? 1 : 0))));
  const scale = positions.slice();
  for (const direction of along) {
    const sum = scale.reduce((all, value, k) => all + value * direction[k], 0);
    direction.forEach((value, k) => {
      scale[k] -= sum * value;
    });
  }
  return [...along, unit(scale)];
}
