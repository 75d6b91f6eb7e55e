import { describe, expect, it } from "vitest";
import { splitComplex } from "../../src/arrays.ts";
import { gradients } from "../../src/graph/gradients.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { sum } from "../../src/graph/ops/reduce.ts";
import { Graph } from "../../src/graph/tensor.ts";
import { resolveGeometry } from "../../src/optics/geometry.ts";
import { dataUpdate } from "../../src/physics/dataUpdate.ts";
import { propagatorOf } from "../../src/physics/propagation/propagators.ts";
import { Random } from "../../src/random.ts";
import { nearGeometry } from "../engines/problem.ts";
import { dot, evaluate, maxDeviation, normals } from "../evaluate.ts";
import { program64 } from "../float64.ts";
import { tolerances } from "../tolerances.ts";
import { complexFeed, complexInput } from "./inputs.ts";

const N = 16;
const PIXELS = N * N;
const random = new Random(4);
const nearField = propagatorOf(resolveGeometry(nearGeometry, N, "test"));
const waves = () => splitComplex({ shape: [N, N], data: normals(random, 2 * PIXELS) });
/** Two patches, and one probe whose far field has the mean intensity of patterns, 1/4. */
const [a, b, bare] = [waves(), waves(), waves()];
const patches = { re: Float32Array.from([...a.re, ...b.re]), im: Float32Array.from([...a.im, ...b.im]) };
const probe = { re: bare.re.map((v) => v / 3), im: bare.im.map((v) => v / 3) };

function build(propagator = propagatorOf(), masked = false) {
  const graph = new Graph();
  const object = complexInput(graph, "object", [2, 1, N, N]);
  const light = complexInput(graph, "probe", [1, 1, N, N]);
  const amplitudes = graph.input("amplitudes", [2, 1, N, N]);
  const valid = masked ? { valid: graph.input("valid", [1, 1, N, N]) } : {};
  return { graph, object, change: dataUpdate(amplitudes, { probe: light, propagator, ...valid })(object) };
}

/** |F[O P]| in float64. */
function amplitudesOf(patch: { re: Float32Array; im: Float32Array }, propagator = propagatorOf()): Float32Array {
  const out = new Float32Array(2 * PIXELS);
  const plan = propagator.plan([N, N]);
  for (let k = 0; k < 2; k++) {
    const wave = plan.forward(exitWave(patch, k), new Float64Array(2 * PIXELS));
    for (let i = 0; i < PIXELS; i++) out[k * PIXELS + i] = Math.hypot(wave[2 * i], wave[2 * i + 1]);
  }
  return out;
}

function exitWave({ re, im }: { re: Float32Array; im: Float32Array }, k: number): Float64Array {
  const wave = new Float64Array(2 * PIXELS);
  for (let i = 0; i < PIXELS; i++) {
    const at = k * PIXELS + i;
    wave[2 * i] = re[at] * probe.re[i] - im[at] * probe.im[i];
    wave[2 * i + 1] = re[at] * probe.im[i] + im[at] * probe.re[i];
  }
  return wave;
}

const feeds = (amplitudes: Float32Array) => ({
  ...complexFeed("object", patches),
  ...complexFeed("probe", probe),
  amplitudes,
});
const measured = normals(random, 2 * PIXELS).map((v) => Math.abs(v) / 2);

