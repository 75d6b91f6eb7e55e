import { expect } from "vitest";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { cbam, channelGate, efficientChannelGate, spatialGate } from "../../src/nets/attention.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import type { Builder } from "../../src/nets/layers.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { evaluate, maxDeviation } from "../evaluate.ts";
import { describeFixtures, type Fixture, itWith } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

const cbamWeights: Readonly<Record<string, string>> = {
  "gate.channel.reduce.weight": "cbam.ChannelGate.mlp.1.weight",
  "gate.channel.reduce.bias": "cbam.ChannelGate.mlp.1.bias",
  "gate.channel.expand.weight": "cbam.ChannelGate.mlp.3.weight",
  "gate.channel.expand.bias": "cbam.ChannelGate.mlp.3.bias",
  "gate.spatial.weight": "cbam.SpatialGate.compress.weight",
};

const spatialWeight = "spatial.spatial_gate.compress.weight";

interface Case {
  readonly output: string;
  readonly build: (builder: Builder, x: Tensor, fixture: Fixture) => Tensor;
  /** Our parameters' names and the fixture's. */
  readonly weights: Readonly<Record<string, string>>;
}

const cases: readonly Case[] = [
  {
    output: "cbam_channel_out",
    build: (builder, x, { entry }) =>
      builder.parameters.within("gate", () => channelGate(builder, "channel", x, Number(entry["reduction"]))),
    weights: cbamWeights,
  },
  {
    output: "cbam_out",
    build: (builder, x, fixture) =>
      cbam(builder, "gate", x, {
        reduction: Number(fixture.entry["reduction"]),
        spatialKernel: spatialKernel(fixture, cbamWeights["gate.spatial.weight"]),
      }),
    weights: cbamWeights,
  },
  {
    output: "eca_out",
    build: (builder, x, { entry }) => efficientChannelGate(builder, "gate", x, Number(entry["ecaKernel"])),
    weights: { "gate.weight": "eca.conv.weight" },
  },
  {
    output: "spatial_out",
    build: (builder, x, fixture) => spatialGate(builder, "gate", x, spatialKernel(fixture, spatialWeight)),
    weights: { "gate.weight": spatialWeight },
  },
];

/** Of the entry, where its weights do not have another: a block's own gate and CBAM's need not be of one size. */
const spatialKernel = ({ entry, arrays }: Fixture, weight: string): number =>
  arrays.has(weight) ? arrays.get(weight).shape.at(-1)! : Number(entry["spatialKernel"]);

describeFixtures("attention", (fixture) => {
  const { arrays } = fixture;
  for (const { output, build, weights } of cases) {
    itWith(arrays, [output, ...Object.values(weights)], output, async () => {
      const graph = new Graph();
      const parameters = new Parameters(graph, { training: false });
      const x = graph.input("x", arrays.get("x").shape);
      const out = build({ parameters, start: initialisation("torch") }, x, fixture);
      const feeds: Record<string, Float32Array> = { x: Float32Array.from(arrays.get("x").data) };
      for (const { name, shape } of parameters.specs) {
        const array = arrays.get(weights[name]);
        expect(array.shape).toEqual(shape);
        feeds[name] = Float32Array.from(array.data);
      }
      const { out: values } = await evaluate({ out }, feeds);
      expect(maxDeviation(values, arrays.get(output).data)).toBeLessThan(tolerances.parityAttention);
    });
  }
});
