import type { ComplexArray } from "../../arrays.ts";
import { PtychonautError, setting } from "../../errors.ts";
import { type Geometry, missingForPixel, missingForWave } from "../../optics/geometry.ts";
import { parallelBeam } from "../../optics/nearField.ts";
import { patternModulus, patternProbe } from "../../optics/patternProbe.ts";
import { makeProbe, type ProbeShape } from "../../optics/probes.ts";
import { lengthLabel } from "../../optics/units.ts";
import { propagatorOf } from "../../physics/propagation/propagators.ts";
import type { ScanOptions } from "../scanOptions.ts";
import type { DetectorPlan } from "./detectorPlan.ts";
import { offCentre, tiltedProbe } from "./probeWindow.ts";

/** What a probe is built from beside options, of the scan as it is prepared. */
export interface ProbeSurroundings {
  readonly geometry: Geometry | undefined;
  readonly plan: DetectorPlan;
  /** `[n, n]`: mean counts, and which pixels are valid; absent where patterns are not read. */
  readonly mean?: ArrayLike<number>;
  readonly mask?: ArrayLike<number>;
  readonly where: string;
}

/**
 * The probe that options describe, `[1, n, n]`, in the middle of its window, with the mean counts of a pattern as its energy
 * (of valid pixels; 1 where patterns are not read), and what it is in words.
 * @throws PtychonautError "usage" where the geometry that it is sampled by is not known, or it does not fit detector or window
 */
export function builtProbe(
  options: ScanOptions,
  surroundings: ProbeSurroundings,
): { readonly probe: ComplexArray; readonly text: string } {
  const { plan, mean, mask, where } = surroundings;
  const [n, width] = plan.sides;
  if (n !== width)
    throw new PtychonautError("usage", "a probe is built in square windows", { where, got: `${n} x ${width}` });
  const { field, text } = fieldOf(options, surroundings, n);
  let counts = mean === undefined ? 1 : 0;
  for (let i = 0; mean !== undefined && i < n * n; i++) if (mask?.[i] !== 0) counts += mean[i];
  const scale = Math.sqrt(counts);
  return {
    probe: { shape: field.shape, data: field.data.map((value) => value * scale) },
    text: `probe built: ${text}${mean === undefined ? "" : `, with ${Number(counts.toPrecision(4))} counts a pattern`}`,
  };
}

function fieldOf(
  options: ScanOptions,
  { geometry, plan, mean, mask, where }: ProbeSurroundings,
  n: number,
): { readonly field: ComplexArray; readonly text: string } {
  const { probeModel, defocusM = 0 } = options;
  if (geometry?.propagation === "near-field") {
    refuseFocus(options, where);
    if (probeModel === "mean") return nearFieldProbe(geometry, n, mean, mask, where);
  }
  const lambda = (): number => known(geometry, "wavelengthM", probeModel ?? "", where);
  const pixel = (): number => known(geometry, "objectPixelM", probeModel ?? "", where);
  const defocus = defocusM === 0 ? 0 : (lambda() * defocusM) / pixel() ** 2;
  const behind =
    defocusM === 0 ? "in focus" : `${lengthLabel(Math.abs(defocusM))} ${defocusM > 0 ? "behind" : "before"} its focus`;
  if (probeModel === "mean") {
    const [y, x] = offCentre(plan);
    const even = mean ?? new Float64Array(n * n).fill(1);
    return {
      field: patternProbe(even, n, defocus, mask, [y / plan.bin, x / plan.bin]),
      text: `the root of the mean pattern, ${behind}`,
    };
  }
  const { shape, text } = shapeOf(options, defocus, n, pixel, lambda);
  return {
    field: tiltedProbe(makeProbe(n, shape), plan),
    text: shape.kind === "pinhole" ? text : `${text}, ${behind}`,
  };
}

/** In a near field the front that a focus gives the beam is in the magnification, not in the probe. */
function refuseFocus({ probeModel, semiAngleMrad, defocusM }: ScanOptions, where: string): void {
  const focused = probeModel === "zone_plate" || semiAngleMrad !== undefined;
  if (!focused && !(probeModel === "mean" && defocusM !== undefined)) return;
  throw new PtychonautError(
    "usage",
    "the probe of a near field is the beam without the front that its focus gives it",
    {
      where,
      got: focused ? "a probe that is made from its focus" : setting("defocus_m", defocusM),
      fix: `say where the focus is by ${setting("focus_distance_m")}, and ${setting("probe_model", "mean")}`,
    },
  );
}

