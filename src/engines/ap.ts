import type { Engine } from "./engine.ts";
import { probeStart } from "./pie.ts";
import { ProjectionRun, type ProjectionSettings, projectionSettings, refusedByProjections } from "./projections.ts";

/** (a, b, c) = (0, 1, 1): downhill in Σ (√Î − √I)² only, so it polishes what others have found. */
export const ap: Engine<ProjectionSettings> = {
  name: "ap",
  about: "alternating projections, of all frames at once: settles where it begins, so after another engine",
  exitWaves: 1,
  settings: projectionSettings(probeStart),
  refuses: refusedByProjections,
  init: (experiment, settings) => new ProjectionRun(experiment, settings, { a: 0, b: 1, c: 1 }),
};
