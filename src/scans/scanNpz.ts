import { type ComplexArray, type RealArray, sizeOf } from "../arrays.ts";
import { centredPatterns, shiftToCentre } from "../data/centredPatterns.ts";
import type { Dataset, Measurement, Patterns } from "../data/dataset.ts";
import { memoryPatterns } from "../data/memoryPatterns.ts";
import { PtychonautError, setting } from "../errors.ts";
import { asSource, type ByteSource, type MakeScratch } from "../formats/byteSource.ts";
import type { NpyHeader, NumericArray } from "../formats/npy.ts";
import { type Npz, openNpz } from "../formats/npz.ts";
import { usable } from "./checks/usable.ts";
import { framesToFront, type PatternLayout, patternLayout } from "./patternLayout.ts";
import { checkMeasured, FLOAT32_MAX } from "./patternValues.ts";
import { metadataPhotons } from "./scanMetadata.ts";
import { flagOf, type ScanOptions } from "./scanOptions.ts";
import { readPositions, type ScanPositions } from "./scanPositions.ts";
import { patternsInFile, type StoredArray } from "./storedPatterns.ts";

export interface ScanSource {
  /** For provenance and messages. */
  readonly path?: string;
  readonly sha256?: string;
  /** Given, the patterns stay on the disk; absent, they are read into memory. */
  readonly scratch?: MakeScratch;
  /** Leaves the patterns, and what is as large, where they are: what comes out has everything but their numbers. */
  readonly unread?: boolean;
}

/**
 * Reads a scan in the PtychoPINN contract, or in another layout that `options` describes.
 *
 * Contract: `diffraction` or `diff3d` (n, N, N) amplitudes = √counts, zero frequency at the centre; `xcoords`, `ycoords`
 * (n) window centres in object pixels, x = column, y = row; `probeGuess` (N, N), (N, N, 1) or (P, N, N) complex. Optional:
 * `objectGuess` (H, W), `xcoords_start`, `ycoords_start`, `scan_index`, `frame_intensity` (n), the beam's intensity in each pattern over its
 * mean, `Y` or `label` (n, N, N) complex, `_metadata` JSON text whose `physics_parameters.nphotons` is the mean number of photons
 * per pattern, and `mask` (N, N), 1 = valid.
 *
 * @throws PtychonautError "data" with the array and the option that would help
 */
export function readScanNpz(
  input: Uint8Array | ByteSource,
  options: ScanOptions = {},
  { scratch, unread = false, ...source }: ScanSource = {},
): Dataset {
  const where = source.path ?? "scan";
  const npz = openNpz(input, where);
  const conversions: string[] = [];
  const warnings: string[] = [];
  const patternsKey = choosePatternsKey(npz, options, where);
  const at = (key: string): string => `${where}: ${key}`;

  const header = npz.header(patternsKey);
  const measurement = measurementOf(header, options, at(patternsKey), conversions);
  const probeKey = requireKey(npz, options.probeKey ?? "probeGuess", "probe", "probeKey", where);
  const object = readObject(npz, options, where);
  const count = positionCount(npz, options, where);
  const layout = patternLayout(header.shape, count, options.frameAxis, at(patternsKey));
  const { height, width } = layout;

  const probe = toProbe(npz.readNumbers(probeKey), [height, width], at(probeKey), conversions);
  const dcAt = options.dcAt ?? "center";
  const stored = { npz, key: patternsKey, layout, dcAt, where: at(patternsKey) };
  const patterns = unread
    ? unreadPatterns(layout)
    : scratch === undefined
      ? patternsInMemory(stored)
      : patternsInFile(stored, asSource(input), scratch);
  if (layout.framesLast) conversions.push("patterns transposed from (y, x, frame) to (frame, y, x)");
  if (options.dcAt === "corner") conversions.push("zero frequency moved from index 0 to the centre");
  const positions = readPositions(npz, options, { height, width, object, where }, conversions);
  warnings.push(...outsideObject(positions.positions, object, patterns));
  const photons = metadataPhotons(npz, warnings);
  const scanIndex = readScanIndex(npz, count, at);
  const frameIntensities = readFrameIntensities(npz, count, at);

  return usable({
    name: nameOf(source.path),
    patterns,
    measurement,
    ...positions,
    probe,
    ...(object === undefined ? {} : { object }),
    ...(scratch !== undefined || (unread && isLarge(npz))
      ? labelsLeftOut(npz)
      : readLabels(npz, [count, height, width], options, at)),
    ...optionalMask(npz, options, [height, width], at),
    ...(scanIndex === undefined ? {} : { scanIndex }),
    ...(frameIntensities === undefined ? {} : { frameIntensities }),
    ...(photons === undefined ? {} : { photonsPerPattern: photons }),
    provenance: { ...source, conversions, warnings },
  });
}

