import { expect, it } from "vitest";
import { makeProbe } from "../../src/optics/probes.ts";
import { shadowSense } from "../../src/optics/shadowSense.ts";

it("tells beams that spread from such that converge, and from those in focus", () => {
  const sense = (defocus: number) => shadowSense(makeProbe(32, { kind: "airy", pupilRadius: 13, defocus }));
  expect(sense(14)).toBeGreaterThan(0.7);
  expect(sense(-14)).toBeCloseTo(-sense(14), 5);
  expect(Math.abs(sense(0))).toBeLessThan(0.05);
});
