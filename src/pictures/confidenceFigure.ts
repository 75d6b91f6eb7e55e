import type { ComplexArray } from "../arrays.ts";
import { type FigureOptions, figure, type Panel, type Stroke } from "./figure.ts";
import { type Box, boundingBox, objectPanels } from "./objectFigure.ts";
import type { Sheet } from "./sheet.ts";

export interface ConfidencePicture {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  /** `[y, x]`, 0 = not known. */
  readonly known: Uint8Array;
  /** `[y, x]`: expected errors of amplitude, and of phase in radians. */
  readonly amplitude: ArrayLike<number>;
  readonly phase: ArrayLike<number>;
}

/** Expected error of a phase, radians, above which it is hatched: a twentieth of a turn. */
export const DOUBTFUL_PHASE = 0.3;

/** Lines of hatching across the longer side of an image. */
const LINES = 60;

/** The phase, hatched where it is doubtful, and the errors that are expected of phase and amplitude. */
export function confidenceFigure(
  { object, known, amplitude, phase }: ConfidencePicture,
  options: FigureOptions,
): Sheet {
  const [height, width] = object.shape as [number, number];
  const box = boundingBox(known, height, width);
  const doubtful = cut(
    Float32Array.from(phase, (value) => (value > DOUBTFUL_PHASE ? 1 : 0)),
    width,
    box,
  );
  const panel = objectPanels(object, known).phase;
  const errors = (title: string, values: ArrayLike<number>, unit?: string): Panel => ({
    ...{ title, image: cut(values, width, box), height: panel.height, width: panel.width, mask: panel.mask ?? [] },
    ...(unit === undefined ? {} : { unit }),
  });
  return figure(
    [
      {
        ...panel,
        hatching: hatched(doubtful, panel.height, panel.width),
        caption: `hatched: expected error above ${DOUBTFUL_PHASE} rad`,
      },
      errors("Expected error of the phase", phase, "rad"),
      errors("Expected error of the amplitude", amplitude),
    ],
    options,
  );
}

function cut(values: ArrayLike<number>, width: number, { top, bottom, left, right }: Box): Float32Array {
  const columns = right - left;
  return Float32Array.from(
    { length: (bottom - top) * columns },
    (_, i) => values[(top + Math.floor(i / columns)) * width + left + (i % columns)],
  );
}

/** Diagonal lines through the pixels that are 1. */
export function hatched(values: ArrayLike<number>, height: number, width: number): readonly Stroke[] {
  const every = Math.max(2, Math.round(Math.max(height, width) / LINES));
  const strokes: Stroke[] = [];
  for (let sum = 0; sum < height + width - 1; sum += every) {
    let from: number | undefined;
    const last = Math.min(sum, width - 1);
    for (let x = Math.max(0, sum - height + 1); x <= last + 1; x++) {
      const inside = x <= last && values[(sum - x) * width + x] === 1;
      if (inside) from ??= x;
      else if (from !== undefined) {
        strokes.push([
          [sum - from + 0.5, from - 0.5],
          [sum - x + 0.5, x - 0.5],
        ]);
        from = undefined;
      }
    }
  }
  return strokes;
}
