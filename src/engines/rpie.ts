import type { Engine } from "./engine.ts";
import { batchSize, objectStep, PieRun, type PieSettings, probeStart, probeStep } from "./pie.ts";

/** `pie.ts` with a regularised denominator: steps are longer where there is little light. */
export const rpie: Engine<PieSettings> = {
  name: "rpie",
  about: "regularised PIE: further where there is little light (Maiden, Johnson & Li 2017)",
  settings: [
    batchSize,
    objectStep,
    probeStep,
    {
      ...{ name: "alpha", kind: "real", default: 0.1, above: 0, max: 1 },
      help: "part of the most light in the denominator: 1 is epie, less goes further where there is little light and lets in more noise.",
    },
    probeStart,
  ],
  init: (experiment, settings) => new PieRun(experiment, settings),
};