/** Of their size only; an array that is not read cannot be asked for numbers. */
function unreadPatterns({ count, height, width }: PatternLayout): Patterns {
  const read = (): never => {
    throw new PtychonautError("usage", "these patterns were not read");
  };
  return { count, height, width, origin: { kind: "memory" }, read };
}

/** Bytes of reference patches that are read just to see that they are sound. */
const CHECKED_PATCHES = 2 ** 28;

const isLarge = (npz: Npz): boolean =>
  ["Y", "label"].some((key) => npz.has(key) && (npz.header(key).dataBytes ?? 0) > CHECKED_PATCHES);

/** What a scan's arrays say of themselves, without their numbers. */
export interface ScanShape {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** Bytes that the patterns take in memory. */
  readonly patternBytes: number;
  readonly photonsPerPattern: number | undefined;
}

/** @throws PtychonautError "data" when the arrays are not there, do not fit or cannot be told apart */
export function readScanShape(input: Uint8Array | ByteSource, options: ScanOptions, where: string): ScanShape {
  const npz = openNpz(input, where);
  const key = choosePatternsKey(npz, options, where);
  const header = npz.header(key);
  measurementOf(header, options, `${where}: ${key}`, []);
  requireKey(npz, options.probeKey ?? "probeGuess", "probe", "probeKey", where);
  const positions = positionCount(npz, options, where);
  const { count, height, width } = patternLayout(header.shape, positions, options.frameAxis, `${where}: ${key}`);
  return { count, height, width, patternBytes: header.dataBytes ?? 0, photonsPerPattern: metadataPhotons(npz, []) };
}

function patternsInMemory({ npz, key, layout, dcAt, where }: StoredArray): Patterns {
  const array = npz.readNumbers(key);
  const data = layout.framesLast ? framesToFront(array.data, layout) : array.data;
  checkMeasured([data], layout, where);
  const inFile = memoryPatterns(widenSmallInts(data), [layout.count, layout.height, layout.width]);
  return dcAt === "corner" ? centredPatterns(inFile) : inFile;
}

function choosePatternsKey(npz: Npz, options: ScanOptions, where: string): string {
  if (options.patternsKey !== undefined) return requireKey(npz, options.patternsKey, "patterns", "patternsKey", where);
  const found = ["diffraction", "diff3d"].filter((key) => npz.has(key));
  if (found.length === 2)
    throw new PtychonautError("data", "two arrays of patterns", {
      where,
      got: "diffraction and diff3d",
      fix: `say which with ${flagOf("patternsKey")}`,
    });
  return found[0] ?? requireKey(npz, "diffraction", "patterns (diffraction or diff3d)", "patternsKey", where);
}

/** The number of positions, from the array's header alone: it decides how to read everything else. */
function positionCount(npz: Npz, options: ScanOptions, where: string): number {
  const key = requireKey(npz, options.positionsKey ?? "xcoords", "positions", "positionsKey", where);
  const size = sizeOf(npz.header(key).shape);
  return options.positionsKey === undefined ? size : size / 2;
}

function requireKey(npz: Npz, key: string, what: string, option: keyof ScanOptions, where: string): string {
  if (npz.has(key)) return key;
  throw new PtychonautError("data", `no ${what}: the file has no array "${key}"`, {
    where,
    got: `the arrays ${npz.keys.join(", ")}`,
    fix: `name the array with ${flagOf(option)}`,
  });
}

