import { centredPatterns } from "../data/centredPatterns.ts";
import type { Measurement, Patterns } from "../data/dataset.ts";
import { memoryPatterns } from "../data/memoryPatterns.ts";
import { PtychonautError } from "../errors.ts";
import type { ArrayFile, ArrayHeader } from "../formats/arrayFile.ts";
import { namesText } from "../formats/foldedNames.ts";
import type { NumericArray } from "../formats/npy.ts";
import { checkLink, requireKey } from "./namedArrays.ts";
import { framesToFront, type PatternLayout } from "./patternLayout.ts";
import { checkMeasured } from "./patternValues.ts";
import { optionAdvice, type ScanOptions } from "./scanOptions.ts";
import { findRoles } from "./scanRoles.ts";
import type { StoredArray } from "./storedPatterns.ts";

/** Patterns of the contract, whatever numbers they are. */
export const patternNames: readonly string[] = ["diffraction", "diff3d"];

export function choosePatternsKey(file: ArrayFile, options: ScanOptions, where: string): string {
  if (options.patternsKey !== undefined) return requireKey(file, options.patternsKey, "patterns", "patternsKey", where);
  const found = patternNames.filter((key) => file.has(key));
  if (found.length === 2)
    throw new PtychonautError("data", "two arrays of patterns", {
      where,
      got: "diffraction and diff3d",
      fix: `say which with ${optionAdvice("patternsKey")}`,
    });
  for (const key of found.length === 0 ? patternNames : []) checkLink(file, key);
  return found[0] ?? noPatterns(file, options, where);
}

/** By shape and dtype another array may be meant; or they are in another file. */
function noPatterns(file: ArrayFile, options: ScanOptions, where: string): never {
  const { patterns: likely } = findRoles(file, options);
  throw new PtychonautError("data", 'no patterns (diffraction or diff3d): the file has no array "diffraction"', {
    where,
    got: `the arrays ${namesText(file.keys)}`,
    fix:
      likely === undefined
        ? `name another file that has them: ${optionAdvice("patterns", "FILE::ARRAY")}`
        : `name the array with ${optionAdvice("patternsKey", likely)}; inspecting the file tells what else has to be said`,
  });
}

const complexAdvice =
  `save the intensities |.|² and say ${optionAdvice("measurement", "counts")}, or the moduli |.| and say ` +
  optionAdvice("measurement", "amplitude");

/** Counts or amplitudes: as stated, else by the numbers' type. @param saidBy who said it, for the provenance */
export function measurementOf(
  header: ArrayHeader,
  options: ScanOptions,
  where: string,
  conversions: string[],
  saidBy = "as stated",
): Measurement {
  const integers = /^u?int/.test(header.dtype);
  if (!integers && !header.dtype.startsWith("float"))
    throw new PtychonautError("data", "patterns have the wrong dtype", {
      where,
      expected: "real numbers: floating point or integers",
      got: header.dtype,
      ...(header.dtype.startsWith("complex") ? { fix: complexAdvice } : {}),
    });
  if (options.measurement !== undefined) {
    conversions.push(`patterns read as ${options.measurement}, ${saidBy}`);
    return options.measurement;
  }
  if (integers)
    throw new PtychonautError("data", "integer patterns without a stated measurement", {
      where,
      got: header.dtype,
      expected: "to be told whether the numbers are counts or amplitudes",
      fix: `integers are usually counts: say ${optionAdvice("measurement", "counts")}`,
    });
  return "amplitude";
}

export function patternsInMemory({ file, key, layout, dcAt, where, someLeftOut, belowZero }: StoredArray): Patterns {
  const array = file.readNumbers(key);
  const data = layout.framesLast ? framesToFront(array.data, layout) : array.data;
  checkMeasured([data], layout, where, { passed: someLeftOut, belowZero });
  const inFile = memoryPatterns(widenSmallInts(data), [layout.count, layout.height, layout.width]);
  return dcAt === "corner" ? centredPatterns(inFile) : inFile;
}

/** Of their size only; an array that is not read cannot be asked for numbers. */
export function unreadPatterns({ count, height, width }: PatternLayout): Patterns {
  const read = (): never => {
    throw new PtychonautError("usage", "these patterns were not read");
  };
  return { count, height, width, origin: { kind: "memory" }, read };
}

/** Widths that few detectors write become float32, which holds them exactly; the others keep their own. */
function widenSmallInts(data: NumericArray["data"]): Parameters<typeof memoryPatterns>[0] {
  return data instanceof Int8Array || data instanceof Int16Array ? Float32Array.from(data) : data;
}
