import type { ComplexArray } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { gaussianFilter } from "../../numerics/gaussianFilter.ts";
import { hermiteProducts } from "../../optics/probeModes.ts";
import { counted } from "../../printable.ts";
import type { Random } from "../../random.ts";
import { orthogonalised, removeFrom } from "../wrappers/orthogonalised.ts";

/** What modes that a probe does not have yet begin as. */
export const modeStarts = ["hermite", "ramps", "noise"] as const;
export type ModeStart = (typeof modeStarts)[number];

/** How many incoherent modes a probe is to have, and how those begin that it does not have. */
export interface ModeStatement {
  readonly count: number;
  readonly start: ModeStart;
  /** Part of the probe's power that each added mode begins with; of ramps the first, and each further one half of it. */
  readonly power: number;
}

export interface StartedModes {
  /** `[mode, h, w]`, of the same energy. */
  readonly probe: ComplexArray;
  /** What was done, in a line; nothing where the probe had as many. */
  readonly note?: string;
}

/** Of a random ramp along an axis: how far the wave moves on the detector, pixels. */
const LONGEST_RAMP = 1;
const RAMP_DECAY = 0.5;
/** Standard deviation of what smoothes noise, over the window's side. */
const NOISE_WIDTH = 1 / 16;

/**
 * A probe of so many incoherent modes. Fewer than it has: modes are known but for a unitary mixture, so they are made
 * orthogonal, and the strongest are kept. More: what there is stays, and each added mode is the strongest one
 *
 * - "hermite": times Hermite polynomials of rising order about its middle,
 * - "ramps": under a random linear phase, as if the source had moved,
 * - "noise": times complex Gaussian noise that is smooth over a few pixels, the window's sixteenth,
 *
 * and orthogonal to all modes before it.
 *
 * @throws PtychonautError "usage" where added modes would have all of the power
 */
export function startModes(probe: ComplexArray, statement: ModeStatement, random: Random): StartedModes {
  const [modes] = probe.shape;
  const { count } = statement;
  if (count === modes) return { probe };
  return count < modes ? strongest(probe, count) : withAdded(probe, statement, random);
}

/** Part of the power that each mode of a probe has once they are orthogonal, the most first. */
export function modePowers({ shape: [modes], data }: ComplexArray): readonly number[] {
  const { powers } = orthogonalised(Float64Array.from(data), modes);
  const all = powers.reduce((sum, power) => sum + power, 0);
  return Array.from(powers, (power) => (all > 0 ? Math.max(0, power) / all : 1 / modes));
}

function strongest({ shape, data }: ComplexArray, count: number): StartedModes {
  const [modes, height, width] = shape;
  const found = orthogonalised(Float64Array.from(data), modes);
  const [all, kept] = [modes, count].map((some) => found.powers.subarray(0, some).reduce((a, b) => a + b, 0));
  const scale = kept > 0 ? Math.sqrt(all / kept) : 1;
  const part = all > 0 ? kept / all : 1;
  return {
    probe: {
      shape: [count, height, width],
      data: Float32Array.from(found.modes.subarray(0, 2 * count * height * width), (value) => scale * value),
    },
    note: `of ${counted(modes, "probe mode")} the strongest ${count === 1 ? "is" : `${count} are`} kept, which ${count === 1 ? "has" : "have"} ${(100 * part).toPrecision(3)} % of the power`,
  };
}

