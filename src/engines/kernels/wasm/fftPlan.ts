import { PtychonautError } from "../../../errors.ts";
import { planFft2 } from "../../../numerics/fft.ts";
import { columnFactors, convolutionLength, type Radix, rowFactors } from "./fftFactors.ts";

/** What `assembly/engines/fft.ts` follows to transform lines of one length, forward and back. */
export interface FftPlan {
  readonly length: number;
  /** To be copied into the module's memory, at a multiple of 16. */
  readonly bytes: Uint8Array;
  /** Bytes of scratch that passes over columns, and over rows, of this length take. */
  readonly columnScratch: number;
  readonly rowScratch: number;
}

type Direction = "forward" | "inverse";

/** Places of words in a plan; offsets in them are in bytes, from the plan's start. */
const WORD = {
  length: 0,
  elements: 1,
  columnBytes: 2,
  rowCount: 3,
  sister: 4,
  reversed: 5,
  convolution: 6,
  factors: 7,
  order: 8,
  chirp: 9,
  kernel: 10,
  rowFactors: 11,
  rowFactor: 12,
  rowOrder: 13,
} as const;
const HEADER_WORDS = 14;

const plans = new Map<number, FftPlan>();

/**
 * The plan for lines of n elements. Tables are computed in float64 and rounded once.
 *
 * @throws PtychonautError "usage" when n is not an integer of 2 or more
 */
export function fftPlan(n: number): FftPlan {
  const known = plans.get(n);
  if (known !== undefined) return known;
  if (!(Number.isInteger(n) && n >= 2)) {
    throw new PtychonautError("usage", "planes to transform need sides of at least two pixels", { got: `${n}` });
  }
  const elements = columnFactors(n) === undefined ? convolutionLength(2 * n - 1) : n;
  const rows = rowCount(n);
  const plan: FftPlan = {
    length: n,
    bytes: pair(n),
    columnScratch: 2 * elements * columnBytes(elements),
    rowScratch: rows * (rowFactors(n) === undefined ? 2 * 8 * (elements + 3) : 8 * n + 64),
  };
  plans.set(n, plan);
  return plan;
}

/** Bytes of scratch that a thread needs to transform planes of `[height, width]`. */
export function fourierScratch(height: number, width: number): number {
  return Math.max(fftPlan(height).columnScratch, fftPlan(width).rowScratch);
}

/** Complex elements from row to row of a plane, a multiple of 4. */
export function planePitch(width: number): number {
  const whole = 4 * Math.ceil(width / 4);
  // Rows a multiple of 1 KiB apart would meet in the same few lines of the cache.
  return whole % 128 === 0 ? whole + 8 : whole;
}

/** Bytes of an element, 8 a line: as many lines as keep the scratch in the first cache, but 64 for whole cache lines. */
function columnBytes(elements: number): number {
  return elements <= 128 ? 128 : 64;
}

function rowCount(n: number): number {
  if (rowFactors(n) === undefined) return n <= 128 ? 8 : 4;
  return n <= 256 ? 8 : 4;
}

/** Plans of both directions, one after the other, each with the way to its sister. */
function pair(n: number): Uint8Array {
  const [forward, inverse] = (["forward", "inverse"] as const).map((direction) =>
    columnFactors(n) === undefined ? convolution(n, direction) : direct(n, direction),
  );
  forward[WORD.sister] = 4 * forward.length;
  inverse[WORD.sister] = -4 * forward.length;
  return new Uint8Array(Int32Array.from([...forward, ...inverse]).buffer);
}

/** Words of a plan, of a length that is a multiple of 16 bytes. */
function start(n: number, elements: number, direction: Direction): number[] {
  const words = Array<number>(HEADER_WORDS).fill(0);
  words[WORD.length] = n;
  words[WORD.elements] = elements;
  words[WORD.columnBytes] = columnBytes(elements);
  words[WORD.rowCount] = rowCount(n);
  words[WORD.reversed] = direction === "inverse" ? 1 : 0;
  return words;
}

/** Appends at a multiple of 16 bytes; returns the offset in bytes. */
function append(words: number[], added: ArrayLike<number>): number {
  align(words);
  const at = 4 * words.length;
  for (let i = 0; i < added.length; i++) words.push(added[i]);
  return at;
}

function appendFloats(words: number[], values: ArrayLike<number>): number {
  return append(words, new Int32Array(Float32Array.from(values).buffer));
}

function align(words: number[]): number[] {
  while (words.length % 4 !== 0) words.push(0);
  return words;
}

function direct(n: number, direction: Direction): number[] {
  const words = start(n, n, direction);
  const factors = columnFactors(n) as readonly Radix[];
  const table = appendFactors(words, factors);
  // The assembly finds them right behind the header.
  words[WORD.factors] = factors.length;
  let length = n;
  for (const [i, radix] of factors.entries()) {
    if (i < factors.length - 1) {
      words[table / 4 + 2 * i + 1] = appendFloats(words, splatTwiddles(length, radix, direction));
    }
    length /= radix;
  }
  words[WORD.order] = append(words, frequencyOrder(n, factors));
  appendRows(words, n, direction);
  return align(words);
}

