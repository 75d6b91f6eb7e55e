import { PtychonautError, setting } from "../errors.ts";
import { nearField } from "../physics/propagation/nearField.ts";
import { propagatorOf } from "../physics/propagation/propagators.ts";
import { AdamRun, type AdamSettings } from "./ad/adam.ts";
import type { AdPhysics } from "./ad/graphs.ts";
import { LBFGS_REMEMBERS, LbfgsRun } from "./ad/lbfgs.ts";
import { watched } from "./ad/watched.ts";
import type { Engine } from "./engine.ts";
import type { Experiment } from "./experiment.ts";
import { batching, probeStart, probeStep } from "./pie.ts";
import type { ChoiceSetting, NumberSetting } from "./settings.ts";
import { scheduleContradiction, scheduleSettings } from "./stepSchedule.ts";

type AdSettings = AdamSettings & {
  readonly optimizer: string;
  readonly noise: string;
};

const learningRate: NumberSetting = {
  ...{ name: "learningRate", kind: "real", default: 0.05, above: 0, max: 1, step: true },
  help: "furthest that Adam moves object and probe in a step, as part of their amplitudes.",
};
const adBatching: ChoiceSetting = { ...batching, default: "random" };

/**
 * Steepest and quasi-Newton descent on the pixels themselves, through the graph that trains networks: illumination,
 * propagation, likelihood and their gradients by reverse differentiation, on whatever runs graphs. What is computed is
 * the likelihood of other engines, by nothing that they compute with.
 */
export const ad: Engine<AdSettings> = {
  name: "ad",
  about: "gradients of pixels through the graph that trains networks, on every accelerator (Adam or L-BFGS)",
  inGraphs: true,
  multislice: true,
  remembers: ({ optimizer }) => (optimizer === "lbfgs" ? LBFGS_REMEMBERS : 0),
  settings: [
    {
      ...{ name: "optimizer", kind: "choice", default: "adam", values: ["adam", "lbfgs"] },
      help: "adam: a step a batch. lbfgs: a step an epoch, of all frames, by their remembered curvature.",
    },
    {
      ...{ name: "batchSize", kind: "integer", default: 16, min: 1 },
      help: "frames of one update. Frames one after the other converge in the fewest epochs; more at once use more threads.",
    },
    {
      ...{ name: "noise", kind: "choice", default: "gaussian", values: ["gaussian", "poisson"] },
      help: "of amplitudes, which forgives what the model leaves out, or of counts, which is right where photons are few.",
    },
    learningRate,
    probeStep(1),
    probeStart,
    adBatching,
    ...scheduleSettings,
  ],
  contradiction(settings, epochs) {
    if (settings.optimizer === "lbfgs" && settings.scheduler !== "Default")
      return {
        why: "L-BFGS searches the length of its steps: no schedule has a say",
        fix: `leave ${setting("scheduler", settings.scheduler)} out, or say ${setting("optimizer", "adam")}`,
      };
    return scheduleContradiction(settings, epochs);
  },
  refuses({ optics, margin = 0 }, { optimizer }) {
    if (optics === true) return "its graph knows object, probe and propagation alone";
    if (margin > 0 && optimizer === "lbfgs")
      return `L-BFGS remembers slopes of where frames were: say ${setting("optimizer", "adam")}`;
    return undefined;
  },
  init(experiment, settings) {
    const { runtime } = experiment;
    if (runtime === undefined)
      throw new PtychonautError("usage", "engine ad computes in graphs, and there is nothing here that runs them");
    if (experiment.subPixel === "fourier")
      throw new PtychonautError("usage", "the graph of ad weighs four pixels, and moves no light", {
        fix: `take ${setting("sub_pixel", "bilinear")}, or another engine`,
      });
    if (experiment.hasOptics)
      throw new PtychonautError("usage", "the graph of ad knows object, probe and propagation alone", {
        got: "wrappers that change how patterns are made",
        fix: "leave them out, or take another engine",
      });
    const physics = physicsOf(experiment, settings);
    if (settings.optimizer === "adam")
      return watched(new AdamRun(experiment, runtime, physics, settings), experiment, settings);
    for (const { name, default: initial } of [learningRate, adBatching])
      if (settings[name as keyof AdSettings] !== initial)
        throw new PtychonautError("usage", `${name} is a setting of Adam`, {
          fix: `leave it out, or say ${setting("optimizer", "adam")}`,
        });
    return new LbfgsRun(experiment, runtime, physics, settings);
  },
};

/** What graphs have of an experiment. */
export function physicsOf(
  { scan, canvas, object, probe, subPixel, dark, frames, shares }: Experiment,
  { batchSize, noise }: Pick<AdSettings, "batchSize" | "noise">,
): AdPhysics {
  const [, modes, height, width] = probe.shape;
  return {
    shape: {
      // What a process has of a batch, if processes have as many of it.
      frames: shares.most(Math.min(batchSize, frames)),
      ...{ modes, window: [height, width], canvas: [canvas.height, canvas.width], slices: object.shape[1] },
      ...{ between: subPixel === "bilinear", masked: scan.mask !== undefined },
    },
    propagator: propagatorOf(scan.geometry),
    ...(scan.slices === undefined ? {} : { between: nearField(scan.slices.between) }),
    noise: noise === "poisson" ? "poisson" : "gaussian",
    dark,
  };
}