function withAdded(probe: ComplexArray, { count, start, power }: ModeStatement, random: Random): StartedModes {
  const [modes, height, width] = probe.shape;
  const powers = Array.from({ length: count - modes }, (_, k) => power * (start === "ramps" ? RAMP_DECAY ** k : 1));
  const added = powers.reduce((sum, each) => sum + each, 0);
  if (added >= 1)
    throw new PtychonautError("usage", "added probe modes leave nothing for the others", {
      expected: "together less than all of the power",
      got: `${count - modes} modes with ${power} of the power each`,
      fix: `say a smaller ${setting("mode_power")}`,
    });
  const size = 2 * height * width;
  const { modes: own } = orthogonalised(Float64Array.from(probe.data), modes);
  const energy = own.reduce((sum, value) => sum + value * value, 0);
  const data = new Float32Array(count * size);
  data.set(probe.data.map((value) => Math.sqrt(1 - added) * value));
  const before = Array.from({ length: modes }, (_, m) => own.slice(m * size, (m + 1) * size));
  const found = orthogonalTo(before, candidates(before[0], [height, width], start, count, random));
  found.slice(0, powers.length).forEach((mode, k) => {
    const scale = Math.sqrt(powers[k] * energy);
    data.set(
      mode.map((value) => scale * value),
      (modes + k) * size,
    );
  });
  return {
    probe: { shape: [count, height, width], data },
    note: `${counted(modes, "probe mode")} and ${count - modes} more, which begin as ${words[start]} with ${powers.map((each) => `${Number((100 * each).toPrecision(3))} %`).join(", ")} of the power`,
  };
}

const words: Readonly<Record<ModeStart, string>> = {
  hermite: "Hermite-Gauss factors",
  ramps: "random phase ramps",
  noise: "noise",
};

/** More waves than are to be added: some may turn out to be nothing new. */
function candidates(
  wave: Float64Array,
  [height, width]: readonly [number, number],
  start: ModeStart,
  count: number,
  random: Random,
): readonly Float64Array[] {
  if (start === "hermite") return hermiteProducts(wave, [height, width], 2 * count + 1);
  return Array.from({ length: count }, () => {
    const [re, im] =
      start === "ramps"
        ? ramp([height, width], random)
        : smoothNoise([height, width], NOISE_WIDTH * Math.min(height, width), random);
    const out = new Float64Array(wave.length);
    for (let i = 0; i < re.length; i++) {
      out[2 * i] = wave[2 * i] * re[i] - wave[2 * i + 1] * im[i];
      out[2 * i + 1] = wave[2 * i] * im[i] + wave[2 * i + 1] * re[i];
    }
    return out;
  });
}

type Factor = readonly [re: Float64Array, im: Float64Array];

function ramp([height, width]: readonly [number, number], random: Random): Factor {
  const [up, along] = [0, 1].map(() => LONGEST_RAMP * (2 * random.uniform() - 1));
  const angles = Float64Array.from({ length: height * width }, (_, i) => {
    return 2 * Math.PI * ((up * Math.floor(i / width)) / height + (along * (i % width)) / width);
  });
  return [angles.map(Math.cos), angles.map(Math.sin)];
}

/** White noise would throw light all over the detector, where no mode has any. @param sigma of what smoothes it, pixels */
export function smoothNoise([height, width]: readonly [number, number], sigma: number, random: Random): Factor {
  const part = (): Float64Array => {
    const values = Float64Array.from({ length: height * width }, () => random.normal());
    return gaussianFilter(values, [height, width], sigma);
  };
  return [part(), part()];
}

/** What of a wave is new is less than this part of it: rounding. */
const NOTHING_NEW = 1e-6;

/** Of energy 1, orthogonal to those before and to each other; waves of which nothing is left are left out. */
function orthogonalTo(before: readonly Float64Array[], waves: readonly Float64Array[]): readonly Float64Array[] {
  const base = before.flatMap((wave) => ofUnitEnergy(wave, 0) ?? []);
  const found: Float64Array[] = [];
  for (const wave of waves) {
    const left = ofUnitEnergy(wave, 0);
    if (left === undefined) continue;
    // Twice: what rounding left of the first time.
    for (let round = 0; round < 2; round++) for (const other of [...base, ...found]) removeFrom(left, other);
    const rest = ofUnitEnergy(left, NOTHING_NEW);
    if (rest !== undefined) found.push(rest);
  }
  return found;
}

function ofUnitEnergy(wave: Float64Array, least: number): Float64Array | undefined {
  const length = Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0));
  return length > least ? wave.map((value) => value / length) : undefined;
}
