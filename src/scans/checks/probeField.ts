import type { ComplexArray } from "../../arrays.ts";
import { type TorusCentre, torusCentre } from "../../data/torusCentre.ts";
import { setting } from "../../errors.ts";
import { probeLight } from "../../optics/probeLight.ts";
import { optionAdvice } from "../scanOptions.ts";
import { type Finding, percent } from "./finding.ts";
import type { ScanFacts } from "./scanFacts.ts";

/** Below this the light has no place: it is spread over the whole window. */
const CONCENTRATED = 0.3;
/** Of the window's side, on every edge. */
const BORDER = 1 / 16;
/** Light in that border, which a probe with room around it has next to none of and an even field a quarter. */
const AT_THE_EDGE = 0.1;
/** Rest of a field that is no multiple of a real one, as part of its energy: rounding of float32. */
const NO_PHASE = 1e-6;

/**
 * A probe that sits at the corner of its window, as a Fourier transform leaves it; one without phase, as a program leaves
 * it that saved amplitudes; one that does not fit into its window, which that of a near field need not.
 */
export function probeField({ probeField: field, stated, geometry }: ScanFacts): Finding[] {
  if (field === undefined || field.data.length === 0) return [];
  const light = probeLight(field);
  const [height, width] = field.shape.slice(-2) as [number, number];
  const centre = torusCentre(light, height, width);
  const place = stated.probeAt === undefined ? placeFindings(centre, height, width) : [];
  return [
    ...place,
    ...(place.some(({ severity }) => severity === "error") || geometry?.propagation === "near-field"
      ? []
      : edgeFindings(light, height, width)),
    ...phaseFindings(field),
  ];
}

function placeFindings(centre: TorusCentre, height: number, width: number): Finding[] {
  if (!(centre.concentration >= CONCENTRATED) || centre.place === "center") return [];
  const at = centre.index.map((value) => value.toFixed(1)).join(", ");
  const evidence = `its energy is centred at (${at}) of (${height}, ${width})`;
  if (centre.place === "corner")
    return [
      {
        severity: "error",
        what: "the probe's centre is at the corner of its window",
        evidence,
        flag: optionAdvice("probeAt", "corner"),
        says: { probeAt: "corner" },
      },
    ];
  return [{ severity: "warning", what: "the probe is not in the middle of its window", evidence }];
}

function edgeFindings(light: Float64Array, height: number, width: number): Finding[] {
  const [top, left] = [Math.max(1, Math.round(height * BORDER)), Math.max(1, Math.round(width * BORDER))];
  let total = 0;
  let outside = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = light[y * width + x];
      total += value;
      if (y < top || x < left || y >= height - top || x >= width - left) outside += value;
    }
  if (!(outside > AT_THE_EDGE * total)) return [];
  return [
    {
      severity: "warning",
      what: "much of the probe's energy lies at the edge of its window, where it wraps around",
      evidence: `${percent(outside / total)} within ${top} pixels of the edge; it needs a larger window`,
    },
  ];
}

/** Each mode is a real field times one phase where |Σ P²| = Σ |P|²; where all is of one sign, it is an amplitude. */
function phaseFindings(field: ComplexArray): Finding[] {
  const size = field.data.length / field.shape[0];
  const flat = Array.from({ length: field.shape[0] }, (_, mode) =>
    isAmplitude(field.data.subarray(mode * size, (mode + 1) * size)),
  );
  if (!flat.every((each) => each)) return [];
  return [
    {
      severity: "warning",
      what: "the probe has no phase",
      evidence: "all its values are one real amplitude times a constant",
      flag:
        "this is a wave front that is flat, as in a focus; of a saved amplitude the curvature is lost: name the complex " +
        `probe with ${optionAdvice("probeKey")}, or have it refined, as engines do, and training with ${setting("probe_trainable")}`,
    },
  ];
}

function isAmplitude(data: Float32Array): boolean {
  let [re, im, energy] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 2) {
    const weight = Math.hypot(data[i], data[i + 1]);
    re += data[i] * weight;
    im += data[i + 1] * weight;
    energy += weight * weight;
  }
  return energy > 0 && Math.hypot(re, im) > (1 - NO_PHASE) * energy;
}
