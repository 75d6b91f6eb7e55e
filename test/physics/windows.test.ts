import { expect, it } from "vitest";
import { joinComplex } from "../../src/arrays.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { cutWindows, windowPixels } from "../../src/physics/windows.ts";
import { Random } from "../../src/random.ts";
import { dot, evaluate, maxDeviation, norm, normals } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";

const [H, W, N, B] = [14, 17, 6, 5];
const random = new Random(3);
const canvas = { re: normals(random, H * W), im: normals(random, H * W) };
const corners = Int32Array.from({ length: 2 * B }, (_, k) => random.integer((k % 2 === 0 ? H : W) - N));
const fractions = Float32Array.from({ length: 2 * B }, () => random.uniform());

function windowsIn(graph: Graph, between: boolean) {
  const rim = between ? 1 : 0;
  const inputs = {
    pixels: graph.input("pixels", [B, (N + rim) ** 2], "int64"),
    ...(between ? { fractions: graph.input("fractions", [B, 2]) } : {}),
  };
  const object = { re: graph.input("re", [H * W]), im: graph.input("im", [H * W]) };
  return { object, inputs, windows: cutWindows(object, inputs, [N, N]) };
}
const feeds = (between: boolean) => ({
  ...canvas,
  ...{ pixels: windowPixels(corners, between ? [N + 1, N + 1] : [N, N], W), fractions },
});

it.each([false, true])("windows are patches of the object, between pixels: %s", async (between) => {
  const { windows } = windowsIn(new Graph(), between);
  const found = await evaluate({ cutRe: windows.re, cutIm: windows.im }, feeds(between));
  const object = joinComplex([H, W], canvas.re, canvas.im);
  for (let frame = 0; frame < B; frame++) {
    const [y, x] = [0, 1].map(
      (axis) => corners[2 * frame + axis] + N / 2 + (between ? fractions[2 * frame + axis] : 0),
    );
    const patch = extractPatch(object, y, x, N);
    const own = (part: Float32Array): Float32Array => part.subarray(frame * N * N, (frame + 1) * N * N);
    for (const [k, part] of [found.cutRe, found.cutIm].entries())
      expect(
        maxDeviation(
          own(part),
          Float64Array.from({ length: N * N }, (_, i) => patch[2 * i + k]),
        ),
      ).toBeLessThan(tolerances.float32Rounding);
  }
});

it.each([false, true])("their gradient adds up where they overlap, between pixels: %s", async (between) => {
  const graph = new Graph();
  const { object, windows } = windowsIn(graph, between);
  const weights = { re: graph.input("y_re", [B, N, N]), im: graph.input("y_im", [B, N, N]) };
  const product = sum(add(mul(windows.re, weights.re), mul(windows.im, weights.im)));
  const [slopeRe, slopeIm] = gradients(product, [object.re, object.im]);
  const y = { y_re: normals(random, B * N * N), y_im: normals(random, B * N * N) };
  const values = await evaluate({ ahead: product, slopeRe, slopeIm }, { ...feeds(between), ...y });
  const right = dot(canvas.re, values.slopeRe) + dot(canvas.im, values.slopeIm);
  const scale = Math.hypot(norm(canvas.re), norm(canvas.im)) * Math.hypot(norm(y.y_re), norm(y.y_im));
  expect(Math.abs(values.ahead[0] - right)).toBeLessThan(tolerances.float32Sum * scale * N);
});

it("their slope along the position is that of differences", async () => {
  const graph = new Graph();
  const { windows, inputs } = windowsIn(graph, true);
  const loss = sum(mul(windows.re, windows.re));
  const slopes = gradients(loss, [inputs.fractions as NonNullable<typeof inputs.fractions>])[0];
  const at = async (k: number, by: number) =>
    (await evaluate({ loss }, { ...feeds(true), fractions: fractions.map((value, i) => value + (i === k ? by : 0)) }))
      .loss[0];
  const found = (await evaluate({ slopes }, feeds(true))).slopes;
  const { step } = tolerances.centralDifference;
  for (const k of [0, 3, 8]) {
    const expected = ((await at(k, step)) - (await at(k, -step))) / (2 * step);
    // Cancellation: the loss is a sum of B N² squares.
    expect(Math.abs(found[k] - expected)).toBeLessThan((tolerances.float32Sum * B * N * N) / step);
  }
});
