// A program is a row of records, which src/engines/kernels/wasm/program.ts writes. A record, in words of 4 bytes:
// opcode, its own length in words, extents (frames, modes, height, width), operands, options. An operand: address of
// its first plane, bytes from frame to frame, from mode to mode, and from row to row; steps of 0 repeat one plane,
// or, in a result, sum in it. A factor: address of a float64, and bytes from frame to frame.

// @ts-ignore: decorator
@inline export const FIRST: usize = 24;
// @ts-ignore: decorator
@inline export const SECOND: usize = 40;
// @ts-ignore: decorator
@inline export const THIRD: usize = 56;
// @ts-ignore: decorator
@inline export const OPTIONS: usize = 72;

// @ts-ignore: decorator
@inline export function framesOf(record: usize): i32 { return load<i32>(record, 8); }
// @ts-ignore: decorator
@inline export function modesOf(record: usize): i32 { return load<i32>(record, 12); }
// @ts-ignore: decorator
@inline export function heightOf(record: usize): i32 { return load<i32>(record, 16); }
// @ts-ignore: decorator
@inline export function widthOf(record: usize): i32 { return load<i32>(record, 20); }

// @ts-ignore: decorator
@inline export function planeOf(operand: usize, frame: i32, mode: i32): usize {
  return load<usize>(operand) + <usize>frame * load<usize>(operand, 4) + <usize>mode * load<usize>(operand, 8);
}
// @ts-ignore: decorator
@inline export function rowOf(operand: usize, frame: i32, mode: i32, y: i32): usize {
  return planeOf(operand, frame, mode) + <usize>y * load<usize>(operand, 12);
}
// @ts-ignore: decorator
@inline export function pitchOf(operand: usize): usize { return load<usize>(operand, 12); }

/** Frames, and modes, of a result: 1 where it sums over them. */
// @ts-ignore: decorator
@inline export function ownFrames(record: usize): i32 {
  return load<i32>(record, FIRST + 4) == 0 ? 1 : framesOf(record);
}
// @ts-ignore: decorator
@inline export function ownModes(record: usize): i32 { return load<i32>(record, FIRST + 8) == 0 ? 1 : modesOf(record); }

// @ts-ignore: decorator
@inline export function factorOf(factor: usize, frame: i32): f64 {
  return load<f64>(load<usize>(factor) + <usize>frame * load<usize>(factor, 4));
}

/** Where thread's part of `count` things begins. */
// @ts-ignore: decorator
@inline export function partStart(count: i32, thread: i32, threads: i32): i32 {
  return <i32>((<i64>count * <i64>thread) / <i64>threads);
}

/** All ones in the first `count` of 4 lanes. */
// @ts-ignore: decorator
@inline export function firstLanes(count: i32): v128 { return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3)); }
