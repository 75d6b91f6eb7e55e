import { PtychonautError } from "../../errors.ts";
import { planFft2 } from "../../numerics/fft.ts";
import { exitChange, pieStep, stepOverlaps } from "./compound.ts";
import { fromDetectorOrder, toDetectorOrder } from "./detectorOrder.ts";
import {
  type Factor,
  type Held,
  type Images,
  type Kernels,
  type LikelihoodKind,
  type Numbers,
  POISSON_DARK,
  type Shape,
  type Waves,
  type WindowPlaces,
  type Windows,
} from "./kernels.ts";
import { longest } from "./shapes.ts";

/** Planes in one array, `parts` numbers a pixel. A part of others shares their array. */
interface Planes {
  readonly shape: Shape;
  readonly parts: 1 | 2;
  readonly data: Float64Array;
  readonly from: number;
  /** Numbers from one frame, or mode, to the next. */
  readonly frameStride: number;
  readonly modeStride: number;
}
type WavePlanes = Planes & Waves;
type ImagePlanes = Planes & Images;
interface Row extends Numbers {
  readonly data: Float64Array;
}
interface Places extends Windows {
  readonly corners: Int32Array;
  readonly fractions: Float64Array;
}

/** Kernels as their definitions read, one number after the other in float64: the oracle of the other homes. */
export function float64Kernels(): Kernels {
  return new Float64Kernels();
}

class Float64Kernels implements Kernels {
  readonly home = "float64";
  readonly epsilon = 2 ** -53;
  readonly threads = 1;
  heldBytes = 0;

  waves(shape: Shape): Waves {
    return this.#planes("waves", shape, 2) as WavePlanes;
  }

  images(shape: Shape): Images {
    return this.#planes("images", shape, 1) as ImagePlanes;
  }

