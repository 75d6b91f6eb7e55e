import { expect, test } from "vitest";
import type { ComplexArray } from "../../../src/arrays.ts";
import { toDetectorOrder } from "../../../src/engines/kernels/detectorOrder.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { planFft2 } from "../../../src/numerics/fft.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { pie } from "../plain/pie.ts";

const N = 20;
const MODES = 2;
const POSITIONS = Float64Array.of(10, 10, 14, 10, 12, 15, 17, 16, 10, 18, 15, 12);

/** Amplitudes of random light through a random object, `[frame, N, N]`, zero frequency in the middle. */
function simulate(random: Random): { readonly amplitudes: Float32Array; readonly probe: ComplexArray } {
  const frames = POSITIONS.length / 2;
  const side = N + 20;
  const object = Float64Array.from({ length: 2 * side * side }, () => 0.6 + 0.3 * random.normal());
  const probe = Float64Array.from({ length: 2 * MODES * N * N }, (_, i) => {
    const [y, x] = [Math.floor(i / 2 / N) % N, Math.floor(i / 2) % N];
    return (
      Math.exp(-((y - N / 2) ** 2 + (x - N / 2) ** 2) / 40) * (1 + 0.3 * random.normal()) * (i < 2 * N * N ? 4 : 1)
    );
  });
  const amplitudes = new Float32Array(frames * N * N);
  const transform = planFft2([N, N]);
  for (let frame = 0; frame < frames; frame++) {
    const [top, left] = [POSITIONS[2 * frame], POSITIONS[2 * frame + 1]];
    const light = new Float64Array(N * N);
    for (let mode = 0; mode < MODES; mode++) {
      const exit = new Float64Array(2 * N * N);
      for (let i = 0; i < N * N; i++) {
        const o = 2 * ((top + Math.floor(i / N)) * side + left + (i % N));
        const p = 2 * (mode * N * N + i);
        exit[2 * i] = object[o] * probe[p] - object[o + 1] * probe[p + 1];
        exit[2 * i + 1] = object[o] * probe[p + 1] + object[o + 1] * probe[p];
      }
      const far = transform.forward(exit);
      for (let i = 0; i < N * N; i++) light[i] += far[2 * i] ** 2 + far[2 * i + 1] ** 2;
    }
    amplitudes.set(light.map(Math.sqrt), frame * N * N);
  }
  const guess = probe.map((value) => value + 0.1 * random.normal());
  return { amplitudes, probe: { shape: [MODES, N, N], data: guess } as unknown as ComplexArray };
}

test.each([1, 0.25])("fused PIE goes where ePIE in float64 goes, α = %d", async (alpha) => {
  const random = new Random(23);
  const { amplitudes, probe } = simulate(random);
  const mask = Float32Array.from({ length: N * N }, () => (random.uniform() < 0.1 ? 0 : 1));
  const settings = { objectStep: 0.7, probeStep: 0.4, regularisation: alpha };
  const run = pie.init({ amplitudes, positions: POSITIONS, probe, mask }, settings);
  const { grid, object: first, probe: firstProbe } = run.state;
  const kernels = await nodeKernels({ threads: 1 });
  const frames = POSITIONS.length / 2;
  const object = kernels.waves([1, 1, grid.height, grid.width]);
  const modes = kernels.waves([1, MODES, N, N]);
  const [measured, valid] = [kernels.images([frames, 1, N, N]), kernels.images([1, 1, N, N])];
  const [windows, misfit] = [kernels.windows(frames), kernels.numbers(frames, 4)];
  kernels.write(object, first);
  kernels.write(modes, firstProbe);
  kernels.write(measured, toDetectorOrder(amplitudes, [N, N]));
  kernels.write(valid, toDetectorOrder(mask, [N, N]));
  kernels.place(windows, { corners: grid.corners });
  const steps = { alpha, objectStep: settings.objectStep, probeStep: settings.probeStep };
  for (let epoch = 0; epoch < 2; epoch++) {
    kernels.pieStep({ object, probe: modes, windows, measured, mask: valid, likelihood: "gaussian", misfit, ...steps });
    let [off, all] = [0, 0];
    for (let frame = 0; frame < frames; frame++) run.step([frame], random);
    const sums = await kernels.read(misfit);
    for (let frame = 0; frame < frames; frame++) [off, all] = [off + sums[4 * frame], all + sums[4 * frame + 1]];
    expect(off / all).toBeGreaterThan(1e-3);
  }
  for (const [waves, expected] of [
    [object, run.state.object],
    [modes, run.state.probe],
  ] as const) {
    const got = await kernels.read(waves);
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(got[i] - value)), 0);
    expect(worst / largest).toBeLessThan(tolerances.kernelPieFrames * kernels.epsilon);
  }
  await kernels.close();
});
