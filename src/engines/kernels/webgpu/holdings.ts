import { PtychonautError } from "../../../errors.ts";
import type { Held, Images, Numbers, Shape, Waves, WindowPlaces, Windows } from "../kernels.ts";
import { type KnownWindows, keepPlaces, viewOfFrames, viewOfModes } from "../views.ts";
import { fillKernel, pixelGroups } from "./elementwise.ts";
import { type GpuBuffer, MAP_READ, USAGE } from "./gpu.ts";
import type { Recorder } from "./recorder.ts";
import type { Operand } from "./shader.ts";

/** Planes of float32, row-major without gaps. */
export interface Planes {
  readonly kind: "waves" | "images";
  readonly shape: Shape;
  readonly buffer: GpuBuffer;
  /** In pixels: of the first, from frame to frame, from mode to mode. */
  readonly at: number;
  readonly frameStride: number;
  readonly modeStride: number;
}
export interface Row extends Numbers {
  readonly buffer: GpuBuffer;
  readonly at: number;
}
/** Row, column and both fractions of each frame, and a copy to look at. */
export interface Places extends KnownWindows {
  readonly buffer: GpuBuffer;
  readonly at: number;
}
type Buffered = Planes | Row | Places;

export const planesOf = (held: Waves | Images): Planes => held as unknown as Planes;
export const partsOf = ({ kind }: { readonly kind: Planes["kind"] }): 1 | 2 => (kind === "waves" ? 2 : 1);

/** An operand of a kernel; extents of 1 repeat, or are summed over. */
export function operandOf(held: Waves | Images): Operand {
  const { buffer, shape, at, frameStride, modeStride } = planesOf(held);
  return { buffer, at, frame: shape[0] === 1 ? 0 : frameStride, mode: shape[1] === 1 ? 0 : modeStride };
}
/** Numbers, `each` of them where i counts; those of a single frame serve all. */
export const numbersOperand = (numbers: Numbers): Operand => {
  const { buffer, at, frames, each } = numbers as Row;
  return { buffer, at, frame: frames === 1 ? 0 : each, mode: 0 };
};
export const windowsOperand = (windows: Windows): Operand => {
  const { buffer, at } = windows as Places;
  return { buffer, at, frame: 1, mode: 0 };
};

const sizeOf = (bytes: number): number => 16 * Math.ceil(Math.max(bytes, 1) / 16);

/** Buffers that are free are kept up to this, or as much as is held. */
const LEAST_KEPT = 2 ** 26;

/** From a number, and from a window, to the next, in their own unit. */
const UNITS = { number: 1, window: 1 };