/** The root of the mean pattern, travelled back to the sample. */
function nearFieldProbe(
  geometry: Geometry,
  n: number,
  mean: ArrayLike<number> | undefined,
  mask: ArrayLike<number> | undefined,
  where: string,
): { readonly field: ComplexArray; readonly text: string } {
  const modulus = patternModulus(mean ?? new Float64Array(n * n).fill(1), n, mask);
  const back = propagatorOf(geometry, where)
    .plan([n, n])
    .adjoint(modulus, new Float32Array(2 * n * n));
  return {
    field: { shape: [1, n, n], data: back },
    text: `the root of the mean pattern, back from the detector through ${lengthLabel(parallelBeam(geometry).distanceM, 4)} of a parallel beam`,
  };
}

/** A built probe in the units of `optics/probes.ts`; options are complete (`checkProbeOptions`). */
function shapeOf(
  options: ScanOptions,
  defocus: number,
  n: number,
  pixel: () => number,
  lambda: () => number,
): { readonly shape: ProbeShape; readonly text: string } {
  const { apertureShape = "round" } = options;
  const radiusText = (radius: number): string => `its radius ${radius.toFixed(1)} detector pixels`;
  if (options.probeModel === "zone_plate") {
    const { outermostZoneM = 0, zonePlateDiameterM, centralStopM = 0 } = options;
    const outermostZone = outermostZoneM / pixel();
    const stopFraction = zonePlateDiameterM === undefined ? 0 : centralStopM / zonePlateDiameterM;
    const focal =
      zonePlateDiameterM === undefined
        ? ""
        : ` and a focal length of ${lengthLabel((zonePlateDiameterM * outermostZoneM) / lambda())}`;
    return {
      shape: { kind: "zonePlate", outermostZone, stopFraction, defocus },
      text: `a zone plate with zones down to ${lengthLabel(outermostZoneM)}${focal}, ${radiusText(n / (2 * outermostZone))}`,
    };
  }
  if (options.probeModel === "gaussian") {
    const { probeFwhmM = 0 } = options;
    return {
      shape: { kind: "gaussian", fwhm: probeFwhmM / pixel(), defocus },
      text: `a Gaussian beam ${lengthLabel(probeFwhmM)} wide`,
    };
  }
  if (options.semiAngleMrad !== undefined) {
    const { semiAngleMrad, sphericalM = 0 } = options;
    const pupilRadius = (n * pixel() * semiAngleMrad * 1e-3) / lambda();
    const spherical = sphericalM === 0 ? 0 : (lambda() ** 3 * sphericalM) / pixel() ** 4;
    return {
      shape: { kind: "airy", pupilRadius, square: apertureShape === "rectangular", defocus, spherical },
      text: `${apertureShape} aperture of ${semiAngleMrad} mrad, ${radiusText(pupilRadius)}${sphericalM === 0 ? "" : `, C3 ${lengthLabel(Math.abs(sphericalM))}`}`,
    };
  }
  const { apertureM = 0, apertureWidthM = apertureM, defocusM = 0 } = options;
  const sides = [apertureM / pixel(), apertureWidthM / pixel()] as const;
  return {
    shape: { kind: "pinhole", size: apertureShape === "round" ? sides[0] : sides, defocus },
    text: `a ${apertureShape} pinhole of ${lengthLabel(apertureM)}${defocusM === 0 ? "" : `, ${lengthLabel(defocusM)} before the sample`}`,
  };
}

function known(
  geometry: Geometry | undefined,
  name: "wavelengthM" | "objectPixelM",
  model: string,
  where: string,
): number {
  const value = geometry?.[name];
  if (value !== undefined) return value;
  const missing = name === "wavelengthM" ? [missingForWave] : missingForPixel(geometry ?? { propagation: "far-field" });
  throw new PtychonautError("usage", `a probe of model ${model} is sampled by the geometry`, {
    where,
    expected: `${missing.join(", ")}, in the file or as settings`,
    fix: "state these",
  });
}
