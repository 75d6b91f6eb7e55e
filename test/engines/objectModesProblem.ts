import type { ComplexArray } from "../../src/arrays.ts";
import type { Experiment } from "../../src/engines/experiment.ts";
import type { EngineScan } from "../../src/engines/scan.ts";
import { orthogonalised } from "../../src/engines/wrappers/orthogonalised.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { Random } from "../../src/random.ts";
import { norm } from "../evaluate.ts";
import { amplitudesInMemory, squareOfPositions, stackedPlanes, whereCentresAre, withEngineEnergy } from "./inMemory.ts";

/** A scan of an object in several states, far field. */
export interface ObjectModesProblem {
  readonly scan: EngineScan;
  /** `[states, H, W]`; pixel (0, 0) of the scan's positions is its first. */
  readonly object: ComplexArray;
}

export interface HowSeen {
  readonly n?: number;
  readonly rows?: number;
  readonly step?: number;
  /** Of a pattern, with their noise; without any where they are not said. */
  readonly photons?: number;
  /** Modes of the probe. */
  readonly modes?: number;
}

/** Dead leaves of another seed in each state, which have so much of the power. */
export function objectModesProblem(powers: readonly number[], how: HowSeen = {}): ObjectModesProblem {
  const { n = 32, rows = 12, step = 3, photons, modes = 1 } = how;
  const [side, random] = [n + rows * step + 4, new Random(4)];
  const states = powers.map((power) => {
    const { data } = makeObject({ kind: "deadLeaves" }, [side, side], random, {
      amplitude: [1, 0.7],
      phase: [0, -1.5],
    });
    return { shape: [side, side], data: data.map((value) => Math.sqrt(power) * value) };
  });
  const { data: first } = makeProbe(n, { kind: "airy", pupilRadius: n / 3, defocus: 0.8 * n });
  // Of further modes each is the first one under a ramp, with a third of the power of the one before.
  const waves = Float32Array.from({ length: modes * first.length }, (_, i) => {
    const [mode, at] = [Math.floor(i / first.length), i % first.length];
    const angle = (2 * Math.PI * mode * ((at >> 1) % n)) / n;
    const [re, im] = [first[at & ~1], first[at | 1]];
    const turned =
      at % 2 === 0 ? re * Math.cos(angle) - im * Math.sin(angle) : re * Math.sin(angle) + im * Math.cos(angle);
    return turned * 3 ** (-mode / 2);
  });
  const light = withEngineEnergy(waves, n);
  const frames = rows * rows;
  const positions = squareOfPositions(n, rows, step, random);
  const fourier = planFft2([n, n]);
  const intensities = new Float64Array(frames * n * n);
  for (let frame = 0; frame < frames; frame++)
    for (const state of states) {
      const patch = extractPatch(state, positions[2 * frame], positions[2 * frame + 1], n);
      for (let mode = 0; mode < modes; mode++) {
        const wave = new Float64Array(2 * n * n);
        for (let i = 0; i < wave.length; i += 2) {
          const [a, b] = [patch[i], patch[i + 1]];
          const [x, y] = [light[2 * mode * n * n + i], light[2 * mode * n * n + i + 1]];
          wave[i] = a * x - b * y;
          wave[i + 1] = a * y + b * x;
        }
        const far = fourier.forward(wave);
        for (let i = 0; i < n * n; i++) intensities[frame * n * n + i] += far[2 * i] ** 2 + far[2 * i + 1] ** 2;
      }
    }
  const countsPerUnit = (photons ?? 1e5) / ((n * n) / 4);
  const amplitudes = Float32Array.from(intensities, (value) =>
    Math.sqrt(photons === undefined ? value : random.poisson(value * countsPerUnit) / countsPerUnit),
  );
  return {
    scan: {
      amplitudes: amplitudesInMemory(amplitudes, [frames, n, n]),
      ...{ positions, probe: { shape: [modes, n, n], data: light }, countsPerUnit },
      objectModes: { count: powers.length, power: 0.1, seed: 1 },
    },
    object: stackedPlanes(states, side),
  };
}

/**
 * Parts of the power of the true states, made orthogonal and the strongest first, that lie in the span of those that were
 * found, where windows have their centres: 1 each where all is found, whatever the unitary mixture.
 */
export async function partsFound(
  { kernels, object, canvas }: Experiment,
  { scan, object: truth }: ObjectModesProblem,
): Promise<readonly number[]> {
  const n = scan.amplitudes.height;
  const side = truth.shape[1];
  const principal = (data: ArrayLike<number>, planes: number, shape: Pair, first: Pair) => {
    const inside = Array.from({ length: planes }, (_, k) => [
      ...whereCentresAre(data, k, { shape, first }, { n, side }),
    ]);
    const { modes } = orthogonalised(Float64Array.from(inside.flat()), planes);
    const size = modes.length / planes;
    return Array.from({ length: planes }, (_, k) => {
      const mode = modes.subarray(k * size, (k + 1) * size);
      const length = norm(mode);
      return mode.map((value) => value / length);
    });
  };
  const values = await kernels.read(object);
  const found = principal(values, object.shape[1], [canvas.height, canvas.width], canvas.origin);
  return principal(truth.data, truth.shape[0], [side, side], [0, 0]).map((state) =>
    found.reduce((sum, mode) => sum + squaredOverlap(mode, state), 0),
  );
}

type Pair = readonly [number, number];

/** |⟨a, b⟩|² */
function squaredOverlap(a: Float64Array, b: Float64Array): number {
  let [re, im] = [0, 0];
  for (let i = 0; i < a.length; i += 2) {
    re += a[i] * b[i] + a[i + 1] * b[i + 1];
    im += a[i] * b[i + 1] - a[i + 1] * b[i];
  }
  return re * re + im * im;
}
