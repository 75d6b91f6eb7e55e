import { Random } from "../../src/random.ts";
import { mutated } from "./mutate.ts";

/** The mutated file of a number: the same in every run. */
export function fuzzed(files: readonly Uint8Array[], seed: number, number: number): Uint8Array {
  const random = new Random((Math.imul(seed, 0x9e3779b1) ^ number) >>> 0);
  const [file, other] = [files[random.integer(files.length)], files[random.integer(files.length)]];
  return mutated(file, random, other);
}
