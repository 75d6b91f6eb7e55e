/**
 * An experiment in the laboratory, by direct sums, that knows nothing of arrays' rows and columns: right-handed axes, z
 * along the beam, y up. The sample is moved through a fixed beam; each detector pixel has a place and gets
 * |Σ ψ(r) exp(−2πi r·D / λz)|² (Fraunhofer, Goodman, Introduction to Fourier Optics, 4.25).
 */

export type Vector = readonly [number, number, number];
type Complex = readonly [re: number, im: number];

export const wavelength = 1.2e-10;
export const distance = 2;
export const pixel = 75e-6;
export const side = 16;
/** λ z / (N p). */
export const objectPixel = (wavelength * distance) / (side * pixel);

/** Neither symmetric under any turn or mirror, nor centred. Metres. */
const blobs = [
  { x: -2.1, y: 1.2, size: 1.6, phase: 0.9, absorbed: 0.3 },
  { x: 1.7, y: 2.6, size: 1.1, phase: -0.7, absorbed: 0.1 },
  { x: 0.6, y: -2.9, size: 2.2, phase: 0.4, absorbed: 0.5 },
].map((blob) => ({ ...blob, x: blob.x * objectPixel, y: blob.y * objectPixel, size: blob.size * objectPixel }));

/** The sample's transmission at a point of its own. */
export function transmission(x: number, y: number): Complex {
  let [phase, absorbed] = [0, 0];
  for (const blob of blobs) {
    const weight = Math.exp(-((x - blob.x) ** 2 + (y - blob.y) ** 2) / (2 * blob.size ** 2));
    phase += blob.phase * weight;
    absorbed += blob.absorbed * weight;
  }
  return [Math.exp(-absorbed) * Math.cos(phase), Math.exp(-absorbed) * Math.sin(phase)];
}

/** The beam at a point of the laboratory: narrow, longer one way, and curved. */
export function beam(x: number, y: number): Complex {
  const [u, v] = [x / objectPixel, y / objectPixel];
  const amplitude = Math.exp(-(u * u + 0.5 * u * v + 1.4 * v * v) / 4);
  const phase = 0.12 * u * u - 0.05 * v * v + 0.2 * u;
  return [amplitude * Math.cos(phase), amplitude * Math.sin(phase)];
}

const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];

/** Points a pixel that the sums go through: detectors that are turned see further than the nearest pixels' side. */
const FINE = 2;

/** Intensity of a detector's pixels (slow, fast), row-major, with the sample moved by (x, y) metres. */
export function intensities([movedX, movedY]: readonly [number, number], slow: Vector, fast: Vector): Float64Array {
  const out = new Float64Array(side * side);
  const points: { x: number; y: number; wave: Complex }[] = [];
  for (let i = -8 * FINE; i <= 8 * FINE; i++)
    for (let j = -8 * FINE; j <= 8 * FINE; j++) {
      const [x, y] = [i, j].map((index) => (index * objectPixel) / FINE);
      points.push({ x, y, wave: times(beam(x, y), transmission(x - movedX, y - movedY)) });
    }
  for (let m = 0; m < side; m++)
    for (let n = 0; n < side; n++) {
      const [rows, columns] = [m - side / 2, n - side / 2].map((index) => index * pixel);
      const place = slow.map((along, k) => rows * along + columns * fast[k]);
      let [re, im] = [0, 0];
      for (const { x, y, wave } of points) {
        const angle = (-2 * Math.PI * (x * place[0] + y * place[1])) / (wavelength * distance);
        const [a, b] = times(wave, [Math.cos(angle), Math.sin(angle)]);
        re += a / FINE ** 2;
        im += b / FINE ** 2;
      }
      out[m * side + n] = re * re + im * im;
    }
  return out;
}

/**
 * The same from a Dataset's side: rows and columns of arrays, a window about a position (y, x) in object pixels, centred
 * discrete Fourier transform. Array indices are places along the detector's axes.
 */
export function predicted([y, x]: readonly [number, number], slow: Vector, fast: Vector): Float64Array {
  const place = (row: number, column: number): [number, number] => [
    objectPixel * (row * slow[0] + column * fast[0]),
    objectPixel * (row * slow[1] + column * fast[1]),
  ];
  const waves: Complex[] = [];
  for (let i = -side / 2; i < side / 2; i++)
    for (let j = -side / 2; j < side / 2; j++)
      waves.push(times(beam(...place(i, j)), transmission(...place(y + i, x + j))));
  const out = new Float64Array(side * side);
  for (let m = 0; m < side; m++)
    for (let n = 0; n < side; n++) {
      let [re, im] = [0, 0];
      for (const [k, wave] of waves.entries()) {
        const [i, j] = [Math.floor(k / side) - side / 2, (k % side) - side / 2];
        const angle = (-2 * Math.PI * ((m - side / 2) * i + (n - side / 2) * j)) / side;
        const [a, b] = times(wave, [Math.cos(angle), Math.sin(angle)]);
        re += a;
        im += b;
      }
      out[m * side + n] = re * re + im * im;
    }
  return out;
}
