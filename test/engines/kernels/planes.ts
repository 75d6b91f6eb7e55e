import { readFileSync } from "node:fs";
import { fftPlan, fourierScratch, planePitch } from "../../../src/engines/kernels/wasm/fftPlan.ts";
import { MOST_PAGES, PAGE, webAssembly } from "../../../src/engines/kernels/wasm/module.ts";

/** Functions of `assembly/engines`, `fourier.ts` and `fftRows.ts`; addresses and pitches as there. */
interface Transforms {
  fourier(...args: number[]): void;
  fourierColumns(...args: number[]): void;
  fourierRows(...args: number[]): void;
  fftRows(...args: number[]): void;
  readonly HEAP: { readonly value: number };
}

/** A module of its own with room for two planes of one size, plans and scratch, and guards around each. */
export interface Planes {
  readonly pitch: number;
  /** Fills the source with a tight interleaved plane, zeros beyond it, and the result with zeros. */
  fill(values: ArrayLike<number>): void;
  /** The transform of the source. `threads` parts are done one after the other; in place, the source is the result. */
  transform(how?: { inverse?: boolean; threads?: number; inPlace?: boolean }): Float32Array;
  /** The same with rows left blocked, as fused kernels take them, by `fftRows` and the inverse's own plan. */
  transformBlocked(inverse: boolean): Float32Array;
  /** Whether anything was written beyond the planes, beyond the image in them, or beyond the scratch. */
  isClean(): boolean;
}

const GUARD = 64;
const GUARD_VALUE = 123.25;

const compiled = await webAssembly.compile(readFileSync(new URL("../../../wasm/engines.wasm", import.meta.url)));

export function planes(height: number, width: number): Planes {
  const pitch = planePitch(width);
  const planeFloats = 2 * pitch * 4 * Math.ceil(height / 4);
  const plans = [fftPlan(height).bytes, fftPlan(width).bytes];
  const sizes = [4 * planeFloats, 4 * planeFloats, fourierScratch(height, width)];
  const room = PAGE + [...plans.map((plan) => plan.length), ...sizes].reduce((sum, size) => sum + size + 256, 0);
  const memory = new webAssembly.Memory({ initial: Math.ceil(room / PAGE) + 1, maximum: MOST_PAGES, shared: false });
  const abort = (): never => {
    throw new Error("abort");
  };
  const instance = new webAssembly.Instance(compiled, { env: { memory, abort } });
  const run = instance.exports as unknown as Transforms;

  let top = 64 * Math.ceil(run.HEAP.value / 64);
  const guards: Float32Array[] = [];
  const allocate = (bytes: number): number => {
    guards.push(new Float32Array(memory.buffer, top, GUARD / 4).fill(GUARD_VALUE));
    const at = top + GUARD;
    top = at + 64 * Math.ceil(bytes / 64);
    return at;
  };
  const [planH, planW] = plans.map((plan) => {
    const at = allocate(plan.length);
    new Uint8Array(memory.buffer, at).set(plan);
    return at;
  });
  const [source, result, scratch] = sizes.map(allocate);
  allocate(GUARD);
  const plane = (at: number): Float32Array => new Float32Array(memory.buffer, at, planeFloats);

  const isZeroBeyond = (at: number): boolean =>
    plane(at).every((value, i) => value === 0 || (i % (2 * pitch) < 2 * width && i < 2 * pitch * height));

  const tight = (at: number): Float32Array => {
    const values = new Float32Array(2 * height * width);
    for (let y = 0; y < height; y++) {
      values.set(plane(at).subarray(2 * pitch * y, 2 * (pitch * y + width)), 2 * width * y);
    }
    return values;
  };
  /** Blocks of 4 real, then 4 imaginary parts → interleaved. */
  const unblock = (at: number): void => {
    const blocked = plane(at).slice();
    plane(at).forEach((_, i, all) => {
      all[i] = blocked[(i & ~7) + 4 * (i & 1) + ((i & 7) >> 1)];
    });
  };

  return {
    pitch,
    fill(values) {
      plane(source).fill(0);
      plane(result).fill(0);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < 2 * width; x++) plane(source)[2 * pitch * y + x] = values[2 * width * y + x];
      }
    },
    transform({ inverse = false, threads = 1, inPlace = false } = {}) {
      const to = inPlace ? source : result;
      const way = inverse ? 1 : 0;
      if (threads === 1) run.fourier(source, to, pitch, height, width, planH, planW, scratch, way);
      else {
        for (let i = 0; i < threads; i++) {
          run.fourierColumns(source, to, pitch, height, width, planH, scratch, way, i, threads);
        }
        for (let i = 0; i < threads; i++) run.fourierRows(to, pitch, height, width, planW, scratch, way, i, threads);
      }
      return tight(to);
    },
    transformBlocked(inverse) {
      const [, , , rowCount, sister] = new Int32Array(memory.buffer, planW, 5);
      const plan = inverse ? planW + sister : planW;
      const scale = 1 / Math.sqrt(height * width);
      run.fourierColumns(source, result, pitch, height, width, planH, scratch, inverse ? 1 : 0, 0, 1);
      const rows = 4 * Math.ceil(height / 4);
      for (let y = 0; y < rows; y += rowCount) {
        const at = result + 8 * pitch * y;
        run.fftRows(plan, at, pitch, at, pitch, Math.min(rowCount, rows - y), scratch, 0, scale);
      }
      unblock(result);
      return tight(result);
    },
    isClean: () =>
      guards.every((guard) => guard.every((value) => value === GUARD_VALUE)) &&
      isZeroBeyond(source) &&
      isZeroBeyond(result),
  };
}
