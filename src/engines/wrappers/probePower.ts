import { setting } from "../../errors.ts";
import { propagatorOf } from "../../physics/propagation/propagators.ts";
import type { Experiment } from "../experiment.ts";
import { restoreProbeEnergy } from "../probeEnergy.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import type { WrapperRun } from "../wrapperRun.ts";

type PowerSettings = { readonly probePower: number };

const probePower: NumberSetting = {
  ...{ name: "probePower", kind: "real", default: 0, min: 0 },
  help: "light of the whole beam, in counts of a pattern through nothing. 0: that of the brightest patterns, which is right where some of the scan is empty.",
};

/** Patterns that are looked at, and the part of them that is brighter than the beam, by its jitter or a stray hit. */
const LOOKED_AT = 512;
const BRIGHTER = 0.05;

/** Amplitudes of the object, in the mean over the scan's light, that no sample has: it lets no more through than all. */
const POSSIBLE = { least: 0.05, most: 1.5 } as const;

/**
 * Holds the probe's power Σ_m |P_m|² at that of the beam. Patterns know the product of object and probe alone; with the beam's
 * power the object's amplitudes are transmissions, of which none is above 1. Object and probe are multiplied and divided by
 * one number, so no expected pattern changes; the files have both so too.
 */
export const heldPower: Wrapper<PowerSettings> = {
  name: "power",
  about: "holds the probe's power at the beam's, so that the object's amplitudes are transmissions",
  settings: [probePower],
  init: (experiment, { probePower }) => {
    const { scan, probeEnergy: mean } = experiment;
    const most = brightest(experiment);
    experiment.probeEnergy = probePower > 0 ? probePower / scan.countsPerUnit : most;
    // That of the mean pattern, of which the mask hides a part.
    const amplitude = Math.sqrt(mean / seen(scan) / experiment.probeEnergy);
    const doubt = probePower > 0 ? doubtOf(probePower, amplitude, most * scan.countsPerUnit) : undefined;
    return new HeldPower(experiment, doubt);
  },
};

/** @param amplitude of the object, root of the mean square, in a beam of this power */
function doubtOf(power: number, amplitude: number, counts: number): string | undefined {
  if (amplitude >= POSSIBLE.least && amplitude <= POSSIBLE.most) return undefined;
  return `in a beam of ${setting("probe_power", Number(power.toPrecision(4)))} the object has amplitudes of about ${Number(amplitude.toPrecision(2))}, and matter lets ${amplitude > 1 ? "1 through at most" : "more through"}: say the counts of a pattern through nothing (the brightest have ${Number(counts.toPrecision(2))}), or leave it out`;
}

class HeldPower implements WrapperRun {
  readonly #experiment: Experiment;
  readonly #doubt: string | undefined;

  constructor(experiment: Experiment, doubt: string | undefined) {
    this.#doubt = doubt;
    this.#experiment = experiment;
  }

  /** The probe gets the power, the object the rest; what other wrappers know of the probe follows. */
  wrapped(): void {
    const experiment = this.#experiment;
    const { kernels, object, probe, scan, probeEnergy, slices } = experiment;
    const energy = scan.probe.data.reduce((sum, value) => sum + value * value, 0);
    if (!(energy > 0)) return;
    const factor = Math.sqrt(probeEnergy / energy);
    kernels.combine(probe, factor, probe, 0, probe);
    kernels.combine(object, factor ** (-1 / slices), object, 0, object);
    experiment.rescaled(factor);
  }

  doubt(): string | undefined {
    return this.#doubt;
  }

  async endEpoch(): Promise<readonly string[]> {
    await restoreProbeEnergy(this.#experiment);
    return [];
  }
}

/** Σ I of the brightest patterns but for the very brightest, and what the mask takes of the first guess's. */
function brightest({ scan }: Experiment): number {
  const { amplitudes, mask } = scan;
  const { count, height, width } = amplitudes;
  const some = Math.min(LOOKED_AT, count);
  const image = new Float32Array(height * width);
  const energies = Float64Array.from({ length: some }, (_, k) => {
    amplitudes.read([Math.floor((k * count) / some)], image);
    return image.reduce((sum, value, i) => sum + (mask === undefined || mask[i] > 0 ? value * value : 0), 0);
  }).sort();
  return energies[Math.floor((1 - BRIGHTER) * (some - 1))] / seen(scan);
}

/** Part of the light of the first guess that falls on valid pixels. */
function seen({ probe, mask, geometry }: Experiment["scan"]): number {
  if (mask === undefined) return 1;
  const [modes, height, width] = probe.shape;
  const propagator = propagatorOf(geometry).plan([height, width]);
  const size = 2 * height * width;
  let [all, valid] = [0, 0];
  for (let m = 0; m < modes; m++) {
    const wave = propagator.forward(probe.data.subarray(m * size, (m + 1) * size), new Float64Array(size));
    for (let i = 0; i < size; i += 2) {
      const light = wave[i] ** 2 + wave[i + 1] ** 2;
      all += light;
      if (mask[i / 2] > 0) valid += light;
    }
  }
  return valid > 0 ? valid / all : 1;
}
