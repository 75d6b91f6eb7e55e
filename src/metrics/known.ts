import type { RealArray } from "../arrays.ts";
import { PtychonautError } from "../errors.ts";
import { largestRectangle } from "./coverage.ts";
import type { ComplexImage } from "./image.ts";

/**
 * Pixels below this part of an image's level hold no amplitude: a millionth of its intensity, which no measurement of an
 * object tells from none, and which is yet far above what rounding leaves in a margin of zeros.
 */
const darkest = 1e-3;

/** A margin leaves at least this part of what is known in one rectangle; dark parts of an object cut it up further. */
const leastInOne = 1 / 8;

/** Amplitudes that are looked at for the level. */
const mostSamples = 2 ** 16;

/**
 * Pixels of an image that count in a comparison: 1 = known. What is not finite is not known. Where a mask says what is
 * known, that holds. Without one, pixels without amplitude that reach in from the border are a margin that nobody
 * reconstructed, and not known; dark parts inside are what the image says. An image without any amplitude is known everywhere.
 *
 * @param mask `[height, width]`, 0 = not known
 * @returns row-major
 * @throws PtychonautError "shape" when the mask does not fit
 */
export function knownPixels(image: ComplexImage, mask: RealArray | undefined, whose: string): Uint8Array {
  const [height, width] = image.shape;
  if (mask !== undefined && (mask.shape.length !== 2 || mask.shape[0] !== height || mask.shape[1] !== width)) {
    throw new PtychonautError("shape", `the coverage mask does not fit the ${whose}`, {
      expected: `[${height}, ${width}]`,
      got: `[${mask.shape.join(", ")}]`,
    });
  }
  const finite = Uint8Array.from({ length: height * width }, (_, i) =>
    Number.isFinite(image.data[2 * i] + image.data[2 * i + 1]) ? 1 : 0,
  );
  if (mask !== undefined) return finite.map((value, i) => (mask.data[i] === 0 ? 0 : value));
  const lit = withAmplitude(image, finite);
  if (!lit.includes(1)) return finite;
  const margin = reachedFromBorder(lit, image.shape);
  const known = finite.map((value, i) => (margin[i] === 1 ? 0 : value));
  const { height: tall, width: wide } = largestRectangle(known, image.shape);
  const pixels = known.reduce((sum, value) => sum + value, 0);
  return tall * wide < leastInOne * pixels ? finite : known;
}

/** 1 where a pixel's phase means something: it has more than a thousandth of the image's level as amplitude. */
export function withAmplitude({ data }: ComplexImage, known: Uint8Array): Uint8Array {
  const least = darkest * levelOf(data, known);
  return known.map((value, i) => (value === 1 && Math.hypot(data[2 * i], data[2 * i + 1]) > least ? 1 : 0));
}

/**
 * The amplitude that half of the sum of all amplitudes lies below: of what is bright, however wide a dark margin is, and
 * little moved by a few hot pixels.
 */
function levelOf(data: Float64Array, known: Uint8Array): number {
  const step = Math.ceil(known.length / mostSamples);
  const amplitudes: number[] = [];
  for (let i = 0; i < known.length; i += step)
    if (known[i] === 1) amplitudes.push(Math.hypot(data[2 * i], data[2 * i + 1]));
  const sorted = Float64Array.from(amplitudes).sort();
  const half = sorted.reduce((sum, value) => sum + value, 0) / 2;
  let below = 0;
  for (const value of sorted) {
    below += value;
    if (below >= half) return value;
  }
  return 0;
}

/** 1 where a pixel that is not lit is connected with the border through others that are not. */
function reachedFromBorder(lit: Uint8Array, [height, width]: readonly [number, number]): Uint8Array {
  const reached = new Uint8Array(lit.length);
  const waiting: number[] = [];
  const visit = (k: number): void => {
    if (lit[k] === 1 || reached[k] === 1) return;
    reached[k] = 1;
    waiting.push(k);
  };
  for (let j = 0; j < width; j++) for (const i of [0, height - 1]) visit(i * width + j);
  for (let i = 0; i < height; i++) for (const j of [0, width - 1]) visit(i * width + j);
  for (let k = waiting.pop(); k !== undefined; k = waiting.pop()) {
    const j = k % width;
    if (k >= width) visit(k - width);
    if (k < lit.length - width) visit(k + width);
    if (j > 0) visit(k - 1);
    if (j < width - 1) visit(k + 1);
  }
  return reached;
}
