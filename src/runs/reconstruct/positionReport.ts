import type { Dataset, Provenance } from "../../data/dataset.ts";
import type { Stage } from "../../engines/runningStage.ts";
import { setting } from "../../errors.ts";
import { type AffineFit, affineFit } from "../../numerics/affineFit.ts";
import { blockJackknife } from "../../numerics/blockJackknife.ts";
import { counted } from "../../printable.ts";
import { stageMap } from "../../scans/prepare/composedPositions.ts";
import { correctedPositions } from "../../scans/prepare/positions.ts";
import {
  type Answers,
  type Corrections,
  positionAdvice,
  type StatedGeometry,
  saidOfPositions,
} from "./positionAdvice.ts";

/** How far frames were moved, and what all corrections have in common: an affine function of where the scan had them. */
export interface PositionReport {
  /** Root of the mean square of corrections along an axis, and the largest, object pixels. */
  readonly rmsPixels: number;
  readonly largestPixels: number;
  /** Along the stage's axes: what comes to what was said. Null where positions lie on a line. */
  readonly affine: Corrections | null;
  /** What to say so that the scan has what is significant of it, with all that was said. */
  readonly say: Answers;
}

export interface PositionFindings {
  readonly report: PositionReport;
  /** What of it is significant, in words, with the setting that answers. */
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
}

export interface MovedPositions {
  readonly dataset: Pick<Dataset, "geometry"> & {
    readonly provenance: Pick<Provenance, "conventions" | "pixelRatio">;
  };
  /** What settings say of the geometry. */
  readonly stated: StatedGeometry;
  readonly stages: readonly Pick<Stage, "wrappers">[];
  /** Frames that were explained. */
  readonly frames: Int32Array;
  /** `[frame, 2]`: as the scan has them, and as they were found. */
  readonly nominal: Float64Array;
  readonly found: Float64Array;
}

/**
 * What blocks tell of the error of the whole is too little by this: noise that a scan fits moves its positions the more, the
 * larger the part that moves together. From simulated scans that began at the truth; on others the errors are then those of
 * Student's t with eight degrees of freedom, see `docs/positions.md`.
 */
const SOFTNESS = 1.6;

/** Undefined where no stage moves positions. */
export function positionFindings(moved: MovedPositions): PositionFindings | undefined {
  const own = moved.stages.flatMap(({ wrappers }) => wrappers.filter(({ wrapper }) => (wrapper.margin ?? 0) > 0));
  if (own.length === 0) return undefined;
  const pick = (of: (k: number) => number): Float64Array =>
    Float64Array.from({ length: 2 * moved.frames.length }, (_, i) => of(2 * moved.frames[i >> 1] + (i & 1)));
  const corrections = pick((k) => moved.found[k] - moved.nominal[k]);
  const said = saidOfPositions(moved.dataset.provenance);
  const [onStage, places] = [corrections, pick((k) => moved.nominal[k])].map((of) => alongStage(of, moved.dataset));
  const fit = affineFit(onStage, places);
  const scaleHeld = own.every(({ settings }) => settings["freeScale"] !== true);
  const sure = own.some(({ settings }) => settings["positionModel"] !== "affine");
  const affine = fit === undefined ? null : correctionsOf(fit, { corrections: onStage, places }, { scaleHeld, sure });
  const reach = fit === undefined ? 0 : farthest(places, fit.centre);
  const { lines, say } = affine === null ? { lines: [], say: {} } : positionAdvice(affine, { ...moved, said, reach });
  const report = {
    rmsPixels: Math.sqrt(corrections.reduce((sum, value) => sum + value * value, 0) / corrections.length),
    largestPixels: corrections.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    affine,
  };
  return {
    report: { ...report, say },
    lines,
    warnings: atTheEnd(corrections, Math.max(...own.map(({ wrapper }) => wrapper.margin ?? 0)) - 1),
  };
}

/** Vectors in object pixels along the axes that the scan's own positions have, before they are turned. */
function alongStage(vectors: Float64Array, { provenance }: MovedPositions["dataset"]): Float64Array {
  const ratio = provenance.pixelRatio ?? [1, 1];
  const { positionRotation } = saidOfPositions(provenance);
  return correctedPositions(
    vectors.map((value, k) => value * ratio[k & 1]),
    { positionRotation: -positionRotation },
    [0, 0],
  );
}

/** [rotation, scale − 1, stretch, shear], angles in degrees. */
function partsOf({ matrix: [yy, yx, xy, xx] }: AffineFit): readonly [number, number, number, number] {
  const { degrees, scale, shearDegrees } = stageMap([1 + yy, yx, xy, 1 + xx]);
  return [degrees, (scale[0] + scale[1]) / 2 - 1, scale[0] - scale[1], shearDegrees];
}

/** @param sure whether frames have corrections of their own, which tell errors */
function correctionsOf(
  fit: AffineFit,
  { corrections, places }: { readonly corrections: Float64Array; readonly places: Float64Array },
  { scaleHeld, sure }: { readonly scaleHeld: boolean; readonly sure: boolean },
): Corrections {
  const errors = sure
    ? blockJackknife(places, (kept) => {
        const some = (of: Float64Array): Float64Array =>
          Float64Array.from({ length: 2 * kept.length }, (_, i) => of[2 * kept[i >> 1] + (i & 1)]);
        const own = affineFit(some(corrections), some(places));
        return own && partsOf(own);
      })
    : undefined;
  const [rotationDegrees, scale, stretch, shearDegrees] = partsOf(fit).map((value, i) => ({
    value,
    standardError: errors === undefined ? null : SOFTNESS * errors[i],
  }));
  return { rotationDegrees, scale: scaleHeld ? null : scale, stretch, shearDegrees };
}

const farthest = (places: Float64Array, centre: readonly [number, number]): number =>
  places.reduce((most, value, k) => Math.max(most, Math.abs(value - centre[k & 1])), 0);

function atTheEnd(corrections: Float64Array, most: number): string[] {
  let frames = 0;
  for (let k = 0; k < corrections.length; k += 2)
    if (Math.max(Math.abs(corrections[k]), Math.abs(corrections[k + 1])) > most - 1e-6) frames++;
  return frames === 0
    ? []
    : [
        `${counted(frames, "position")} moved as far as it may, ${most} object pixels: leave such frames out (${setting("skip_frames")}), or correct the scan's positions first`,
      ];
}
