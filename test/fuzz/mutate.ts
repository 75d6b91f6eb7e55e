import { writeZip } from "../../src/formats/writeZip.ts";
import { openZip } from "../../src/formats/zip.ts";
import type { Random } from "../../src/random.ts";
import { isFrames, mutatedFrames } from "./mutateFrames.ts";
import { mutatedJson } from "./mutateJson.ts";
import { mutatedNpy } from "./mutateNpy.ts";

/** Words that mean something to one reader or another, and numbers that are easily mistaken. */
const dictionary: readonly string[] = [
  ...["__proto__", "constructor", "toString", "../../x", "/dev/zero", "\u001b[2J", "\u0000", "\u202e", "null", "true"],
  ...["NaN", "Infinity", "-1", "0", "1e308", "-1e-320", "999999999999", "18446744073709551615", "1.5"],
  ...["<U0", "|S0", "|O", "<c16", ">f8", "<f2", "|b1", "<i8", "(", ")", ",", "[", "]", "{", "}", '"', "'", ":", "\n"],
  ...["PK\u0001\u0002", "PK\u0003\u0004", "PK\u0005\u0006", "\u0093NUMPY", "&a", "*a", "<<: *a", "!!binary", "---"],
  "[".repeat(3000),
];

const interesting = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];

type Mutation = (bytes: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

const place = (bytes: Uint8Array, random: Random): number => random.integer(bytes.length + 1);

/** Bytes `from … to` give way to others. */
function spliced(bytes: Uint8Array, from: number, to: number, insert: Uint8Array): Uint8Array {
  const out = new Uint8Array(from + insert.length + bytes.length - to);
  out.set(bytes.subarray(0, from));
  out.set(insert, from);
  out.set(bytes.subarray(to), from + insert.length);
  return out;
}

const blind: readonly Mutation[] = [
  // Flipped bits.
  (bytes, random) => {
    const out = bytes.slice();
    for (let n = 1 + random.integer(8); n > 0 && out.length > 0; n--)
      out[random.integer(out.length)] ^= 1 << random.integer(8);
    return out;
  },
  // Cut.
  (bytes, random) => bytes.slice(0, place(bytes, random)),
  // A piece gone.
  (bytes, random) => {
    const from = place(bytes, random);
    return spliced(bytes, from, Math.min(bytes.length, from + 1 + random.integer(64)), new Uint8Array());
  },
  // A piece twice.
  (bytes, random) => {
    const from = place(bytes, random);
    const piece = bytes.slice(from, from + 1 + random.integer(256));
    return spliced(bytes, from, from, piece);
  },
  // A piece of another file.
  (bytes, random, other) => {
    const [from, piece] = [place(bytes, random), place(other, random)];
    const length = 1 + random.integer(256);
    return spliced(bytes, from, Math.min(bytes.length, from + length), other.slice(piece, piece + length));
  },
  // A number that may be a length.
  (bytes, random) => {
    const width = [1, 2, 4, 8][random.integer(4)];
    if (bytes.length < width) return bytes.slice();
    const out = bytes.slice();
    const view = new DataView(out.buffer);
    const at = random.integer(out.length - width + 1);
    const pick = random.integer(interesting.length + 2);
    const value = pick < interesting.length ? interesting[pick] : out.length + pick - interesting.length;
    for (let k = 0; k < width; k++) view.setUint8(at + k, k < 4 ? (value >>> (8 * k)) & 0xff : 0);
    return out;
  },
  // A word.
  (bytes, random) => {
    const word = new TextEncoder().encode(dictionary[random.integer(dictionary.length)]);
    const from = place(bytes, random);
    const over = random.integer(2) === 0 ? 0 : Math.min(word.length, bytes.length - from);
    return spliced(bytes, from, from + over, word);
  },
];

const isZip = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x4b;
const isNpy = (bytes: Uint8Array): boolean => bytes.length >= 64 && bytes[0] === 0x93 && bytes[1] === 0x4e;
const isJson = (bytes: Uint8Array): boolean => bytes[0] === 0x7b;

/** A change that knows what it changes, so that what lies behind checksums and lengths is reached too. */
function knowing(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  if (isZip(bytes)) return mutatedZip(bytes, random, other);
  if (isNpy(bytes)) return mutatedNpy(bytes, random);
  if (isJson(bytes)) return mutatedJson(bytes, random);
  if (isFrames(bytes))
    return mutatedFrames(bytes, random, (part) => blind[random.integer(blind.length)](part, random, other));
  return blind[random.integer(blind.length)](bytes, random, other);
}

/** The archive with one or two members changed, gone, renamed or exchanged, and checksums that are right. */
function mutatedZip(bytes: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const zip = openZip(bytes, "seed");
  const members = zip.members.map(({ name }) => ({ name, data: zip.read(name) }));
  for (let n = 1 + random.integer(2); n > 0; n--) {
    const [i, j] = [random.integer(members.length), random.integer(members.length)];
    const { name, data } = members[i];
    const way = random.integer(10);
    if (way === 0 && members.length > 1) members.splice(i, 1);
    else if (way === 1) members[i] = { name: `${dictionary[random.integer(dictionary.length - 1)]}.npy`, data };
    else if (way === 2) members[i] = { name, data: members[j].data };
    else members[i] = { name, data: mutated(data, random, other) };
  }
  return writeZip(members, random.integer(2) === 0 ? 0 : 6);
}

/** @param seed a sound file @param other another one, of which pieces are taken */
export function mutated(seed: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  let bytes = seed;
  // Often one change, seldom several.
  do {
    const knows = bytes === seed && random.integer(5) < 3;
    bytes = knows ? knowing(bytes, random, other) : blind[random.integer(blind.length)](bytes, random, other);
  } while (random.integer(4) === 0);
  return bytes;
}
