import { describe, expect, it } from "vitest";
import { countTrainable } from "../../src/nets/parameters.ts";
import { Random } from "../../src/random.ts";
import { evaluate, normals } from "../evaluate.ts";
import { buildNetwork, freshValues } from "./build.ts";

const build = (N: number, nFiltersScale: number, channels = 1) =>
  buildNetwork("ptychonn", { batch: 1, channels }, { N, nFiltersScale });

describe("the PtychoNN baseline", () => {
  it.each([64, 128])("has the published number of parameters, whatever N: %i", (N) => {
    expect(countTrainable(build(N, 2).parameters.specs)).toBe(4_612_418);
  });

  it("sees one pattern at a time and fills whole patches", async () => {
    const network = build(32, 1, 2);
    expect(network.patches.kind).toBe("polar");
    const [amplitude, phase] = network.outputs;
    expect(amplitude.shape).toEqual([1, 2, 32, 32]);
    const values = freshValues(network);
    const x = normals(new Random(2), 2 * 32 * 32).map(Math.abs);
    const swapped = Float32Array.from([...x.subarray(1024), ...x.subarray(0, 1024)]);
    const [one, other] = [
      await evaluate({ amplitude, phase }, { x, ...values }),
      await evaluate({ amplitude, phase }, { x: swapped, ...values }),
    ];
    for (const name of ["amplitude", "phase"] as const) {
      expect(other[name].subarray(1024)).toEqual(one[name].subarray(0, 1024));
      expect(other[name].subarray(0, 1024)).toEqual(one[name].subarray(1024));
      // The corners are computed, not filled up.
      expect(new Set([0, 31, 31 * 32, 1023].map((i) => one[name][i])).size).toBe(4);
    }
  });
});
