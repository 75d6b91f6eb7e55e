import { describe, expect, it } from "vitest";
import type { Complex } from "../../../src/graph/complex.ts";
import { Graph } from "../../../src/graph/tensor.ts";
import { propagationKinds, propagatorOf } from "../../../src/physics/propagation/propagators.ts";
import { Random } from "../../../src/random.ts";
import { dot, evaluate, maxDeviation, norm, normals } from "../../evaluate.ts";
import { program64 } from "../../float64.ts";
import { tolerances } from "../../tolerances.ts";
import { complexInput } from "../inputs.ts";

/** What every propagator promises, whichever there are. */
const SIDES = [
  [8, 8],
  [9, 7],
  [6, 16],
] as const;

/** λ z / p² = 3.75, M = 2: what a near field needs of it. */
const geometry = { wavelengthM: 1e-10, detectorDistanceM: 0.3, detectorPixelM: 4e-6, objectPixelM: 2e-6 } as const;

const interleaved = ({ re, im }: Record<"re" | "im", ArrayLike<number>>): Float64Array =>
  Float64Array.from({ length: 2 * re.length }, (_, i) => (i % 2 === 0 ? re : im)[i >> 1]);

describe.each(propagationKinds)("%s", (kind) => {
  const propagator = propagatorOf({ ...geometry, propagation: kind });

  describe.each(SIDES)("of waves [%i, %i]", (height, width) => {
    const shape = [height, width] as const;
    const plan = propagator.plan(shape);
    const random = new Random(5);
    const wave = (): Float64Array => Float64Array.from(normals(random, 2 * height * width));
    const fresh = (): Float64Array => new Float64Array(2 * height * width);
    const feedOf = (data: Float64Array, name: string) => ({
      [`${name}_re`]: Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i]),
      [`${name}_im`]: Float32Array.from({ length: data.length / 2 }, (_, i) => data[2 * i + 1]),
    });
    const inGraph = (direction: "forward" | "adjoint"): Complex =>
      propagator[direction](complexInput(new Graph(), "wave", shape));

    it("⟨F a, b⟩ = ⟨a, F* b⟩ in float64", () => {
      const [a, b] = [wave(), wave()];
      const left = hermitian(plan.forward(a, fresh()), b);
      const right = hermitian(a, plan.adjoint(b, fresh()));
      const scale = norm(a) * norm(b);
      expect(Math.hypot(left[0] - right[0], left[1] - right[1])).toBeLessThan(tolerances.float64Fft * scale);
    });

    it("⟨F a, b⟩ = ⟨a, F* b⟩ in a graph", async () => {
      const [a, b] = [wave(), wave()];
      const ahead = interleaved(await evaluate({ ...inGraph("forward") }, feedOf(a, "wave")));
      const back = interleaved(await evaluate({ ...inGraph("adjoint") }, feedOf(b, "wave")));
      const scale = norm(ahead) * norm(b);
      const [left, right] = [hermitian(ahead, b), hermitian(a, back)];
      expect(Math.hypot(left[0] - right[0], left[1] - right[1])).toBeLessThan(
        tolerances.float32Sum * scale * Math.sqrt(2 * height * width),
      );
    });

    it.each(["forward", "adjoint"] as const)("graph and oracle agree: %s", async (direction) => {
      const a = wave();
      const program = await program64({ ...inGraph(direction) });
      const { re, im } = await program.run(feedOf(a, "wave"));
      await program.dispose();
      // In float64 too, a graph's constants are those of float32.
      expect(maxDeviation(interleaved({ re, im }), plan[direction](a, fresh()))).toBeLessThan(
        tolerances.float32Rounding,
      );
    });

    it("may write over what it was given", () => {
      const a = wave();
      const apart = plan.forward(a, fresh());
      expect(plan.forward(a, a)).toEqual(apart);
    });
  });
});

/** Σ a conj(b), as (re, im). */
function hermitian(a: ArrayLike<number>, b: ArrayLike<number>): readonly [number, number] {
  const turned = Float64Array.from(b, (_, i) => (i % 2 === 0 ? -b[i + 1] : b[i - 1]));
  return [dot(a, b), dot(a, turned)];
}

it("a geometry without a propagator is refused by name", () => {
  expect(() => propagatorOf({ propagation: "near-moon" })).toThrow(
    /no propagation for a near-moon geometry.*expected far-field or near-field/,
  );
});

it("a near field without its numbers asks for them", () => {
  const { objectPixelM: _, ...others } = geometry;
  expect(() => propagatorOf({ ...others, propagation: "near-field" }, "scan.cxi")).toThrow(
    /a near field needs its geometry; in scan\.cxi; expected `focus_distance_m` \(or `object_pixel_m`\), in the file/,
  );
  const { detectorPixelM: __, ...noDetector } = geometry;
  expect(() => propagatorOf({ ...noDetector, propagation: "near-field" })).toThrow(
    /expected `detector_pixel_m` \(in a/,
  );
});
