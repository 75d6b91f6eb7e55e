import type { Engine } from "./engine.ts";
import {
  aloneOneByOne,
  batching,
  batchSize,
  momentum,
  momentumEvery,
  objectStep,
  PieRun,
  type PieSettings,
  pieContradiction,
  probeStart,
  probeStep,
} from "./pie.ts";
import { scheduleSettings } from "./stepSchedule.ts";

/**
 * `pie.ts` with a regularised denominator: steps are longer where there is little light. Half the full step in the object and
 * a quarter in the probe, since both explain the same change: full ones together overshoot it, which noise at one photon a
 * pixel makes diverge. α = 0.1 is between the paper's 0.05, which is faster without noise, and what noise would like.
 */
export const rpie: Engine<PieSettings> = {
  name: "rpie",
  about: "regularised PIE: further where there is little light (Maiden, Johnson & Li 2017)",
  multislice: true,
  objectModes: true,
  settings: [
    batchSize,
    objectStep(0.5),
    probeStep(0.25),
    {
      ...{ name: "alpha", kind: "real", default: 0.1, above: 0, max: 1 },
      help: "part of the most light in the denominator: 1 is epie, less goes further where there is little light and lets in more noise.",
    },
    probeStart,
    batching,
    momentum,
    momentumEvery,
    ...scheduleSettings,
  ],
  contradiction: pieContradiction,
  alone: aloneOneByOne,
  init: (experiment, settings) => new PieRun(experiment, settings),
};
