import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canvasOf, placesOf } from "../../src/engines/canvas.ts";
import { everyFrame } from "./problem.ts";

/** In sixteenths, whose differences are exact. */
const positions = fc
  .array(fc.integer({ min: -800, max: 1440 }), { minLength: 2, maxLength: 20 })
  .map((values) => Float64Array.from(values.slice(0, values.length & ~1), (value) => value / 16));
const side = fc.integer({ min: 1, max: 40 });

describe("canvas", () => {
  it("holds all windows with the pixels after them, and the margin, and no more", () => {
    fc.assert(
      fc.property(positions, side, side, fc.integer({ min: 0, max: 5 }), (places, height, width, margin) => {
        const canvas = canvasOf(places, [height, width], margin);
        const frames = everyFrame(places.length / 2);
        const { corners, fractions = new Float64Array() } = placesOf(
          places,
          frames,
          [height, width],
          canvas,
          "bilinear",
        );
        const sides = [height, width];
        const ends = [canvas.height, canvas.width];
        for (const axis of [0, 1]) {
          const own = corners.filter((_, k) => k % 2 === axis);
          expect(Math.min(...own)).toBe(margin);
          expect(Math.max(...own) + sides[axis] + 1 + margin).toBe(ends[axis]);
        }
        corners.forEach((corner, k) => {
          const axis = k % 2;
          expect(fractions[k]).toBeGreaterThanOrEqual(0);
          expect(fractions[k]).toBeLessThan(1);
          // Index floor(n / 2) of the window is where the position says.
          const centre = corner + fractions[k] + Math.floor(sides[axis] / 2) + canvas.origin[axis];
          expect(centre).toBeCloseTo(places[k], 9);
        });
      }),
    );
  });

  it("rounds positions where they are to be whole", () => {
    fc.assert(
      fc.property(positions, side, (places, n) => {
        const canvas = canvasOf(places, [n, n], 1);
        const { corners, fractions } = placesOf(places, everyFrame(places.length / 2), [n, n], canvas, "whole");
        expect(fractions).toBeUndefined();
        corners.forEach((corner, k) => {
          expect(Math.abs(corner + Math.floor(n / 2) + canvas.origin[k % 2] - places[k])).toBeLessThanOrEqual(0.5);
        });
      }),
    );
  });
});
