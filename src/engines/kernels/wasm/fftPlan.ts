import { PtychonautError } from "../../../errors.ts";
import { planFft2 } from "../../../numerics/fft.ts";

/** What `assembly/engines/fft.ts` follows to transform lines of one length. */
export interface FftPlan {
  readonly length: number;
  /** To be copied into the module's memory, at a multiple of 16. */
  readonly bytes: Uint8Array;
  /** Bytes of scratch that passes over columns, and over rows, of this length take. */
  readonly columnScratch: number;
  readonly rowScratch: number;
}

/** Radices that `assembly/engines/generateFft.mjs` writes code for. */
type Radix = 2 | 3 | 4 | 5 | 7 | 8;

/** Words before the factors, and words a factor. */
const HEADER_WORDS = 9;
const FACTOR_WORDS = 3;

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
  const factors = factorise(n);
  const plan = factors === undefined ? convolutionPlan(n) : directPlan(n, factors);
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

/** Passes in their order, or undefined where a prime factor has no code. */
function factorise(n: number): Radix[] | undefined {
  const odd: Radix[] = [];
  let rest = n;
  for (const prime of [7, 5, 3] as const) {
    for (; rest % prime === 0; rest /= prime) odd.push(prime);
  }
  let twos = 0;
  for (; rest % 2 === 0; rest /= 2) twos++;
  if (rest !== 1) return undefined;
  if (twos === 1) return [...odd, 2];
  const even: Radix[] = twos % 2 === 1 ? [8] : [];
  for (let left = twos - 3 * (twos % 2); left > 0; left -= 2) even.push(4);
  return [...odd, ...even];
}

/** Bytes of an element, 8 a line: as many lines as keep the scratch in the first cache, but 64 for whole cache lines. */
function elementBytes(elements: number): number {
  return elements <= 128 ? 128 : 64;
}

class PlanWriter {
  private readonly words: number[] = [];

  get byteLength(): number {
    return 4 * this.words.length;
  }

  integer(at: number, value: number): void {
    this.words[at] = value;
  }

  /** Appends at a multiple of 16 bytes; returns the offset in bytes. */
  append(words: ArrayLike<number>): number {
    while (this.words.length % 4 !== 0) this.words.push(0);
    const at = this.byteLength;
    for (let i = 0; i < words.length; i++) this.words.push(words[i]);
    return at;
  }

  appendFloats(values: ArrayLike<number>): number {
    return this.append(new Int32Array(Float32Array.from(values).buffer));
  }

  finish(): Uint8Array {
    return new Uint8Array(Int32Array.from(this.words).buffer);
  }
}

function startPlan(n: number, elements: number, factors: number): PlanWriter {
  const writer = new PlanWriter();
  for (let i = 0; i < HEADER_WORDS + FACTOR_WORDS * factors; i++) writer.integer(i, 0);
  writer.integer(0, n);
  writer.integer(1, elements);
  writer.integer(2, elementBytes(elements));
  writer.integer(3, elementBytes(elements) / 2);
  return writer;
}

function finishPlan(n: number, elements: number, writer: PlanWriter): FftPlan {
  return {
    length: n,
    bytes: writer.finish(),
    columnScratch: 2 * elements * elementBytes(elements),
    rowScratch: (2 * (elements + 3) * elementBytes(elements)) / 2,
  };
}

function directPlan(n: number, factors: readonly Radix[]): FftPlan {
  const writer = startPlan(n, n, factors.length);
  writer.integer(5, factors.length);
  let length = n;
  factors.forEach((radix, i) => {
    const isLast = i === factors.length - 1;
    writer.integer(HEADER_WORDS + FACTOR_WORDS * i, radix);
    writer.integer(HEADER_WORDS + FACTOR_WORDS * i + 1, isLast ? 0 : writer.appendFloats(twiddles(length, radix)));
    length /= radix;
  });
  writer.integer(6, writer.append(frequencyOrder(n, factors)));
  return finishPlan(n, n, writer);
}

/** exp(−2πi jk / length) for k < length / radix and 0 < j < radix. */
function twiddles(length: number, radix: number): number[] {
  const turns: number[] = [];
  for (let k = 0; k < length / radix; k++) {
    for (let j = 1; j < radix; j++) {
      const angle = (-2 * Math.PI * j * k) / length;
      turns.push(Math.cos(angle), Math.sin(angle));
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

/** Any length by a convolution with a chirp, whose transform is that of float64. */
function convolutionPlan(n: number): FftPlan {
  const m = convolutionLength(2 * n - 1);
  const inner = directPlan(m, factorise(m) as Radix[]);
  const chirp = new Float64Array(2 * n);
  const kernel = new Float64Array(2 * m);
  const centre = Math.floor(m / 2);
  for (let k = 0; k < n; k++) {
    // k² mod 2n keeps the angle small, and so exact, for large k.
    const angle = (Math.PI * ((k * k) % (2 * n))) / n;
    chirp[2 * k] = Math.cos(angle);
    chirp[2 * k + 1] = -Math.sin(angle);
    for (const place of [k, m - k]) {
      const at = 2 * ((place + centre) % m);
      kernel[at] = chirp[2 * k];
      kernel[at + 1] = -chirp[2 * k + 1];
    }
  }
  const centred = planFft2([1, m]).forward(kernel);
  // Unitary there; here the convolution needs the plain transform over m, for the inverse's norm.
  const response = new Float64Array(2 * m);
  for (let i = 0; i < 2 * m; i++) response[i] = centred[(i + 2 * centre) % (2 * m)] / Math.sqrt(m);

  const writer = startPlan(n, m, 0);
  writer.integer(4, writer.append(new Int32Array(inner.bytes.slice().buffer)));
  writer.integer(7, writer.appendFloats(chirp));
  writer.integer(8, writer.appendFloats(response));
  return finishPlan(n, m, writer);
}

/** The cheapest length of at least `least` that has code. */
function convolutionLength(least: number): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let m = least; m < 2 * least; m++) {
    const factors = factorise(m);
    if (factors === undefined) continue;
    const cost = m * factors.reduce((sum, radix) => sum + COST[radix], 0);
    if (cost < bestCost) [best, bestCost] = [m, cost];
  }
  return best;
}

/** What a pass costs an element, to one of radix 2. */
const COST: Readonly<Record<Radix, number>> = { 2: 1, 3: 1.2, 4: 1.2, 5: 1.7, 7: 2.3, 8: 1.9 };
