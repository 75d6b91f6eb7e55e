import type { Engine } from "./engine.ts";
import { probeStart } from "./pie.ts";
import { ProjectionRun, type ProjectionSettings, projectionSettings, refusedByProjections } from "./projections.ts";

type DmSettings = ProjectionSettings & { readonly reflection: number };

/**
 * (a, b, c) = (−α, 1, 1 + α): with α = 1 the paper's ψ += F⁻¹ Π F (2 Q − ψ) − Q. 0.7 unless told: the paper's wanders in what
 * noise leaves open and takes longer without noise too; docs/engines.md has the numbers.
 */
export const dm: Engine<DmSettings> = {
  name: "dm",
  about: "difference map, of all frames at once (Thibault et al. 2009)",
  exitWaves: 1,
  settings: [
    {
      ...{ name: "reflection", kind: "real", default: 0.7, min: 0, max: 1 },
      help: "how far beyond what object and probe explain the data are asked: 1 is the difference map of the paper, 0 alternating projections.",
    },
    ...projectionSettings(probeStart),
  ],
  refuses: refusedByProjections,
  init: (experiment, { reflection, ...settings }) =>
    new ProjectionRun(experiment, settings, { a: -reflection, b: 1, c: 1 + reflection }),
};
