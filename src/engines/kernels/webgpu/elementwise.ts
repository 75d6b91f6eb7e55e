import type { Kernel } from "./shader.ts";

/** Pixels that a group goes over at once. */
const GROUP = 64;

export const pixelGroups = (pixels: number): number => Math.ceil(pixels / GROUP);

/**
 * A kernel that visits each pixel p of each plane (f, m) of `frames` and `modes`, one thread a pixel.
 *
 * @param body WGSL of a visit
 */
export function everyPixel({ body, scalars, ...kernel }: Kernel, functions = ""): Kernel {
  return {
    ...kernel,
    scalars: { pixels: "u32", frames: "u32", modes: "u32", ...scalars },
    body: `${functions}
@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var plane = id.y; plane < u.frames * u.modes; plane += groups.y) {
    let f = plane / u.modes;
    let m = plane % u.modes;
    for (var p = id.x; p < u.pixels; p += ${GROUP}u * groups.x) {
      ${body}
    }
  }
}`,
  };
}

/** Bits of numbers, since what is written for NaN and infinities may be compiled as if there were none. */
export const POSITIVE = `
fn positive(x: f32) -> bool { return bitcast<u32>(x) - 0x00800000u < 0x7f000001u; }`;

export const COMPLEX = `
fn times(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
fn adjoint_times(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x + a.y * b.y, a.x * b.y - a.y * b.x); }`;

/** out (+)= Σ term, of operands `a` and `b` at a pixel. */
interface Term {
  readonly out: "f32" | "vec2f";
  readonly a: "f32" | "vec2f";
  readonly b?: "f32" | "vec2f";
  readonly term: string;
}

const A = "a(f + df, m + dm, p)";
const B = "b(f + df, m + dm, p)";
export type TermName = "product" | "conjugateProduct" | "power" | "interference" | "scale" | "multiplyImages";

const terms: Readonly<Record<TermName, Term>> = {
  product: { out: "vec2f", a: "vec2f", b: "vec2f", term: `times(${A}, ${B})` },
  conjugateProduct: { out: "vec2f", a: "vec2f", b: "vec2f", term: `adjoint_times(${A}, ${B})` },
  power: { out: "f32", a: "vec2f", term: `dot(${A}, ${A})` },
  interference: { out: "f32", a: "vec2f", b: "vec2f", term: `dot(${A}, ${B})` },
  scale: { out: "vec2f", a: "vec2f", b: "f32", term: `${A} * ${B}` },
  multiplyImages: { out: "f32", a: "f32", b: "f32", term: `${A} * ${B}` },
};

/** Sums go over `sumFrames` and `sumModes`, which are 1 where the result has the extent itself. */
export function termKernel(name: TermName): Kernel {
  const { out, a, term, ...rest }: Term = terms[name];
  return everyPixel(
    {
      name,
      operands: { out, a, ...(rest.b === undefined ? {} : { b: rest.b }) },
      writes: ["out"],
      scalars: { sumFrames: "u32", sumModes: "u32", add: "u32" },
      body: `
      var sum = ${out}();
      if (u.add == 1u) { sum = out(f, m, p); }
      for (var df = 0u; df < u.sumFrames; df++) {
        for (var dm = 0u; dm < u.sumModes; dm++) { sum += ${term}; }
      }
      set_out(f, m, p, sum);`,
    },
    COMPLEX,
  );
}

export const fillKernel = (element: "f32" | "vec2f"): Kernel =>
  everyPixel({
    name: `fill ${element}`,
    operands: { out: element },
    writes: ["out"],
    scalars: { value: "f32" },
    body: `set_out(f, m, p, ${element === "f32" ? "u.value" : "vec2f(u.value, 0)"});`,
  });

export const reciprocalKernel: Kernel = everyPixel({
  name: "reciprocal",
  operands: { out: "f32", a: "f32" },
  writes: ["out"],
  scalars: { dark: "f32" },
  body: "set_out(f, m, p, 1 / (a(f, m, p) + u.dark));",
});

/** A factor of each frame, where it is in a buffer; else one of all, a parameter. */
const factor = (name: string, buffered: boolean): string => (buffered ? `${name}(f, 0u, 0u)` : `u.${name}`);

