import type { LikelihoodKind } from "../kernels.ts";
import { POSITIVE } from "./elementwise.ts";
import type { Kernel } from "./shader.ts";
import { ADDING, partialKernel } from "./sums.ts";

const FACTORS: Readonly<Record<LikelihoodKind, string>> = {
  gaussian: "if (positive(e)) { step = a / sqrt(e) - 1; }",
  poisson: "step = (counts - e) / (e + u.dark);",
  intensity: "step = counts - e;",
};

/**
 * Half a Poisson deviance, L − I + I ln(I / L). I = 2^e I' with I' near L, and ln(I' / L) by its series in
 * s = (I' − L) / (I' + L). Where e is 0 the terms that nearly cancel are put together, (L − I) + I 2s = (I − L) s, so that
 * small misfits keep their digits.
 */
const DEVIANCE = `
fn half_deviance(light: f32, counts: f32) -> f32 {
  if (!positive(counts)) { return light; }
  let bits = bitcast<i32>(counts);
  let exponent = (bits - bitcast<i32>(light) + 0x00400000) >> 23u;
  let near = bitcast<f32>(bits - (exponent << 23u));
  let s = (near - light) / (near + light);
  let z = s * s;
  let rest = 2 * counts * s * z * (1 / 3f + z * (1 / 5f + z * (1 / 7f + z / 9f)));
  if (exponent == 0) { return (counts - light) * s + rest; }
  return counts * (f32(exponent) * 0.6931471805599453f + 2 * s) - (counts - light) + rest;
}`;

/** Compares `e`, what is expected at a pixel p of frame f, with what is measured there: `step`, and what adds to the misfit. */
const comparison = (kind: LikelihoodKind, masked: boolean): string => `
          var step = 0f;
          if (${masked ? "positive(mask(0u, 0u, p))" : "true"}) {
            let a = measured(f, 0u, p);
            let counts = a * a;
            ${FACTORS[kind]}
            let off = sqrt(e) - a;
            sum += vec4f(off * off, counts, 2 * half_deviance(e + u.least, counts), 1);
          }`;

export const likelihoodKernel = (kind: LikelihoodKind, masked: boolean): Kernel =>
  partialKernel(
    ADDING,
    {
      name: `likelihood ${kind} ${masked}`,
      operands: { factor: "f32", expected: "f32", measured: "f32", ...(masked ? { mask: "f32" } : {}) },
      writes: ["factor"],
      scalars: { dark: "f32", least: "f32" },
      body: `
          let e = expected(f, 0u, p);
          ${comparison(kind, masked)}
          set_factor(f, 0u, p, step);`,
    },
    POSITIVE + DEVIANCE,
  );

/** The likelihood of the `waves` modes of a frame on the detector, which become their change there. */
export const changeKernel = (kind: LikelihoodKind, masked: boolean): Kernel =>
  partialKernel(
    ADDING,
    {
      name: `change ${kind} ${masked}`,
      operands: { change: "vec2f", measured: "f32", ...(masked ? { mask: "f32" } : {}) },
      writes: ["change"],
      scalars: { waves: "u32", dark: "f32", least: "f32" },
      body: `
          var e = 0f;
          for (var w = 0u; w < u.waves; w++) { e += dot(change(f, w, p), change(f, w, p)); }
          ${comparison(kind, masked)}
          for (var w = 0u; w < u.waves; w++) { set_change(f, w, p, step * change(f, w, p)); }`,
    },
    POSITIVE + DEVIANCE,
  );
