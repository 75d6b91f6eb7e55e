import { planFft2 } from "../../../numerics/fft.ts";

export type Direction = "forward" | "inverse";

/**
 * What turns result j of a butterfly of a transform of `length`, at k. In the inverse, whose butterfly is the forward one,
 * result j is frequency radix − j.
 */
function turn(length: number, radix: number, direction: Direction, j: number, k: number): [re: number, im: number] {
  const angle = (2 * Math.PI * (direction === "forward" ? -j * k : (radix - j) * k)) / length;
  return [Math.cos(angle), Math.sin(angle)];
}

/** For each k < length / radix: results j > 0, real and imaginary part. */
export function twiddles(length: number, radix: number, direction: Direction): number[] {
  const turns: number[] = [];
  for (let k = 0; k < length / radix; k++) {
    for (let j = 1; j < radix; j++) turns.push(...turn(length, radix, direction, j, k));
  }
  return turns;
}

/** The same, blocked, for 4 neighbours k. */
export function rowTwiddles(length: number, radix: number, direction: Direction): number[] {
  return blocked(length, radix, (j, k) => turn(length, radix, direction, j, k));
}

/** Of a convolution's passes: forward, whichever way the transform goes that it serves. */
export function circleTwiddles(length: number, radix: number): number[] {
  return rowTwiddles(length, radix, "forward");
}

/** What undoes them. */
export function circleTwiddlesBack(length: number, radix: number): number[] {
  return blocked(length, radix, (j, k) => {
    const [re, im] = turn(length, radix, "forward", j, k);
    return [re, -im];
  });
}

function blocked(length: number, radix: number, at: (j: number, k: number) => [re: number, im: number]): number[] {
  const turns: number[] = [];
  for (let k = 0; k < length / radix; k += 4) {
    for (let j = 1; j < radix; j++) {
      const four = [0, 1, 2, 3].map((lane) => at(j, k + lane));
      turns.push(...four.map(([re]) => re), ...four.map(([, im]) => im));
    }
  }
  return turns;
}

/** Of an odd radix, for each two results k up to half of it: cosines for both, of each pair j of elements; then sines. */
export function primeAngles(radix: number): number[] {
  const half = Math.floor((radix - 1) / 2);
  const angles: number[] = [];
  for (let k = 1; k <= half; k += 2) {
    for (const wave of [Math.cos, Math.sin]) {
      for (let j = 1; j <= half; j++) {
        for (const turns of [j * k, j * (k + 1)]) angles.push(wave((2 * Math.PI * (turns % radix)) / radix));
      }
    }
  }
  return angles;
}

/** The frequency that the first element of each of the last pass's blocks holds. */
export function frequencyOrder(n: number, factors: readonly number[]): number[] {
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
 * The last pass along rows takes 4 blocks that hold neighbouring frequencies: bytes from the row's start to each of them,
 * and to the first result. Where 4 does not divide the number of blocks, the last group repeats some of the one before.
 */
export function rowGroups(n: number, factors: readonly number[]): number[][] {
  const blocks = n / 4;
  const blockOf: number[] = [];
  frequencyOrder(n, factors).forEach((frequency, block) => {
    blockOf[frequency] = block;
  });
  return Array.from({ length: Math.ceil(blocks / 4) }, (_, group) => {
    const first = Math.min(4 * group, blocks - 4);
    return [...[0, 1, 2, 3].map((i) => 8 * 4 * blockOf[first + i]), 8 * first];
  });
}

/** exp(∓πi k² / n), blocked, zeros up to a multiple of 4. */
export function chirp(n: number, direction: Direction): number[] {
  const values: number[] = [];
  for (let k = 0; k < n; k += 4) {
    const four = [0, 1, 2, 3].map((lane) => (k + lane < n ? chirpAt(n, direction, k + lane) : [0, 0]));
    values.push(...four.map(([re]) => re), ...four.map(([, im]) => im));
  }
  return values;
}

function chirpAt(n: number, direction: Direction, k: number): [re: number, im: number] {
  // k² mod 2n keeps the angle small, and so exact, for large k.
  const angle = (Math.PI * ((k * k) % (2 * n))) / n;
  return [Math.cos(angle), direction === "forward" ? -Math.sin(angle) : Math.sin(angle)];
}

/**
 * The DFT of the conjugated chirp on a circle of `length`, over the length, blocked in the order of the last pass but for
 * its turn: results j < 4 of 4 blocks that are neighbours.
 */
export function chirpResponse(n: number, length: number, factors: readonly number[], direction: Direction): number[] {
  const centre = Math.floor(length / 2);
  const kernel = new Float64Array(2 * length);
  for (let k = 0; k < n; k++) {
    const [re, im] = chirpAt(n, direction, k);
    for (const place of [k, length - k]) {
      const at = 2 * ((place + centre) % length);
      kernel[at] = re;
      kernel[at + 1] = -im;
    }
  }
  // Centred and unitary.
  const centred = planFft2([1, length]).forward(kernel);
  const order = frequencyOrder(length, factors);
  const values: number[] = [];
  for (let block = 0; block < order.length; block += 4) {
    for (let j = 0; j < 4; j++) {
      const at = [0, 1, 2, 3].map((lane) => 2 * ((order[block + lane] + (j * length) / 4 + centre) % length));
      for (const part of [0, 1]) values.push(...at.map((i) => centred[i + part] / Math.sqrt(length)));
    }
  }
  return values;
}
