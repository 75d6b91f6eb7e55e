import { frameRanges } from "../data/frameRanges.ts";
import { setting } from "../errors.ts";
import type { DataFit } from "./dataFit.ts";
import type { Explanation } from "./explanation.ts";
import type { PatchEvidence } from "./patchEvidence.ts";
import type { PatchPlacement } from "./patchPlacement.ts";
import type { PatternFit } from "./patternComparison.ts";

/**
 * When a result explains nothing. Each threshold stands between what was measured on scans that work and on such that do
 * not; docs/metrics.md has the numbers.
 */
const thresholds = {
  /** Share explained of what a flat object leaves: next to nothing. */
  share: 0.1,
  /** R of an object that predicts hardly any of the light, or far too much: two unrelated speckle patterns have 0.65. */
  rFactor: 0.9,
  /** Variation from patch to patch over the structure that all share. */
  variation: 0.1,
  /** What the stitched object leaves unexplained over what single patches leave, and the share lost, which both must pass. */
  stitched: { ratio: 2, lost: 0.1 },
  /** Deviance of single patches over that of the noise: below, each explains the noise of its own pattern. */
  noise: 0.9,
  /** Share of pairs of patches that agree better where the positions put them than anywhere else. */
  agreeing: 0.75,
  /** Share explained below which an object is not right, though its patches lie about where they belong. */
  closely: 0.7,
} as const;

/** For whom the lines are: what may be tried. */
interface Advice {
  readonly more: string;
  readonly dark: string;
  readonly early: string;
}

const learnMore = `train longer, with another ${setting("learning_rate")} or on more patterns, and see whether the probe and the dose (${setting("nphotons")}) are right; inspect shows the scan`;
const learning: Advice = {
  more: learnMore,
  dark: `try a lower ${setting("learning_rate")}`,
  early: "early in a training",
};
const iterating: Advice = {
  more: `take more ${setting("epochs")} or another ${setting("engine")}, with ${setting("noise", "poisson")} where photons are few (lsqml, ml, ad), and see whether the probe, the dose (${setting("nphotons")}) and the positions' angle and handedness are right: inspect with ${setting("doctor")} measures them`,
  dark: `try another ${setting("engine")}`,
  early: "after few epochs",
};

/**
 * Of a network's patches and the object stitched of them.
 * @param placement where it was measured, since the patches stand apart from the object (`standsApart`)
 */
export function inferenceWarnings(
  fit: DataFit | undefined,
  patches: PatchEvidence,
  placement?: PatchPlacement,
): string[] {
  const few = fit?.carriedBy ?? null;
  // They alone make everything look dark, flat or misplaced.
  if (few !== null) return [carriedByFew(few), ...allAlike(patches)];
  const measured = fit ?? patches.fit;
  const what = fit === undefined ? "the network" : "the stitched object";
  const lines = measured === null ? [] : [...darkOrBright(measured, what), ...nextToNothing(measured, what)];
  return [...lines, ...allAlike(patches), ...misplaced(fit, patches, placement)];
}

function carriedByFew({ frames, share }: NonNullable<DataFit["carriedBy"]>): string {
  const ranges = frameRanges(frames);
  const which = frames.length === 1 ? `frame ${ranges} leaves` : `${frames.length} frames (${ranges}) leave`;
  return `${which} ${percent(share)} of the whole deviance, so it says nothing of the others; look at the patterns there, and leave them out if they are bad: ${setting("skip_frames", ranges)}`;
}

/** Of an object that an iterative engine made. */
export function engineWarnings(fit: DataFit | undefined): string[] {
  if (fit === undefined) return [];
  if (fit.carriedBy !== null) return [carriedByFew(fit.carriedBy)];
  const what = "the reconstruction";
  return [...darkOrBright(fit, what, iterating), ...nextToNothing(fit, what, iterating)];
}

/** Of patterns that a network was not trained on, or was, where none are held back. */
export function heldOutWarnings(explanation: Explanation): string[] {
  return nextToNothing(explanation, "the network");
}

function nextToNothing(
  { deviance, flatDeviance, constantDeviance, noiseDeviance, explained }: Explanation,
  what: string,
  { more, early }: Advice = learning,
): string[] {
  if (explained === null) {
    return [
      `the patterns are those of a flat object as far as their noise tells (deviance ${short(flatDeviance)}, noise ${short(noiseDeviance)}): they need more counts, or show no object where the probe lies`,
    ];
  }
  if (explained < thresholds.share) {
    return [
      `${what} explains next to nothing: ${explained < 0 ? "less than a flat object" : `${percent(explained)} of what a flat object leaves`} (deviance ${short(deviance)} a pixel, flat ${short(flatDeviance)}, noise ${short(noiseDeviance)}); ${more}`,
    ];
  }
  if (constantDeviance === null || deviance < constantDeviance) return [];
  return [
    `${what} explains less than one and the same pattern everywhere would (deviance ${short(deviance)} a pixel, the mean pattern's ${short(constantDeviance)}); ${early} that is usual: ${more}`,
  ];
}

function darkOrBright({ rFactor }: PatternFit, what: string, { dark }: Advice = learning): string[] {
  if (rFactor < thresholds.rFactor) return [];
  return [
    `R is ${rFactor.toPrecision(3)}: ${what} is far too dark or too bright for the patterns; ${dark}, see that the probe fits the patterns, and say the dose (${setting("nphotons")}) if they are amplitudes`,
  ];
}

function allAlike({ variety }: PatchEvidence): string[] {
  if (variety === null || variety.patches < 2) return [];
  const { variation, commonStructure } = variety;
  if (variation >= thresholds.variation * commonStructure) return [];
  return [
    `all patches are alike: what differs between them is ${percent(variation / commonStructure)} of the structure that they share, so the object is a raster of one patch; ${learnMore}`,
  ];
}

