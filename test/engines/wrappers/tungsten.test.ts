import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { openArrayFile } from "../../../src/formats/containers.ts";
import { nodeKernels } from "../../../src/node/kernels.ts";
import { readScanLayout, type ScanLayout } from "../../../src/scans/withoutPatterns.ts";
import { simulate } from "../../../src/simulation/simulate.ts";
import { dataFile } from "../../fixtures.ts";
import { corrected, rmsApart } from "../positionErrors.ts";
import { problemOfDataset } from "../problem.ts";

const NAMES = ["ptychi_tungsten_metadata_250_truePos.hdf5", "ptychi_tungsten_metadata_250_nominalPos.hdf5"] as const;
const layoutIn = async (name: string): Promise<ScanLayout> =>
  readScanLayout(await openArrayFile(readFileSync(dataFile(name) ?? ""), name), {}, name);

/** Side of the window, of 256; object pixels about the scan's middle within which frames are taken. */
const SIDE = 48;
const REACH = 18;
/** Object pixels of a nominal position over those of a true one: the files say other pixels of the same metres. */
const pixelRatio = (a: ScanLayout, b: ScanLayout): number =>
  (b.geometry?.objectPixelM ?? Number.NaN) / (a.geometry?.objectPixelM ?? Number.NaN);

it.skipIf(NAMES.some((name) => dataFile(name) === undefined))(
  "a measured stage's errors are found, in the middle of its scan and of its light",
  async () => {
    const [truth, nominal] = await Promise.all(NAMES.map(layoutIn));
    const ratio = pixelRatio(truth, nominal);
    const middle = (of: Float64Array): number[] =>
      [0, 1].map((axis) => of.filter((_, k) => k % 2 === axis).reduce((sum, v) => sum + (2 * v) / of.length, 0));
    const [own, other] = [middle(truth.positions), middle(nominal.positions)];
    const near = Array.from({ length: truth.positions.length / 2 }, (_, frame) => frame).filter((frame) =>
      [0, 1].every((axis) => Math.abs(truth.positions[2 * frame + axis] - own[axis]) < REACH),
    );
    const coordinates = near.flatMap((frame) => [2 * frame, 2 * frame + 1]);
    const positions = Float64Array.from(coordinates, (k) => truth.positions[k] - own[k % 2]);
    const errors = Float64Array.from(
      coordinates,
      (k, i) => ratio * (nominal.positions[k] - other[k % 2]) - positions[i],
    );
    const problem = problemOfDataset(
      simulate({
        ...{ n: SIDE, patterns: near.length, seed: 5, object: "deadLeaves", smoothing: 1, photons: 1e6 },
        given: { probe: middleOf(truth.probe), positions },
      }),
    );
    const begun = problem.scan.positions.map((value, k) => value + errors[k]);
    const kernels = await nodeKernels({ threads: 1 });
    const settings = { positionMethod: "annealing", positionRadius: 5, positionStart: 2 };
    const found = await corrected(kernels, problem, begun, { epochs: 40, settings });
    await kernels.close();
    expect(near.length).toBeGreaterThan(25);
    expect(rmsApart(begun, problem.scan.positions)).toBeGreaterThan(0.8);
    expect(rmsApart(found, problem.scan.positions)).toBeLessThan(0.1);
  },
);

/** The middle of every mode. */
function middleOf({ shape, data }: ScanLayout["probe"]): ScanLayout["probe"] {
  const [modes, height, width] = shape as [number, number, number];
  const [top, left] = [(height - SIDE) / 2, (width - SIDE) / 2];
  const out = new Float32Array(2 * modes * SIDE * SIDE);
  for (let row = 0; row < modes * SIDE; row++) {
    const from = 2 * ((Math.floor(row / SIDE) * height + top + (row % SIDE)) * width + left);
    out.set(data.subarray(from, from + 2 * SIDE), 2 * row * SIDE);
  }
  return { shape: [modes, SIDE, SIDE], data: out };
}
