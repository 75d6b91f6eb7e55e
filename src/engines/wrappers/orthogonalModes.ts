import type { Experiment } from "../experiment.ts";
import type { Wrapper } from "../wrapper.ts";
import type { WrapperRun } from "../wrapperRun.ts";
import { orthogonalised } from "./orthogonalised.ts";

/**
 * Probe modes are made orthogonal after every epoch, the most powerful first. Incoherent modes are known but for a unitary
 * mixture of them (Thibault & Menzel, Nature 494, 68 (2013)): no expected intensity changes.
 */
export const orthogonalModes: Wrapper = {
  name: "orthogonal",
  about: "makes probe modes orthogonal, the strongest first, after every epoch",
  settings: [],
  init: (experiment) => new OrthogonalModes(experiment),
};

class OrthogonalModes implements WrapperRun {
  readonly #experiment: Experiment;

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
  }

  async endEpoch(): Promise<readonly string[]> {
    const { kernels, probe } = this.#experiment;
    const [, modes] = probe.shape;
    if (modes > 1) kernels.write(probe, orthogonalised(Float64Array.from(await kernels.read(probe)), modes).modes);
    return [];
  }
}