  #planes(kind: string, shape: Shape, parts: 1 | 2): Planes {
    const plane = parts * shape[2] * shape[3];
    const data = new Float64Array(shape[0] * shape[1] * plane);
    this.heldBytes += data.byteLength;
    return { kind, shape, parts, data, from: 0, frameStride: shape[1] * plane, modeStride: plane } as Planes;
  }

  numbers(frames: number, each = 1): Numbers {
    const data = new Float64Array(frames * each);
    this.heldBytes += data.byteLength;
    return { kind: "numbers", frames, each, data } as Row;
  }

  windows(frames: number): Windows {
    this.heldBytes += 24 * frames;
    return {
      kind: "windows",
      frames,
      corners: new Int32Array(2 * frames),
      fractions: new Float64Array(2 * frames),
    } as Places;
  }

  frames<T extends Held>(of: T, from: number, count: number): T {
    if (of.kind === "numbers") {
      const { data, each } = of as Numbers as Row;
      return { ...of, frames: count, data: data.subarray(from * each, (from + count) * each) };
    }
    if (of.kind === "windows") {
      const { corners, fractions } = of as Windows as Places;
      const [a, b] = [2 * from, 2 * (from + count)];
      return { ...of, frames: count, corners: corners.subarray(a, b), fractions: fractions.subarray(a, b) };
    }
    const planes = of as unknown as Planes;
    const shape = [count, ...planes.shape.slice(1)];
    return { ...of, shape, from: planes.from + from * planes.frameStride };
  }

  modes<T extends Waves | Images>(of: T, from: number, count: number): T {
    const planes = of as unknown as Planes;
    const [frames, , height, width] = planes.shape;
    return { ...of, shape: [frames, count, height, width], from: planes.from + from * planes.modeStride };
  }

  release(...held: readonly Held[]): void {
    for (const one of held)
      this.heldBytes -= one.kind === "windows" ? 24 * one.frames : (one as unknown as Row).data.byteLength;
  }

  write(target: Waves | Images | Numbers, values: ArrayLike<number>): void {
    if (target.kind === "numbers") (target as Row).data.set(values);
    else {
      const planes = target as WavePlanes | ImagePlanes;
      let at = 0;
      each(planes.shape, (f, m) => {
        const to = planeOf(planes, f, m);
        for (let i = 0; i < to.length; i++) to[i] = values[at++];
      });
    }
  }

  place(target: Windows, { corners, fractions }: WindowPlaces): void {
    (target as Places).corners.set(corners);
    if (fractions === undefined) (target as Places).fractions.fill(0);
    else (target as Places).fractions.set(fractions);
  }

  async read(source: Waves | Images | Numbers): Promise<Float64Array> {
    if (source.kind === "numbers") return (source as Row).data.slice();
    const planes = source as WavePlanes | ImagePlanes;
    const plane = planes.parts * planes.shape[2] * planes.shape[3];
    const out = new Float64Array(planes.shape[0] * planes.shape[1] * plane);
    let at = 0;
    each(planes.shape, (f, m) => {
      out.set(planeOf(planes, f, m), at);
      at += plane;
    });
    return out;
  }

  cut(out: Waves, object: Waves, windows: Windows): void {
    this.#cut(out as WavePlanes, object as WavePlanes, windows as Places);
  }

  cutImages(out: Images, canvas: Images, windows: Windows): void {
    this.#cut(out as ImagePlanes, canvas as ImagePlanes, windows as Places);
  }

  #cut(to: Planes, from: Planes, windows: Places): void {
    const { parts } = to;
    each(to.shape, (f, m) => {
      const [patch, canvas] = [planeOf(to, f, m), planeOf(from, 0, m)];
      patch.fill(0);
      neighbours(windows, f, from.shape, to.shape, parts, (inside, outside, weight) => {
        for (let k = 0; k < parts; k++) patch[inside + k] += weight * canvas[outside + k];
      });
    });
  }

  paste(canvas: Waves, patches: Waves, windows: Windows, factor = 1): void {
    this.#paste(canvas as WavePlanes, patches as WavePlanes, windows as Places, factor);
  }

  pasteImages(canvas: Images, images: Images, windows: Windows, factor = 1): void {
    this.#paste(canvas as ImagePlanes, images as ImagePlanes, windows as Places, factor);
  }

  #paste(canvas: Planes, patches: Planes, windows: Places, factor: number): void {
    const { parts } = canvas;
    each([windows.frames, canvas.shape[1], 1, 1], (f, m) => {
      const [to, patch] = [planeOf(canvas, 0, m), planeOf(patches, f, m)];
      neighbours(windows, f, canvas.shape, patches.shape, parts, (inside, outside, weight) => {
        for (let k = 0; k < parts; k++) to[outside + k] += factor * weight * patch[inside + k];
      });
    });
  }

  fourier(out: Waves, waves: Waves, direction: "forward" | "inverse"): void {
    const [to, from] = [out as WavePlanes, waves as WavePlanes];
    const shape = [to.shape[2], to.shape[3]] as const;
    const plan = planFft2(shape);
    each(to.shape, (f, m) => {
      const result = plan[direction](fromDetectorOrder(planeOf(from, f, m), shape, 2));
      planeOf(to, f, m).set(toDetectorOrder(result, shape, 2));
    });
  }

  ramps(out: Waves, shifts: Numbers): void {
    const to = out as WavePlanes;
    const [, , height, width] = to.shape;
    each(to.shape, (f, m) => {
      const [plane, [down, right]] = [planeOf(to, f, m), (shifts as Row).data.subarray(2 * f)];
      for (let y = 0, i = 0; y < height; y++)
        for (let x = 0; x < width; x++, i += 2) {
          const angle = -2 * Math.PI * ((signed(y, height) * down) / height + (signed(x, width) * right) / width);
          plane[i] = Math.cos(angle);
          plane[i + 1] = Math.sin(angle);
        }
    });
  }

  product(out: Waves, a: Waves, b: Waves, { conjugate = false, add = false } = {}): void {
    const sign = conjugate ? -1 : 1;
    reduce(out as WavePlanes, [a as WavePlanes, b as WavePlanes], add, (sum, p, q) => {
      for (let i = 0; i < sum.length; i += 2) {
        const [ar, ai] = [p[i], sign * p[i + 1]];
        sum[i] += ar * q[i] - ai * q[i + 1];
        sum[i + 1] += ar * q[i + 1] + ai * q[i];
      }
    });
  }

  power(out: Images, a: Waves, { add = false } = {}): void {
    reduce(out as ImagePlanes, [a as WavePlanes], add, (sum, p) => {
      for (let i = 0; i < sum.length; i++) sum[i] += p[2 * i] ** 2 + p[2 * i + 1] ** 2;
    });
  }

  interference(out: Images, a: Waves, b: Waves, { add = false } = {}): void {
    reduce(out as ImagePlanes, [a as WavePlanes, b as WavePlanes], add, (sum, p, q) => {
      for (let i = 0; i < sum.length; i++) sum[i] += p[2 * i] * q[2 * i] + p[2 * i + 1] * q[2 * i + 1];
    });
  }

  reciprocal(out: Images, images: Images, dark: number): void {
    reduce(out as ImagePlanes, [images as ImagePlanes], false, (sum, p) => {
      for (let i = 0; i < sum.length; i++) sum[i] = 1 / (p[i] + dark);
    });
  }

  scale(out: Waves, waves: Waves, images: Images, { add = false } = {}): void {
    reduce(out as WavePlanes, [waves as WavePlanes, images as ImagePlanes], add, (sum, p, q) => {
      for (let i = 0; i < sum.length; i++) sum[i] += p[i] * q[i >> 1];
    });
  }

  multiplyImages(out: Images, a: Images, b: Images, { add = false } = {}): void {
    reduce(out as ImagePlanes, [a as ImagePlanes, b as ImagePlanes], add, (sum, p, q) => {
      for (let i = 0; i < sum.length; i++) sum[i] += p[i] * q[i];
    });
  }

  combine<T extends Waves | Images>(out: T, alpha: Factor, a: T, beta: Factor, b: T): void {
    const [to, first, second] = [out, a, b] as unknown as [Planes, Planes, Planes];
    each(to.shape, (f, m) => {
      const [sum, p, q] = [planeOf(to, f, m), planeOf(first, f, m), planeOf(second, f, m)];
      const [u, v] = [factorOf(alpha, f), factorOf(beta, f)];
      for (let i = 0; i < sum.length; i++) sum[i] = u * p[i] + v * q[i];
    });
  }

  divide(
    out: Waves,
    numerator: Waves,
    weights: Images,
    { form, alpha, most }: Parameters<Kernels["divide"]>[3],
    { step = 1, add = false }: Parameters<Kernels["divide"]>[4] = {},
  ): void {
    const [to, from, light] = [out as WavePlanes, numerator as WavePlanes, weights as ImagePlanes];
    each(to.shape, (f, m) => {
      const [result, p, w] = [planeOf(to, f, m), planeOf(from, f, m), planeOf(light, f, m)];
      const [length, floor] = [factorOf(step, f), alpha * factorOf(most, f)];
      for (let i = 0; i < w.length; i++) {
        const below = form === "linear" ? (1 - alpha) * w[i] + floor : Math.hypot(w[i], floor);
        const ratio = below > 0 ? length / below : 0;
        for (let k = 2 * i; k < 2 * i + 2; k++) result[k] = (add ? result[k] : 0) + ratio * p[k];
      }
    });
  }

  fill(out: Waves | Images | Numbers, value: number): void {
    if (out.kind === "numbers") (out as Row).data.fill(value);
    else {
      const planes = out as WavePlanes | ImagePlanes;
      each(planes.shape, (f, m) => {
        const plane = planeOf(planes, f, m);
        for (let i = 0; i < plane.length; i++) plane[i] = i % planes.parts === 0 ? value : 0;
      });
    }
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
    const [to, have, want] = [factor as ImagePlanes, expected as ImagePlanes, measured as ImagePlanes];
    const valid = mask === undefined ? undefined : planeOf(mask as ImagePlanes, 0, 0);
    for (let f = 0; f < to.shape[0]; f++) {
      const [out, estimate, amplitude] = [planeOf(to, f, 0), planeOf(have, f, 0), planeOf(want, f, 0)];
      const sums = (misfit as Row).data.subarray(4 * f, 4 * f + 4).fill(0);
      for (let i = 0; i < out.length; i++) {
        if (valid !== undefined && !(valid[i] > 0)) {
          out[i] = 0;
          continue;
        }
        const [a, e] = [amplitude[i], estimate[i]];
        const [counts, light] = [a * a, e + POISSON_DARK];
        if (kind === "gaussian") out[i] = e > 0 ? a / Math.sqrt(e) - 1 : 0;
        else out[i] = kind === "poisson" ? (counts - e) / (e + dark) : counts - e;
        sums[0] += (Math.sqrt(e) - a) ** 2;
        sums[1] += counts;
        sums[2] += 2 * (light - counts + (counts > 0 ? counts * Math.log(counts / light) : 0));
        sums[3]++;
      }
    }
  }

  dot(out: Numbers, a: Waves, b: Waves): void {
    const [p, q] = [a as WavePlanes, b as WavePlanes];
    (out as Row).data.fill(0);
    each(longest([p, q]), (f, m) => {
      const [u, v, sums] = [planeOf(p, f, m), planeOf(q, f, m), (out as Row).data.subarray(2 * f)];
      for (let i = 0; i < u.length; i += 2) {
        sums[0] += u[i] * v[i] + u[i + 1] * v[i + 1];
        sums[1] += u[i] * v[i + 1] - u[i + 1] * v[i];
      }
    });
  }

  sum(out: Numbers, a: Images, b?: Images): void {
    const [p, q] = [a as ImagePlanes, b as ImagePlanes | undefined];
    (out as Row).data.fill(0);
    each(q === undefined ? p.shape : longest([p, q]), (f, m) => {
      const u = planeOf(p, f, m);
      const v = q === undefined ? undefined : planeOf(q, f, m);
      for (let i = 0; i < u.length; i++) (out as Row).data[f] += v === undefined ? u[i] : u[i] * v[i];
    });
  }

  largest(out: Numbers, a: Images): void {
    let most = Number.NEGATIVE_INFINITY;
    each(a.shape, (f, m) => {
      for (const value of planeOf(a as ImagePlanes, f, m)) most = Math.max(most, value);
    });
    (out as Row).data[0] = most;
  }

  exitChange(terms: Parameters<Kernels["exitChange"]>[0]): void {
    exitChange(this, terms);
  }

  pieStep(terms: Parameters<Kernels["pieStep"]>[0]): void {
    pieStep(this, terms);
  }

  stepOverlaps(terms: Parameters<Kernels["stepOverlaps"]>[0]): void {
    stepOverlaps(this, terms);
  }

  async close(): Promise<void> {
    this.heldBytes = 0;
  }
}

