import { describe, expect, it } from "vitest";
import { type Complex, each } from "../../src/graph/complex.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { extractGroup, groupView, mergeGroup, type PatchWeighting } from "../../src/physics/group.ts";
import { exitWaves } from "../../src/physics/illumination.ts";
import { farField } from "../../src/physics/propagation/farField.ts";
import { translate } from "../../src/physics/translate.ts";
import { Random } from "../../src/random.ts";
import { dot, evaluate, norm, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { complexConstant, complexInput } from "./inputs.ts";

/** Each piece of physics that is linear in the object, with the shape of what it takes. */
interface Linear {
  readonly name: string;
  readonly shape: readonly number[];
  readonly apply: (x: Complex, graph: Graph, random: Random) => Complex;
}

const [B, C, N, M] = [2, 3, 8, 14];
const randomComplex = (graph: Graph, shape: readonly number[], random: Random): Complex => {
  const size = shape.reduce((a, b) => a * b);
  return complexConstant(graph, shape, { re: normals(random, size), im: normals(random, size) });
};
const offsets = (graph: Graph, random: Random) => graph.constant(normals(random, 2 * B * C), [B, C, 2]);

const pieces: readonly Linear[] = [
  { name: "far field", shape: [B, N, N], apply: (x) => farField.forward(x) },
  { name: "far field, odd", shape: [B, 9, 7], apply: (x) => farField.forward(x) },
  { name: "inverse far field", shape: [B, N, N], apply: (x) => farField.adjoint(x) },
  {
    name: "illumination",
    shape: [B, C, N, N],
    apply: (x, graph, random) => exitWaves(x, randomComplex(graph, [2, N, N], random)),
  },
  {
    name: "masked illumination, a probe a sample",
    shape: [B, C, N, N],
    apply: (x, graph, random) =>
      exitWaves(x, randomComplex(graph, [B, 1, 2, N, N], random), graph.constant(normals(random, N * N), [N, N])),
  },
  {
    name: "translation",
    shape: [B, C, N, N],
    apply: (x, graph, random) => each(x, (part) => translate(part, offsets(graph, random), [M, 6])),
  },
  ...(["central_mask", "probe", "uniform"] as const).map((weighting: PatchWeighting) => ({
    name: `merge, ${weighting}`,
    shape: [B, C, N, N],
    apply: (x: Complex, graph: Graph, random: Random) =>
      mergeGroup(x, offsets(graph, random), { side: M, weighting, probe: randomComplex(graph, [2, N, N], random) })
        .canvas,
  })),
  {
    name: "view of a group",
    shape: [B, C, N, N],
    apply: (x, graph, random) => {
      const light = normals(random, N * N).map((v) => v * v);
      return groupView(offsets(graph, random), graph.constant(light, [1, 1, N, N]))(x);
    },
  },
  { name: "extraction", shape: [B, M, M], apply: (x, graph, random) => extractGroup(x, offsets(graph, random), N) },
];

describe("adjoints: ⟨A x, y⟩ = ⟨x, Aᵀ y⟩, with Aᵀ y taken at another point", () => {
  it.each(pieces.map((piece) => [piece.name, piece] as const))("%s", async (_name, { shape, apply }) => {
    const random = new Random(5);
    const graph = new Graph();
    const x = complexInput(graph, "x", shape);
    const output = apply(x, graph, random);
    const y = complexInput(graph, "y", output.re.shape);
    const product = sum(add(mul(output.re, y.re), mul(output.im, y.im)));
    const [backRe, backIm] = gradients(product, [x.re, x.im]);
    const draw = (): Float32Array => normals(random, x.re.size);
    const [here, elsewhere] = [
      { x_re: draw(), x_im: draw() },
      { x_re: draw(), x_im: draw() },
    ];
    const cotangent = { y_re: normals(random, y.re.size), y_im: normals(random, y.re.size) };
    const forward = await evaluate({ re: output.re, im: output.im }, { ...here });
    const back = await evaluate({ re: backRe, im: backIm }, { ...elsewhere, ...cotangent });
    const left = dot(forward.re, cotangent.y_re) + dot(forward.im, cotangent.y_im);
    const right = dot(here.x_re, back.re) + dot(here.x_im, back.im);
    const scale =
      Math.hypot(norm(forward.re), norm(forward.im)) * Math.hypot(norm(cotangent.y_re), norm(cotangent.y_im));
    expect(scale).toBeGreaterThan(1);
    expect(Math.abs(left - right)).toBeLessThan(tolerances.float32Sum * scale * Math.sqrt(2 * x.re.size));
  });

  it("extraction is the adjoint of placing", async () => {
    const random = new Random(6);
    const graph = new Graph();
    const [patch, canvas, d] = [
      graph.input("p", [1, 1, N, N]),
      graph.input("c", [1, M, M]),
      graph.input("d", [1, 1, 2]),
    ];
    const placed = translate(patch, d, [M, M]);
    const cut = extractGroup({ re: canvas, im: canvas }, d, N).re;
    const feeds = { p: normals(random, N * N), c: normals(random, M * M), d: Float32Array.of(1.3, -2.6) };
    const values = await evaluate({ placed, cut }, feeds);
    const [left, right] = [dot(values.placed, feeds.c), dot(feeds.p, values.cut)];
    expect(Math.abs(left - right)).toBeLessThan(tolerances.float32Sum * norm(feeds.p) * norm(feeds.c) * N);
  });
});
