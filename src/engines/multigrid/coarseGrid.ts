import type { ComplexArray } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { planFft2 } from "../../numerics/fft.ts";
import type { Propagation } from "../../optics/geometry.ts";
import type { Canvas } from "../canvas.ts";
import { type Estimate, estimateOf } from "../driverState.ts";
import type { EngineScan, Variations } from "../scan.ts";
import { resampled, type Sampling } from "./resample.ts";

type Sides = readonly [height: number, width: number];

/** Windows smaller than this have no room for a probe. */
const LEAST_SIDE = 8;

/**
 * A scan whose patterns end at a fraction of their angles, so that object pixels are so many times as large: the same field of
 * view with fewer numbers in windows and object. The far field of a window is its Fourier transform, so what is left of a
 * pattern is the pattern of window and object without their finest detail. With s the ratio of the sides, amplitudes and the
 * square root of all energies are divided by s, so that mean energies are h w / 4 again, and object and probe have the values
 * that they have at the same place on the fine grid. What lies in between, and only there, is in coarse pixels: estimates are
 * taken from the fine grid and given back on it, with the detail that they had there and the coarse grid cannot hold.
 */
export class CoarseGrid {
  readonly scan: EngineScan;
  readonly #fine: Sides;
  readonly #sides: Sides;
  /** Coarse pixels in fine ones. */
  readonly #ratio: Sides;
  readonly #begun: Estimate;

