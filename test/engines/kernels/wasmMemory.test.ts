import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Kernels, Numbers, Shape, Waves } from "../../../src/engines/kernels/kernels.ts";
import { Heap } from "../../../src/engines/kernels/wasm/heap.ts";
import { webAssembly } from "../../../src/engines/kernels/wasm/module.ts";
import type { Planes } from "../../../src/engines/kernels/wasm/planes.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { Random } from "../../../src/random.ts";

type Memory = InstanceType<typeof webAssembly.Memory>;

describe("the heap", () => {
  test("gives blocks that do not overlap, joins what is free, and grows when it must", () => {
    const memory = new webAssembly.Memory({ initial: 1, maximum: 64, shared: false });
    const heap = new Heap(memory, 1000);
    const random = new Random(2);
    const held = new Map<number, number>();
    for (let i = 0; i < 2000; i++) {
      if (held.size > 20 || (held.size > 0 && random.uniform() < 0.4)) {
        const at = [...held.keys()][Math.floor(random.uniform() * held.size)];
        heap.free(at);
        held.delete(at);
        continue;
      }
      const bytes = 1 + Math.floor(random.uniform() ** 3 * 40_000);
      const at = heap.allocate(bytes);
      expect(at % 64).toBe(0);
      expect(at).toBeGreaterThanOrEqual(1000);
      expect(at + bytes).toBeLessThanOrEqual(memory.buffer.byteLength);
      for (const [other, length] of held) expect(at + bytes <= other || other + length <= at).toBe(true);
      held.set(at, bytes);
    }
    for (const at of held.keys()) heap.free(at);
    // All of it is one block again.
    const size = memory.buffer.byteLength;
    heap.allocate(size - 1024 - 64);
    expect(memory.buffer.byteLength).toBe(size);
    heap.doubles[size / 8 - 10] = 3;
    heap.allocate(65_536);
    expect(heap.doubles.length).toBe(memory.buffer.byteLength / 8);
    expect(heap.doubles[size / 8 - 10]).toBe(3);
  });

  test("says how much there is no room for, and refuses to free what it does not hold", () => {
    const heap = new Heap(new webAssembly.Memory({ initial: 1, maximum: 2, shared: false }), 0);
    expect(() => heap.allocate(2 ** 20)).toThrow(/no room.*1\.0 MiB/s);
    const at = heap.allocate(100);
    expect(() => heap.free(at + 64)).toThrow("not held");
    heap.free(at);
    expect(() => heap.free(at)).toThrow("not held");
  });
});

