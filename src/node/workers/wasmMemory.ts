/** Memory that a library may take whatever it reads: its own, and a few chunks. */
const BASE_BYTES = 56 * 2 ** 20;
/** Bytes that one of a file may become: no filter that packs its zeros better is told apart from a lie. */
const MOST_RATIO = 1040;
const PAGE = 2 ** 16;

/** The part of a `WebAssembly.Memory` that is needed; the types of Node do not have it. */
interface Memory {
  readonly buffer: ArrayBufferLike;
  grow(this: Memory, pages: number): number;
}

/**
 * Keeps WebAssembly in this thread from growing beyond what files of this size need: what asks for more is told that there is
 * none, as it would be by a system that has none.
 * @param openBytes of all files that are open
 */
export function limitMemory(openBytes: () => number): void {
  const { prototype } = (globalThis as unknown as { readonly WebAssembly: { readonly Memory: { prototype: Memory } } })
    .WebAssembly.Memory;
  const { grow } = prototype;
  prototype.grow = function (pages: number): number {
    const wanted = this.buffer.byteLength + pages * PAGE;
    if (wanted > BASE_BYTES + MOST_RATIO * openBytes()) throw new RangeError("more memory than the file can need");
    return grow.call(this, pages);
  };
}
