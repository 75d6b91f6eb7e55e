import { expect, it } from "vitest";
import { colouringOf, defaultLook, type Look } from "../../web/canvas/look.ts";
import { prepareArray, type ShownArray } from "../../web/canvas/shownArray.ts";

/** Amplitudes 1 to 2 and phases -0.1 to 0.1, and the same drawn out. */
function object(stretch: number): ShownArray {
  const data = new Float32Array(2 * 64);
  for (let i = 0; i < 64; i++) {
    const [amplitude, phase] = [1 + (stretch * i) / 63, stretch * 0.1 * ((2 * i) / 63 - 1)];
    data.set([amplitude * Math.cos(phase), amplitude * Math.sin(phase)], 2 * i);
  }
  return { shape: [8, 8], data, complex: true };
}

it.each<Partial<Look>>([
  { quantity: "amplitude" },
  { quantity: "amplitude", scale: "log" },
  { quantity: "phase" },
  { quantity: "phase", colormap: "gray", limits: 0 },
  { quantity: "complex", limits: 0.02 },
])("arrays beside one another have limits that hold both: %o", (change) => {
  const look = { ...defaultLook, ...change };
  const [narrow, wide] = [object(1), object(4)];
  const alone = [narrow, wide].map((array) => colouringOf(prepareArray(array), look).limits);
  const [first, second] = [
    colouringOf(prepareArray({ ...narrow, beside: wide }), look),
    colouringOf(prepareArray({ ...wide, beside: narrow }), look),
  ];
  expect(first).toEqual(second);
  expect(alone[0][1]).toBeLessThan(0.7 * alone[1][1]);
  expect(first.limits[1]).toBeGreaterThan(0.9 * alone[1][1]);
});

it("pixels of which nothing is known in the array beside do not count", () => {
  const known = new Uint8Array(64);
  known[0] = 1;
  const look: Look = { ...defaultLook, limits: 0 };
  const { limits } = colouringOf(prepareArray({ ...object(1), beside: { ...object(4), known } }), look);
  expect(limits[1]).toBeCloseTo(2, 5);
});
