import type { Engine } from "./engine.ts";
import { probeStart } from "./pie.ts";
import { ProjectionRun, type ProjectionSettings, projectionSettings, refusedByProjections } from "./projections.ts";

type RaarSettings = ProjectionSettings & { readonly beta: number };

/** (a, b, c) = (1 − 2β, β, 2): reflections mixed with what object and probe explain. */
export const raar: Engine<RaarSettings> = {
  name: "raar",
  about: "relaxed averaged alternating reflections, of all frames at once (Luke 2005)",
  exitWaves: 1,
  settings: [
    {
      ...{ name: "beta", kind: "real", default: 0.75, above: 0, max: 1 },
      help: "part of the reflections in the mixture: towards 1 it searches more and settles less.",
    },
    ...projectionSettings(probeStart),
  ],
  refuses: refusedByProjections,
  init: (experiment, { beta, ...settings }) =>
    new ProjectionRun(experiment, settings, { a: 1 - 2 * beta, b: beta, c: 2 }),
};