function measurementOf(header: NpyHeader, options: ScanOptions, where: string, conversions: string[]): Measurement {
  const integers = /^u?int/.test(header.dtype);
  if (!integers && !header.dtype.startsWith("float"))
    throw new PtychonautError("data", "patterns have the wrong dtype", {
      where,
      expected: "real numbers: floating point or integers",
      got: header.dtype,
    });
  if (options.measurement !== undefined) {
    conversions.push(`patterns read as ${options.measurement}, as stated`);
    return options.measurement;
  }
  if (integers)
    throw new PtychonautError("data", "integer patterns without a stated measurement", {
      where,
      got: header.dtype,
      expected: "to be told whether the numbers are counts or amplitudes",
      fix: `integers are usually counts: say ${flagOf("measurement", "counts")}`,
    });
  return "amplitude";
}

function toProbe(
  array: NumericArray,
  [height, width]: readonly [number, number],
  where: string,
  conversions: string[],
): ComplexArray {
  const shape = squeezeLeading(array.shape, 2);
  const trailingOne = shape.length === 3 && shape[2] === 1 && !(shape[1] === height && width === 1);
  const [modes, h, w] = trailingOne ? [1, shape[0], shape[1]] : shape.length === 2 ? [1, ...shape] : shape;
  if (shape.length > 3 || h !== height || w !== width)
    throw new PtychonautError("data", "the probe does not fit the patterns", {
      where,
      expected: `(${height}, ${width}), (${height}, ${width}, 1) or (mode, ${height}, ${width})`,
      got: `(${array.shape.join(", ")})`,
      fix: "resample, crop or pad the probe to the size of the patterns",
    });
  if (!array.dtype.startsWith("complex")) conversions.push("real probe taken as complex with zero phase");
  return { shape: [modes!, h, w], data: toComplex(array, where) };
}

function readObject(npz: Npz, options: ScanOptions, where: string): ComplexArray | undefined {
  if (options.objectKey === undefined && !npz.has("objectGuess")) return undefined;
  const key = requireKey(npz, options.objectKey ?? "objectGuess", "reference object", "objectKey", where);
  const array = npz.readNumbers(key);
  const shape = squeezeLeading(array.shape, 2);
  if (shape.length !== 2)
    throw new PtychonautError("data", "the reference object is not an image", {
      where: `${where}: ${key}`,
      expected: "(y, x)",
      got: `(${array.shape.join(", ")})`,
    });
  return { shape, data: toComplex(array, `${where}: ${key}`) };
}

/** Complex numbers interleaved in float32, from complex or real; refuses NaN and infinity. */
function toComplex({ dtype, data }: NumericArray, where: string): Float32Array {
  for (const value of data)
    if (!(Math.abs(value) <= FLOAT32_MAX))
      throw new PtychonautError("data", "not a finite number within float32", { where, got: `${value}` });
  if (dtype.startsWith("complex")) return Float32Array.from(data);
  const out = new Float32Array(2 * data.length);
  for (let i = 0; i < data.length; i++) out[2 * i] = data[i];
  return out;
}

function optionalPatches(
  npz: Npz,
  shape: readonly number[],
  at: (key: string) => string,
): { readonly patches?: ComplexArray } {
  if (!npz.has("Y")) return {};
  const header = npz.header("Y");
  if (!header.dtype.startsWith("complex") || header.shape.join() !== shape.join())
    throw new PtychonautError("data", "the reference patches do not fit", {
      where: at("Y"),
      expected: `complex (${shape.join(", ")})`,
      got: `${header.dtype} (${header.shape.join(", ")})`,
      fix: "save complex patches, frame first, or leave Y out",
    });
  return { patches: { shape, data: toComplex(npz.readNumbers("Y"), at("Y")) } };
}

/** Patches to learn from; where there are none, what is wrong with what could be taken for some. */
function readLabels(
  npz: Npz,
  shape: readonly number[],
  options: ScanOptions,
  at: (key: string) => string,
): Pick<Dataset, "patches" | "labelProblem"> {
  const stated = optionalPatches(npz, shape, at);
  if (stated.patches !== undefined) return stated;
  if (npz.has("label")) {
    const { dtype, shape: own } = npz.header("label");
    if (dtype.startsWith("complex") && own.join() === shape.join())
      return { patches: { shape, data: toComplex(npz.readNumbers("label"), at("label")) } };
    return { labelProblem: `label, ${dtype} (${own.join(", ")}), which is not complex (${shape.join(", ")})` };
  }
  const objectKey = options.objectKey ?? "objectGuess";
  if (npz.has(objectKey)) {
    const { dtype } = npz.header(objectKey);
    return dtype.startsWith("complex") ? {} : { labelProblem: `${objectKey}, ${dtype}: an amplitude without a phase` };
  }
  return npz.has("Y_I") ? { labelProblem: "Y_I: amplitudes times the probe's, without a phase" } : {};
}

