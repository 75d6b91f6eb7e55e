import { setting } from "../../errors.ts";
import { type Fft2, planFft2 } from "../../numerics/fft.ts";
import type { Experiment } from "../experiment.ts";
import type { ChoiceSetting, NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import type { Cut } from "./cut.ts";
import { everyEpoch } from "./everyEpoch.ts";
import { refusedOfKeptProbe } from "./keptProbe.ts";

type ApertureSettings = {
  readonly apertureRadius: number;
  readonly apertureFrom: string;
  readonly apertureAmplitude: string;
};

const apertureRadius: NumberSetting = {
  ...{ name: "apertureRadius", kind: "real", default: 0, min: 0 },
  help: "radius of the disk that the beam fills on the detector, in detector pixels about the middle of the mean pattern (in a near field of the first guess's light). 0: by aperture_from.",
};
const apertureFrom: ChoiceSetting = {
  ...{ name: "apertureFrom", kind: "choice", default: "guess", values: ["guess", "pattern"] },
  help: "what the aperture is read from: where the scan's probe has light on the detector, or the bright field of the mean pattern.",
};
const apertureAmplitude: ChoiceSetting = {
  ...{ name: "apertureAmplitude", kind: "choice", default: "free", values: ["free", "guess", "pattern"] },
  help: "amplitude that the probe has in the aperture: any, that of the scan's probe, or the root of the mean pattern.",
};

/**
 * Pixels are in the aperture that have this part of the light of the brightest, each the mean of its neighbours: of a guess,
 * whose edges ring, and of patterns, where the sample scatters around the bright field. A pixel of rim is added.
 */
const LEAST_LIGHT = { guess: 0.01, pattern: 0.1 } as const;
/** The guess's own aperture takes less than a thousandth of its light: edges of a pinhole and of an Airy disk ring far. */
const KEPT = 0.999;
const LOOKED_AT = 512;

/**
 * Holds the probe to what the lens lets through: in the plane of the aperture, which is that of the far-field detector, modes
 * are zero outside the aperture, and where an amplitude A is given all of them together have it there,
 *
 *   P̂_m ← P̂_m A / √(Σ_n |P̂_n|²),
 *
 * after every epoch. Both are projections: the nearest probe that fits.
 */
export const aperture: Wrapper<ApertureSettings> = {
  name: "aperture",
  about: "keeps the probe's light on the detector within its aperture, or at a given amplitude there",
  settings: [apertureRadius, apertureFrom, apertureAmplitude],
  refuses: refusedOfKeptProbe,
  contradiction({ apertureRadius: radius, apertureFrom: from }) {
    if (radius > 0 && radius < 1)
      return {
        why: `aperture_radius ${radius} is less than a pixel of the detector`,
        fix: `say it in detector pixels, or leave it out for ${setting("aperture_from")}`,
      };
    return radius > 0 && from !== "guess"
      ? {
          why: `aperture_radius ${radius} and aperture_from ${from} both say the aperture`,
          fix: "leave out the one that is not meant",
        }
      : undefined;
  },
  nearField: ({ apertureRadius: radius, apertureFrom: from, apertureAmplitude: amplitude }) =>
    (radius === 0 && from === "pattern") || amplitude === "pattern"
      ? {
          why: "patterns of a near field show no aperture",
          fix:
            amplitude === "pattern"
              ? `say ${setting("aperture_amplitude", "guess")}, or leave the amplitude free`
              : `say ${setting("aperture_radius")}, or ${setting("aperture_from", "guess")}`,
        }
      : undefined,
  empty: ({ apertureRadius: radius, apertureAmplitude }, [height, width]) =>
    radius >= Math.hypot(height, width) / 2 && apertureAmplitude === "free"
      ? `the aperture takes nothing: a disk of ${setting("aperture_radius", radius)} covers all of the patterns' ${height} x ${width} pixels`
      : undefined,
  init(experiment, settings) {
    const { apertureRadius: radius, apertureFrom: from, apertureAmplitude: amplitude } = settings;
    const [, , height, width] = experiment.probe.shape;
    const sides = [height, width] as const;
    const fft = planFft2(sides);
    const light = new Lights(experiment, fft);
    const far = experiment.passage.isFarField;
    const source = from as Source;
    const open =
      radius > 0
        ? disk(light[far ? "pattern" : "guess"], sides, radius)
        : bright(light[source], sides, LEAST_LIGHT[source], source === "guess" ? KEPT : 0);
    const held = amplitude === "free" ? undefined : amplitudeOf(light[amplitude as Source], open);
    return everyEpoch(
      experiment,
      "probe",
      ({ values }) => {
        // Other wrappers may hold another energy.
        const length = Math.sqrt(experiment.probeEnergy);
        throughAperture(
          values,
          fft,
          open,
          held?.map((value) => length * value),
        );
      },
      cut(settings),
    );
  },
};

function cut({ apertureRadius: radius, apertureFrom: from, apertureAmplitude: amplitude }: ApertureSettings): Cut {
  const larger =
    radius > 0
      ? `say a larger ${setting("aperture_radius")} than ${radius}, or leave it out`
      : `say a larger aperture than the ${from} has (${setting("aperture_radius")})`;
  const free = amplitude === "free";
  return {
    takes: free ? "the aperture takes" : "the aperture and its amplitude change",
    of: "of the probe's light",
    fix: free ? larger : `${larger}, or leave the amplitude free (${setting("aperture_amplitude", "free")})`,
  };
}

type Source = keyof typeof LEAST_LIGHT;

/** What tells the aperture, `[h, w]`, zero frequency at floor(n / 2). */
class Lights {
  readonly #experiment: Experiment;
  readonly #fft: Fft2;

  constructor(experiment: Experiment, fft: Fft2) {
    this.#experiment = experiment;
    this.#fft = fft;
  }

  /** Σ_m |P̂_m|² of the first guess. */
  get guess(): Float64Array {
    const { shape, data } = this.#experiment.scan.probe;
    const size = shape[1] * shape[2];
    const out = new Float64Array(size);
    for (let m = 0; m < shape[0]; m++) {
      const wave = this.#fft.forward(Float64Array.from(data.subarray(2 * m * size, 2 * (m + 1) * size)));
      for (let i = 0; i < size; i++) out[i] += wave[2 * i] ** 2 + wave[2 * i + 1] ** 2;
    }
    return out;
  }

  /** The mean pattern of a far field; what no pixel saw is the guess's. */
  get pattern(): Float64Array {
    const { scan } = this.#experiment;
    const { amplitudes, mask } = scan;
    const size = amplitudes.height * amplitudes.width;
    const some = Math.min(LOOKED_AT, amplitudes.count);
    const image = new Float32Array(size);
    const out = new Float64Array(size);
    for (let k = 0; k < some; k++) {
      amplitudes.read([Math.floor((k * amplitudes.count) / some)], image);
      for (let i = 0; i < size; i++) out[i] += image[i] ** 2 / some;
    }
    if (mask === undefined) return out;
    const guess = this.guess;
    return out.map((value, i) => (mask[i] > 0 ? value : guess[i]));
  }
}

function disk(light: Float64Array, [height, width]: readonly [number, number], radius: number): Uint8Array {
  let [all, down, right] = [0, 0, 0];
  light.forEach((value, i) => {
    all += value;
    down += value * Math.floor(i / width);
    right += value * (i % width);
  });
  const [y, x] = all > 0 ? [down / all, right / all] : [Math.floor(height / 2), Math.floor(width / 2)];
  return Uint8Array.from(light, (_, i) => (Math.hypot(Math.floor(i / width) - y, (i % width) - x) <= radius ? 1 : 0));
}

/** @param kept part of all light that the brightest pixels have together which are in it too */
function bright(light: Float64Array, sides: readonly [number, number], least: number, kept: number): Uint8Array {
  const smooth = neighbours(light, sides, (values) => values.reduce((a, b) => a + b, 0) / values.length);
  const most = smooth.reduce((a, b) => Math.max(a, b), 0);
  const open = smooth.map((value) => (value >= least * most ? 1 : 0));
  let rest = kept * light.reduce((sum, value) => sum + value, 0);
  const byLight = Array.from(smooth, (_, i) => i).sort((a, b) => smooth[b] - smooth[a]);
  for (const i of byLight) {
    if (rest <= 0) break;
    open[i] = 1;
    rest -= light[i];
  }
  return Uint8Array.from(neighbours(open, sides, (values) => Math.max(...values)));
}

/** Of each pixel and those beside it, within the image. */
function neighbours(
  image: Float64Array,
  [height, width]: readonly [number, number],
  of: (values: readonly number[]) => number,
): Float64Array {
  return image.map((_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    const values: number[] = [];
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row++)
      for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column++)
        values.push(image[row * width + column]);
    return of(values);
  });
}

