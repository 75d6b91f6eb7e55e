import type { Held, Images, Numbers, Shape, Waves, WindowPlaces, Windows } from "../kernels.ts";
import { keepPlaces, viewOfFrames, viewOfModes } from "../views.ts";
import { eachRun, layPlanes, type Places, type Planes, planesOf, type Row, WINDOW_BYTES } from "./planes.ts";
import type { Recorder } from "./recorder.ts";

/** Waves weaker than this, of numbers of order one, are written as zero: what they lead to may be denormal, 50 times as slow. */
const LEAST_WAVE = 1e-18;

/** From a number, and from a window, to the next, in bytes. */
const UNITS = { number: 8, window: WINDOW_BYTES };

/** What kernels hold: planes, numbers and windows in the module's memory. */
export class Holdings {
  heldBytes = 0;
  protected readonly recorder: Recorder;

  constructor(recorder: Recorder) {
    this.recorder = recorder;
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

  #zeros(bytes: number): number {
    this.heldBytes += bytes;
    return this.recorder.zeros(bytes);
  }

  frames<T extends Held>(of: T, from: number, count: number): T {
    return viewOfFrames(of, from, count, UNITS);
  }

  modes<T extends Waves | Images>(of: T, from: number, count: number): T {
    return viewOfModes(of, from, count);
  }

  release(...held: readonly Held[]): void {
    for (const one of held) {
      this.recorder.heap.free((one as Row).at);
      this.heldBytes -= bytesOf(one);
    }
  }

  write(target: Waves | Images | Numbers, values: ArrayLike<number>): void {
    this.recorder.flush();
    if (target.kind === "numbers") this.recorder.heap.doubles.set(values, (target as Row).at / 8);
    else if (target.kind === "waves") this.#writeWaves(planesOf(target), values);
    else {
      const { singles } = this.recorder.heap;
      const part = partOf(values);
      eachRun(planesOf(target), (at, length, tight) => singles.set(part(tight, tight + length), at));
    }
  }

  #writeWaves(planes: Planes, values: ArrayLike<number>): void {
    const { singles } = this.recorder.heap;
    eachRun(planes, (at, length, tight) => {
      for (let i = 0; i < length; i++) {
        const value = values[tight + i];
        // NaN is written as it is.
        singles[at + i] = Math.abs(value) < LEAST_WAVE ? 0 : value;
      }
    });
  }

  place(target: Windows, where: WindowPlaces): void {
    this.recorder.flush();
    const places = target as Places;
    keepPlaces(places, where);
    const { integers, doubles } = this.recorder.heap;
    for (let frame = 0; frame < places.frames; frame++) {
      const at = places.at + WINDOW_BYTES * frame;
      integers.set(places.corners.subarray(2 * frame, 2 * frame + 2), at / 4);
      doubles.set(places.fractions.subarray(2 * frame, 2 * frame + 2), at / 8 + 1);
    }
  }

  async read(source: Waves | Images | Numbers): Promise<Float32Array | Float64Array> {
    this.recorder.flush();
    if (source.kind === "numbers") {
      const { at, frames, each } = source as Row;
      return Float64Array.from(this.recorder.heap.doubles.subarray(at / 8, at / 8 + frames * each));
    }
    const planes = planesOf(source);
    const out = new Float32Array(planes.parts * planes.shape.reduce((a, b) => a * b));
    const { singles } = this.recorder.heap;
    eachRun(planes, (at, length, tight) => out.set(singles.subarray(at, at + length), tight));
    return out;
  }
}

/** Parts of numbers, without a copy where they are in an array that has such parts. */
function partOf(values: ArrayLike<number>): (from: number, to: number) => ArrayLike<number> {
  if (values instanceof Float32Array || values instanceof Float64Array) return (from, to) => values.subarray(from, to);
  return (from, to) => Array.from({ length: to - from }, (_, i) => values[from + i]);
}

function bytesOf(held: Held): number {
  if (held.kind === "numbers") return 8 * held.frames * held.each;
  if (held.kind === "windows") return WINDOW_BYTES * held.frames;
  return layPlanes(held.kind, held.shape, 0).bytes;
}
