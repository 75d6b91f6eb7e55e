import type { Experiment } from "../experiment.ts";
import type { Waves } from "../kernels/kernels.ts";
import type { WrapperRun } from "../wrapperRun.ts";

/** Complex planes on the host, interleaved: modes of a probe, slices of an object. */
export interface HostPlanes {
  readonly values: Float64Array;
  readonly shape: readonly [planes: number, height: number, width: number];
}

/** A wrapper that changes the object, or the probe, in place on the host after every epoch: they are few numbers beside the patterns. */
export function everyEpoch(
  experiment: Experiment,
  of: "object" | "probe",
  change: (planes: HostPlanes) => void,
): WrapperRun {
  const { kernels } = experiment;
  const waves: Waves = experiment[of];
  const [, planes, height, width] = waves.shape;
  return {
    async endEpoch() {
      const values = Float64Array.from(await kernels.read(waves));
      change({ values, shape: [planes, height, width] });
      kernels.write(waves, values);
      return [];
    },
  };
}
