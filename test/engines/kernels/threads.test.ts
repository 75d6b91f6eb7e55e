import { readFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { Images, Kernels, Numbers, Shape, Waves, Windows } from "../../../src/engines/kernels/kernels.ts";
import { webAssembly } from "../../../src/engines/kernels/wasm/module.ts";
import type { KernelThread } from "../../../src/engines/kernels/wasm/threads.ts";
import { wasmKernels } from "../../../src/engines/kernels/wasm/wasmKernels.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { startKernelThread } from "../../../src/node/workers/kernelThread.ts";
import { Random } from "../../../src/random.ts";

const random = new Random(3);
const open: Kernels[] = [];
afterAll(async () => {
  for (const kernels of open) await kernels.close();
});

async function withThreads(threads: number): Promise<Kernels> {
  const kernels = await nodeKernels({ threads });
  open.push(kernels);
  return kernels;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
const sameBits = (a: Float32Array | Float64Array, b: Float32Array | Float64Array): boolean =>
  Buffer.compare(bytesOf(a), bytesOf(b)) === 0;

let opened: Promise<Kernels[]> | undefined;
const several = (): Promise<Kernels[]> => {
  opened ??= Promise.all([1, 2, 3].map(withThreads));
  return opened;
};

/** Everything that kernels do, on numbers that are given. */
async function everything(
  k: Kernels,
  [B, M, h, w]: Shape,
  values: Float32Array,
): Promise<(Float32Array | Float64Array)[]> {
  let from = 0;
  const take = (length: number): Float32Array => {
    from += length;
    return values.subarray(from - length, from);
  };
  const waves = (...shape: Shape): Waves => {
    const planes = k.waves(shape);
    k.write(planes, take(2 * shape.reduce((a, b) => a * b)));
    return planes;
  };
  const images = (...shape: Shape): Images => {
    const planes = k.images(shape);
    k.write(planes, take(shape.reduce((a, b) => a * b)).map(Math.abs));
    return planes;
  };
  const windows: Windows = k.windows(B);
  const corners = Int32Array.from({ length: 2 * B }, (_, i) => (i * 5) % 4);
  k.place(windows, { corners, fractions: Float64Array.from({ length: 2 * B }, (_, i) => (i % 4) / 4) });
  const [object, probe, change] = [waves(1, 1, h + 5, w + 5), waves(1, M, h, w), waves(B, M, h, w)];
  const [measured, mask, steps] = [images(B, 1, h, w), images(1, 1, h, w), k.numbers(B)];
  k.write(steps, take(B));
  const [patches, gradient, direction] = [k.waves([B, 1, h, w]), k.waves([1, M, h, w]), k.waves([B, 1, h, w])];
  const [light, factor, misfit] = [k.images([B, 1, h, w]), k.images([B, 1, h, w]), k.numbers(B, 4)];
  const results: (Waves | Images | Numbers)[] = [change, object, gradient, direction, light, factor, misfit];
  k.cut(patches, object, windows);
  k.product(change, patches, probe, { add: true });
  k.fourier(change, change, "forward");
  k.power(light, change);
  k.likelihood(factor, light, measured, mask, "poisson", misfit);
  k.scale(change, change, factor);
  k.fourier(change, change, "inverse");
  k.product(direction, probe, change, { conjugate: true });
  k.product(gradient, patches, change, { conjugate: true });
  k.combine(direction, steps, direction, 0.5, patches);
  k.divide(gradient, gradient, measured.shape[0] === 1 ? light : mask, { form: "quadrature", alpha: 0.1, most: 2 });
  k.paste(object, direction, windows, 0.7);
  const [canvas, most, dots, sums, ramps] = [
    k.images([1, 1, h + 5, w + 5]),
    k.numbers(1),
    k.numbers(B, 2),
    k.numbers(B),
    k.waves([B, 1, h, w]),
  ];
  k.pasteImages(canvas, light, windows);
  k.largest(most, canvas);
  k.dot(dots, change, probe);
  k.sum(sums, light, mask);
  k.ramps(ramps, dots);
  k.interference(light, change, probe, { add: true });
  k.reciprocal(factor, light, 0.5);
  const fused = { object, probe, windows, measured, mask, misfit: k.numbers(B, 4) };
  k.exitChange({ ...fused, likelihood: "gaussian", change, patches });
  const overlaps = k.numbers(5 * B);
  k.stepOverlaps({ patches, object, windows, probe, change, direction: gradient, out: overlaps });
  results.push(fused.misfit, patches, overlaps);
  const later = { ...fused, misfit: k.numbers(B, 4) };
  k.pieStep({ ...later, likelihood: "gaussian", alpha: 0.3, objectStep: 0.2, probeStep: 0.2 });
  k.place(windows, { corners });
  k.pieStep({ ...later, likelihood: "poisson", alpha: 1, objectStep: 0.2, probeStep: 0.2, dark: 0.5 });
  results.push(later.misfit, probe);
  const read: (Float32Array | Float64Array)[] = [];
  for (const result of [...results, canvas, most, dots, sums, ramps]) read.push(await k.read(result));
  return read;
}

describe("threads", () => {
  test.each<Shape>([
    [1, 1, 16, 16],
    [1, 3, 33, 20],
    [5, 2, 12, 11],
    [8, 1, 7, 18],
    // Large enough for threads to share the frames of PIE.
    [2, 3, 100, 125],
  ])("one, two and three give the same bits for [%i, %i, %i, %i]", async (...shape) => {
    const values = Float32Array.from({ length: 400_000 }, () => random.normal());
    const [one, ...others] = await several();
    const expected = await everything(one, shape, values);
    expect(expected.every((numbers) => numbers.every(Number.isFinite))).toBe(true);
    expect(others.map(({ threads }) => threads)).toEqual([2, 3]);
    for (const kernels of others) {
      const got = await everything(kernels, shape, values);
      got.forEach((numbers, i) => {
        expect(sameBits(numbers, expected[i]), `result ${i} of ${kernels.threads} threads`).toBe(true);
      });
    }
  });

  test("one that fails ends the run with its reason, and every later one", async () => {
    const kernels = await withThreads(2);
    // The second row, which is the second thread's, lies outside of memory.
    const waves = { ...kernels.waves([1, 1, 2, 4]), pitch: 0xf000_0000 } as Waves;
    kernels.fill(waves, 1);
    await expect(kernels.read(waves)).rejects.toThrow(/a thread of the kernels failed.*out of bounds/s);
    const other = kernels.numbers(1);
    await expect(kernels.read(other)).rejects.toThrow("a thread of the kernels failed");
  });

  test("one that was ended from elsewhere is known", async () => {
    const bytes = await readFile(new URL("../../../wasm/engines.threads.wasm", import.meta.url));
    const started: KernelThread[] = [];
    const kernels = await wasmKernels({
      module: await webAssembly.compile(bytes),
      threads: 2,
      startThread: async (start) => {
        started.push(await startKernelThread(start));
        return started[0];
      },
    });
    open.push(kernels);
    await started[0].terminate();
    const numbers = kernels.numbers(1);
    await expect(kernels.read(numbers)).rejects.toThrow(/a thread of the kernels failed.*ended/s);
  });

  test("this thread's own failure lets the others go", async () => {
    const kernels = await withThreads(2);
    const waves = { ...kernels.waves([1, 1, 2, 4]), at: 0xffff_ff00 } as Waves;
    kernels.fill(waves, 1);
    await expect(kernels.read(waves)).rejects.toThrow("out of bounds");
    await kernels.close();
  });
});
