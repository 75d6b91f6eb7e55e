import { afterEach, describe, expect, it, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { type Passage, passageOf } from "../../src/engines/passage.ts";
import { rpie } from "../../src/engines/rpie.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { type Geometry, resolveGeometry } from "../../src/optics/geometry.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { patchDiffraction } from "../../src/physics/patchDiffraction.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
import { Random } from "../../src/random.ts";
import { dot, norm, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { homes } from "./kernels/homes.ts";
import { complexError, everyFrame, nearGeometry, runEpochs, simulatedProblem, withTrueObject } from "./problem.ts";

const geometries: Readonly<Record<string, Geometry>> = {
  "far field": { propagation: "far-field" },
  "near field": resolveGeometry(nearGeometry, 32, "scan"),
  // λ z / p² = 50 in windows of 32 and 35 pixels.
  "near field beyond half a window": {
    propagation: "near-field",
    ...{ wavelengthM: 1e-10, detectorDistanceM: 0.5, detectorPixelM: 1e-6, objectPixelM: 1e-6 },
  },
};
const SIDES = [32, 35] as const;

let kernels: Kernels;
afterEach(() => kernels.close());

describe.each(Object.entries(homes))("%s kernels", (_, open) => {
  describe.each(Object.entries(geometries))("%s", (_, geometry) => {
    const waves = (seed: number): Float32Array => normals(new Random(seed), 2 * SIDES[0] * SIDES[1]);
    const through = async (
      along: (passage: Passage) => (waves: Parameters<Passage["forward"]>[0]) => void,
      seed: number,
    ) => {
      const passage = passageOf(kernels, geometry, SIDES);
      const held = kernels.waves([1, 1, ...SIDES]);
      kernels.write(held, waves(seed));
      along(passage)(held);
      const out = Float64Array.from(await kernels.read(held));
      kernels.release(held);
      passage.release();
      return { out, passage };
    };

    it("carries waves as the float64 form does, but for phases of the detector's that nobody measures", async () => {
      kernels = await open();
      const { out, passage } = await through(({ forward }) => forward, 1);
      const expected = propagatorOf(geometry).plan(SIDES).forward(waves(1), new Float64Array(out.length));
      const moduli = (interleaved: ArrayLike<number>) =>
        Float64Array.from({ length: interleaved.length / 2 }, (_, i) =>
          Math.hypot(interleaved[2 * i], interleaved[2 * i + 1]),
        );
      const off = moduli(passage.fromDevice(out, 2)).map((value, i) => value - moduli(expected)[i]);
      expect(norm(off)).toBeLessThan(tolerances.kernelFourier * kernels.epsilon * norm(expected));
      if (passage.isFarField) return;
      const difference = out.map((value, i) => value - expected[i]);
      expect(norm(difference)).toBeLessThan(3 * tolerances.kernelFourier * kernels.epsilon * norm(expected));
    });

    it("⟨F a, b⟩ = ⟨a, F* b⟩", async () => {
      kernels = await open();
      const ahead = (await through(({ forward }) => forward, 1)).out;
      const back = (await through(({ adjoint }) => adjoint, 2)).out;
      const [left, right] = [dot(ahead, waves(2)), dot(waves(1), back)];
      const scale = norm(waves(1)) * norm(waves(2));
      expect(Math.abs(left - right)).toBeLessThan(3 * tolerances.kernelFourier * kernels.epsilon * scale);
      expect(kernels.heldBytes).toBe(0);
    });

    test("images of the detector come back as they were", async () => {
      kernels = await open();
      const passage = passageOf(kernels, geometry, SIDES);
      const image = normals(new Random(4), SIDES[0] * SIDES[1]);
      expect(passage.fromDevice(passage.toDevice(image))).toEqual(image);
      passage.release();
    });
  });

  it("an experiment in a near field expects what the physics does, behind a mask too", async () => {
    kernels = await open();
    const options = { patterns: 9, geometry: nearGeometry, modes: 2, beamstop: 6 } as const;
    const problem = withTrueObject(simulatedProblem(options));
    const { scan, object, probe } = problem;
    const experiment = new Experiment(kernels, scan, { batchSize: 9, subPixel: "bilinear" });
    const { expected } = experiment.predict(experiment.load(everyFrame(9)));
    const found = Float64Array.from(await kernels.read(expected));
    const oracle = patchDiffraction(probe, propagatorOf(scan.geometry));
    for (let frame = 0; frame < 9; frame++) {
      const [y, x] = scan.positions.subarray(2 * frame);
      const intensity = oracle(extractPatch(object, y, x, 32));
      const off = intensity.map((value, i) => value - found[frame * 1024 + i]);
      expect(norm(off)).toBeLessThan(6 * tolerances.kernelFourier * 2 ** -24 * norm(intensity));
    }
    // The truth asks for no change, which takes the mask where the stop is.
    const { misfit } = await experiment.change(experiment.load(everyFrame(9)), "gaussian");
    const sums = await kernels.read(misfit);
    for (let frame = 0; frame < 9; frame++) {
      expect(sums[4 * frame + 3]).toBe(scan.mask?.reduce((sum, valid) => sum + valid, 0));
      expect(sums[4 * frame]).toBeLessThan(tolerances.float32Rounding * sums[4 * frame + 1]);
    }
    experiment.release();
    expect(kernels.heldBytes).toBe(0);
  });
});

it("an engine finds an object by its near field", async () => {
  kernels = float64Kernels();
  const problem = simulatedProblem({ geometry: nearGeometry });
  const experiment = new Experiment(kernels, problem.scan, { batchSize: 16, subPixel: "bilinear" });
  await runEpochs(rpie.init(experiment, completeSettings(rpie, { objectStep: 1, probeStep: 1 })), experiment, 30);
  // 0.018 is seen, and 0.4 of a flat object.
  expect(await complexError(experiment, problem)).toBeLessThan(0.03);
});
