import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";
import { refusedOfKeptProbe } from "./keptProbe.ts";
import { orthogonalised } from "./orthogonalised.ts";

/**
 * Probe modes are made orthogonal after every epoch, the most powerful first. Incoherent modes are known but for a unitary
 * mixture of them (Thibault & Menzel, Nature 494, 68 (2013)): no expected intensity changes.
 */
export const orthogonalModes: Wrapper = {
  name: "orthogonal",
  about: "makes probe modes orthogonal, the strongest first, after every epoch",
  settings: [],
  rearranges: true,
  refuses: refusedOfKeptProbe,
  // One mode is orthogonal.
  init: (experiment) =>
    experiment.probe.shape[1] === 1
      ? {}
      : everyEpoch(experiment, "probe", ({ values, shape: [modes] }) => {
          values.set(orthogonalised(values, modes).modes);
        }),
};
