import type { ComplexArray } from "../arrays.ts";

/**
 * The angle of the sum of an object's values, radians: what of it is physically free, and is turned to zero where it is
 * shown, so that no wrap runs through a weak phase object. 0 when nothing is known.
 * @param known 0 = takes no part, as what is not finite does not; without it all do
 */
export function meanPhase({ data }: Pick<ComplexArray, "data">, known?: ArrayLike<number>): number {
  let [re, im] = [0, 0];
  for (let i = 0; 2 * i < data.length; i++) {
    if (known?.[i] === 0 || !Number.isFinite(data[2 * i] + data[2 * i + 1])) continue;
    re += data[2 * i];
    im += data[2 * i + 1];
  }
  return Math.atan2(im, re);
}

/** The field times exp(−i `phase`), as a new one. @param phase radians */
export function turnedBack({ shape, data }: ComplexArray, phase: number): ComplexArray {
  const [c, s] = [Math.cos(phase), Math.sin(phase)];
  const turned = new Float32Array(data.length);
  for (let i = 0; i < data.length; i += 2) {
    turned[i] = c * data[i] + s * data[i + 1];
    turned[i + 1] = c * data[i + 1] - s * data[i];
  }
  return { shape, data: turned };
}

/** An object with its mean phase turned to zero. @param known as `meanPhase` has it */
export const meanPhaseAtZero = (object: ComplexArray, known?: ArrayLike<number>): ComplexArray =>
  turnedBack(object, meanPhase(object, known));
