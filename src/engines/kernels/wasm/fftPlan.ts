import { PtychonautError } from "../../../errors.ts";
import { convolutionLength, laneFactors, rowFactors } from "./fftFactors.ts";
import {
  chirp,
  chirpResponse,
  circleTwiddles,
  circleTwiddlesBack,
  type Direction,
  frequencyOrder,
  primeAngles,
  rowGroups,
  rowTwiddles,
  twiddles,
} from "./fftTables.ts";

/** What `assembly/engines/fft.ts` follows to transform lines of one length, forward and back. */
export interface FftPlan {
  readonly length: number;
  /** To be copied into the module's memory, at a multiple of 16. */
  readonly bytes: Uint8Array;
  /** Bytes of scratch that passes over columns, and over rows, of this length take. */
  readonly columnScratch: number;
  /** Bytes of a row that passes over columns take at once: 8 a column. */
  readonly columnBytes: number;
  readonly rowScratch: number;
}

/** Places of words in a plan, as `assembly/engines/fftPlan.ts` reads them. */
const WORD = {
  ...{ length: 0, elements: 1, columnBytes: 2, rowCount: 3, sister: 4, reversed: 5 },
  ...{ passes: 6, firstPass: 7, order: 8 },
  ...{ rowPasses: 9, firstRowPass: 10, rowGroups: 11, firstRowGroup: 12 },
  ...{ convolution: 13, chirp: 14, kernel: 15 },
} as const;
const HEADER_WORDS = 16;

/** Bytes between rows of scratch, as in `assembly/engines/fftRows.ts`. */
const ROW_GAP = 64;

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
  const plan: FftPlan = {
    length: n,
    bytes: pair(n),
    columnScratch: 2 * elements(n) * columnBytes(n),
    columnBytes: columnBytes(n),
    rowScratch: rowScratch(n),
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

/**
 * Bytes of an element, 8 a line. Rows of a plane lie pages apart, so that a wide piece of each is worth more than scratch
 * that the first cache holds; convolutions take 4 lines at a time anyway.
 */
function columnBytes(n: number): number {
  return laneFactors(n) === undefined ? 64 : 256;
}

function rowCount(n: number): number {
  return laneFactors(n) !== undefined && n <= 256 ? 8 : 4;
}

/** Elements of one half of the scratch of lines in lanes. */
function elements(n: number): number {
  const factors = laneFactors(n);
  if (factors !== undefined) return n + Math.max(...factors);
  const whole = 4 * Math.ceil(n / 4);
  return 2 * whole + convolutionScratch(n) / 32;
}

function convolutionScratch(n: number): number {
  return rowCount(n) * (8 * convolutionLength(2 * n - 1) + ROW_GAP);
}

function rowScratch(n: number): number {
  if (laneFactors(n) === undefined) return convolutionScratch(n);
  return rowCount(n) * (rowFactors(n) !== undefined ? 8 * n + ROW_GAP : 2 * 8 * (elements(n) + 3));
}

/** Plans of both directions, one after the other, each with the way to its sister. */
function pair(n: number): Uint8Array {
  const [forward, inverse] = (["forward", "inverse"] as const).map((direction) => {
    const writer = new PlanWriter(n, direction);
    if (laneFactors(n) === undefined) writer.appendConvolution();
    else writer.appendPasses();
    return writer.finish();
  });
  forward[WORD.sister] = 4 * forward.length;
  inverse[WORD.sister] = -4 * forward.length;
  return new Uint8Array(Int32Array.from([...forward, ...inverse]).buffer);
}

/** Numbers that a pass of transforms of `part` elements takes. */
type PassTable = (part: number, radix: number, direction: Direction) => ArrayLike<number>;

class PlanWriter {
  private readonly words: number[] = Array<number>(HEADER_WORDS).fill(0);
  private readonly n: number;
  private readonly direction: Direction;

  constructor(n: number, direction: Direction) {
    this.n = n;
    this.direction = direction;
    this.words[WORD.length] = n;
    this.words[WORD.elements] = elements(n);
    this.words[WORD.columnBytes] = columnBytes(n);
    this.words[WORD.rowCount] = rowCount(n);
    this.words[WORD.reversed] = direction === "inverse" ? 1 : 0;
  }

  appendPasses(): void {
    const factors = laneFactors(this.n) ?? [];
    this.words[WORD.passes] = factors.length;
    this.words[WORD.firstPass] = this.factors(this.n, factors, twiddles, (_, radix) => primeAngles(radix));
    this.words[WORD.order] = this.append(frequencyOrder(this.n, factors));
    const along = rowFactors(this.n);
    if (along === undefined) return;
    const groups = rowGroups(this.n, along);
    this.words[WORD.rowPasses] = along.length - 1;
    this.words[WORD.firstRowPass] = this.factors(this.n, along.slice(0, -1), rowTwiddles);
    this.words[WORD.rowGroups] = groups.length;
    this.words[WORD.firstRowGroup] = this.append(groups.flat());
  }

  appendConvolution(): void {
    const length = convolutionLength(2 * this.n - 1);
    const along = rowFactors(length) ?? [];
    this.words[WORD.rowPasses] = along.length - 1;
    this.words[WORD.firstRowPass] = this.factors(length, along.slice(0, -1), circleTwiddles, circleTwiddlesBack);
    this.words[WORD.convolution] = length;
    this.words[WORD.chirp] = this.appendFloats(chirp(this.n, this.direction));
    this.words[WORD.kernel] = this.appendFloats(chirpResponse(this.n, length, along, this.direction));
  }

  finish(): number[] {
    this.align();
    return this.words;
  }

  /** For each pass its radix and the places of two tables, given what is transformed in it. */
  private factors(length: number, radices: readonly number[], ...tables: readonly PassTable[]): number {
    const at = this.append(Array<number>(3 * radices.length).fill(0));
    let part = length;
    for (const [i, radix] of radices.entries()) {
      const word = at / 4 + 3 * i;
      this.words[word] = radix;
      for (const [k, table] of tables.entries()) {
        this.words[word + 1 + k] = this.appendFloats(table(part, radix, this.direction));
      }
      part /= radix;
    }
    return at;
  }

  /** Appends at a multiple of 16 bytes; returns the offset in bytes. */
  private append(added: ArrayLike<number>): number {
    this.align();
    const at = 4 * this.words.length;
    for (let i = 0; i < added.length; i++) this.words.push(added[i]);
    return at;
  }

  private appendFloats(values: ArrayLike<number>): number {
    return this.append(new Int32Array(Float32Array.from(values).buffer));
  }

  private align(): void {
    while (this.words.length % 4 !== 0) this.words.push(0);
  }
}