describe("the module's memory", () => {
  let memory: Memory;
  let kernels: Kernels;
  beforeEach(async () => {
    const { Memory: Usual } = webAssembly;
    class Remembered extends Usual {
      constructor(descriptor: ConstructorParameters<typeof Usual>[0]) {
        super(descriptor);
        memory = this;
      }
    }
    Object.assign(webAssembly, { Memory: Remembered });
    kernels = await nodeKernels({ threads: 1 });
    Object.assign(webAssembly, { Memory: Usual });
  });
  afterEach(() => kernels.close());

  const guards: [Numbers, number][] = [];
  const guarded = (shape: Shape, values: Float32Array): Waves => {
    const waves = kernels.waves(shape);
    kernels.write(waves, values);
    const guard = kernels.numbers(8);
    kernels.fill(guard, 123.25 + guards.length);
    guards.push([guard, 123.25 + guards.length]);
    return waves;
  };

  test.each<[number, number, boolean]>([
    [5, 7, false],
    [9, 6, true],
    [14, 33, true],
    [3, 130, false],
    [16, 16, false],
    [258, 9, false],
    [127, 10, true],
  ])("nothing is written beyond planes of [%i, %i], nor where they are made up with zeros", async (h, w, between) => {
    guards.length = 0;
    const random = new Random(9);
    const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
    const planes: Waves[] = [];
    // The canvas is as wide as the windows where those lie on whole pixels: a row more would be another's.
    const [rows, columns] = [h + 2, w + (between ? 1 : 0)];
    const make = (...shape: Shape): Waves => {
      const waves = guarded(shape, normal(2 * shape.reduce((a, b) => a * b)));
      planes.push(waves);
      return waves;
    };
    const [object, probe] = [make(1, 1, rows, columns), make(1, 2, h, w)];
    const [change, patches, other] = [make(3, 2, h, w), make(3, 1, h, w), make(1, 2, h, w)];
    const measured = kernels.images([3, 1, h, w]);
    kernels.write(measured, normal(3 * h * w).map(Math.abs));
    const [windows, misfit] = [kernels.windows(3), kernels.numbers(3, 4)];
    const fractions = Float64Array.of(0.5, 0.25, 0, 0, 0.75, 0);
    kernels.place(windows, { corners: Int32Array.of(0, 0, 1, 0, 1, 0), ...(between ? { fractions } : {}) });
    const terms = { object, probe, windows, measured, misfit, dark: 0.5 };
    const steps = { alpha: 0.5, objectStep: 0.1, probeStep: 0.1 };
    for (const likelihood of ["gaussian", "poisson", "intensity"] as const)
      kernels.exitChange({ ...terms, likelihood, change, patches });
    kernels.pieStep({ ...terms, likelihood: "poisson", ...steps });
    kernels.pieStep({ ...terms, likelihood: "gaussian", ...steps, alpha: 1 });
    kernels.product(other, patches, change, { conjugate: true });
    kernels.fourier(other, other, "forward");
    kernels.ramps(other, misfit);
    kernels.paste(object, patches, windows);
    kernels.fill(other, 2);
    kernels.combine(other, 2, other, 3, probe);
    for (const [guard, value] of guards) expect(await kernels.read(guard)).toEqual(new Float64Array(8).fill(value));
    for (const waves of planes) {
      expect((await kernels.read(waves)).every(Number.isFinite)).toBe(true);
      expectZerosBeyond(waves as unknown as Planes);
    }
  });

  function expectZerosBeyond({ shape, at, frameStride, modeStride, pitch, parts }: Planes): void {
    const [frames, modes, height, width] = shape;
    for (let frame = 0; frame < frames; frame++)
      for (let mode = 0; mode < modes; mode++) {
        const plane = at + frame * frameStride + mode * modeStride;
        const numbers = new Float32Array(memory.buffer, plane, modeStride / 4);
        const beyond = numbers.filter((_, i) => i >= (height * pitch) / 4 || i % (pitch / 4) >= parts * width);
        expect(beyond.length).toBeGreaterThan(0);
        expect(beyond.every((value) => value === 0)).toBe(true);
      }
  }

  test("does not grow from batch to batch", async () => {
    const [object, probe] = [kernels.waves([1, 1, 80, 80]), kernels.waves([1, 2, 64, 64])];
    kernels.fill(object, 1);
    kernels.fill(probe, 1);
    const [windows, misfit] = [kernels.windows(8), kernels.numbers(8, 4)];
    const held = kernels.heldBytes;
    let size = 0;
    for (let batch = 0; batch < 60; batch++) {
      const measured = kernels.images([8 - (batch % 3), 1, 64, 64]);
      const [change, patches] = [
        kernels.waves([8 - (batch % 3), 2, 64, 64]),
        kernels.waves([8 - (batch % 3), 1, 64, 64]),
      ];
      const part = {
        windows: kernels.frames(windows, 0, 8 - (batch % 3)),
        misfit: kernels.frames(misfit, 0, 8 - (batch % 3)),
      };
      const terms = { object, probe, ...part, measured, likelihood: "gaussian" } as const;
      kernels.exitChange({ ...terms, change, patches });
      kernels.pieStep({ ...terms, alpha: 1, objectStep: 0.1, probeStep: 0.1 });
      kernels.release(measured, change, patches);
      await kernels.read(misfit);
      expect(kernels.heldBytes).toBe(held);
      if (batch === 2) size = memory.buffer.byteLength;
    }
    expect(memory.buffer.byteLength).toBe(size);
  });

  test("tables that are made late do not lie where recorded operations still write", async () => {
    const [room, flat, far] = [
      [1, 1, 64, 64],
      [1, 1, 12, 12],
      [1, 1, 12, 12],
    ].map((shape) => kernels.waves(shape as unknown as Shape));
    kernels.fill(flat, 1);
    kernels.fill(room, 5);
    kernels.release(room);
    kernels.fourier(far, flat, "forward");
    const found = await kernels.read(far);
    expect(found[0]).toBeCloseTo(12, 4);
    for (let i = 1; i < found.length; i++) expect(Math.abs(found[i])).toBeLessThan(1e-5);
  });

  test("waves that would lead to denormal numbers are written as zeros", async () => {
    const waves = kernels.waves([1, 1, 2, 2]);
    kernels.write(waves, [1e-19, -1e-19, 2e-18, -2e-18, 1e-40, 0, 1, -1]);
    const expected = [0, 0, Math.fround(2e-18), Math.fround(-2e-18), 0, 0, 1, -1];
    expect(Array.from(await kernels.read(waves), (value) => value + 0)).toEqual(expected);
  });
});
