import { PtychonautError } from "../../../errors.ts";
import { butterfly, LARGE_PASS, RADICES } from "./butterflies.ts";
import type { Kernel } from "./shader.ts";

/** Threads of a group, which transforms some lines in the memory that they share. */
const THREADS = 64;
/** Values that a group's memory holds twice, or the next power of 2 for longer lines: 1024 fit in what every device has. */
const LEAST_ROOM = 256;
const BYTES = 16;

/** How lines of a length are transformed: by radices one after the other (Stockham), with factors out of a table. */
export interface LinePlan {
  /** Values, a line at least, that a group's memory holds twice. */
  readonly room: number;
  /** Lines a group. */
  readonly lines: number;
  /** Of the passes. */
  readonly radices: readonly number[];
  /** (radix, product of those before) of each pass, and then exp(−2πi k / length) for all k. */
  readonly table: Float32Array;
}

/**
 * @param memory bytes that threads of a group can share
 * @throws PtychonautError "memory" for lines that are too long for that
 */
export function linePlan(length: number, memory: number): LinePlan {
  const room = Math.max(LEAST_ROOM, 2 ** Math.ceil(Math.log2(length)));
  if (BYTES * room > memory)
    throw new PtychonautError("memory", `the GPU cannot transform lines of ${length} pixels`, {
      expected: `at most ${Math.floor(memory / BYTES)} pixels, which threads of a group can share`,
      got: `${length}`,
      fix: "compute on the processor, or with smaller patterns",
    });
  const radices = radicesOf(length);
  const before = radices.map((_, i) => radices.slice(0, i).reduce((a, b) => a * b, 1));
  const passes = radices.flatMap((radix, i) => [radix, before[i]]);
  const turns = Array.from({ length }, (_, k) => (-2 * Math.PI * k) / length);
  const factors = turns.flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  return {
    room,
    lines: Math.max(1, Math.floor(room / length)),
    radices,
    table: Float32Array.from([...passes, ...factors]),
  };
}

/** Factors of a length: those that are written out, then primes. */
function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of RADICES)
    while (rest % radix === 0) {
      radices.push(radix);
      rest /= radix;
    }
  for (let prime = 11; rest > 1; prime += 2)
    while (rest % prime === 0) {
      radices.push(prime);
      rest /= prime;
    }
  return radices;
}

/**
 * Unitary transforms of all lines of planes along one axis. A line's values are `valueStride` apart, lines `lineStride`.
 * Threads take neighbours in memory when they load and store.
 */
export function linesKernel(plan: LinePlan): Kernel {
  const { written, large } = codeOf(plan.radices);
  return {
    name: linesName(plan),
    operands: { out: "vec2f", a: "vec2f", table: "vec2f" },
    writes: ["out"],
    scalars: {
      ...{ length: "u32", count: "u32", lines: "u32", passes: "u32", valueStride: "u32", lineStride: "u32" },
      ...{ frames: "u32", modes: "u32", sign: "f32", size: "f32" },
    },
    body: `
var<workgroup> room: array<vec2f, ${2 * plan.room}>;
fn times(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }
// Quotients of small numbers, which integers are slow at.
fn over(i: u32, n: u32) -> u32 { return u32((f32(i) + 0.5f) * (1 / f32(n))); }
fn factor(k: u32) -> vec2f { return table(0u, 0u, u.passes + k); }
${written.map(butterfly).join("")}
${large ? LARGE_PASS : ""}

// A value of the lines of a group: where it is in a plane, or beyond the last line.
fn place(i: u32, first: u32) -> vec2u {
  let across = u.lineStride < u.valueStride;
  let outer = over(i, select(u.length, u.lines, across));
  let inner = i - outer * select(u.length, u.lines, across);
  let line = select(outer, inner, across);
  let value = select(inner, outer, across);
  if (first + line >= u.count) { return vec2u(0xffffffffu, 0); }
  return vec2u((first + line) * u.lineStride + value * u.valueStride, line * u.length + value);
}
@compute @workgroup_size(${THREADS})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let all = u.lines * u.length;
  let sign = vec2f(1, u.sign);
  for (var plane = group.y; plane < u.frames * u.modes; plane += groups.y) {
    let f = plane / u.modes;
    let m = plane % u.modes;
    for (var first = group.x * u.lines; first < u.count; first += groups.x * u.lines) {
      for (var i = thread; i < all; i += ${THREADS}) {
        let at = place(i, first);
        if (at.x != 0xffffffffu) { room[at.y] = sign * a(f, m, at.x); }
      }
      var source = 0u;
      for (var pass_index = 0u; pass_index < u.passes; pass_index++) {
        workgroupBarrier();
        let radix = u32(table(0u, 0u, pass_index).x);
        let before = u32(table(0u, 0u, pass_index).y);
        let goal = all - source;
        switch (radix) {
          ${written.map(writtenCase).join("")}
          ${large ? LARGE_CASE : "default: {}"}
        }
        source = goal;
      }
      workgroupBarrier();
      for (var i = thread; i < all; i += ${THREADS}) {
        let at = place(i, first);
        if (at.x != 0xffffffffu) { set_out(f, m, at.x, u.size * (sign * room[source + at.y])); }
      }
      workgroupBarrier();
    }
  }
}`,
  };
}

/** Passes that a kernel has: a few kernels serve all lengths, since each takes a while to compile. */
function codeOf(radices: readonly number[]): { readonly written: readonly number[]; readonly large: boolean } {
  const powers = [8, 4, 2];
  return {
    written: radices.every((radix) => powers.includes(radix)) ? powers : RADICES,
    large: radices.some((radix) => !RADICES.includes(radix)),
  };
}

export function linesName({ room, radices }: LinePlan): string {
  const { written, large } = codeOf(radices);
  return `lines of ${room} by ${written}${large ? " and large ones" : ""}`;
}

const writtenCase = (radix: number): string => `case ${radix}: {
            let apart = u.length / ${radix};
            for (var i = thread; i < u.lines * apart; i += ${THREADS}) {
              let line = over(i, apart);
              pass_${radix}(before, i - line * apart, source + line * u.length, goal + line * u.length);
            }
          }
          `;
const LARGE_CASE = `default: {
            for (var i = thread; i < all; i += ${THREADS}) {
              let line = over(i, u.length) * u.length;
              pass_large(radix, before, i - line, source + line, goal + line);
            }
          }`;

/** Groups over the lines of a plane. */
export const lineGroups = (count: number, { lines }: LinePlan): number => Math.ceil(count / lines);
