import type { Experiment } from "../experiment.ts";
import type { Waves } from "../kernels/kernels.ts";
import type { WrapperRun } from "../wrapperRun.ts";
import { type Cut, cutOf } from "./cut.ts";

/** Complex planes on the host, interleaved: modes of a probe, slices of an object. */
export interface HostPlanes {
  readonly values: Float64Array;
  readonly shape: readonly [planes: number, height: number, width: number];
}

/**
 * A wrapper that changes the object, or the probe, in place on the host after every epoch: they are few numbers beside the patterns.
 * @param cut of one that takes something away: how that is said, where it is much
 */
export function everyEpoch(
  experiment: Experiment,
  of: "object" | "probe",
  change: (planes: HostPlanes) => void,
  cut?: Cut,
): WrapperRun {
  const { kernels } = experiment;
  const waves: Waves = experiment[of];
  const [, planes, height, width] = waves.shape;
  const taken = cut === undefined ? undefined : cutOf(cut);
  return {
    async endEpoch(epoch) {
      const before = Float64Array.from(await kernels.read(waves));
      const values = before.slice();
      change({ values, shape: [planes, height, width] });
      kernels.write(waves, values);
      return taken?.measure(epoch, before, values) ?? [];
    },
    doubt: () => taken?.doubt(),
  };
}
