import { logLimits } from "./axisScale.ts";
import { type FigureOptions, figureOfRows, type Panel } from "./figure.ts";
import type { Sheet } from "./sheet.ts";

/** Diffraction that was measured beside what the reconstruction predicts, in counts, `[y, x]`. */
export interface PatternPair {
  /** For example "frame 17". */
  readonly title: string;
  readonly measured: Float64Array;
  readonly modelled: Float64Array;
  readonly caption?: string;
}

/**
 * Patterns measured over patterns modelled, a pair a column, each pair on one logarithmic scale: from a count, or a
 * millionth of the brightest pixel where that is more.
 * @param mask `[y, x]`, 1 = valid
 */
export function patternsFigure(
  pairs: readonly PatternPair[],
  [height, width]: readonly [height: number, width: number],
  mask: ArrayLike<number> | undefined,
  options: FigureOptions = {},
): Sheet {
  const columns = pairs.map(({ title, measured, modelled, caption }): readonly [Panel, Panel] => {
    const brightest = Math.max(...[measured, modelled].map((values) => largest(values, mask)));
    const [floor, ceiling] = logLimits(brightest);
    const common = {
      height,
      width,
      colormap: "sequential",
      limits: [Math.log10(floor), Math.log10(ceiling)],
      unit: "log₁₀ counts",
      ...(mask === undefined ? {} : { mask }),
    } as const;
    const logarithm = (values: Float64Array): Float32Array =>
      Float32Array.from(values, (value) => Math.log10(Math.max(value, floor)));
    return [
      { ...common, title: `${title}: measured`, image: logarithm(measured) },
      {
        ...common,
        title: "modelled",
        image: logarithm(modelled),
        ...(caption === undefined ? {} : { caption }),
      },
    ];
  });
  return figureOfRows([columns.map(([measured]) => measured), columns.map(([, modelled]) => modelled)], {
    panelSize: 192,
    ...options,
    scaleBars: false,
  });
}

function largest(values: Float64Array, mask: ArrayLike<number> | undefined): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (mask?.[i] !== 0 && values[i] > most) most = values[i];
  return most;
}
