import type { InferencePayload } from "../../config/payload.ts";
import { setting } from "../../errors.ts";
import type { AssembledHalf } from "../../inference/assembledHalves.ts";
import { lightOnCanvas } from "../../inference/lightOnCanvas.ts";
import { tilted } from "../../inference/phaseRamp.ts";
import { type Stitched, scaleParts } from "../../inference/stitch.ts";
import { type Judged, judge } from "../confidence.ts";
import type { RunHooks } from "../hooks.ts";
import type { Home } from "../machine.ts";
import type { InferenceRun } from "./inferenceRun.ts";
import { refinedHalves } from "./refinedHalves.ts";
import type { VarproReport } from "./scaledByData.ts";

/** What a network's patches gave, as it is judged. */
export interface PredictedWhole extends Pick<Stitched, "object" | "weight"> {
  /** `[frame, 2]` of the patterns that were predicted. */
  readonly positions: Float64Array;
  /** Where real and imaginary part were scaled by the data. */
  readonly scaled: VarproReport | undefined;
}

/**
 * Expected errors of a prediction. Its halves come from one network and have wrong alike what it has learnt wrong; so an engine
 * refines each by its patterns, and what their mean then is off the prediction by is the prediction's error.
 * @param halves whose parts are still to be scaled as those of the whole were
 */
export async function expectedErrors(
  halves: readonly [AssembledHalf, AssembledHalf],
  whole: PredictedWhole,
  run: InferenceRun,
  { model, execution, outputDir }: InferencePayload,
  hooks: RunHooks,
  home: Home,
): Promise<Judged | undefined> {
  const { probe, canvas, warn } = run;
  const { s1, s2 } = whole.scaled?.applied === true ? whole.scaled : { s1: 1, s2: 1 };
  const [first, second] = halves.map(({ stitched, frames, alignment }) => ({
    ...{ object: scaleParts(stitched.object, s1, s2), coverage: stitched.weight, patterns: frames.length, frames },
    probe: tilted(probe, alignment?.ramp),
  }));
  const options = {
    frameIntensity: model.frameIntensityTrainable,
    threads: execution.threads ?? home.machine.parallelism,
    folder: outputDir,
  };
  const refined = await refinedHalves(run, [first, second], options, hooks, home);
  const judged = judge(
    {
      ...{ object: whole.object, coverage: whole.weight, halves: [first, second] },
      ...(typeof refined === "string" ? {} : { refined }),
      ...{ light: lightOnCanvas(probe, whole.positions, canvas), scales: run.prediction.scales },
    },
    warn,
  );
  if (judged !== undefined && typeof refined === "string") warn(lowerBound(refined));
  if (judged?.metrics.refined?.frc.halfBit === null)
    warn(
      "what the engine makes of either half of the patterns agrees in nothing: they do not tell what the network has wrong, and expected errors are those of their noise, which the prediction may be below",
    );
  return judged;
}

const lowerBound = (why: string): string =>
  `expected errors are those of noise and of where the patterns lie, and a lower bound: what the network has learnt wrong is in both halves of its patches alike, and an engine, which would show it, does not refine them (${why}); on simulated scans true errors were 1.4 to 5 times as large, and hardly where the map has them; ${setting("confidence")} of an engine (reconstruct) is calibrated`;
