import { describe, expect, it, test } from "vitest";
import { Experiment } from "../../src/engines/experiment.ts";
import { float64Kernels } from "../../src/engines/kernels/float64.ts";
import { misfitOf } from "../../src/engines/misfit.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { tolerances } from "../tolerances.ts";
import {
  complexError,
  distance,
  everyFrame,
  modeFidelity,
  nearGeometry,
  type Problem,
  runEpochs,
  simulatedProblem,
  spoiltProbe,
  withProbe,
  withTrueObject,
} from "./problem.ts";

const few = simulatedProblem({ patterns: 36, objectSize: [56, 56] });

/** Runs of more epochs are in single precision, which is much faster; formulas are compared in float64. */
const LONG = 6;

async function reconstructed(
  { scan }: Problem,
  engine: string,
  stated: EngineSettings,
  { epochs = 2, room = 16 } = {},
): Promise<{ experiment: Experiment; object: Float64Array; probe: Float64Array; waves: ArrayLike<number> }> {
  const kernels = epochs > LONG ? await nodeKernels({ threads: 1 }) : float64Kernels();
  const experiment = new Experiment(kernels, scan, { batchSize: room, subPixel: "bilinear" });
  const { init, ...known } = engineNamed(engine);
  const run = init(experiment, completeSettings(known, stated));
  await runEpochs(run, experiment, epochs);
  return {
    experiment,
    object: Float64Array.from(await kernels.read(experiment.object)),
    probe: Float64Array.from(await kernels.read(experiment.probe)),
    waves: await kernels.read(run.memory.exitWaves),
  };
}

