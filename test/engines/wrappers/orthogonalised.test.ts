import { expect, test } from "vitest";
import { orthogonalised } from "../../../src/engines/wrappers/orthogonalised.ts";
import { Random } from "../../../src/random.ts";

const MODES = 4;
const PIXELS = 50;

function mixture(rank: number): Float64Array {
  const random = new Random(3);
  const basis = Float64Array.from({ length: rank * 2 * PIXELS }, () => random.normal());
  const rows = new Float64Array(MODES * 2 * PIXELS);
  for (let m = 0; m < MODES; m++)
    for (let k = 0; k < rank; k++) {
      const [re, im] = [random.normal(), random.normal()];
      for (let i = 0; i < 2 * PIXELS; i += 2) {
        const [x, y] = [basis[k * 2 * PIXELS + i], basis[k * 2 * PIXELS + i + 1]];
        rows[m * 2 * PIXELS + i] += re * x - im * y;
        rows[m * 2 * PIXELS + i + 1] += re * y + im * x;
      }
    }
  return rows;
}

const intensity = (rows: Float64Array): Float64Array => {
  const out = new Float64Array(PIXELS);
  rows.forEach((value, i) => {
    out[(i >> 1) % PIXELS] += value * value;
  });
  return out;
};

// Modes that say the same twice are the hard case: eigenvalues of 0 come several times.
test.each([MODES, 2])(
  "modes of rank %i become orthogonal, of falling power, and light every pixel as before",
  (rank) => {
    const rows = mixture(rank);
    const { modes, powers } = orthogonalised(rows, MODES);
    const total = powers.reduce((sum, power) => sum + power, 0);
    for (let a = 0; a < MODES; a++)
      for (let b = 0; b <= a; b++) {
        let [re, im] = [0, 0];
        for (let i = 0; i < 2 * PIXELS; i += 2) {
          const [x, y] = [modes[a * 2 * PIXELS + i], modes[a * 2 * PIXELS + i + 1]];
          const [u, v] = [modes[b * 2 * PIXELS + i], modes[b * 2 * PIXELS + i + 1]];
          re += x * u + y * v;
          im += y * u - x * v;
        }
        expect(Math.abs(re - (a === b ? powers[a] : 0))).toBeLessThan(1e-12 * total);
        expect(Math.abs(im)).toBeLessThan(1e-12 * total);
      }
    powers.slice(1).forEach((power, k) => {
      expect(power).toBeLessThanOrEqual(powers[k] + 1e-12 * total);
    });
    const before = intensity(rows);
    intensity(modes).forEach((value, i) => {
      expect(Math.abs(value - before[i])).toBeLessThan(1e-12 * total);
    });
  },
);