  /**
   * @param begun what the stage begins with, on the fine grid
   * @throws PtychonautError "usage" for a near field, and windows that would have no room
   */
  constructor(scan: EngineScan, begun: Estimate, factor: number) {
    const { amplitudes } = scan;
    this.#fine = [amplitudes.height, amplitudes.width];
    const propagation = scan.geometry?.propagation;
    this.#sides = coarseSides({ height: amplitudes.height, width: amplitudes.width, propagation }, factor);
    this.#ratio = [this.#fine[0] / this.#sides[0], this.#fine[1] / this.#sides[1]];
    this.#begun = estimateOf(begun);
    this.scan = { ...this.#coarseScan(scan), ...this.#coarse(this.#begun) };
  }

  /** √ of both axes' ratios: what a length of amplitudes is divided by. */
  get #scale(): number {
    return Math.sqrt(this.#ratio[0] * this.#ratio[1]);
  }

  #coarseScan({ object: _, background: __, ...scan }: EngineScan): EngineScan {
    const { amplitudes, mask, countsPerUnit, slices, geometry } = scan;
    const [height, width] = this.#sides;
    const scale = this.#scale;
    const whole = new Float32Array(this.#fine[0] * this.#fine[1]);
    const [size, top, left] = [height * width, ...this.#corner()];
    const read = (frames: ArrayLike<number>, out: Float32Array): void => {
      for (let k = 0; k < frames.length; k++) {
        amplitudes.read([frames[k]], whole);
        for (let y = 0, to = k * size; y < height; y++) {
          const from = (y + top) * this.#fine[1] + left;
          for (let x = 0; x < width; x++, to++) out[to] = whole[from + x] / scale;
        }
      }
    };
    return {
      ...scan,
      amplitudes: { ...amplitudes, height, width, read },
      ...(mask === undefined ? {} : { mask: this.#cut(mask) }),
      countsPerUnit: countsPerUnit * scale ** 2,
      ...(slices === undefined
        ? {}
        : {
            slices: {
              count: slices.count,
              between: { travel: slices.between.travel / scale ** 2, wavelength: slices.between.wavelength / scale },
            },
          }),
      ...(geometry?.objectPixelM === undefined
        ? {}
        : { geometry: { ...geometry, objectPixelM: geometry.objectPixelM * scale } }),
    };
  }

  #coarse({ object, probe, positions, background, variations, ...others }: Estimate): Estimate {
    return {
      ...others,
      probe: this.#probe(probe, this.#fine, this.#sides),
      positions: positions.map((value, k) => value / this.#ratio[k % 2]),
      ...(background === undefined
        ? {}
        : { background: this.#cut(background).map((value) => value / this.#scale ** 2) }),
      ...(object === undefined ? {} : { object: this.#coarseObject(object) }),
      ...(variations === undefined ? {} : { variations: this.#variations(variations, this.#fine, this.#sides) }),
    };
  }

  #coarseObject({ values, origin }: NonNullable<Estimate["object"]>): NonNullable<Estimate["object"]> {
    const [slices, ...sides] = values.shape;
    const first = origin.map((value, axis) => Math.ceil(value / this.#ratio[axis])) as [number, number];
    const axes = first.map((begin, axis): Sampling => {
      const ratio = this.#ratio[axis];
      const last = Math.floor((origin[axis] + sides[axis] - 1) / ratio);
      return { count: last - begin + 1, first: begin * ratio - origin[axis], step: ratio };
    }) as [Sampling, Sampling];
    const data = resampled(values.data, [slices, sides[0], sides[1]], 2, axes);
    return { values: { shape: [slices, axes[0].count, axes[1].count], data }, origin: first };
  }

  /**
   * What was found, on the fine grid.
   * @param canvas of the fine grid, which the object fills
   */
  fine(
    {
      object,
      probe,
      positions,
      background,
      variations,
      ...others
    }: Estimate & { readonly object: NonNullable<Estimate["object"]> },
    canvas: Canvas,
  ): Estimate & { readonly object: NonNullable<Estimate["object"]> } {
    return {
      ...others,
      probe: this.#fineProbe(probe),
      positions: positions.map((value, k) => value * this.#ratio[k % 2]),
      ...(background === undefined ? {} : { background: this.#fineBackground(background) }),
      ...(variations === undefined ? {} : { variations: this.#variations(variations, this.#sides, this.#fine) }),
      object: { values: this.#fineObject(object, canvas), origin: canvas.origin },
    };
  }

  #fineProbe(probe: ComplexArray): ComplexArray {
    const begun = this.#begun.probe;
    const found = this.#probe(probe, this.#sides, this.#fine);
    const held = this.#probe(this.#probe(begun, this.#fine, this.#sides), this.#sides, this.#fine);
    return { shape: found.shape, data: found.data.map((value, i) => value + begun.data[i] - held.data[i]) };
  }

  #fineObject(object: NonNullable<Estimate["object"]>, canvas: Canvas): ComplexArray {
    const begun = this.#begun.object;
    const found = this.#onCanvas(object, canvas);
    if (begun === undefined || begun.values.shape[0] !== found.shape[0]) return found;
    const [slices, rows, columns] = begun.values.shape;
    const held = this.#onCanvas(this.#coarseObject(begun), { height: rows, width: columns, origin: begun.origin });
    const [down, right] = [begun.origin[0] - canvas.origin[0], begun.origin[1] - canvas.origin[1]];
    const data = found.data as Float32Array;
    for (let row = 0; row < slices * rows; row++) {
      const y = (row % rows) + down;
      if (y < 0 || y >= canvas.height) continue;
      for (let x = Math.max(0, -right); x < Math.min(columns, canvas.width - right); x++) {
        const to = 2 * ((Math.floor(row / rows) * canvas.height + y) * canvas.width + x + right);
        const from = 2 * (row * columns + x);
        for (const part of [0, 1]) data[to + part] += begun.values.data[from + part] - held.data[from + part];
      }
    }
    return found;
  }

  #onCanvas({ values, origin }: NonNullable<Estimate["object"]>, canvas: Canvas): ComplexArray {
    const [slices, height, width] = values.shape;
    const data = resampled(values.data, [slices, height, width], 2, this.#axesOf(canvas, origin));
    return { shape: [slices, canvas.height, canvas.width], data };
  }

  /** Light on the coarse canvas, on the fine one. */
  fineLight(light: Float32Array, coarse: Canvas, canvas: Canvas): Float32Array {
    const axes = this.#axesOf(canvas, coarse.origin);
    return resampled(light, [1, coarse.height, coarse.width], 1, axes).map((value) => Math.max(0, value));
  }

  /** Of a probe on the coarse grid. */
  fineEnergy(energy: number): number {
    return energy * this.#scale ** 2;
  }

  #axesOf({ height, width, origin }: Canvas, coarse: readonly [number, number]): readonly [Sampling, Sampling] {
    const axis = (count: number, which: 0 | 1): Sampling => {
      const ratio = this.#ratio[which];
      return { count, first: origin[which] / ratio - coarse[which], step: 1 / ratio };
    };
    return [axis(height, 0), axis(width, 1)];
  }

  /** Beyond what was measured at this stage it is what it was, or as at its rim. */
  #fineBackground(coarse: Float32Array): Float32Array {
    const [height, width] = this.#sides;
    const whole = coarse.map((value) => value * this.#scale ** 2);
    const rim = whole.filter(
      (_, i) => i < width || i >= (height - 1) * width || i % width === 0 || i % width === width - 1,
    );
    const mean = rim.reduce((sum, value) => sum + value / rim.length, 0);
    const out = this.#begun.background?.slice() ?? new Float32Array(this.#fine[0] * this.#fine[1]).fill(mean);
    const [top, left] = this.#corner();
    for (let y = 0; y < height; y++)
      out.set(whole.subarray(y * width, (y + 1) * width), (y + top) * this.#fine[1] + left);
    return out;
  }

  /** A probe whose far field ends, or goes on with nothing, at other sides: as bright at each place. */
  #probe({ shape: [modes], data }: ComplexArray, from: Sides, to: Sides): ComplexArray {
    const [there, back] = [planFft2(from), planFft2(to)];
    const [before, after] = [from[0] * from[1], to[0] * to[1]];
    const scale = Math.sqrt(after / before);
    const out = new Float32Array(2 * modes * after);
    for (let mode = 0; mode < modes; mode++) {
      const far = there.forward(Float64Array.from(data.subarray(2 * mode * before, 2 * (mode + 1) * before)));
      const near = back.inverse(padded(far, from, to));
      for (let i = 0; i < near.length; i++) out[2 * mode * after + i] = near[i] * scale;
    }
    return { shape: [modes, ...to], data: out };
  }

  /** Directions keep their length of 1, and weights grow as the length of the probe does. */
  #variations({ directions, weights }: Variations, from: Sides, to: Sides): Variations {
    const { shape, data } = this.#probe(directions, from, to);
    const longer = Math.sqrt((to[0] * to[1]) / (from[0] * from[1]));
    return {
      directions: { shape, data: data.map((value) => value / longer) },
      weights: weights.map((value) => value * longer),
    };
  }

  #corner(): Sides {
    return [0, 1].map((axis) => Math.floor(this.#fine[axis] / 2) - Math.floor(this.#sides[axis] / 2)) as [
      number,
      number,
    ];
  }

  /** The middle of images of the detector. */
  #cut(images: Float32Array): Float32Array {
    const [height, width] = this.#sides;
    const [rows, columns] = this.#fine;
    const [top, left] = this.#corner();
    const count = images.length / (rows * columns);
    const out = new Float32Array(count * height * width);
    for (let image = 0; image < count; image++)
      for (let y = 0; y < height; y++) {
        const from = (image * rows + y + top) * columns + left;
        out.set(images.subarray(from, from + width), (image * height + y) * width);
      }
    return out;
  }
}

/** Centred planes cut, or with zeros about them. */
function padded(values: Float64Array, [height, width]: Sides, to: Sides): Float64Array {
  const out = new Float64Array(2 * to[0] * to[1]);
  const [down, right] = [Math.floor(to[0] / 2) - Math.floor(height / 2), Math.floor(to[1] / 2) - Math.floor(width / 2)];
  for (let y = Math.max(0, -down); y < Math.min(height, to[0] - down); y++)
    for (let x = Math.max(0, -right); x < Math.min(width, to[1] - right); x++)
      for (let part = 0; part < 2; part++)
        out[2 * ((y + down) * to[1] + x + right) + part] = values[2 * (y * width + x) + part];
  return out;
}

/**
 * Sides of windows whose object pixels are so many times as large.
 *
 * @throws PtychonautError "usage" for a near field, and windows that would have no room
 */
export function coarseSides(
  {
    height,
    width,
    propagation,
  }: { readonly height: number; readonly width: number; readonly propagation?: Propagation | undefined },
  factor: number,
): Sides {
  if (propagation === "near-field")
    throw new PtychonautError("usage", "multigrid is of far fields: patterns end at smaller angles", {
      got: "a near field, whose pixels are the object's",
      fix: `leave it out, or bin the patterns: ${setting("bin_by", 2)}`,
    });
  const sides = [Math.round(height / factor), Math.round(width / factor)] as const;
  if (sides.every((side) => side >= LEAST_SIDE)) return sides;
  throw new PtychonautError("usage", `multigrid ${factor} leaves too little of the patterns`, {
    expected: `at least ${LEAST_SIDE} x ${LEAST_SIDE} pixels`,
    got: sides.join(" x "),
    fix: "say smaller factors",
  });
}