describe("what a pattern changes in a patch", () => {
  it.each([
    ["far", propagatorOf()],
    ["near", nearField],
  ] as const)("nothing, where the patch explains it: %s field", async (_name, propagator) => {
    const { change } = build(propagator);
    const { re, im } = await evaluate(change, feeds(amplitudesOf(patches, propagator)));
    const largest = Math.max(...(await evaluate(change, feeds(measured))).re.map(Math.abs));
    expect(Math.max(...re.map(Math.abs), ...im.map(Math.abs)) / largest).toBeLessThan(tolerances.otherSummationOrder);
  });

  it("P* F⁻¹[(√(A² + ε) / √(|ψ̂|² + ε) − 1) ψ̂] / ((1 − α) |P|² + α max |P|²), as float64 has it", async () => {
    const { re, im } = await evaluate(build().change, feeds(measured));
    const [α, ε] = [0.03, 1e-3];
    const plan = propagatorOf().plan([N, N]);
    const light = probe.re.map((v, i) => v * v + probe.im[i] ** 2);
    const brightest = Math.max(...light);
    for (let k = 0; k < 2; k++) {
      const wave = plan.forward(exitWave(patches, k), new Float64Array(2 * PIXELS));
      for (let i = 0; i < PIXELS; i++) {
        const intensity = wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
        const factor = Math.sqrt((measured[k * PIXELS + i] ** 2 + ε) / (intensity + ε)) - 1;
        wave[2 * i] *= factor;
        wave[2 * i + 1] *= factor;
      }
      const back = plan.adjoint(wave, new Float64Array(2 * PIXELS));
      const expected = { re: new Float64Array(PIXELS), im: new Float64Array(PIXELS) };
      for (let i = 0; i < PIXELS; i++) {
        const [x, y] = [back[2 * i], back[2 * i + 1]];
        const weight = (1 - α) * light[i] + α * brightest;
        expected.re[i] = (x * probe.re[i] + y * probe.im[i]) / weight;
        expected.im[i] = (y * probe.re[i] - x * probe.im[i]) / weight;
      }
      const own = (part: Float32Array) => part.subarray(k * PIXELS, (k + 1) * PIXELS);
      expect(maxDeviation(own(re), expected.re)).toBeLessThan(tolerances.otherSummationOrder);
      expect(maxDeviation(own(im), expected.im)).toBeLessThan(tolerances.otherSummationOrder);
    }
  });

  it("does not depend on what masked pixels hold", async () => {
    const { change } = build(propagatorOf(), true);
    const valid = Float32Array.from({ length: PIXELS }, (_, i) => (i % 3 === 0 ? 0 : 1));
    const other = measured.map((v, i) => (valid[i % PIXELS] === 0 ? 7 : v));
    const one = await evaluate(change, { ...feeds(measured), valid });
    const same = await evaluate(change, { ...feeds(other), valid });
    expect(same).toEqual(one);
    const all = await evaluate(change, { ...feeds(measured), valid: valid.map(() => 1) });
    expect(maxDeviation(all.re, one.re)).toBeGreaterThan(0.01);
  });

  it("has the gradient of central differences in the object", async () => {
    const { graph, object, change } = build();
    const cotangents = { re: graph.input("c.re", change.re.shape), im: graph.input("c.im", change.im.shape) };
    const loss = add(sum(mul(change.re, cotangents.re)), sum(mul(change.im, cotangents.im)));
    const [re, im] = gradients(loss, [object.re, object.im]);
    const program = await program64({ loss, re, im });
    const c = waves();
    const own = {
      ...feeds(measured),
      "c.re": Float32Array.from([...c.re, ...c.im]),
      "c.im": Float32Array.from([...c.im, ...c.re]),
    };
    const values = await program.run(own);
    const direction = { re: normals(random, 2 * PIXELS), im: normals(random, 2 * PIXELS) };
    const h = 1e-5;
    const at = async (step: number): Promise<number> => {
      const moved = (name: "re" | "im") => Float64Array.from(patches[name], (v, i) => v + step * direction[name][i]);
      const { loss: value } = await program.run({ ...own, ...complexFeed64("object", moved("re"), moved("im")) });
      return value[0];
    };
    const slope = ((await at(h)) - (await at(-h))) / (2 * h);
    const expected = dot(values["re"], direction.re) + dot(values["im"], direction.im);
    expect(Math.abs(slope / expected - 1)).toBeLessThan(tolerances.engines.slope);
    await program.dispose();
  });
});

/** As `complexFeed` names its parts. */
function complexFeed64(name: string, re: Float64Array, im: Float64Array): Record<string, Float64Array> {
  const [first, second] = Object.keys(complexFeed(name, patches));
  return { [first]: re, [second]: im };
}