/** Patches are as large as the patterns: where those stay in their file, labels can come from the object alone. */
function labelsLeftOut(npz: Npz): Pick<Dataset, "labelProblem"> {
  const key = ["Y", "label"].find((name) => npz.has(name));
  if (key === undefined) return {};
  return {
    labelProblem: `${key}, which is not read while the patterns stay in their file (${setting("patterns_in_memory", "yes")} reads it)`,
  };
}

function optionalMask(
  npz: Npz,
  options: ScanOptions,
  [height, width]: readonly [number, number],
  at: (key: string) => string,
): { readonly mask?: RealArray } {
  if (!npz.has("mask")) return {};
  const array = npz.readNumbers("mask");
  const complex = array.dtype.startsWith("complex");
  if (complex || array.shape.join() !== `${height},${width}` || array.data.some((value) => value !== 0 && value !== 1))
    throw new PtychonautError("data", "the mask does not fit", {
      where: at("mask"),
      expected: `(${height}, ${width}) of 0 and 1, 1 = valid`,
      got: `${array.dtype} (${array.shape.join(", ")})`,
    });
  const data = Float32Array.from(array.data);
  if (options.dcAt === "corner") shiftToCentre(data, array.data, height, width);
  return { mask: { shape: [height, width], data } };
}

function readScanIndex(npz: Npz, count: number, at: (key: string) => string): Int32Array | undefined {
  if (!npz.has("scan_index")) return undefined;
  const array = npz.readNumbers("scan_index");
  const complex = array.dtype.startsWith("complex");
  if (complex || array.data.length !== count || array.data.some((value) => !Number.isInteger(value)))
    throw new PtychonautError("data", "scan_index does not fit", {
      where: at("scan_index"),
      expected: `${count} integers`,
      got: `${array.dtype} (${array.shape.join(", ")})`,
    });
  return Int32Array.from(array.data);
}

function readFrameIntensities(npz: Npz, count: number, at: (key: string) => string): Float64Array | undefined {
  if (!npz.has("frame_intensity")) return undefined;
  const { dtype, shape, data } = npz.readNumbers("frame_intensity");
  const real = !dtype.startsWith("complex");
  if (!real || data.length !== count || data.some((value) => !(value > 0 && Number.isFinite(value))))
    throw new PtychonautError("data", "frame_intensity does not fit", {
      where: at("frame_intensity"),
      expected: `${count} positive numbers`,
      got: `${dtype} (${shape.join(", ")})`,
    });
  return Float64Array.from(data);
}

function outsideObject(
  positions: ScanPositions["positions"],
  object: ComplexArray | undefined,
  { height, width }: Patterns,
): string[] {
  if (object === undefined) return [];
  const [rows, columns] = object.shape as [number, number];
  let outside = 0;
  for (let k = 0; k < positions.length; k += 2) {
    const top = positions[k] - Math.floor(height / 2);
    const left = positions[k + 1] - Math.floor(width / 2);
    if (top < 0 || left < 0 || top + height > rows || left + width > columns) outside++;
  }
  if (outside === 0) return [];
  return [`${outside} of ${positions.length / 2} windows reach outside the reference object (${rows}, ${columns})`];
}

/** Widths that few detectors write become float32, which holds them exactly; the others keep their own. */
function widenSmallInts(data: NumericArray["data"]): Parameters<typeof memoryPatterns>[0] {
  return data instanceof Int8Array || data instanceof Int16Array ? Float32Array.from(data) : data;
}

function squeezeLeading(shape: readonly number[], keep: number): readonly number[] {
  let start = 0;
  while (shape.length - start > keep && shape[start] === 1) start++;
  return shape.slice(start);
}

function nameOf(path: string | undefined): string {
  return (path ?? "scan").replace(/^.*[\\/]/, "").replace(/\.[^.]*$/, "");
}
