import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { webgpuKernels } from "../../../src/engines/kernels/webgpu/webgpuKernels.ts";
import { openGpu } from "../../../src/node/gpuDevice.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { openWebgpu, webgpuMissing } from "./homes.ts";

const missing = webgpuMissing === undefined ? "" : `: ${webgpuMissing}`;

/** A result of each family of kernels, sums first, on 5 frames of 3 modes of 20 × 300. */
async function everyFamily(k: Kernels): Promise<(Float32Array | Float64Array)[]> {
  const random = new Random(9);
  const [waves, canvas] = [k.waves([5, 3, 20, 300]), k.waves([1, 3, 30, 310])];
  k.write(
    waves,
    Float32Array.from({ length: 2 * 5 * 3 * 6000 }, () => random.normal()),
  );
  const [light, sums, most, windows] = [k.images([5, 1, 20, 300]), k.numbers(5), k.numbers(1), k.windows(5)];
  k.place(windows, { corners: Int32Array.from({ length: 10 }, (_, i) => i) });
  k.power(light, waves);
  k.sum(sums, light);
  k.largest(most, light);
  k.paste(canvas, waves, windows);
  k.fourier(waves, waves, "forward");
  return Promise.all([sums, waves, canvas, light, most].map((held) => k.read(held)));
}

describe.skipIf(webgpuMissing !== undefined)(`kernels on WebGPU${missing}`, () => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await openWebgpu();
  });
  afterAll(() => kernels.close());

  test("transform lines of every length to 520, and the longest that every device can", async () => {
    const lengths = [...Array.from({ length: 520 }, (_, i) => i + 1), 1024];
    const [first, second] = [kernels, float64Kernels()].map((k) => {
      const random = new Random(1);
      return lengths.map((n) => {
        const line = k.waves([1, 1, n, 1]);
        k.write(
          line,
          Float32Array.from({ length: 2 * n }, () => random.normal()),
        );
        k.fourier(line, line, n % 2 === 0 ? "forward" : "inverse");
        return () => k.read(line);
      });
    });
    for (const [i, n] of lengths.entries()) {
      const [found, expected] = [await first[i](), await second[i]()];
      let [off, size] = [0, 0];
      for (let k = 0; k < 2 * n; k++) {
        off += (found[k] - expected[k]) ** 2;
        size += expected[k] ** 2;
      }
      expect(Math.sqrt(off / size), `${n}`).toBeLessThan(tolerances.float32Fft(n + 1));
    }
  });

  test("say which lines are too long to transform", async () => {
    const most = (await openGpu()).device.limits.maxComputeWorkgroupStorageSize / 16;
    const longer = kernels.waves([1, 1, most + 1, 1]);
    expect(() => kernels.fourier(longer, longer, "forward")).toThrow(
      `the GPU cannot transform lines of ${most + 1} pixels; expected at most ${most} pixels`,
    );
    kernels.release(longer);
  });

  test("go over more pixels, lines and planes than a device has groups at once", async () => {
    const { device, name } = await openGpu();
    const limits = {
      ...{ maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, maxComputeWorkgroupStorageSize: 2 ** 14 },
      maxComputeWorkgroupsPerDimension: 2,
    };
    const narrow = new Proxy(device, {
      get(target, key) {
        if (key === "limits") return limits;
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    const few = webgpuKernels({ device: narrow, name });
    const [[sums, ...found], [expectedSums, ...expected]] = await Promise.all([few, kernels].map(everyFamily));
    expect(found).toEqual(expected);
    expect(expected.every((numbers) => numbers.some((value) => value !== 0))).toBe(true);
    // In another order.
    sums.forEach((value: number, i: number) => {
      const bound = tolerances.kernelSum(8) * kernels.epsilon;
      expect(Math.abs(value / expectedSums[i] - 1)).toBeLessThan(bound);
    });
    await few.close();
  });

  test("record more operations than are submitted at once, in their order", async () => {
    const [ones, sum] = [kernels.images([1, 1, 1, 1]), kernels.images([1, 1, 1, 1])];
    kernels.fill(ones, 1);
    for (let i = 0; i < 600; i++) kernels.combine(sum, i % 300 === 0 ? 2 : 1, sum, 1, ones);
    expect(await kernels.read(sum)).toEqual(Float32Array.of(900));
    kernels.release(ones, sum);
  });

  test("hold what they say, give it back once, and begin with zeros where something was before", async () => {
    const before = kernels.heldBytes;
    const waves = kernels.waves([2, 1, 8, 8]);
    expect(kernels.heldBytes - before).toBe(2 * 8 * 64);
    kernels.fill(waves, 3);
    kernels.release(waves);
    expect(kernels.heldBytes).toBe(before);
    expect(() => kernels.release(waves)).toThrow("what is to be released is not held");
    const fresh = kernels.waves([2, 1, 8, 8]);
    expect((await kernels.read(fresh)).every((value) => value === 0)).toBe(true);
    kernels.release(fresh);
  });

  test("say what is larger than the device holds, and go on", async () => {
    const { maxBufferSize } = (await openGpu()).device.limits;
    expect(() => kernels.images([1, 1, 2 ** 20, maxBufferSize / 2 ** 20])).toThrow(
      expect.objectContaining({ kind: "memory", what: "the GPU holds no array as large as this" }),
    );
    const one = kernels.numbers(1);
    kernels.fill(one, 5);
    expect(await kernels.read(one)).toEqual(Float64Array.of(5));
  });

  test("say that the device was lost, whatever is asked of it, until another is opened", async () => {
    const opened = await openGpu();
    const doomed = webgpuKernels(opened);
    const numbers = doomed.numbers(4);
    opened.device.destroy();
    const lost = expect.objectContaining({ kind: "device", what: "the GPU was lost while it computed" });
    await expect(doomed.read(numbers)).rejects.toEqual(lost);
    await expect(doomed.read(numbers)).rejects.toEqual(lost);
    kernels = await openWebgpu();
    const fresh = kernels.numbers(1);
    kernels.fill(fresh, 2);
    expect(await kernels.read(fresh)).toEqual(Float64Array.of(2));
  });
});