/** √ of a light in the aperture, whose energy is 1 there. */
function amplitudeOf(light: Float64Array, open: Uint8Array): Float64Array {
  const all = light.reduce((sum, value, i) => sum + open[i] * value, 0);
  return light.map((value, i) => (all > 0 ? open[i] * Math.sqrt(value / all) : 0));
}

/**
 * In place.
 *
 * @param values `[mode, h, w]`, interleaved
 * @param open `[h, w]`: 1 in the aperture, zero frequency at floor(n / 2)
 * @param amplitude of all modes together there. Default any
 */
export function throughAperture(values: Float64Array, fft: Fft2, open: Uint8Array, amplitude?: Float64Array): void {
  const size = 2 * open.length;
  const waves = Array.from({ length: values.length / size }, (_, m) =>
    fft.forward(values.slice(m * size, (m + 1) * size)),
  );
  for (let i = 0; i < open.length; i++) {
    const light = waves.reduce((sum, wave) => sum + wave[2 * i] ** 2 + wave[2 * i + 1] ** 2, 0);
    // Where there is no light no phase is known: it stays dark.
    const factor = open[i] === 0 || amplitude === undefined ? open[i] : light > 0 ? amplitude[i] / Math.sqrt(light) : 0;
    for (const wave of waves) {
      wave[2 * i] *= factor;
      wave[2 * i + 1] *= factor;
    }
  }
  waves.forEach((wave, m) => {
    values.set(fft.inverse(wave), m * size);
  });
}
