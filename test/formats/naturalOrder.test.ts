import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { missingNumbers, naturalOrder } from "../../src/formats/naturalOrder.ts";

describe("natural order", () => {
  it("counts as people do", () => {
    expect(naturalOrder(["frame10.tif", "frame2.tif", "frame1.tif", "a", "frame02.tif"])).toEqual([
      ...["a", "frame1.tif", "frame02.tif", "frame2.tif", "frame10.tif"],
    ]);
    expect(naturalOrder(["s2_f10", "s10_f1", "s2_f9"])).toEqual(["s2_f9", "s2_f10", "s10_f1"]);
    // More digits than a number holds.
    expect(naturalOrder(["t20000000000000000001", "t20000000000000000000"])[0]).toBe("t20000000000000000000");
  });

  it("sorts names of one number by that number, however they are mixed", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(), { minLength: 1 }), (counts) => {
        const sorted = [...counts].sort((a, b) => a - b);
        expect(naturalOrder(counts.map((count) => `img_${count}.tiff`))).toEqual(
          sorted.map((count) => `img_${count}.tiff`),
        );
      }),
    );
  });

  it("sees what is missing", () => {
    const named = (...counts: readonly number[]): string[] => counts.map((count) => `scan1_${count}.tif`);
    expect(missingNumbers(named(3, 4, 5))).toEqual([]);
    expect(missingNumbers(named(1, 3, 4, 9))).toEqual(["2", "5 to 8"]);
    expect(missingNumbers(["scan1_1.tif"])).toEqual([]);
    expect(missingNumbers(["a.tif", "b.tif"])).toEqual([]);
    expect(missingNumbers(["s1_f1", "s2_f5"])).toEqual([]);
  });
});
