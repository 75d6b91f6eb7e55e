import { planFft2 } from "../../numerics/fft.ts";
import type { Experiment } from "../experiment.ts";
import type { NumberSetting } from "../settings.ts";
import type { Wrapper } from "../wrapper.ts";
import { everyEpoch } from "./everyEpoch.ts";
import { scannedArea } from "./scannedArea.ts";

type GridSettings = { readonly gridStrength: number };

const gridStrength: NumberSetting = {
  ...{ name: "gridStrength", kind: "real", default: 0.5, above: 0, max: 1 },
  help: "part of the object's detail with the raster's period that is taken away after every epoch.",
};

/**
 * On a raster a pattern g with its period may stand in the object, and 1 / g in the probe, and no data know (Thibault et al.,
 * Ultramicroscopy 109, 338 (2009)). After every epoch the object's Fourier transform is damped where such patterns are,
 *
 *   Õ(q) ← Õ(q) (1 − a |S(q)|²),   S(q) = (1 / J) Σ_j exp(−2πi q · r_j),
 *
 * at the maxima of S other than that about q = 0. S is 1 at all periods of a raster in whatever direction it lies, with as
 * wide maxima as the scan's size makes them, less where positions jitter, and small for spirals, of which nothing is taken.
 */
export const gridArtefacts: Wrapper<GridSettings> = {
  name: "grid",
  about: "damps what has the period of the scan's raster in the object",
  settings: [gridStrength],
  init: (experiment, { gridStrength }) => {
    const { height, width } = experiment.canvas;
    const maxima = rasterMaxima(experiment);
    if (maxima.length === 0) return { endEpoch: once("the positions have no period, so that grid takes nothing away") };
    const plan = planFft2([height, width]);
    const size = 2 * height * width;
    return everyEpoch(experiment, "object", ({ values, shape: [planes] }) => {
      for (let k = 0; k < planes; k++) {
        const plane = values.subarray(k * size, (k + 1) * size);
        plan.forward(plane, plane);
        for (const { at, square } of maxima)
          for (const part of [0, 1]) plane[2 * at + part] *= 1 - gridStrength * square;
        plan.inverse(plane, plane);
      }
    });
  },
};

function once(line: string): () => readonly string[] {
  let told = false;
  return () => {
    const lines = told ? [] : [line];
    told = true;
    return lines;
  };
}

/** |S| above which a frequency belongs to a maximum: side maxima of a raster with sharp edges have 0.22. */
const MAXIMUM = 0.5;

/** Positions are met to this part of a pixel, so that their sums are those of images: linear in frames. */
const PART = 2;

/** Pixels of the canvas's centred transform where S has a maximum, and |S|² there. */
function rasterMaxima(experiment: Experiment): readonly { readonly at: number; readonly square: number }[] {
  const { height, width } = experiment.canvas;
  const area = scannedArea(experiment);
  const sides = [area.bottom - area.top, area.right - area.left];
  const sums = structure(experiment);
  const found: { at: number; square: number }[] = [];
  for (let at = 0; at < height * width; at++) {
    const [u, v] = [Math.floor(at / width) - Math.floor(height / 2), (at % width) - Math.floor(width / 2)];
    // The maximum about q = 0 is what the object is on the whole.
    if ((Math.abs(u) * sides[0]) / height < 1 && (Math.abs(v) * sides[1]) / width < 1) continue;
    const square = sums[2 * at] ** 2 + sums[2 * at + 1] ** 2;
    if (square > MAXIMUM ** 2) found.push({ at, square });
  }
  return found;
}

/** S on the canvas's centred frequencies but for a phase, interleaved. */
function structure({ scan: { positions }, canvas: { height, width, origin } }: Experiment): Float64Array {
  const plan = planFft2([height, width]);
  const sums = new Float64Array(2 * height * width);
  const weight = Math.sqrt(height * width) / (positions.length / 2);
  for (let part = 0; part < PART ** 2; part++) {
    const [down, right] = [Math.floor(part / PART), part % PART];
    const density = new Float64Array(sums.length);
    for (let k = 0; k < positions.length; k += 2) {
      const [y, x] = [Math.round(PART * (positions[k] - origin[0])), Math.round(PART * (positions[k + 1] - origin[1]))];
      if (y % PART === down && x % PART === right)
        density[2 * (Math.floor(y / PART) * width + Math.floor(x / PART))] += weight;
    }
    plan.forward(density, density);
    for (let at = 0; at < height * width; at++) {
      const [u, v] = [Math.floor(at / width) - Math.floor(height / 2), (at % width) - Math.floor(width / 2)];
      const angle = (-2 * Math.PI * ((u * down) / height + (v * right) / width)) / PART;
      const [c, s, re, im] = [Math.cos(angle), Math.sin(angle), density[2 * at], density[2 * at + 1]];
      sums[2 * at] += c * re - s * im;
      sums[2 * at + 1] += s * re + c * im;
    }
  }
  return sums;
}
