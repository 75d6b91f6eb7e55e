import type { ByteSource } from "../../byteSource.ts";

/** What is in a file is not what is known here, or not sound: the library is to read it, and to say what is wrong. */
export class Unfamiliar extends Error {}

/** Lets go of what is not as it must be. @throws Unfamiliar */
export function mustBe(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Unfamiliar(what);
}

/** An HDF5 file's bytes, addressed as its structures do. */
export interface RawFile {
  readonly source: ByteSource;
  /** Where addresses count from. */
  readonly base: number;
  /** Bytes of an address, and of a length. */
  readonly addressBytes: number;
  readonly lengthBytes: number;
}

/** Fields one after the other, little-endian. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #file: Pick<RawFile, "addressBytes" | "lengthBytes">;
  at = 0;

  constructor(bytes: Uint8Array, file: Pick<RawFile, "addressBytes" | "lengthBytes">) {
    this.#bytes = bytes;
    this.#file = file;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  skip(bytes: number): void {
    mustBe(bytes <= this.left, "it ends too early");
    this.at += bytes;
  }

  /** @throws Unfamiliar beyond 2⁵³, and behind the end */
  number(bytes: number): number {
    const from = this.at;
    this.skip(bytes);
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = 256 * value + this.#bytes[from + i];
    mustBe(Number.isSafeInteger(value), "too large a number");
    return value;
  }

  /** @returns undefined for the address that stands for none */
  address(): number | undefined {
    return this.#unlessAllSet(this.#file.addressBytes);
  }

  length(): number {
    return this.number(this.#file.lengthBytes);
  }

  /** @returns undefined for the extent that stands for no end */
  extent(): number | undefined {
    return this.#unlessAllSet(this.#file.lengthBytes);
  }

  #unlessAllSet(bytes: number): number | undefined {
    const from = this.at;
    if (this.take(bytes).every((byte) => byte === 0xff)) return undefined;
    this.at = from;
    return this.number(bytes);
  }

  /** A structure's name in four letters. @throws Unfamiliar when it is another */
  signature(expected: string): void {
    const from = this.at;
    this.skip(4);
    const found = String.fromCharCode(...this.#bytes.subarray(from, from + 4));
    mustBe(found === expected, `not ${expected}`);
  }

  take(bytes: number): Uint8Array {
    const from = this.at;
    this.skip(bytes);
    return this.#bytes.subarray(from, from + bytes);
  }
}

/** Some bytes from an address on. @throws Unfamiliar when they are not all in the file */
export function bytesAt({ source, base }: RawFile, address: number, length: number): Uint8Array {
  mustBe(base + address + length <= source.size, "it lies behind the file's end");
  return source.read(base + address, length);
}

export const fieldsAt = (file: RawFile, address: number, length: number): Fields =>
  new Fields(bytesAt(file, address, length), file);
