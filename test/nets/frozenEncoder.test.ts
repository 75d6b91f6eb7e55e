import { describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/tensor.ts";
import type { GeneratorOptions } from "../../src/nets/generator.ts";
import { buildNetwork } from "../../src/nets/network.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { generatorNamed, generatorNames } from "../../src/nets/registry.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
import { defaultOptions } from "./build.ts";

function parameters(
  architecture: string,
  frozen: readonly string[],
  changes: Partial<GeneratorOptions> = {},
): Parameters {
  const graph = new Graph();
  const own = new Parameters(graph, { training: true, frozen });
  const scan = { probe: graph.input("probe", [1, 2, 32, 32]), propagator: propagatorOf() };
  buildNetwork(own, graph.input("x", [1, 1, 32, 32]), { ...defaultOptions, N: 32, ...changes, architecture }, scan);
  return own;
}

const isOf = (scopes: readonly string[], name: string): boolean => scopes.some((scope) => name.startsWith(`${scope}.`));

describe("a frozen encoder", () => {
  it.each(generatorNames)("%s: is some of the trained parameters, and not all", (architecture) => {
    const scopes = generatorNamed(architecture).encoder;
    const { specs } = parameters(architecture, scopes);
    expect(specs.filter(({ trainable }) => trainable).map(({ name }) => name)).toEqual(
      parameters(architecture, [])
        .specs.filter(({ name, trainable }) => trainable && !isOf(scopes, name))
        .map(({ name }) => name),
    );
    expect(specs.some(({ trainable }) => !trainable)).toBe(true);
    expect(specs.some(({ name }) => !isOf(scopes, name))).toBe(true);
  });

  it("keeps the running statistics of its normalisations, and its attention", () => {
    const { specs, updates } = parameters("cnn", generatorNamed("cnn").encoder, {
      batchNorm: true,
      cbamBottleneck: true,
    });
    expect(specs.filter(({ name }) => name.startsWith("bottleneck.")).every(({ trainable }) => !trainable)).toBe(true);
    expect(updates.size).toBeGreaterThan(0);
    expect([...updates.keys()].filter((name) => name.startsWith("encoder."))).toEqual([]);
  });

  it("takes whole scopes, not names that begin alike", () => {
    const { specs } = parameters("fno_vanilla", ["van"]);
    expect(specs.every(({ trainable }) => trainable)).toBe(true);
  });
});
