import { expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { fnoBlock } from "../../src/nets/fnoBlock.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import { describeGenerator } from "./spectral.ts";

describeFixtures("fno", (fixture) => describeGenerator(fixture, "fno"));
describeFixtures("fno_vanilla", (fixture) => describeGenerator(fixture, "vanilla"));

describeFixtures("stable_block", ({ arrays }) => {
  it("out", async () => {
    const parameters = new Parameters(new Graph(), { training: false });
    const x = parameters.graph.input("x", arrays.get("x").shape);
    const modes = arrays.get("sd.spectral.weights_re").shape[2];
    const builder = { parameters, start: initialisation("torch") };
    const out = parameters.within("fno", () => fnoBlock(builder, "0", x, { modes, gain: 1, stable: true }));
    const weights = new Map(
      arrays.keys
        .filter((key) => key.startsWith("sd."))
        .map((key) => {
          const { shape, data } = arrays.get(key);
          return [`fno_blocks.0.${key.slice("sd.".length)}`, { shape, data: Float32Array.from(data) }];
        }),
    );
    const values = valuesFromReference(weights, parameters.specs, "fixture");
    const result = await evaluate({ out }, { x: Float32Array.from(arrays.get("x").data), ...values });
    expect(maxDeviation(result.out, arrays.get("out").data)).toBeLessThan(tolerances.parityNetwork);
  });
});