function each([frames, modes]: Shape, visit: (frame: number, mode: number) => void): void {
  for (let f = 0; f < frames; f++) for (let m = 0; m < modes; m++) visit(f, m);
}

/** A plane; an extent of 1 repeats. */
function planeOf({ shape, parts, data, from, frameStride, modeStride }: Planes, f: number, m: number): Float64Array {
  const at = from + (shape[0] === 1 ? 0 : f * frameStride) + (shape[1] === 1 ? 0 : m * modeStride);
  return data.subarray(at, at + parts * shape[2] * shape[3]);
}

/** out = Σ term over what out has no extent for. Sums are made apart, since out may be an operand. */
function reduce<N extends 1 | 2>(
  out: Planes,
  operands: readonly Planes[] & { readonly length: N },
  add: boolean,
  term: (sum: Float64Array, ...planes: Float64Array[]) => void,
): void {
  const all = longest([...operands, out]);
  const sums = new Map<number, Float64Array>();
  each(all, (f, m) => {
    const to = planeOf(out, f, m);
    let sum = sums.get(to.byteOffset);
    if (sum === undefined) {
      sum = add ? to.slice() : new Float64Array(to.length);
      sums.set(to.byteOffset, sum);
    }
    term(sum, ...operands.map((operand) => planeOf(operand, f, m)));
  });
  each(out.shape, (f, m) => {
    const to = planeOf(out, f, m);
    to.set(sums.get(to.byteOffset) as Float64Array);
  });
}

