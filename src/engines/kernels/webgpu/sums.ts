import type { Element, Kernel } from "./shader.ts";

/** Threads of a group, which add up in a tree. */
const THREADS = 128;
/** Sums of a thread have about so many terms. */
const TERMS = 8;
const MOST_GROUPS = 64;

/** Groups that share the pixels of what is summed. */
export const sumGroups = (terms: number): number =>
  Math.min(MOST_GROUPS, Math.max(1, Math.ceil(terms / THREADS / TERMS)));

/** How terms come together: `zero`, and `join(sum, term)` in WGSL. */
export interface Joining {
  readonly element: Element;
  readonly zero: string;
  readonly join: string;
}
export const ADDING: Joining = { element: "vec4f", zero: "vec4f()", join: "return a + b;" };
/** Keys that are in the order of the numbers that they stand for; NaN is the largest. */
const LARGEST: Joining = { element: "i32", zero: "-0x7fffffff", join: "return max(a, b);" };

/**
 * Joins the terms of each of `frames` results over `sumFrames`, `modes` and pixels; `partials` of a result are one of each
 * group. `term` is WGSL of a pixel p of (f, m).
 */
export function partialKernel(
  { element, zero, join }: Joining,
  { name, operands, writes, scalars, body: term }: Kernel,
  functions = "",
): Kernel {
  return {
    name,
    operands: { ...operands, partials: element },
    writes: [...writes, "partials"],
    scalars: { pixels: "u32", frames: "u32", sumFrames: "u32", modes: "u32", ...scalars },
    body: `${functions}
var<workgroup> room: array<${element}, ${THREADS}>;
fn join(a: ${element}, b: ${element}) -> ${element} { ${join} }
@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  for (var frame = group.y; frame < u.frames; frame += groups.y) {
    var sum: ${element} = ${zero};
    for (var f = frame; f < frame + u.sumFrames; f++) {
      for (var m = 0u; m < u.modes; m++) {
        for (var p = group.x * ${THREADS} + thread; p < u.pixels; p += ${THREADS} * groups.x) {
          ${term}
        }
      }
    }
    room[thread] = sum;
    for (var half = ${THREADS / 2}u; half > 0u; half >>= 1u) {
      workgroupBarrier();
      if (thread < half) { room[thread] = join(room[thread], room[thread + half]); }
    }
    if (thread == 0u) { set_partials(frame, 0u, group.x, room[0]); }
    workgroupBarrier();
  }
}`,
  };
}

/** Joins the partial results of each frame, and puts `parts` numbers of them out. */
function finishKernel({ element, zero, join }: Joining, name: string, out: Element, put: string): Kernel {
  return {
    name,
    operands: { out, partials: element },
    writes: ["out"],
    scalars: { frames: "u32", groups: "u32", parts: "u32" },
    body: `
fn join(a: ${element}, b: ${element}) -> ${element} { ${join} }
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var f = id.x; f < u.frames; f += 64 * groups.x) {
    var sum: ${element} = ${zero};
    for (var g = 0u; g < u.groups; g++) { sum = join(sum, partials(f, 0u, g)); }
    ${put}
  }
}`,
  };
}

export const finishSums: Kernel = finishKernel(
  ADDING,
  "finish sums",
  "f32",
  "for (var i = 0u; i < u.parts; i++) { set_out(f, 0u, i, sum[i]); }",
);
/** As bits, since what a NaN is made of is the device's affair. */
export const finishLargest: Kernel = finishKernel(
  LARGEST,
  "finish largest",
  "i32",
  "set_out(f, 0u, 0u, sum ^ ((sum >> 31u) & 0x7fffffff));",
);

const reading = (name: string, operands: Kernel["operands"], term: string): Kernel =>
  partialKernel(ADDING, { name, operands, writes: [], scalars: {}, body: term });

export const dotKernel: Kernel = reading(
  "dot",
  { a: "vec2f", b: "vec2f" },
  `
          let v = a(f, m, p);
          let w = b(f, m, p);
          sum += vec4f(dot(v, w), v.x * w.y - v.y * w.x, 0, 0);`,
);
export const sumKernel: Kernel = reading("sum", { a: "f32" }, "sum.x += a(f, m, p);");
export const sumProductKernel: Kernel = reading(
  "sum of products",
  { a: "f32", b: "f32" },
  "sum.x += a(f, m, p) * b(f, m, p);",
);

export const largestKernel: Kernel = partialKernel(LARGEST, {
  name: "largest",
  operands: { a: "i32" },
  writes: [],
  scalars: {},
  body: `
          var key = a(f, m, p);
          if ((key & 0x7fffffff) > 0x7f800000) { key = 0x7fc00000; }
          sum = max(sum, key ^ ((key >> 31u) & 0x7fffffff));`,
});
