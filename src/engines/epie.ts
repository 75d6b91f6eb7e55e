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

type EpieSettings = Omit<PieSettings, "alpha">;

/** `pie.ts` with α = 1: steps are as short everywhere as where there is most light. Unit steps are the paper's. */
export const epie: Engine<EpieSettings> = {
  name: "epie",
  about: "extended ptychographical iterative engine, a frame after the other (Maiden & Rodenburg 2009)",
  multislice: true,
  objectModes: true,
  settings: [
    batchSize,
    objectStep(1),
    probeStep(1),
    probeStart,
    batching,
    momentum,
    momentumEvery,
    ...scheduleSettings,
  ],
  contradiction: pieContradiction,
  alone: aloneOneByOne,
  init: (experiment, settings) => new PieRun(experiment, { ...settings, alpha: 1 }),
};
