import type { ComplexArray } from "../../src/arrays.ts";
import type { Experiment } from "../../src/engines/experiment.ts";
import type { EngineScan, Slices } from "../../src/engines/scan.ts";
import { planFft2 } from "../../src/numerics/fft.ts";
import { makeObject } from "../../src/optics/objects.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { extractPatch } from "../../src/optics/sampling.ts";
import { nearField } from "../../src/physics/propagation/nearField.ts";
import { Random } from "../../src/random.ts";
import { planMultislice } from "../physics/planMultislice.ts";
import { amplitudesInMemory, squareOfPositions, stackedPlanes, whereCentresAre, withEngineEnergy } from "./inMemory.ts";

/** A scan of a thick object, far field, no noise. */
export interface ThickProblem {
  readonly scan: EngineScan;
  /** `[slices, H, W]`; pixel (0, 0) of the scan's positions is its first. */
  readonly object: ComplexArray;
}

/** Dead leaves of another seed in each slice, in a wide cone of light that sees them from many sides. */
export function thickProblem(slices: Slices, { n = 32, rows = 12, step = 3 } = {}): ThickProblem {
  const [side, random] = [n + rows * step + 4, new Random(4)];
  const layers = Array.from({ length: slices.count }, () =>
    makeObject({ kind: "deadLeaves" }, [side, side], random, { amplitude: [1, 0.9], phase: [0, -0.6] }),
  );
  const probe = makeProbe(n, { kind: "airy", pupilRadius: n / 3, defocus: 0.8 * n });
  const frames = rows * rows;
  const positions = squareOfPositions(n, rows, step, random);
  const [fourier, through] = [planFft2([n, n]), planMultislice(nearField(slices.between).plan([n, n]))];
  const light = withEngineEnergy(probe.data, n);
  const amplitudes = new Float32Array(frames * n * n);
  for (let frame = 0; frame < frames; frame++) {
    const [y, x] = positions.subarray(2 * frame);
    const far = fourier.forward(
      through(
        layers.map((layer) => extractPatch(layer, y, x, n)),
        light,
      ),
    );
    for (let i = 0; i < n * n; i++) amplitudes[frame * n * n + i] = Math.hypot(far[2 * i], far[2 * i + 1]);
  }
  return {
    scan: {
      amplitudes: amplitudesInMemory(amplitudes, [frames, n, n]),
      ...{ positions, probe: { shape: probe.shape, data: light }, countsPerUnit: 100, slices },
    },
    object: stackedPlanes(layers, side),
  };
}

/** A slice of the reconstruction, and the true one, where windows have their centres: phases, without their means. */
export async function slicePhases(
  { kernels, object, canvas }: Experiment,
  { scan, object: truth }: ThickProblem,
): Promise<{ readonly found: readonly Float64Array[]; readonly truth: readonly Float64Array[] }> {
  const values = await kernels.read(object);
  const [count, side] = truth.shape;
  const n = scan.amplitudes.height;
  const phases = (
    data: ArrayLike<number>,
    slice: number,
    shape: readonly [number, number],
    first: readonly [number, number],
  ) => {
    const inside = whereCentresAre(data, slice, { shape, first }, { n, side });
    const out = Array.from({ length: inside.length / 2 }, (_, k) => Math.atan2(inside[2 * k + 1], inside[2 * k]));
    const mean = Math.atan2(
      out.reduce((sum, value) => sum + Math.sin(value), 0),
      out.reduce((sum, value) => sum + Math.cos(value), 0),
    );
    return Float64Array.from(out, (value) => Math.atan2(Math.sin(value - mean), Math.cos(value - mean)));
  };
  const all = Array.from({ length: count }, (_, k) => k);
  return {
    found: all.map((k) => phases(values, k, [canvas.height, canvas.width], canvas.origin)),
    truth: all.map((k) => phases(truth.data, k, [side, side], [0, 0])),
  };
}
