import type { Kernels } from "../../../src/engines/kernels/kernels.ts";
import { Random } from "../../../src/random.ts";

/** What kernels make of the same numbers everywhere. */
export interface KernelsFindings {
  readonly threads: number;
  readonly object: readonly number[];
  readonly misfit: readonly number[];
}

/** Two epochs of ePIE with two modes on random patterns of 24 × 20, and then one more on frames apart. */
export async function computeWith(kernels: Kernels): Promise<KernelsFindings> {
  const random = new Random(31);
  const normal = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  const [frames, height, width] = [6, 24, 20];
  const [object, probe] = [kernels.waves([1, 1, 32, 30]), kernels.waves([1, 2, height, width])];
  kernels.fill(object, 1);
  kernels.write(probe, normal(4 * height * width));
  const measured = kernels.images([frames, 1, height, width]);
  kernels.write(measured, normal(frames * height * width).map(Math.abs));
  const [windows, misfit] = [kernels.windows(frames), kernels.numbers(frames, 4)];
  kernels.place(windows, { corners: Int32Array.from({ length: 2 * frames }, (_, k) => (3 * k) % 8) });
  const terms = { object, probe, windows, measured, misfit, likelihood: "gaussian" } as const;
  for (let epoch = 0; epoch < 2; epoch++) kernels.pieStep({ ...terms, alpha: 0.5, objectStep: 0.3, probeStep: 0.1 });
  const [change, patches] = [kernels.waves([frames, 2, height, width]), kernels.waves([frames, 1, height, width])];
  const direction = kernels.waves([frames, 1, height, width]);
  kernels.exitChange({ ...terms, change, patches });
  kernels.product(direction, probe, change, { conjugate: true });
  kernels.paste(object, direction, windows);
  const findings = {
    threads: kernels.threads,
    object: Array.from(await kernels.read(object)),
    misfit: Array.from(await kernels.read(misfit)),
  };
  await kernels.close();
  return findings;
}