/** What kernels with factors declare of them. */
const factorParts = (factors: Readonly<Record<string, boolean>>): Pick<Kernel, "operands" | "scalars"> => {
  const names = Object.entries(factors);
  return {
    operands: Object.fromEntries(names.filter(([, buffered]) => buffered).map(([name]) => [name, "f32"])),
    scalars: Object.fromEntries(names.filter(([, buffered]) => !buffered).map(([name]) => [name, "f32"])),
  };
};
const factorName = (factors: Readonly<Record<string, boolean>>): string =>
  Object.entries(factors)
    .map(([name, buffered]) => `${name}:${buffered}`)
    .join(" ");

/** @param factors `alpha` and `beta`: whether they are in a buffer */
export function combineKernel(element: "f32" | "vec2f", factors: Readonly<Record<"alpha" | "beta", boolean>>): Kernel {
  const { operands, scalars } = factorParts(factors);
  return everyPixel({
    name: `combine ${element} ${factorName(factors)}`,
    operands: { out: element, a: element, b: element, ...operands },
    writes: ["out"],
    scalars,
    body: `set_out(f, m, p, ${factor("alpha", factors.alpha)} * a(f, m, p) + ${factor("beta", factors.beta)} * b(f, m, p));`,
  });
}

/** @param factors `most` and `step`: whether they are in a buffer */
export function divideKernel(
  form: "linear" | "quadrature",
  factors: Readonly<Record<"most" | "step", boolean>>,
): Kernel {
  const { operands, scalars } = factorParts(factors);
  const below = form === "linear" ? "(1 - u.share) * w + floor" : "sqrt(w * w + floor * floor)";
  return everyPixel(
    {
      name: `divide ${form} ${factorName(factors)}`,
      operands: { out: "vec2f", a: "vec2f", weights: "f32", ...operands },
      writes: ["out"],
      scalars: { ...scalars, share: "f32", add: "u32" },
      body: `
      let w = weights(f, m, p);
      let floor = u.share * ${factor("most", factors.most)};
      let below = ${below};
      var ratio = 0f;
      if (positive(below)) { ratio = ${factor("step", factors.step)} / below; }
      var before = vec2f();
      if (u.add == 1u) { before = out(f, m, p); }
      set_out(f, m, p, before + ratio * a(f, m, p));`,
    },
    POSITIVE,
  );
}

/**
 * exp(−2πi (u s_y / h + v s_x / w)). Whole pixels of a shift make whole parts of a turn, which are taken exactly; of the
 * rest the angle is below half a turn. Sine and cosine are polynomials of an eighth, since a device's own may be 2⁻¹¹ off.
 */
export const rampsKernel: Kernel = everyPixel(
  {
    name: "ramps",
    operands: { out: "vec2f", shifts: "f32" },
    writes: ["out"],
    scalars: { height: "u32", width: "u32" },
    body: `
      let turn = part(p / u.width, u.height, shifts(f, 0u, 0u)) + part(p % u.width, u.width, shifts(f, 0u, 1u));
      set_out(f, m, p, unit(-turn));`,
  },
  `
fn part(i: u32, n: u32, shift: f32) -> f32 {
  let k = select(i32(i), i32(i) - i32(n), i >= (n + 1u) / 2u);
  let whole = round(shift);
  let turned = (k * (i32(whole) % i32(n))) % i32(n);
  return (f32(turned) + f32(k) * (shift - whole)) / f32(n);
}
fn unit(turns: f32) -> vec2f {
  let quarter = round(4 * turns);
  let x = 1.5707963267948966f * (4 * turns - quarter);
  let z = x * x;
  let s = x + x * z * (-0.16666667f + z * (0.0083333333f + z * (-0.00019841270f + z * 0.0000027557319f)));
  let c = 1 + z * (-0.5f + z * (0.041666668f + z * (-0.0013888889f + z * 0.000024801587f)));
  switch (i32(quarter) & 3) {
    case 1: { return vec2f(-s, c); }
    case 2: { return vec2f(-c, -s); }
    case 3: { return vec2f(s, -c); }
    default: { return vec2f(c, s); }
  }
}`,
);
