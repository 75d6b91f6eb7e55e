import { expect, it } from "vitest";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { cbam, channelGate, efficientChannelGate, spatialGate } from "../../src/nets/attention.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import type { Builder } from "../../src/nets/layers.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures, type Fixture } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

const cbamWeights: Readonly<Record<string, string>> = {
  "gate.channel.reduce.weight": "cbam.ChannelGate.mlp.1.weight",
  "gate.channel.reduce.bias": "cbam.ChannelGate.mlp.1.bias",
  "gate.channel.expand.weight": "cbam.ChannelGate.mlp.3.weight",
  "gate.channel.expand.bias": "cbam.ChannelGate.mlp.3.bias",
  "gate.spatial.weight": "cbam.SpatialGate.compress.weight",
};

interface Case {
  readonly output: string;
  readonly build: (builder: Builder, x: Tensor, entry: Fixture["entry"]) => Tensor;
  /** Our parameters' names and the fixture's. */
  readonly weights: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    output: "cbam_channel_out",
    build: (builder, x, entry) =>
      builder.parameters.within("gate", () => channelGate(builder, "channel", x, Number(entry["reduction"]))),
    weights: cbamWeights,
  },
  {
    output: "cbam_out",
    build: (builder, x, entry) => cbam(builder, "gate", x, Number(entry["reduction"])),
    weights: cbamWeights,
  },
  {
    output: "eca_out",
    build: (builder, x, entry) => efficientChannelGate(builder, "gate", x, Number(entry["ecaKernel"])),
    weights: { "gate.weight": "eca.conv.weight" },
  },
  {
    output: "spatial_out",
    build: (builder, x, entry) => spatialGate(builder, "gate", x, Number(entry["spatialKernel"])),
    weights: { "gate.weight": "spatial.spatial_gate.compress.weight" },
  },
];

describeFixtures("attention", ({ entry, arrays }) => {
  it.each(cases.map((test) => [test.output, test] as const))("%s", async (output, { build, weights }) => {
    const graph = new Graph();
    const parameters = new Parameters(graph, { training: false });
    const x = graph.input("x", arrays.get("x").shape);
    const out = build({ parameters, start: initialisation("torch") }, x, entry);
    const feeds: Record<string, Float32Array> = { x: Float32Array.from(arrays.get("x").data) };
    for (const { name, shape } of parameters.specs) {
      const array = arrays.get(weights[name]);
      expect(array.shape).toEqual(shape);
      feeds[name] = Float32Array.from(array.data);
    }
    const { out: values } = await evaluate({ out }, feeds);
    expect(maxDeviation(values, arrays.get(output).data)).toBeLessThan(tolerances.parityAttention);
  });
});
