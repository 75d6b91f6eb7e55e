import { describe, expect, it } from "vitest";
import { campaign } from "./campaign.ts";
import { targets } from "./targets.ts";

it.each(["crash", "hang", "memory", "end"])("a reader with a %s is found out", async (kind) => {
  const faults = await campaign(`planted ${kind}`, 7, 1);
  expect(faults.map((fault) => [fault.kind, fault.file])).toEqual([[kind, 0]]);
});

/** A small campaign; `npm run fuzz` makes the large one. */
describe("mutated files are read or refused", () => {
  it.each(Object.keys(targets))("%s", async (target) => {
    expect(await campaign(target, 7, 150)).toEqual([]);
  });
});
