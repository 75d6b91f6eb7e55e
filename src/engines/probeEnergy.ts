import type { Experiment } from "./experiment.ts";

/**
 * Object and probe share a factor that no pattern knows: the probe gets the energy that it is to have, and the object the rest, of which slices have equal roots.
 *
 * @param slack factor by which the probe's amplitude may be off and be left alone
 * @returns what the probe was multiplied by, and the product of all slices divided: 1 where it is dark, or was left alone
 */
export async function restoreProbeEnergy(experiment: Experiment, slack = 1): Promise<number> {
  const { kernels, object, probe, probeEnergy, slices } = experiment;
  const dots = kernels.numbers(1, 2);
  kernels.dot(dots, probe, probe);
  const [energy] = await kernels.read(dots);
  kernels.release(dots);
  const factor = Math.sqrt(probeEnergy / energy);
  if (!Number.isFinite(factor) || Math.abs(Math.log(factor)) < Math.log(slack)) return 1;
  kernels.combine(object, factor ** (-1 / slices), object, 0, object);
  kernels.combine(probe, factor, probe, 0, probe);
  experiment.rescaled(factor);
  return factor;
}
