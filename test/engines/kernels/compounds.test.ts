import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { float64Kernels } from "../../../src/engines/kernels/float64.ts";
import type { Kernels, LikelihoodKind, Numbers, Shape, Waves } from "../../../src/engines/kernels/kernels.ts";
import { Random } from "../../../src/random.ts";
import { tolerances } from "../../tolerances.ts";
import { homes } from "./homes.ts";

interface Case {
  readonly frames: number;
  readonly modes: number;
  readonly height: number;
  readonly width: number;
  readonly likelihood: LikelihoodKind;
  readonly masked: boolean;
  readonly between: boolean;
  readonly alpha: number;
}

const usual: Case = {
  ...{ frames: 3, modes: 1, height: 16, width: 16, likelihood: "gaussian" },
  ...{ masked: false, between: false, alpha: 1 },
};
const cases: readonly Case[] = [
  usual,
  { ...usual, modes: 3, alpha: 0.2, masked: true },
  { ...usual, height: 13, width: 10, modes: 2, alpha: 0.5 },
  { ...usual, height: 18, width: 7, between: true, modes: 2 },
  { ...usual, height: 11, width: 19, likelihood: "poisson", masked: true, frames: 5 },
  { ...usual, height: 20, width: 33, likelihood: "intensity", between: true, alpha: 0.1 },
  { ...usual, frames: 1, height: 5, width: 68, modes: 4, likelihood: "poisson" },
  // Lengths that are transformed by a convolution, and long ones, need other scratch.
  { ...usual, frames: 2, modes: 2, height: 127, width: 12 },
  { ...usual, frames: 2, height: 12, width: 131, alpha: 0.4 },
  { ...usual, frames: 2, modes: 2, height: 260, width: 18 },
];

/** Operands of a compound: an object and modes of order one, far from the truth of the patterns. */
function operandsOf(kernels: Kernels, { frames, modes, height, width, masked, between }: Case) {
  const random = new Random(17);
  const draw = (length: number, make: () => number): Float32Array => Float32Array.from({ length }, make);
  const [rows, columns] = [height + 5, width + 4];
  const object = kernels.waves([1, 1, rows, columns]);
  kernels.write(
    object,
    draw(2 * rows * columns, () => 0.3 * random.normal() + 0.7),
  );
  const probe = kernels.waves([1, modes, height, width]);
  kernels.write(
    probe,
    draw(2 * modes * height * width, () => random.normal()),
  );
  const measured = kernels.images([frames, 1, height, width]);
  kernels.write(
    measured,
    draw(frames * height * width, () => Math.max(0, 1 + random.normal())),
  );
  const mask = kernels.images([1, 1, height, width]);
  kernels.write(
    mask,
    draw(height * width, () => (random.uniform() < 0.2 ? 0 : 1)),
  );
  const windows = kernels.windows(frames);
  const corners = Int32Array.from({ length: 2 * frames }, () => Math.floor(4 * random.uniform()));
  const fractions = Float64Array.from({ length: 2 * frames }, (_, k) => (k < 2 ? 0 : random.uniform()));
  kernels.place(windows, { corners, ...(between ? { fractions } : {}) });
  return { object, probe, windows, measured, misfit: kernels.numbers(frames, 4), ...(masked ? { mask } : {}) };
}

async function expectClose(
  [kernels, got]: readonly [Kernels, Waves | Numbers],
  [oracle, expected]: readonly [Kernels, Waves | Numbers],
  bound: number,
): Promise<void> {
  const [a, b] = [await kernels.read(got), await oracle.read(expected)];
  const largest = Array.from(b).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largest).toBeGreaterThan(0);
  let worst = 0;
  b.forEach((value: number, i: number) => {
    worst = Math.max(worst, Number.isNaN(a[i]) ? Number.POSITIVE_INFINITY : Math.abs(a[i] - value));
  });
  expect(worst / largest).toBeLessThan(bound * kernels.epsilon);
}

describe.each(Object.entries(homes).filter(([name]) => name !== "float64"))("compounds of %s", (_, open) => {
  let kernels: Kernels;
  beforeAll(async () => {
    kernels = await open();
  });
  afterAll(() => kernels.close());

  test.each(cases)("exitChange is that of float64: %o", async (settings) => {
    const { frames, modes, height, width, likelihood } = settings;
    const compute = (k: Kernels) => {
      const terms = operandsOf(k, settings);
      const [change, patches] = [k.waves([frames, modes, height, width]), k.waves([frames, 1, height, width])];
      k.exitChange({ ...terms, likelihood, dark: 0.05, change, patches });
      return { change, patches, misfit: terms.misfit };
    };
    const oracle = float64Kernels();
    const [got, expected] = [compute(kernels), compute(oracle)];
    await expectClose([kernels, got.change], [oracle, expected.change], tolerances.kernelExitChange);
    await expectClose([kernels, got.patches], [oracle, expected.patches], tolerances.kernelSum(4));
    await expectClose([kernels, got.misfit], [oracle, expected.misfit], tolerances.kernelExitChange);
  });

  test.each(cases)("pieStep is that of float64: %o", async (settings) => {
    const { likelihood, alpha } = settings;
    const compute = (k: Kernels) => {
      const terms = operandsOf(k, settings);
      // Intensities' gradients are not of unit length.
      const step = likelihood === "intensity" ? 0.02 : 0.5;
      k.pieStep({ ...terms, likelihood, dark: 0.5, alpha, objectStep: step, probeStep: step / 2 });
      return terms;
    };
    const oracle = float64Kernels();
    const [got, expected] = [compute(kernels), compute(oracle)];
    await expectClose([kernels, got.object], [oracle, expected.object], tolerances.kernelPieFrames);
    await expectClose([kernels, got.probe], [oracle, expected.probe], tolerances.kernelPieFrames);
    await expectClose([kernels, got.misfit], [oracle, expected.misfit], tolerances.kernelPieFrames);
  });

  test.each(cases)(
    "stepOverlaps is that of float64, with a probe that moves and one that stays: %o",
    async (settings) => {
      const { frames, modes, height, width } = settings;
      const compute = (k: Kernels, moves: boolean) => {
        const random = new Random(23);
        const waves = (...shape: Shape): Waves => {
          const made = k.waves(shape);
          k.write(
            made,
            Float32Array.from({ length: 2 * shape[0] * shape[1] * height * width }, () => random.normal()),
          );
          return made;
        };
        const patches = waves(frames, 1, height, width);
        const object = k.waves([1, 1, height + 5, width + 6]);
        k.write(
          object,
          Float32Array.from({ length: 2 * (height + 5) * (width + 6) }, () => random.normal()),
        );
        const windows = k.windows(frames);
        k.place(windows, {
          corners: Int32Array.from({ length: 2 * frames }, (_, i) => i % 5),
          ...(settings.between ? { fractions: Float64Array.from({ length: 2 * frames }, () => random.uniform()) } : {}),
        });
        const change = waves(frames, modes, height, width);
        const probe = waves(settings.masked ? frames : 1, modes, height, width);
        const direction = waves(1, modes, height, width);
        const out = k.numbers((moves ? 5 : 2) * frames);
        k.stepOverlaps({ patches, object, windows, probe, change, out, ...(moves ? { direction } : {}) });
        return out;
      };
      const oracle = float64Kernels();
      for (const moves of [true, false])
        await expectClose(
          [kernels, compute(kernels, moves)],
          [oracle, compute(oracle, moves)],
          tolerances.kernelExitChange,
        );
    },
  );
});
