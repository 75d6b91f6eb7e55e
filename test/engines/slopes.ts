import { expect } from "vitest";
import type { Experiment } from "../../src/engines/experiment.ts";
import { Sums } from "../../src/engines/sums.ts";
import { Random } from "../../src/random.ts";
import { dot } from "../evaluate.ts";

/**
 * What every plane of the object, and every mode of the probe, is asked for is the slope of the misfit, by differences, beside
 * an object that is far from the truth.
 */
export async function expectSlopesOf(experiment: Experiment, frames: Int32Array): Promise<void> {
  const { kernels, object, probe } = experiment;
  const random = new Random(5);
  const start = Float64Array.from(await kernels.read(object), (value) => value + 0.2 * random.normal());
  const light = Float64Array.from(await kernels.read(probe));
  const change = async () => experiment.change(experiment.load(frames), "gaussian");
  const misfit = async (): Promise<number> => {
    const sums = await kernels.read((await change()).misfit);
    return Array.from(sums).reduce((sum, value, i) => sum + (i % 4 === 0 ? value : 0), 0);
  };
  kernels.write(object, start);
  const sums = new Sums(experiment);
  sums.clear();
  sums.add(await change());
  for (const [held, at, asked] of [
    [object, start, sums.object],
    [probe, light, sums.probe],
  ] as const) {
    const slope = Float64Array.from(await kernels.read(asked), (value) => -2 * value);
    for (let plane = 0; plane < held.shape[1]; plane++) {
      const size = at.length / held.shape[1];
      const along = at.map((_, i) => (Math.floor(i / size) === plane ? random.normal() : 0));
      const step = 1e-5;
      const moved = async (by: number): Promise<number> => {
        kernels.write(
          held,
          at.map((value, i) => value + by * along[i]),
        );
        return misfit();
      };
      const difference = ((await moved(step)) - (await moved(-step))) / (2 * step);
      kernels.write(held, at);
      expect(difference / dot(slope, along)).toBeCloseTo(1, 6);
    }
  }
}
