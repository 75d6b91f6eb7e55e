import fc from "fast-check";
import { expect, it } from "vitest";
import { objectScales, physicalPredictor } from "../../src/inference/physicalObject.ts";

const number = fc.double({ min: -3, max: 3, noNaN: true });

it("the physical object gives the intensity of the trained forward model, |α g A(s1 Re O + i s2 Im O) + β|²", () => {
  fc.assert(
    fc.property(number, number, number, number, number, fc.double({ min: 0.1, max: 4, noNaN: true }), (...values) => {
      const [angle, s1, s2, alpha, beta, gain] = values;
      // One pixel and a unit probe: the far field's modulus is the object's.
      const [a, b] = [Math.cos(angle), Math.sin(angle)];
      const model = (alpha * gain * Math.hypot(s1 * a, s2 * b) + beta) ** 2;
      const { re, im, offset } = objectScales({ amplitudePhysicsGain: gain }, { s1, s2, alpha, beta });
      expect((Math.hypot(re * a, im * b) + offset) ** 2).toBeCloseTo(model, 9);
    }),
  );
});

it("plain physics changes nothing", async () => {
  expect(objectScales({ amplitudePhysicsGain: 1 }, { inputScale: 3 })).toEqual({ re: 1, im: 1, offset: 0 });
  const patches = { shape: [1, 1, 1], data: Float32Array.of(3, 5) };
  const network = { batch: 1, predict: async () => patches, dispose: async () => {} };
  const batch = { images: new Float32Array(1), frames: new Int32Array(1) };
  expect(await physicalPredictor(network, { re: 1, im: 1, offset: 0 }).predict(batch)).toBe(patches);
  const scaled = await physicalPredictor(network, { re: 2, im: 0.5, offset: 0 }).predict(batch);
  expect([...scaled.data]).toEqual([6, 2.5]);
});
