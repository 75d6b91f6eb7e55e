import { describe, expect, it } from "vitest";
import { judge, type Outcome, planted, rowsOf } from "./planted.ts";

/**
 * What is not found at every strength, and why: a spiral that is shifted or read backwards is a turn of itself, a drift over it
 * goes with the place, a random order is like patterns that do not change; the rest is below the limit that its row gives.
 */
const notFound: Readonly<Record<string, readonly (Outcome | "found")[]>> = {
  "beam off the centre": ["below its limit", "found", "found"],
  "beam that flickers": ["below its limit", "found", "found"],
  "beam that drifts, frames in the order of a spiral": ["unsure", "unsure", "unsure"],
  "positions in a unit of length": ["unsure", "found", "found"],
  "frames shifted against positions, spiral": ["unsure", "unsure", "unsure"],
  "frames in another order": ["unsure", "found", "unsure"],
  "probe of another camera length": ["unsure", "found", "found"],
};

/** One part of so many, as tests: none is wrong, and what was found once stays found. */
export function plantedTests(part: number, parts: number): void {
  const own = planted.filter((_, k) => k % parts === part);
  describe.each(own)("$defect", (each) => {
    it.each(each.strengths.map((strength, k) => ({ ...strength, k })))("$label", async (strength) => {
      const rows = await rowsOf(strength.make());
      const row = rows.find(({ quantity }) => quantity === each.quantity);
      expect(judge(each, strength, rows), JSON.stringify(row)).toBe(notFound[each.defect]?.[strength.k] ?? "found");
    });
  });
}
