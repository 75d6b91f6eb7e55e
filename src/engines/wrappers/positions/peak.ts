/** A spectrum in the detector's order, interleaved. */
type Spectrum = Float32Array | Float64Array;

/** Grids about the peak: their spacing in pixels, and points to each side. Each reaches as far as the one before is wide. */
const GRIDS = [
  { spacing: 1, each: 0 },
  { spacing: 1 / 4, each: 4 },
  { spacing: 1 / 32, each: 8 },
] as const;

/** Where what a spectrum is of has its largest real part, within a reach along both axes: on whole pixels, then between them, and by a parabola at last. */
export function highestPeak(
  spectrum: Spectrum,
  shape: readonly [height: number, width: number],
  reach: number,
): [y: number, x: number] {
  let centre: [number, number] = [0, 0];
  let [spacing, values, each]: [number, Float64Array, number] = [1, new Float64Array(1), 0];
  for (const grid of GRIDS) {
    spacing = grid.spacing;
    each = grid.each === 0 ? Math.floor(reach) : grid.each;
    values = heights(spectrum, shape, centre, spacing, each);
    const best = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    const side = 2 * each + 1;
    centre = [centre[0] + spacing * (Math.floor(best / side) - each), centre[1] + spacing * ((best % side) - each)];
  }
  return summit(spectrum, shape, centre, spacing);
}

/** Real parts on a grid of (2 each + 1)² points about a centre: two products of small matrices with the spectrum. */
function heights(
  spectrum: Spectrum,
  shape: readonly [number, number],
  centre: readonly [number, number],
  spacing: number,
  each: number,
): Float64Array {
  const values = evaluated(spectrum, shape, centre, spacing, each);
  return Float64Array.from({ length: values.length / 2 }, (_, k) => values[2 * k]);
}

/** Σ_k spectrum(k) exp(2πi k·s / n) at the points s of a grid. */
function evaluated(
  spectrum: Spectrum,
  [height, width]: readonly [number, number],
  centre: readonly [number, number],
  spacing: number,
  each: number,
): Float64Array {
  const side = 2 * each + 1;
  const rows = new Float64Array(2 * height * side);
  const [along, down] = [phases(width, centre[1], spacing, each), phases(height, centre[0], spacing, each)];
  for (let y = 0; y < height; y++)
    for (let s = 0; s < side; s++) {
      let [re, im] = [0, 0];
      for (let x = 0, i = 2 * y * width, j = 2 * s * width; x < width; x++, i += 2, j += 2) {
        re += spectrum[i] * along[j] - spectrum[i + 1] * along[j + 1];
        im += spectrum[i] * along[j + 1] + spectrum[i + 1] * along[j];
      }
      rows[2 * (y * side + s)] = re;
      rows[2 * (y * side + s) + 1] = im;
    }
  const out = new Float64Array(2 * side * side);
  for (let t = 0; t < side; t++)
    for (let s = 0; s < side; s++) {
      let [re, im] = [0, 0];
      for (let y = 0; y < height; y++) {
        const [i, j] = [2 * (y * side + s), 2 * (t * height + y)];
        re += rows[i] * down[j] - rows[i + 1] * down[j + 1];
        im += rows[i] * down[j + 1] + rows[i + 1] * down[j];
      }
      out[2 * (t * side + s)] = re;
      out[2 * (t * side + s) + 1] = im;
    }
  return out;
}

/** `[point, frequency]`, interleaved. Frequencies in the detector's order. */
function phases(n: number, centre: number, spacing: number, each: number): Float64Array {
  const side = 2 * each + 1;
  const out = new Float64Array(2 * side * n);
  for (let s = 0; s < side; s++)
    for (let k = 0; k < n; k++) {
      const frequency = k < Math.ceil(n / 2) ? k : k - n;
      const angle = (2 * Math.PI * frequency * (centre + spacing * (s - each))) / n;
      out[2 * (s * n + k)] = Math.cos(angle);
      out[2 * (s * n + k) + 1] = Math.sin(angle);
    }
  return out;
}

/** Of the parabolas along both axes through three points each. */
function summit(
  spectrum: Spectrum,
  shape: readonly [number, number],
  centre: readonly [number, number],
  spacing: number,
): [number, number] {
  const values = heights(spectrum, shape, centre, spacing, 1);
  const offset = (before: number, here: number, after: number): number => {
    const bend = before - 2 * here + after;
    return bend < 0 ? Math.max(-1, Math.min(1, (before - after) / (2 * bend))) : 0;
  };
  return [
    centre[0] + spacing * offset(values[1], values[4], values[7]),
    centre[1] + spacing * offset(values[3], values[4], values[5]),
  ];
}