const factorOf = (factor: Factor, frame: number): number =>
  typeof factor === "number" ? factor : (factor as Row).data[factor.frames === 1 ? 0 : frame];

/** Frequency of an index in the detector's order: 0, 1, … , −2, −1. The one of Nyquist is negative, as centred. */
const signed = (i: number, n: number): number => (i < Math.ceil(n / 2) ? i : i - n);

/** Bilinear weights between a window's pixels and the canvas's. */
function neighbours(
  { corners, fractions }: Places,
  frame: number,
  [, , rows, columns]: Shape,
  [, , height, width]: Shape,
  parts: 1 | 2,
  visit: (inside: number, outside: number, weight: number) => void,
): void {
  const [top, left] = [corners[2 * frame], corners[2 * frame + 1]];
  const [down, right] = [fractions[2 * frame], fractions[2 * frame + 1]];
  for (const [dy, dx] of [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ]) {
    const weight = (dy === 1 ? down : 1 - down) * (dx === 1 ? right : 1 - right);
    if (weight === 0) continue;
    if (top < 0 || left < 0 || top + height + dy > rows || left + width + dx > columns)
      throw new PtychonautError("shape", "a window leaves its canvas", {
        expected: `[${height}, ${width}] within [${rows}, ${columns}]`,
        got: `row ${top + down}, column ${left + right} of frame ${frame}`,
      });
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        visit(parts * (y * width + x), parts * ((top + y + dy) * columns + left + x + dx), weight);
  }
}
