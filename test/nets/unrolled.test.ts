import { describe, expect, it } from "vitest";
import { type Complex, complexReshape, intensity } from "../../src/graph/complex.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { add, mul, sub } from "../../src/graph/ops/elementwise.ts";
import { slice } from "../../src/graph/ops/layout.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph, type Tensor } from "../../src/graph/tensor.ts";
import { buildNetwork as buildNet } from "../../src/nets/network.ts";
import { Parameters } from "../../src/nets/parameters.ts";
import { generatorNamed } from "../../src/nets/registry.ts";
import { dataUpdate } from "../../src/physics/dataUpdate.ts";
import { groupView } from "../../src/physics/group.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
import { Random } from "../../src/random.ts";
import { dot, evaluate, maxDeviation, normals } from "../evaluate.ts";
import { program64 } from "../float64.ts";
import { tolerances } from "../tolerances.ts";
import { buildNetwork, defaultOptions, freshValues, groupOffsets } from "./build.ts";

const N = 32;
const PIXELS = N * N;
const random = new Random(7);
const x = normals(random, 2 * PIXELS).map((v) => Math.abs(v) / 2);
/** Of the energy (N/2)². */
const probe = unitEnergy(normals(random, 2 * PIXELS));
const heads = /^head\./;

function unitEnergy(values: Float32Array): Float32Array {
  const factor = N / 2 / Math.hypot(...values);
  return values.map((v) => v * factor);
}

const withoutHeads = (values: Record<string, Float32Array>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(values).map(([name, v]) => [name, heads.test(name) ? v.map(() => 0) : v]));

const plus = (a: Complex, b: Complex): Complex => ({ re: add(a.re, b.re), im: add(a.im, b.im) });

/** The experiment with the probe as a graph's input `probe`, and its light `[1, 1, N, N]`. */
function seenBy(graph: Graph) {
  const channels = graph.input("probe", [1, 2, N, N]);
  const part = (i: number): Tensor => slice(channels, [{ axis: 1, start: i, end: i + 1 }]);
  const experiment = { probe: { re: part(0), im: part(1) }, propagator: propagatorOf() };
  return { experiment, light: intensity(experiment.probe) };
}

/** Two flat objects. */
function flat(graph: Graph): Complex {
  const of = (value: number): Tensor => graph.constant(new Float32Array(2 * PIXELS).fill(value), [2, 1, N, N]);
  return { re: of(1), im: of(0) };
}