/** Whether patches explain their own patterns so much better than the object stitched of them that one should see why. */
export function standsApart(
  fit: DataFit | undefined,
  patches: PatchEvidence,
): fit is DataFit & { readonly explained: number } {
  const { fit: single } = patches;
  if (fit === undefined || fit.explained === null || single === null || single.explained === null) return false;
  if (fit.carriedBy !== null || allAlike(patches).length > 0) return false;
  // Patches that tell less than the mean pattern say nothing about where they belong.
  if (single.constantDeviance !== null && single.deviance >= single.constantDeviance) return false;
  const { ratio, lost } = thresholds.stitched;
  // Below what counting leaves patches fit noise, of which the object owes nothing.
  const [stitched, alone] = [1 - fit.explained, Math.max(0, 1 - single.explained)];
  return stitched - alone >= lost && stitched >= ratio * alone;
}

function misplaced(fit: DataFit | undefined, patches: PatchEvidence, placement: PatchPlacement | undefined): string[] {
  if (!standsApart(fit, patches)) return [];
  const noise = ownNoise(patches)
    ? `, and explain the noise of their patterns, too (noise ${short(patches.fit!.noiseDeviance)})`
    : "";
  if (placement !== undefined && together(placement)) {
    if (fit.explained >= thresholds.closely) return [];
    return [
      `${apart(fit, patches)}: they fit together only roughly where the positions put them${noise}; ${agreement(placement)}, so these are right as a whole and may be off by some pixels each, ${found}${lessNoise(patches)}`,
    ];
  }
  const [they, pairs] = placement === undefined ? ["may not fit", ""] : ["do not fit", ` (${agreement(placement)})`];
  return [
    `${apart(fit, patches)}: they ${they} together where the positions put them${pairs}${noise}; see that x and y are not swapped (${setting("position_order", "yx")} with ${setting("positions_key")}), their unit, signs and ${setting("position_reference")}, and whether they are off by some pixels, ${found}${lessNoise(patches)}`,
  ];
}

const found = `which an engine finds (${setting("wrappers", "positions")} of reconstruct)`;

const lessNoise = (patches: PatchEvidence): string =>
  ownNoise(patches)
    ? `; groups whose patches are merged fit less noise (${setting("gridsize", 2)} ${setting("training_patch_weighting", "probe")} in training)`
    : "";

/** Of patches that stand apart from an object that is right all the same: nothing to doubt, and worth knowing. */
export function placementNotes(
  fit: DataFit | undefined,
  patches: PatchEvidence,
  placement: PatchPlacement | undefined,
): string[] {
  if (!standsApart(fit, patches) || placement === undefined) return [];
  if (!together(placement) || fit.explained < thresholds.closely) return [];
  return [
    `${apart(fit, patches)}; they fit together where the positions put them (${agreement(placement)}), so each also fits what only its own pattern has: noise, or a place that is off by little, ${found}${lessNoise(patches)}`,
  ];
}

const apart = (
  { explained, deviance }: DataFit & { readonly explained: number },
  { fit: single }: PatchEvidence,
): string =>
  `patches by themselves explain ${ofFlat(single!.explained!)} (deviance ${short(single!.deviance)} a pixel), stitched to an object only ${percent(explained)} (${short(deviance)})`;

/** Below what counting leaves there is no share. */
const ofFlat = (explained: number): string =>
  explained > 1 ? "all that a flat object leaves and some noise" : `${percent(explained)} of what a flat object leaves`;

function ownNoise({ fit }: PatchEvidence): boolean {
  return fit !== null && fit.noiseDeviance !== null && fit.deviance < thresholds.noise * fit.noiseDeviance;
}

/** Whether patches are where they agree. */
const together = ({ agreeing }: PatchPlacement): boolean => agreeing >= thresholds.agreeing;

function agreement(placement: PatchPlacement): string {
  const { pairs, agreeing, otherwise } = placement;
  if (otherwise !== null)
    return `${percent(otherwise.agreeing)} of ${pairs} overlapping pairs agree better ${otherwise.positions}`;
  return together(placement)
    ? `${percent(agreeing)} of ${pairs} overlapping pairs agree better there than anywhere else`
    : `${pairs} overlapping pairs agree ${agreeing < 0.6 ? "no" : "hardly"} better there than elsewhere`;
}

/** What stands on a picture of the result: what is wrong with it, without what to try. Nothing where nothing is. */
export function pictureWarning(lines: readonly string[]): { readonly warning?: string } {
  const said = lines.map((line) => line.split("; ")[0]);
  return said.length === 0
    ? {}
    : { warning: said.map((text) => text.charAt(0).toUpperCase() + text.slice(1)).join(". ") };
}

/** For people: how much is explained, beside what it is measured by. */
export function explainedText({ deviance, flatDeviance, noiseDeviance, explained }: Explanation): string {
  // Below what counting leaves it is noise that is explained, of which there is no share.
  const share =
    explained === null
      ? "flat within the noise"
      : explained > 1
        ? "below the noise, which is fitted too"
        : explained < 0
          ? "worse than a flat object"
          : `${percent(explained)} explained`;
  return `deviance ${deviance.toPrecision(4)} a pixel (flat object ${short(flatDeviance)}, noise ${short(noiseDeviance)}: ${share})`;
}

const short = (value: number | null): string => value?.toPrecision(3) ?? "unknown";
const percent = (share: number): string => {
  const digits = Math.abs(share) < 0.01 || (share > 0.99 && share < 1) ? 1 : 0;
  return `${(100 * share).toFixed(digits)} %`;
};
