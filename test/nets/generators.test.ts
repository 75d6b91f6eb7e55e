import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { initialisation } from "../../src/nets/initialisers.ts";
import { initialise, Parameters } from "../../src/nets/parameters.ts";
import { generatorNamed, generatorNames, generatorSettings, generatorsWith } from "../../src/nets/registry.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
import { Random } from "../../src/random.ts";
import { evaluate, maxDeviation, normals } from "../evaluate.ts";
import { buildNetwork, defaultOptions, freshValues } from "./build.ts";
import { plain } from "./exampleGenerator.ts";

/** What every registered generator keeps to; beside it gradients.test.ts, initialisers.test.ts and training/generators.test.ts. */
describe.each(generatorNames)("generator %s", (name) => {
  const generator = generatorNamed(name);

  it("reads exactly the settings that it names, in one variant or another", () => {
    const read = new Set<string>();
    const watched = (changes: Partial<GeneratorOptions>): void => {
      const graph = new Graph();
      const image = (name: string): Tensor => graph.input(name, [2, 1, 32, 32]);
      const experiment = { probe: { re: image("re"), im: image("im") }, propagator: propagatorOf() };
      const options = new Proxy(
        { ...defaultOptions, ...changes, N: 32, outputs: 1, experiment },
        {
          get(target, key) {
            read.add(String(key));
            return Reflect.get(target, key);
          },
          ownKeys() {
            throw new Error("a copy of all options hides what is read");
          },
        },
      );
      const parameters = new Parameters(graph, { training: true });
      generator.build({ parameters, start: initialisation("torch") }, image("x"), options);
    };
    watched({});
    for (const changes of [
      { sharedDecoder: true },
      { cbamBottleneck: true },
      { generatorOutputMode: "amp_phase" },
    ] as const) {
      watched(changes);
    }
    // Read for every generator, in network.ts; the others below belong to all.
    const outside = ["fnoInputTransform", "N", "outputs", "experiment"];
    const own = (setting: string): boolean => !outside.includes(setting);
    expect([...read].filter(own).sort()).toEqual(generator.settings.filter(own).sort());
  });

  it.each([
    [32, 1, true],
    [40, 4, true],
    [32, 4, false],
  ])("makes patches of the patterns' shape: N = %i, %i patterns, merged %s", async (N, channels, objectBig) => {
    const network = buildNetwork(name, { batch: 2, channels }, { N, objectBig });
    const [first, second] = network.outputs;
    expect(first.shape).toEqual([2, channels, N, N]);
    expect(second.shape).toEqual([2, channels, N, N]);
    const x = normals(new Random(2), network.images.size).map(Math.abs);
    const probe = normals(new Random(3), 2 * N * N);
    const values = await evaluate({ first, second }, { x, probe, ...freshValues(network) });
    expect(values.first.every(Number.isFinite) && values.second.every(Number.isFinite)).toBe(true);
  });

  it("has its own words and known settings", () => {
    expect(generator.summary).not.toBe("");
    for (const setting of generator.settings) expect(defaultOptions).toHaveProperty(setting);
    expect(new Set(generator.settings).size).toBe(generator.settings.length);
  });
});

describe("the example of docs/generators.md", () => {
  it("is the one that is tested here", () => {
    const own = readFileSync(new URL("exampleGenerator.ts", import.meta.url), "utf8");
    const block = /```ts\n\/\/ src\/nets\/plain\.ts\n(.*?)```/s.exec(
      readFileSync(new URL("../../docs/generators.md", import.meta.url), "utf8"),
    )![1];
    expect(block.replaceAll('"../graph/', '"../../src/graph/').replaceAll('"./', '"../../src/nets/')).toBe(own);
  });

  it("makes patches that depend on the patterns", async () => {
    const parameters = new Parameters(new Graph(), { training: false });
    const images = parameters.graph.input("x", [2, 4, 32, 32]);
    const builder = { parameters, start: initialisation("variance_preserving") };
    const patches = plain.build(builder, images, { ...defaultOptions, N: 32, outputs: 4 });
    if (patches.kind !== "cartesian") expect.unreachable();
    else {
      const x = normals(new Random(2), images.size);
      const { re } = await evaluate({ re: patches.re }, { x, ...initialise(parameters.specs, new Random(1)) });
      expect(patches.re.shape).toEqual([2, 4, 32, 32]);
      expect(maxDeviation(re.subarray(0, re.length / 2), re.subarray(re.length / 2))).toBeGreaterThan(1e-3);
    }
  });
});

it("the registry tells who has a setting", () => {
  expect(generatorsWith("sharedDecoder")).toEqual(["cnn"]);
  expect(generatorsWith("fnoCnnBlocks")).toEqual(["fno", "ffno"]);
  expect(generatorSettings).toContain("spectralBottleneckModes");
  expect(generatorSettings).not.toContain("initialization");
});
