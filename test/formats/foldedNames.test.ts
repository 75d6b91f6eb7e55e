import { describe, expect, it } from "vitest";
import { foldedNames, namesText } from "../../src/formats/foldedNames.ts";

const numbered = (count: number, name: (k: number) => string): string[] =>
  Array.from({ length: count }, (_, k) => name(k));

describe("names that differ in numbers alone", () => {
  it("stand as one, with the first and the last as people count, where the first of them stood", () => {
    const names = ["header", ...numbered(42, (k) => `content/obj/S${k}/data`).sort(), "content/probe"];
    expect(foldedNames(names).map(({ label, names: { length } }) => [label, length])).toEqual([
      ["header", 1],
      ["content/obj/S0…S41/data", 42],
      ["content/probe", 1],
    ]);
  });

  it("in several places too", () => {
    const names = numbered(12, (k) => `scan_${Math.floor(k / 4)}/frame${k % 4}/x1`);
    expect(foldedNames(names).map(({ label }) => label)).toEqual(["scan_0…scan_2/frame0…frame3/x1"]);
  });

  it("are told one by one where they are few, or differ in what sets them apart", () => {
    expect(namesText(["a1", "a2", "a3"])).toBe("a1, a2, a3");
    expect(namesText(["a1", "a2", "a3", "a4"])).toBe("a1…a4 × 4");
    const names = numbered(8, (k) => `d${k}`);
    const apart = foldedNames(names, (name) => (Number(name.slice(1)) % 2 === 0 ? "even" : "odd"));
    expect(apart.map(({ label }) => label)).toEqual(["d0…d6", "d1…d7"]);
  });

  it("of many that differ in words, so many are told, and how many are not", () => {
    const words = numbered(60, (k) => "x".repeat(k + 1));
    expect(namesText(words, 2)).toBe("x, xx and 58 more");
  });
});
