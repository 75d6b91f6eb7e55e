import { describe, expect, test } from "vitest";
import { amplitudeOf, type ComplexArray, phaseOf } from "../../src/arrays.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import { makeObject, type ObjectShape } from "../../src/optics/objects.ts";
import { Random } from "../../src/random.ts";

const shapes: readonly ObjectShape[] = [
  { kind: "lines" },
  { kind: "deadLeaves" },
  { kind: "siemensStar" },
  { kind: "gaussianField" },
];
const size = [90, 110] as const;
const contrast = { amplitude: [0.9, 0.3], phase: [-0.5, 1.5] } as const;

describe.each(shapes)("$kind", (shape) => {
  const object = makeObject(shape, size, new Random(7), contrast);

  test("spans the amplitudes and phases asked for", () => {
    const [amplitude, phase] = [amplitudeOf(object), phaseOf(object)];
    // Dead leaves draw their values at random, so their extremes come near the limits without meeting them.
    const digits = shape.kind === "deadLeaves" ? 1 : 5;
    expect(Math.min(...amplitude)).toBeCloseTo(0.3, digits);
    expect(Math.max(...amplitude)).toBeCloseTo(0.9, digits);
    expect(Math.min(...phase)).toBeCloseTo(-0.5, digits);
    expect(Math.max(...phase)).toBeCloseTo(1.5, digits);
  });

  test("is fixed by its seed and differs for another", () => {
    expect(makeObject(shape, size, new Random(7), contrast).data).toEqual(object.data);
    expect(makeObject(shape, size, new Random(8), contrast).data).not.toEqual(object.data);
  });

  test("differs from its point mirror image, so that orientation errors show", () => {
    const phase = phaseOf(object);
    const mirrored = phase.slice().reverse();
    let difference = 0;
    for (let k = 0; k < phase.length; k++) difference += Math.abs(phase[k] - mirrored[k]);
    expect(difference / phase.length).toBeGreaterThan(0.1);
  });
});

test("a Siemens star has its spokes: 2 × 35 edges on a circle", () => {
  const object = makeObject({ kind: "siemensStar", rings: 0 }, [400, 400], new Random(1), { phase: [0, 1] });
  const phase = phaseOf(object);
  let crossings = 0;
  let before = Number.NaN;
  for (let k = 0; k <= 20000; k++) {
    const angle = (2 * Math.PI * k) / 20000;
    const [y, x] = [Math.round(199.5 + 150 * Math.sin(angle)), Math.round(199.5 + 150 * Math.cos(angle))];
    const inside = Math.sign(phase[y * 400 + x] - 0.5);
    if (inside !== 0) {
      if (inside === -before) crossings++;
      before = inside;
    }
  }
  expect(crossings).toBe(70);
});

test("a Gaussian field's power spectrum has the slope asked for", () => {
  const n = 128;
  const exponent = 3;
  const object: ComplexArray = makeObject({ kind: "gaussianField", exponent }, [n, n], new Random(3), {
    amplitude: [1, 1],
    phase: [0, 1],
  });
  const phase = phaseOf(object);
  const field = new Float64Array(2 * n * n);
  for (let k = 0; k < n * n; k++) field[2 * k] = phase[k];
  const spectrum = planFft2([n, n]).forward(field);
  const power = (low: number, high: number): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const r = Math.hypot(i - n / 2, j - n / 2);
        if (r < low || r >= high) continue;
        sum += (spectrum[2 * (i * n + j)] ** 2 + spectrum[2 * (i * n + j) + 1] ** 2) * r ** exponent;
        count++;
      }
    }
    return sum / count;
  };
  expect(power(8, 16) / power(32, 48)).toBeCloseTo(1, 0);
});

test("refuses a negative amplitude", () => {
  expect(() => makeObject({ kind: "lines" }, size, new Random(1), { amplitude: [1, -0.1] })).toThrow(/negative/);
});
