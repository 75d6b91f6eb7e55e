import { expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import { ffnoBlocks } from "../../src/nets/ffno.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import type { SampleNorm } from "../../src/nets/normalise.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { valuesFromReference } from "../../src/reference/referenceWeights.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";
import { describeGenerator } from "./spectral.ts";

describeFixtures("ffno", (fixture) => describeGenerator(fixture, "ffno"));

describeFixtures("ffno_blocks", ({ entry, arrays }) => {
  it("out", async () => {
    const parameters = new Parameters(new Graph(), { training: false });
    const x = parameters.graph.input("x", arrays.get("x").shape);
    // The module that holds the blocks may have any name.
    const key = arrays.keys.find((name) => name.endsWith("blocks.0.expand.weight"))!;
    const prefix = key.slice(0, -"blocks.0.expand.weight".length);
    const expand = arrays.get(key).shape[0];
    const out = ffnoBlocks({ parameters, start: initialisation("torch") }, x, {
      fnoBlocks: Number(entry["blocks"]),
      fnoModes: Number(entry["modes"]),
      ffnoEncoderShareWeights: entry["sharedSpectralWeights"] === true,
      ffnoEncoderGateInit: Number(entry["gate"]),
      ffnoEncoderNorm: entry["norm"] as SampleNorm,
      ffnoEncoderMlpRatio: expand / Number(entry["width"]),
      ffnoEncoderLocalConv: entry["localConv"] === true,
    });
    const weights = new Map(
      arrays.keys
        .filter((name) => name.startsWith(prefix))
        .map((name) => {
          const { shape, data } = arrays.get(name);
          return [`ffno_stack.${name.slice(prefix.length)}`, { shape, data: Float32Array.from(data) }];
        }),
    );
    const values = valuesFromReference(weights, parameters.specs, "fixture");
    const result = await evaluate({ out }, { x: Float32Array.from(arrays.get("x").data), ...values });
    expect(maxDeviation(result.out, arrays.get("out").data)).toBeLessThan(tolerances.parityNetwork);
  });
});