function appendRows(words: number[], n: number, direction: Direction): void {
  const factors = rowFactors(n);
  if (factors === undefined) return;
  const table = appendFactors(words, factors);
  words[WORD.rowFactors] = factors.length;
  words[WORD.rowFactor] = table;
  let length = n;
  for (const [i, radix] of factors.entries()) {
    if (i < factors.length - 1) {
      words[table / 4 + 2 * i + 1] = appendFloats(words, laneTwiddles(length, radix, direction));
    }
    length /= radix;
  }
  words[WORD.rowOrder] = append(words, rowOrder(n, factors));
}

/** Pairs of radix and place of its twiddles, which is filled in later. */
function appendFactors(words: number[], factors: readonly Radix[]): number {
  return append(
    words,
    factors.flatMap((radix) => [radix, 0]),
  );
}

/**
 * Turns result j of a butterfly of a transform of `length`, at k, where j is the butterfly's own. In the inverse, whose
 * butterfly is the forward one, that is frequency radix − j.
 */
function twiddle(length: number, radix: number, direction: Direction, j: number, k: number): [re: number, im: number] {
  const angle = (2 * Math.PI * (direction === "forward" ? -j * k : (radix - j) * k)) / length;
  return [Math.cos(angle), Math.sin(angle)];
}

/** For k < length / radix: result j > 0 by j, real and imaginary part. */
function splatTwiddles(length: number, radix: number, direction: Direction): number[] {
  const turns: number[] = [];
  for (let k = 0; k < length / radix; k++) {
    for (let j = 1; j < radix; j++) turns.push(...twiddle(length, radix, direction, j, k));
  }
  return turns;
}

/** The same for 4 neighbours k at once: 4 real, then 4 imaginary parts. */
function laneTwiddles(length: number, radix: number, direction: Direction): number[] {
  const turns: number[] = [];
  for (let k = 0; k < length / radix; k += 4) {
    for (let j = 1; j < radix; j++) {
      const four = [0, 1, 2, 3].map((lane) => twiddle(length, radix, direction, j, k + lane));
      turns.push(...four.map(([re]) => re), ...four.map(([, im]) => im));
    }
  }
  return turns;
}

/** The frequency that the first element of each of the last pass's blocks holds. */
function frequencyOrder(n: number, factors: readonly number[]): number[] {
  const last = factors[factors.length - 1];
  return Array.from({ length: n / last }, (_, block) => {
    let rest = block * last;
    let part = n;
    let weight = 1;
    let frequency = 0;
    for (const radix of factors) {
      part /= radix;
      frequency += weight * Math.floor(rest / part);
      rest %= part;
      weight *= radix;
    }
    return frequency;
  });
}

/**
 * The last pass over rows takes 4 blocks that hold neighbouring frequencies, which differ in the first pass's part: bytes
 * from the row's start to the first of them, and to its first frequency.
 */
function rowOrder(n: number, factors: readonly number[]): number[] {
  const frequencies = frequencyOrder(n, factors);
  const blocksAPart = frequencies.length / factors[0];
  return frequencies.flatMap((frequency, block) =>
    Math.floor(block / blocksAPart) % 4 === 0 ? [8 * 4 * block, 8 * frequency] : [],
  );
}

/** Any length by a convolution with a chirp, whose transform is that of float64. */
function convolution(n: number, direction: Direction): number[] {
  const m = convolutionLength(2 * n - 1);
  const sign = direction === "forward" ? -1 : 1;
  const chirp = new Float64Array(2 * n);
  const kernel = new Float64Array(2 * m);
  const centre = Math.floor(m / 2);
  for (let k = 0; k < n; k++) {
    // k² mod 2n keeps the angle small, and so exact, for large k.
    const angle = (sign * Math.PI * ((k * k) % (2 * n))) / n;
    chirp[2 * k] = Math.cos(angle);
    chirp[2 * k + 1] = Math.sin(angle);
    for (const place of [k, m - k]) {
      const at = 2 * ((place + centre) % m);
      kernel[at] = chirp[2 * k];
      kernel[at + 1] = -chirp[2 * k + 1];
    }
  }
  const centred = planFft2([1, m]).forward(kernel);
  // Unitary there; here the convolution needs the plain transform over m, for the inverse's norm.
  const response = centred.map((_, i) => centred[(i + 2 * centre) % (2 * m)] / Math.sqrt(m));

  const words = start(n, m, direction);
  words[WORD.convolution] = append(words, new Int32Array(pair(m).buffer));
  words[WORD.chirp] = appendFloats(words, chirp);
  words[WORD.kernel] = appendFloats(words, response);
  return align(words);
}
