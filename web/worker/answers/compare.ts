import type { ComplexArray } from "../../../src/arrays.ts";
import { wellCovered } from "../../../src/inference/coverage.ts";
import { align } from "../../../src/metrics/align.ts";
import { inReferenceFrame } from "../../../src/metrics/commonArea.ts";
import { measure } from "../../../src/metrics/evaluate.ts";
import { meanPhase, meanPhaseAtZero, turnedBack } from "../../../src/pictures/meanPhase.ts";
import {
  evaluationOptions,
  evaluationWarnings,
  lengthsOf,
  pixelWarnings,
  readReference,
} from "../../../src/runs/evaluate.ts";
import { readObjectFile } from "../../../src/runs/objectFile.ts";
import { onPixelsOf } from "../../../src/runs/samePixels.ts";
import type { ComparedObject } from "../protocol.ts";
import type { Answers } from "./answer.ts";

export const lookAt: Answers<"lookAt"> = async ({ path }, { home }) => {
  const { object, coverage, pixelSizeM } = await readObjectFile(path, home);
  const known = coverage && wellCovered(coverage);
  return { ...meanPhaseAtZero(object, known), ...(known && { known }), pixelSizeM };
};

/** The second is laid on the first and freed of its gauge; both are turned to where the first one's mean phase is zero. */
export const compare: Answers<"compare"> = async ({ reference: first, compared: second }, { home }) => {
  const file = await readObjectFile(second, home);
  const { reference, warnings } = onPixelsOf(await readReference(first, home), [file]);
  const alignment = align(file.object, reference.object, evaluationOptions(file, reference, {}));
  const metrics = measure(alignment);
  const [height, width] = reference.object.shape;
  const { image, known } = inReferenceFrame(alignment, [height, width]);
  const there: ComplexArray = { shape: [height, width], data: Float32Array.from(image.data) };
  const phase = meanPhase(reference.object, known);
  const pixelSizeM = reference.pixelSizeM ?? file.pixelSizeM;
  const shown = (object: ComplexArray): ComparedObject => ({ ...turnedBack(object, phase), known, pixelSizeM });
  const [a, b] = [shown(reference.object), shown(there)];
  return {
    ...{ reference: a, compared: b, metrics, difference: differenceOf(a, b, known) },
    resolutionM: lengthsOf(metrics, pixelSizeM).resolutionM,
    warnings: [...warnings, ...pixelWarnings(file, reference), ...evaluationWarnings(metrics)],
  };
};

/** Second minus first as complex values, and the angle from the first to the second in radians. */
function differenceOf(a: ComparedObject, b: ComparedObject, known: ArrayLike<number>) {
  const [values, angles] = [new Float32Array(a.data.length), new Float32Array(a.data.length / 2)];
  for (let i = 0; i < angles.length; i++) {
    if (known[i] === 0) continue;
    const [ar, ai, br, bi] = [a.data[2 * i], a.data[2 * i + 1], b.data[2 * i], b.data[2 * i + 1]];
    values.set([br - ar, bi - ai], 2 * i);
    angles[i] = Math.atan2(bi * ar - br * ai, br * ar + bi * ai);
  }
  return { complex: { shape: a.shape, data: values }, phase: { shape: a.shape, data: angles } };
}