describe("projection engines", () => {
  it("the difference map without reflection is alternating projections", async () => {
    const [dm, ap] = await Promise.all([
      reconstructed(few, "dm", { reflection: 0 }, { epochs: 3 }),
      reconstructed(few, "ap", {}, { epochs: 3 }),
    ]);
    expect(distance(dm.object, ap.object)).toBeLessThan(tolerances.engines.sameNumbers);
  });

  it("with β = 1 RAAR is the difference map of α = 1", async () => {
    const [dm, raar] = await Promise.all([
      reconstructed(few, "dm", { reflection: 1 }, { epochs: 3 }),
      reconstructed(few, "raar", { beta: 1 }, { epochs: 3 }),
    ]);
    expect(distance(raar.object, dm.object)).toBeLessThan(tolerances.engines.sameNumbers);
  });

  test.each(["dm", "raar", "ap"])("%s does not depend on how many frames are on the device at once", async (engine) => {
    const [narrow, wide] = await Promise.all([7, 36].map((room) => reconstructed(few, engine, {}, { room })));
    expect(distance(narrow.object, wide.object)).toBeLessThan(tolerances.engines.sameNumbers);
    expect(distance(narrow.probe, wide.probe)).toBeLessThan(tolerances.engines.sameNumbers);
  });

  it("leaves what no light meets as it was", async () => {
    const { kernels, probe } = new Experiment(float64Kernels(), few.scan, { batchSize: 1, subPixel: "whole" });
    // A probe of which the left half of the window is dark.
    const half = Float32Array.from(await kernels.read(probe), (value, i) => ((i >> 1) % 32 < 16 ? 0 : value));
    const { experiment, object } = await reconstructed(withProbe(few, { ...few.probe, data: half }), "dm", {
      probeStart: 9,
    });
    const { width } = experiment.canvas;
    const left = object.filter((_, i) => (i >> 1) % width < 16);
    expect(left).toEqual(Float64Array.from(left, (_, i) => 1 - (i % 2)));
  });

  it("fits object and probe to the exit waves: neither could be nearer", async () => {
    const { experiment, object, waves } = await reconstructed(few, "raar", {
      objectInertia: 0,
      overlapRounds: 50,
      overlapTolerance: 1e-6,
    });
    const { kernels } = experiment;
    const explained = async (): Promise<number> => {
      let off = 0;
      for (const frame of everyFrame(36)) {
        const made = await kernels.read(experiment.exits(experiment.place(Int32Array.of(frame))).waves);
        made.forEach((value: number, i: number) => {
          off += (value - waves[made.length * frame + i]) ** 2;
        });
      }
      return off;
    };
    const best = await explained();
    const random = new Random(4);
    for (let k = 0; k < 3; k++) {
      kernels.write(
        experiment.object,
        object.map((value) => value + 0.01 * random.normal()),
      );
      expect(await explained()).toBeGreaterThan(best);
    }
  });

  it("stays at the truth of a near field, and explains its patterns from a wrong probe", async () => {
    const near = withTrueObject(simulatedProblem({ geometry: nearGeometry, patterns: 36 }));
    const right = await reconstructed(near, "raar", {}, { epochs: 3 });
    expect(distance(right.probe, near.probe.data)).toBeLessThan(tolerances.engines.fixedPoint);
    const wrong = withProbe(near, spoiltProbe(near.probe));
    const errors = await Promise.all(
      [0, 12].map(async (epochs) => {
        const { experiment } = await reconstructed(wrong, "raar", {}, { epochs });
        return (await misfitOf(experiment, everyFrame(36))).error;
      }),
    );
    expect(errors[1]).toBeLessThan(0.1 * errors[0]);
  });

  it("keeps to the frames that it began with", async () => {
    const experiment = new Experiment(float64Kernels(), few.scan, { batchSize: 16, subPixel: "whole" });
    const { init, ...known } = engineNamed("dm");
    const run = init(experiment, completeSettings(known, {}));
    const epoch = { random: new Random(1), checkpoint: () => {} };
    await run.step({ ...epoch, number: 0, frames: Int32Array.of(0, 2, 3, 30) });
    await run.step({ ...epoch, number: 1, frames: Int32Array.of(0, 2, 3, 30) });
    await expect(run.step({ ...epoch, number: 2, frames: Int32Array.of(0, 2, 3, 31) })).rejects.toThrow("same frames");
  });

  it("says how much memory exit waves would need where it is not there, and who needs less", async () => {
    const kernels = await nodeKernels({ threads: 1 });
    const { amplitudes, probe } = few.scan;
    const count = 1e6;
    const positions = Float64Array.from({ length: 2 * count }, (_, k) => 20 + (k % 7));
    const scan = { ...few.scan, probe, amplitudes: { ...amplitudes, count }, positions };
    const experiment = new Experiment(kernels, scan, { batchSize: 4, subPixel: "whole" });
    const { init, ...known } = engineNamed("raar");
    expect(() => init(experiment, completeSettings(known, {}))).toThrow(/exit waves of all frames.*engine=rpie/s);
    await kernels.close();
  });

  it("finds two modes from wrong ones", async () => {
    const problem = simulatedProblem({ modes: 2, modePowerRatio: 0.3 });
    const { experiment } = await reconstructed(
      withProbe(problem, spoiltProbe(problem.probe)),
      "dm",
      {},
      { epochs: 35, room: 50 },
    );
    expect(await modeFidelity(experiment, problem)).toBeGreaterThan(0.99);
  });
});

describe("power bound", () => {
  it("asks nothing of data that are explained as well as that", async () => {
    const { object, probe } = await reconstructed(few, "dm", { powerBound: 1e9 });
    expect(
      distance(
        object,
        Float64Array.from(object, (_, i) => 1 - (i % 2)),
      ),
    ).toBeLessThan(tolerances.engines.sameNumbers);
    expect(distance(probe, few.probe.data)).toBeLessThan(tolerances.engines.sameNumbers);
  });

  it("lets the difference map settle at the noise", async () => {
    const problem = simulatedProblem({ photons: 1e6 });
    const errors = await Promise.all(
      [0, 0.25].map(async (powerBound) => {
        const stated = { reflection: 1, powerBound };
        const { experiment } = await reconstructed(problem, "dm", stated, { epochs: 25, room: 50 });
        return complexError(experiment, problem);
      }),
    );
    expect(errors[1]).toBeLessThan(0.7 * errors[0]);
  });
});