/** What kernels hold on a device. */
export class Holdings {
  heldBytes = 0;
  protected readonly recorder: Recorder;
  readonly #held = new Map<GpuBuffer, number>();
  readonly #free = new Map<number, GpuBuffer[]>();
  #freeBytes = 0;

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
    const pixels = shape[2] * shape[3];
    const buffer = this.#zeros(4 * partsOf({ kind }) * shape[0] * shape[1] * pixels);
    return { kind, shape, buffer, at: 0, frameStride: shape[1] * pixels, modeStride: pixels };
  }

  numbers(frames: number, each = 1): Numbers {
    return { kind: "numbers", frames, each, buffer: this.#zeros(4 * frames * each), at: 0 } as Row;
  }

  windows(frames: number): Windows {
    const [corners, fractions] = [new Int32Array(2 * frames), new Float64Array(2 * frames)];
    return { kind: "windows", frames, buffer: this.#zeros(16 * frames), at: 0, corners, fractions } as Places;
  }

  #zeros(bytes: number): GpuBuffer {
    const { buffer, isNew } = this.#take(bytes);
    // Devices clear what is new.
    if (!isNew)
      this.recorder.record(fillKernel("f32"), {
        operands: { out: { buffer, at: 0, frame: 0, mode: 0 } },
        scalars: { pixels: sizeOf(bytes) / 4, frames: 1, modes: 1, value: 0 },
        groups: [pixelGroups(sizeOf(bytes) / 4), 1],
      });
    return buffer;
  }

  /** A buffer with anything in it. */
  protected room(bytes: number): GpuBuffer {
    return this.#take(bytes).buffer;
  }

  /** A buffer that was released where there is any of the size. */
  #take(bytes: number): { readonly buffer: GpuBuffer; readonly isNew: boolean } {
    const size = sizeOf(bytes);
    const released = this.#free.get(size)?.pop();
    const buffer = released ?? this.recorder.device.buffer(size, USAGE.storage | USAGE.copySource | USAGE.copyTarget);
    if (released !== undefined) this.#freeBytes -= size;
    this.#held.set(buffer, size);
    this.heldBytes += size;
    return { buffer, isNew: released === undefined };
  }

  frames<T extends Held>(of: T, from: number, count: number): T {
    return viewOfFrames(of, from, count, UNITS);
  }

  modes<T extends Waves | Images>(of: T, from: number, count: number): T {
    return viewOfModes(of, from, count);
  }

  release(...held: readonly Held[]): void {
    for (const one of held) this.giveBack((one as unknown as Buffered).buffer);
  }

  protected giveBack(buffer: GpuBuffer): void {
    const size = this.#held.get(buffer);
    if (size === undefined)
      throw new PtychonautError("usage", "what is to be released is not held", {
        fix: "release a whole, and once: its parts go with it",
      });
    this.#held.delete(buffer);
    this.heldBytes -= size;
    const free = this.#free.get(size);
    if (free === undefined) this.#free.set(size, [buffer]);
    else free.push(buffer);
    this.#freeBytes += size;
    if (this.#freeBytes <= Math.max(LEAST_KEPT, this.heldBytes)) return;
    // What is recorded may still need them.
    this.recorder.flush();
    this.#destroyFree();
  }

  #destroyFree(): void {
    this.recorder.forgetBuffers();
    for (const buffers of this.#free.values()) for (const buffer of buffers) buffer.destroy();
    this.#free.clear();
    this.#freeBytes = 0;
  }

  protected destroyAll(): void {
    this.#destroyFree();
    for (const buffer of this.#held.keys()) buffer.destroy();
    this.#held.clear();
    this.heldBytes = 0;
  }

  write(target: Waves | Images | Numbers, values: ArrayLike<number>): void {
    this.recorder.flush();
    const { queue } = this.recorder.device.gpu;
    const singles = values instanceof Float32Array ? values : Float32Array.from(values);
    eachRun(target, (buffer, at, from, length) => queue.writeBuffer(buffer, 4 * at, singles, from, length));
  }

  place(target: Windows, where: WindowPlaces): void {
    this.recorder.flush();
    const places = target as Places;
    keepPlaces(places, where);
    const all = new Float32Array(4 * places.frames);
    for (let k = 0; k < 2 * places.frames; k++) {
      const at = 4 * (k >> 1) + (k & 1);
      all[at] = places.corners[k];
      all[at + 2] = places.fractions[k];
    }
    this.recorder.device.gpu.queue.writeBuffer(places.buffer, 16 * places.at, all);
  }

  async read(source: Waves | Images | Numbers): Promise<Float32Array | Float64Array> {
    const { device } = this.recorder;
    let length = 0;
    eachRun(source, (_buffer, _at, _from, count) => {
      length += count;
    });
    const staging = device.buffer(Math.max(4 * length, 4), USAGE.mapRead | USAGE.copyTarget);
    this.recorder.flush((encoder) =>
      eachRun(source, (buffer, at, from, count) =>
        encoder.copyBufferToBuffer(buffer, 4 * at, staging, 4 * from, 4 * count),
      ),
    );
    try {
      await staging.mapAsync(MAP_READ, 0, 4 * length);
    } catch (cause) {
      await device.explain(cause);
    }
    const singles = new Float32Array(staging.getMappedRange(0, 4 * length)).slice();
    staging.destroy();
    device.check();
    return source.kind === "numbers" ? Float64Array.from(singles) : singles;
  }
}

/** Visits what lies together of planes or numbers: in float32 numbers, where it begins in the buffer and in tight ones. */
function eachRun(
  of: Waves | Images | Numbers,
  visit: (buffer: GpuBuffer, at: number, from: number, length: number) => void,
): void {
  if (of.kind === "numbers") {
    const { buffer, at, frames, each } = of as Row;
    visit(buffer, at, 0, frames * each);
    return;
  }
  const { buffer, at, frameStride, modeStride, shape } = planesOf(of);
  const [frames, modes, height, width] = shape;
  const parts = partsOf(of);
  const pixels = height * width;
  const whole = modeStride === pixels && frameStride === modes * pixels;
  const [runs, length] = whole ? [1, frames * modes * pixels] : [frames, modes * pixels];
  for (let run = 0; run < runs; run++)
    visit(buffer, parts * (at + run * frameStride), parts * run * length, parts * length);
}
