import { expect, it } from "vitest";
import { joinComplex, splitComplex } from "../../../src/arrays.ts";
import { complexMul } from "../../../src/graph/complex.ts";
import { Graph } from "../../../src/graph/tensor.ts";
import { makeObject } from "../../../src/optics/objects.ts";
import { makeProbe } from "../../../src/optics/probes.ts";
import { extractPatch } from "../../../src/optics/sampling.ts";
import { predictIntensity } from "../../../src/physics/predict.ts";
import { farField } from "../../../src/physics/propagation/farField.ts";
import type { Propagator } from "../../../src/physics/propagation/propagator.ts";
import { Random } from "../../../src/random.ts";
import { diffract } from "../../../src/simulation/diffraction.ts";
import { evaluate, maxDeviation } from "../../evaluate.ts";
import { tolerances } from "../../tolerances.ts";
import { complexConstant } from "../inputs.ts";

const N = 32;
/** λ Δz in squared pixels: light from the sample spreads over a few of them. */
const DISTANCE = 40;

/** exp(−iπ λ Δz f²): what free space does to a plane wave, at each frequency in cycles a pixel. */
const phases = (sign: 1 | -1) =>
  Float64Array.from({ length: 2 * N * N }, (_, i) => {
    const [v, u] = [Math.floor(i / 2 / N) - N / 2, (Math.floor(i / 2) % N) - N / 2];
    const angle = -sign * Math.PI * DISTANCE * ((u / N) ** 2 + (v / N) ** 2);
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });

/** A short way through free space: a propagator that the program does not have. */
const nearField: Propagator = {
  forward: (wave) => travelled(wave, 1),
  adjoint: (wave) => travelled(wave, -1),
  plan(shape) {
    const far = farField.plan(shape);
    const along =
      (sign: 1 | -1): ReturnType<Propagator["plan"]>["forward"] =>
      (wave, output) => {
        const [spectrum, factor] = [far.forward(wave, new Float64Array(wave.length)), phases(sign)];
        for (let i = 0; i < spectrum.length; i += 2) {
          const [re, im] = [spectrum[i], spectrum[i + 1]];
          spectrum[i] = re * factor[i] - im * factor[i + 1];
          spectrum[i + 1] = re * factor[i + 1] + im * factor[i];
        }
        return far.adjoint(spectrum, output);
      };
    return { forward: along(1), adjoint: along(-1) };
  },
};

function travelled(wave: Parameters<Propagator["forward"]>[0], sign: 1 | -1): ReturnType<Propagator["forward"]> {
  const factor = { shape: [N, N], data: Float32Array.from(phases(sign)) };
  return farField.adjoint(
    complexMul(farField.forward(wave), complexConstant(wave.re.graph, [N, N], splitComplex(factor))),
  );
}

it("simulation and the graph's physics take any propagator, and agree", async () => {
  const object = makeObject({ kind: "siemensStar" }, [64, 64], new Random(3));
  const modes = makeProbe(N, { kind: "gaussian", fwhm: 6 });
  const at = [30, 33] as const;
  const { intensity, probe } = diffract(object, modes, Float64Array.from(at), 1e5, { propagator: nearField });
  const far = diffract(object, modes, Float64Array.from(at), 1e5);
  expect(maxDeviation(intensity, far.intensity)).toBeGreaterThan(0.1);

  const graph = new Graph();
  const patch = splitComplex(joinedPatch(object, at));
  const rate = predictIntensity(
    complexConstant(graph, [1, 1, N, N], patch),
    complexConstant(graph, probe.shape, splitComplex(probe)),
    nearField,
  );
  const predicted = await evaluate({ rate });
  expect(maxDeviation(predicted.rate, intensity)).toBeLessThan(tolerances.otherSummationOrder);
});

function joinedPatch(object: Parameters<typeof extractPatch>[0], [y, x]: readonly [number, number]) {
  const data = extractPatch(object, y, x, N);
  const part = (offset: number): Float64Array => Float64Array.from({ length: N * N }, (_, i) => data[2 * i + offset]);
  return joinComplex([N, N], part(0), part(1));
}
