import type { GpuBuffer } from "./gpu.ts";

/** What a buffer holds, in WGSL's words. */
export type Element = "f32" | "vec2f" | "vec4f" | "i32" | "u32";

/**
 * A computation on operands by name. In WGSL its body reads an operand by `NAME(frame, mode, i)` and writes one by
 * `set_NAME(frame, mode, i, value)`; scalars, and `NAME_at` and the like, are members of `u`.
 */
export interface Kernel {
  /** Unique to the body. */
  readonly name: string;
  readonly operands: Readonly<Record<string, Element>>;
  /** Names of operands that are written. */
  readonly writes: readonly string[];
  readonly scalars: Readonly<Record<string, "u32" | "f32">>;
  readonly body: string;
}

/** Where numbers of an operand lie, in elements. Strides of 0 repeat. */
export interface Operand {
  readonly buffer: GpuBuffer;
  readonly at: number;
  readonly frame: number;
  readonly mode: number;
}

/**
 * Operands in one buffer share a binding, since a device lets none be bound twice where it is written: the slot of each
 * operand, in their order.
 */
export function slotsOf(operands: readonly Operand[]): number[] {
  const buffers: GpuBuffer[] = [];
  return operands.map(({ buffer }) => {
    const known = buffers.indexOf(buffer);
    return known >= 0 ? known : buffers.push(buffer) - 1;
  });
}

/** Whether each slot is written. */
export const writtenSlots = ({ operands, writes }: Kernel, slots: readonly number[]): boolean[] =>
  Array.from({ length: Math.max(...slots) + 1 }, (_, slot) =>
    Object.keys(operands).some((name, i) => slots[i] === slot && writes.includes(name)),
  );

/** The module for one way in which operands share buffers. Its parameters lie as `packParameters` writes them. */
export function shaderCode(kernel: Kernel, slots: readonly number[]): string {
  const names = Object.keys(kernel.operands);
  const written = writtenSlots(kernel, slots);
  const members = [
    ...names.flatMap((name) => [`${name}_at: u32`, `${name}_frame: u32`, `${name}_mode: u32`]),
    ...Object.entries(kernel.scalars).map(([name, type]) => `${name}: ${type}`),
  ];
  const bindings = written.map((writes, slot) => {
    const element = kernel.operands[names[slots.indexOf(slot)]];
    return `@group(0) @binding(${slot + 1}) var<storage, ${writes ? "read_write" : "read"}> b${slot}: array<${element}>;`;
  });
  const accessors = names.map((name, i) =>
    accessor(name, kernel.operands[name], slots[i], kernel.writes.includes(name)),
  );
  return [
    `struct Parameters { ${members.join(", ")} }`,
    "@group(0) @binding(0) var<uniform> u: Parameters;",
    ...bindings,
    ...accessors,
    kernel.body,
  ].join("\n");
}

function accessor(name: string, element: Element, slot: number, written: boolean): string {
  const index = `u.${name}_at + f * u.${name}_frame + m * u.${name}_mode + i`;
  const read = `fn ${name}(f: u32, m: u32, i: u32) -> ${element} { return b${slot}[${index}]; }`;
  const write = `fn set_${name}(f: u32, m: u32, i: u32, value: ${element}) { b${slot}[${index}] = value; }`;
  return written ? `${read}\n${write}` : read;
}

/** Writes parameters in the order of `shaderCode`. @returns how many words */
export function packParameters(
  kernel: Kernel,
  operands: readonly Operand[],
  scalars: Readonly<Record<string, number>>,
  words: Uint32Array,
  floats: Float32Array,
): number {
  let at = 0;
  for (const { at: from, frame, mode } of operands) {
    words[at++] = from;
    words[at++] = frame;
    words[at++] = mode;
  }
  for (const [name, type] of Object.entries(kernel.scalars)) {
    if (type === "u32") words[at] = scalars[name];
    else floats[at] = scalars[name];
    at++;
  }
  return at;
}
