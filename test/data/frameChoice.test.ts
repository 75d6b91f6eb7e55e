import { describe, expect, it } from "vitest";
import { unusedFrames } from "../../src/data/frameRanges.ts";

const used = (useFrames: string, count: number, skipFrames?: string): number[] => {
  const left = new Set(unusedFrames({ useFrames, skipFrames }, count));
  return Array.from({ length: count }, (_, frame) => frame).filter((frame) => !left.has(frame));
};

describe("frames that are used", () => {
  it("are named, in ranges, and every so many of a range or of all", () => {
    expect(used("3", 6)).toEqual([3]);
    expect(used("1-3,5", 6)).toEqual([1, 2, 3, 5]);
    expect(used("/3", 8)).toEqual([0, 3, 6]);
    expect(used("1-7/2", 9)).toEqual([1, 3, 5, 7]);
    expect(used("0-1, 4-8/4", 9)).toEqual([0, 1, 4, 8]);
  });

  it("are without those that are left out", () => {
    expect(used("/2", 8, "2-4")).toEqual([0, 6]);
    expect(unusedFrames({ skipFrames: "1,3" }, 5)).toEqual([1, 3]);
    expect(unusedFrames({ skipFrames: null, useFrames: null }, 5)).toEqual([]);
  });

  it("that are none are refused", () => {
    expect(() => used("0-9", 6)).toThrow(/no frames of the scan/);
    for (const text of ["/0", "3/2", "a", "1-", ""]) expect(() => used(text, 6), text).toThrow(/no frames of the scan/);
  });
});
