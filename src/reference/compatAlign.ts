import { amplitudeImage, asComplex, type ComplexImage } from "../metrics/image.ts";
import { findShift } from "../metrics/registration.ts";
import { solve3 } from "../numerics/solve3.ts";

/** Two images brought to one frame the way PtychoPINN does before it compares them. */

/**
 * Takes the phase ramp between two images out of the first: a plane c₀ + c_x x + c_y y (x, y in −½ … ½) fitted to the
 * angle of a conj(b), each squared residual weighted by |a conj b|. Wraps are not unfolded; `findGauge` is robust to them.
 */
export function matchPhaseRamp(a: ComplexImage, b: ComplexImage): ComplexImage {
  const [height, width] = a.shape;
  const basis = (k: number): [number, number, number] => [
    1,
    (k % width) / (width - 1) - 0.5,
    Math.floor(k / width) / (height - 1) - 0.5,
  ];
  const matrix = new Float64Array(9);
  const right = new Float64Array(3);
  for (let k = 0; k < height * width; k++) {
    const [ar, ai, br, bi] = [a.data[2 * k], a.data[2 * k + 1], b.data[2 * k], b.data[2 * k + 1]];
    const [re, im] = [ar * br + ai * bi, ai * br - ar * bi];
    const weight = Math.hypot(re, im);
    const angle = Math.atan2(im, re);
    const row = basis(k);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) matrix[3 * i + j] += weight * row[i] * row[j];
      right[i] += weight * row[i] * angle;
    }
  }
  const plane = solve3(matrix, right);
  const data = new Float64Array(a.data.length);
  for (let k = 0; k < height * width; k++) {
    const row = basis(k);
    const angle = -(plane[0] * row[0] + plane[1] * row[1] + plane[2] * row[2]);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    data[2 * k] = a.data[2 * k] * c - a.data[2 * k + 1] * s;
    data[2 * k + 1] = a.data[2 * k] * s + a.data[2 * k + 1] * c;
  }
  return { shape: a.shape, data };
}

/** Steps a pixel of the grid on which the reference system looks for a shift. */
const stepsPerPixel = 50;

/** Pixels (y, x) by which `moving` must move onto `reference`: phase correlation of the amplitudes, on a grid of 1/50. */
export function compatShift(moving: ComplexImage, reference: ComplexImage): readonly [y: number, x: number] {
  const { shift } = findShift(asComplex(amplitudeImage(moving)), asComplex(amplitudeImage(reference)), {
    whiten: true,
  });
  const onGrid = (value: number): number => Math.round(value * stepsPerPixel) / stepsPerPixel;
  return [onGrid(shift[0]), onGrid(shift[1])];
}
