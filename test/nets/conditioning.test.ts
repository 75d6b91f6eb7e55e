import { describe, expect, it } from "vitest";
import { probeChannels } from "../../src/nets/conditioning.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { buildNetwork, freshValues } from "./build.ts";

describe("what a network sees beside the patterns", () => {
  const random = new Random(3);
  const x = normals(random, 2 * 4 * 32 * 32).map(Math.abs);
  const probe = normals(random, 2 * 32 * 32);

  it.each([
    ["diffraction_only", true, 4],
    ["diffraction_only", false, 1],
    ["coordinate_grid", true, 6],
    ["probe_real_imag", true, 6],
    ["probe_real_imag", false, 3],
  ] as const)("%s, merged %s: %i channels", (inputConditioning, objectBig, channels) => {
    for (const [name, layer] of [
      ["cnn", "encoder.0.conv1.weight"],
      ["fno", "lifter.conv1.weight"],
      ["neuralop_uno", "lifting.expand.weight"],
    ] as const) {
      const { parameters } = buildNetwork(name, { batch: 2, channels: 4 }, { N: 32, inputConditioning, objectBig });
      const extra = name === "neuralop_uno" ? 2 : 0;
      expect(parameters.specs.find((spec) => spec.name === layer)!.shape[1], name).toBe(channels + extra);
    }
  });

  it("the probe matters where it is seen", async () => {
    const network = buildNetwork("cnn", { batch: 2, channels: 4 }, { N: 32, inputConditioning: "probe_real_imag" });
    const [first] = network.outputs;
    const values = freshValues(network);
    const run = async (p: Float32Array) => (await evaluate({ first }, { x, probe: p, ...values })).first;
    expect(maxDeviation(await run(probe.map((v) => -v)), await run(probe))).toBeGreaterThan(1e-3);
  });

  it("coordinates are y and x, zero where the zero frequency is, −1 at the first pixel", async () => {
    const network = buildNetwork(
      "neuralop_uno",
      { batch: 2, channels: 4 },
      { N: 32, inputConditioning: "coordinate_grid" },
    );
    const grid = network.graph.nodes.find(({ op }) => op === "Concat")!.inputs[1];
    const { out } = await evaluate({ out: grid });
    const at = (channel: number, y: number, xx: number): number => out[(channel * 32 + y) * 32 + xx];
    expect([at(0, 0, 5), at(0, 16, 5), at(0, 24, 5)]).toEqual([-1, 0, 0.5]);
    expect([at(1, 5, 0), at(1, 5, 16), at(1, 5, 24)]).toEqual([-1, 0, 0.5]);
  });

  it("transforms of the input are for the patterns, not for the probe", async () => {
    const changes = { N: 32, inputConditioning: "probe_real_imag", fnoInputTransform: "sqrt" } as const;
    const network = buildNetwork("fno", { batch: 2, channels: 4 }, changes);
    const input = network.graph.nodes.find(({ op }) => op === "Concat")!.outputs[0];
    const { out } = await evaluate({ out: input }, { x, probe });
    const size = 32 * 32;
    expect(maxDeviation(out.subarray(0, 4 * size), x.subarray(0, 4 * size).map(Math.sqrt))).toBeLessThan(1e-6);
    expect(out.subarray(4 * size, 6 * size)).toEqual(probe);
  });
});

it("of several probe modes the brightest is shown", () => {
  const N = 4;
  const data = new Float32Array(2 * 2 * N * N);
  for (let i = 0; i < N * N; i++) data.set([0.1, 0.2], 2 * i);
  for (let i = 0; i < N * N; i++) data.set([i, -2 * i], 2 * (N * N + i));
  const { shape, data: channels } = probeChannels({ shape: [2, N, N], data });
  expect(shape).toEqual([1, 2, N, N]);
  expect([...channels.subarray(0, 3), ...channels.subarray(16, 19)]).toEqual([0, 1, 2, -0, -2, -4]);
});
