import type { Experiment } from "../experiment.ts";
import type { Wrapper } from "../wrapper.ts";
import type { WrapperRun } from "../wrapperRun.ts";
import { refusedOfKeptProbe } from "./keptProbe.ts";

/**
 * Keeps the probe's centre of mass at the window's centre: where it has wandered by a pixel or more, probe and object are
 * moved together by whole pixels, which changes no far field. A near field moves with them, and so shows where they are. What
 * leaves the object's canvas on one side is 1 on the other.
 */
export const probeCentre: Wrapper = {
  name: "centre",
  about: "keeps the probe in the middle of its window, the object moving with it",
  oneState: true,
  settings: [],
  rearranges: true,
  refuses: refusedOfKeptProbe,
  nearField: () => ({
    why: "patterns of a near field show where probe and object are: moved together they explain no pattern",
    fix: "leave centre out: the probe does not wander there",
  }),
  init: (experiment) => new ProbeCentre(experiment),
};

class ProbeCentre implements WrapperRun {
  readonly #experiment: Experiment;

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
  }

  async endEpoch(): Promise<readonly string[]> {
    const { kernels, probe, object } = this.#experiment;
    const [, , height, width] = probe.shape;
    const values = Float64Array.from(await kernels.read(probe));
    const [down, right] = offCentre(values, [height, width]);
    if (down === 0 && right === 0) return [];
    kernels.write(probe, moved(values, [height, width], [-down, -right], 0));
    for (const waves of this.#experiment.besideProbe) {
      const others = Float64Array.from(await kernels.read(waves));
      kernels.write(waves, moved(others, [height, width], [-down, -right], 0));
    }
    const [, , rows, columns] = object.shape;
    kernels.write(object, moved(Float64Array.from(await kernels.read(object)), [rows, columns], [-down, -right], 1));
    return [`the probe had wandered by (${down}, ${right}) pixels and was put back, the object with it`];
  }
}

/** Whole pixels, (y, x), by which the centre of mass of Σ_m |P_m|² is off the window's centre. */
function offCentre(values: Float64Array, [height, width]: readonly [number, number]): [down: number, right: number] {
  let [all, down, right] = [0, 0, 0];
  for (let i = 0; i < values.length; i += 2) {
    const pixel = (i / 2) % (height * width);
    const light = values[i] ** 2 + values[i + 1] ** 2;
    all += light;
    down += light * (Math.floor(pixel / width) - Math.floor(height / 2));
    right += light * ((pixel % width) - Math.floor(width / 2));
  }
  // Half a pixel is rounded away: a centre between two pixels is not to be moved to and fro.
  return all > 0 ? [Math.trunc(down / all), Math.trunc(right / all)] : [0, 0];
}

/** Planes moved by whole pixels; what comes in is `empty`. */
function moved(
  values: Float64Array,
  [height, width]: readonly [number, number],
  [down, right]: readonly [number, number],
  empty: number,
): Float64Array {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i += 2) {
    const pixel = (i / 2) % (height * width);
    const [y, x] = [Math.floor(pixel / width) - down, (pixel % width) - right];
    if (y < 0 || x < 0 || y >= height || x >= width) out[i] = empty;
    else {
      const from = i + 2 * (y * width + x - pixel);
      out[i] = values[from];
      out[i + 1] = values[from + 1];
    }
  }
  return out;
}