describe("the unrolled generator", () => {
  it("whose networks say nothing is so many steps of rPIE from a flat object", async () => {
    const network = buildNetwork("unrolled", { batch: 2, channels: 1 }, { N, unrolledStages: 3 });
    const [re, im] = network.outputs;
    const made = await evaluate({ re, im }, { x, probe, ...withoutHeads(freshValues(network)) });

    const graph = new Graph();
    const update = dataUpdate(graph.input("x", [2, 1, N, N]), seenBy(graph).experiment);
    let object: Complex = flat(graph);
    for (let step = 0; step < 3; step++) object = plus(object, update(object));
    const expected = await evaluate(object, { x, probe });
    expect(maxDeviation(made.re, expected.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(maxDeviation(made.im, expected.im)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("whose networks say nothing merges the patches of a group between the steps, by their light", async () => {
    const shape = { batch: 1, channels: 2 };
    const network = buildNetwork("unrolled", shape, { N, unrolledStages: 3 });
    const [re, im] = network.outputs;
    const made = await evaluate({ re, im }, { x, probe, ...withoutHeads(freshValues(network)) });

    const graph = new Graph();
    const { experiment, light } = seenBy(graph);
    const update = dataUpdate(graph.input("x", [2, 1, N, N]), experiment);
    const view = groupView(graph.constant(groupOffsets(shape), [1, 2, 2]), light);
    let object: Complex = flat(graph);
    for (let step = 0; step < 3; step++) {
      if (step > 0) {
        const departure = { re: sub(object.re, 1), im: object.im };
        const seen = complexReshape(view(complexReshape(departure, [1, 2, N, N])), [2, 1, N, N]);
        object = { re: add(seen.re, 1), im: seen.im };
      }
      object = plus(object, update(object));
    }
    const expected = await evaluate(object, { x, probe });
    expect(maxDeviation(made.re, expected.re)).toBeLessThan(tolerances.otherSummationOrder);
    expect(maxDeviation(made.im, expected.im)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("sees each pattern alone where patches are not merged", async () => {
    const values = freshValues(buildNetwork("unrolled", { batch: 1, channels: 2 }, { N }));
    const made = async (batch: number, channels: number, objectBig: boolean): Promise<Float32Array> => {
      const [re] = buildNetwork("unrolled", { batch, channels }, { N, objectBig }).outputs;
      return (await evaluate({ re }, { x, probe, ...values })).re;
    };
    const alone = await made(2, 1, true);
    expect(maxDeviation(await made(1, 2, false), alone)).toBeLessThan(tolerances.float32Rounding);
    expect(maxDeviation(await made(1, 2, true), alone)).toBeGreaterThan(0.01);
  });

  it("takes the brightest mode for all: it gets the light of all", async () => {
    const network = buildNetwork("unrolled", { batch: 2, channels: 1 }, { N });
    const [re, im] = network.outputs;
    const values = freshValues(network);
    const one = await evaluate({ re, im }, { x, probe, ...values });
    const other = await evaluate({ re, im }, { x, probe: probe.map((v) => 0.7 * v), ...values });
    expect(maxDeviation(other.re, one.re)).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("shows every group the probe and the mask of its own scan", async () => {
    const own = async (probes: Float32Array, valid: Float32Array, groups: number) => {
      const graph = new Graph();
      const parameters = new Parameters(graph, { training: false });
      const images = graph.input("x", [2, 1, N, N]);
      const seen = { probe: graph.input("probe", [groups, 2, N, N]), valid: graph.input("valid", [groups, 1, N, N]) };
      const options = { ...defaultOptions, N, architecture: "unrolled" };
      const patches = buildNet(parameters, images, options, { ...seen, propagator: propagatorOf() });
      if (patches.kind !== "cartesian") return expect.unreachable();
      const values = freshValues(buildNetwork("unrolled", { batch: 2, channels: 1 }, { N }));
      return (await evaluate({ re: patches.re }, { x, probe: probes, valid, ...values })).re;
    };
    const second = unitEnergy(normals(random, 2 * PIXELS));
    const [all, half] = [new Float32Array(PIXELS).fill(1), Float32Array.from({ length: PIXELS }, (_, i) => i % 2)];
    const both = await own(Float32Array.from([...probe, ...second]), Float32Array.from([...all, ...half]), 2);
    const [first, other] = [await own(probe, all, 1), await own(second, half, 1)];
    expect(maxDeviation(both.subarray(0, PIXELS), first.subarray(0, PIXELS))).toBeLessThan(tolerances.float32Rounding);
    expect(maxDeviation(both.subarray(PIXELS), other.subarray(PIXELS))).toBeLessThan(tolerances.float32Rounding);
    expect(maxDeviation(first.subarray(PIXELS), other.subarray(PIXELS))).toBeGreaterThan(0.01);
  });

  it.each([
    { batch: 2, channels: 1 },
    { batch: 1, channels: 2 },
  ])("has the gradient of central differences through two stages: %j", async (shape) => {
    const { graph, parameters, outputs } = buildNetwork("unrolled", shape, { N }, true);
    const cotangents = outputs.map((output, i) => graph.input(`cotangent${i}`, output.shape));
    const loss = add(sum(mul(outputs[0], cotangents[0])), sum(mul(outputs[1], cotangents[1])));
    const names = parameters.specs.map(({ name }) => name);
    const grads = gradients(
      loss,
      names.map((name) => parameters.tensors.get(name)!),
    );
    const program = await program64({
      loss,
      ...Object.fromEntries(names.map((name, i) => [`grad/${name}`, grads[i]])),
    });
    const start = freshValues(buildNetwork("unrolled", { batch: 2, channels: 1 }, { N }), 3);
    const values = Object.fromEntries(
      Object.entries(start).map(([name, v]) => [name, Float64Array.from(v, (w) => w + 0.05 * random.normal())]),
    );
    const feeds = { x, probe, cotangent0: normals(random, 2 * PIXELS), cotangent1: normals(random, 2 * PIXELS) };
    const at = await program.run({ ...feeds, ...values });
    for (const name of names) {
      const direction = normals(random, values[name].length);
      const moved = async (h: number): Promise<number> =>
        (await program.run({ ...feeds, ...values, [name]: values[name].map((v, i) => v + h * direction[i]) }))[
          "loss"
        ][0];
      const h = 1e-7;
      const slope = ((await moved(h)) - (await moved(-h))) / (2 * h);
      const expected = dot(at[`grad/${name}`], direction);
      expect(Math.abs(slope - expected), name).toBeLessThan(
        tolerances.networkSlope64 * Math.max(1, Math.abs(expected)),
      );
    }
    await program.dispose();
  });

  it("refuses what would hide the pattern from it", () => {
    const check = generatorNamed("unrolled").check!;
    const options = { ...defaultOptions, N };
    expect(() => check({ ...options, standardiseInput: true })).toThrow(
      /takes patterns as they are.*Leave standardise_input off/,
    );
    expect(() => check({ ...options, inputConditioning: "coordinate_grid" })).toThrow(
      /got input_conditioning coordinate_grid/,
    );
    expect(() => check(options)).not.toThrow();
    const graph = new Graph();
    const images = graph.input("x", [1, 1, N, N]);
    const build = () =>
      buildNet(new Parameters(graph, { training: false }), images, { ...options, architecture: "unrolled" });
    expect(build).toThrow(/needs to see the probe/);
  });
});
