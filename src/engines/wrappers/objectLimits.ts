import { setting } from "../../errors.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";

type LimitSettings = {
  readonly amplitudeMin: number;
  readonly amplitudeMax: number;
  readonly phaseMin: number;
  readonly phaseMax: number;
};

const amplitudeMin: NumberSetting = {
  ...{ name: "amplitudeMin", kind: "real", default: 0, min: 0 },
  help: "smallest amplitude of the object.",
};
const amplitudeMax: NumberSetting = {
  ...{ name: "amplitudeMax", kind: "real", default: 1.5, above: 0 },
  help: "largest amplitude of the object; 1 is what lets all light through where the probe's power is known.",
};
const phaseMin: NumberSetting = {
  ...{ name: "phaseMin", kind: "real", default: -Math.PI, min: -Math.PI, max: Math.PI },
  help: "smallest phase of the object, radians about the mean.",
};
const phaseMax: NumberSetting = {
  ...{ name: "phaseMax", kind: "real", default: Math.PI, min: -Math.PI, max: Math.PI },
  help: "largest phase of the object, radians about the mean.",
};

/**
 * Holds the object's amplitude and phase within limits, after every epoch. Phases are those about the phase of the mean,
 * since a phase common to all pixels is of no pattern's knowledge. The default limits leave phases alone.
 */
export const objectLimits: Wrapper<LimitSettings> = {
  name: "limits",
  about: "holds amplitude and phase of the object within limits",
  oneState: true,
  settings: [amplitudeMin, amplitudeMax, phaseMin, phaseMax],
  contradiction: (limits) => {
    const fix = "state both, the smaller one first, or leave out the one that is not meant";
    if (limits.amplitudeMin > limits.amplitudeMax)
      return { why: `amplitude_min ${limits.amplitudeMin} is above amplitude_max ${limits.amplitudeMax}`, fix };
    if (limits.phaseMin > limits.phaseMax)
      return { why: `phase_min ${limits.phaseMin} is above phase_max ${limits.phaseMax}`, fix };
    return undefined;
  },
  init: (experiment, limits) =>
    everyEpoch(
      experiment,
      "object",
      ({ values }) => {
        limit(values, limits);
      },
      {
        takes: "the limits change",
        of: "of the object's squares",
        fix: `say wider ones (${setting("amplitude_min")} ${limits.amplitudeMin}, ${setting("amplitude_max")} ${limits.amplitudeMax}, ${setting("phase_min")}, ${setting("phase_max")})`,
      },
    ),
};

function limit(values: Float64Array, { amplitudeMin, amplitudeMax, phaseMin, phaseMax }: LimitSettings): void {
  let [re, im] = [0, 0];
  for (let i = 0; i < values.length; i += 2) {
    re += values[i];
    im += values[i + 1];
  }
  const common = Math.atan2(im, re);
  for (let i = 0; i < values.length; i += 2) {
    const amplitude = Math.hypot(values[i], values[i + 1]);
    const phase = wrapped(Math.atan2(values[i + 1], values[i]) - common);
    const held = Math.min(amplitudeMax, Math.max(amplitudeMin, amplitude));
    const turned = common + Math.min(phaseMax, Math.max(phaseMin, phase));
    values[i] = held * Math.cos(turned);
    values[i + 1] = held * Math.sin(turned);
  }
}

/** Into [−π, π). */
const wrapped = (angle: number): number => angle - 2 * Math.PI * Math.floor((angle + Math.PI) / (2 * Math.PI));
