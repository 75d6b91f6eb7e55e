import { amplitudeOf, type ComplexArray } from "../arrays.ts";
import { type FigureOptions, figureOfRows, type Panel } from "./figure.ts";
import { objectPanels } from "./objectFigure.ts";
import type { Sheet } from "./sheet.ts";

/** Modes that the picture shows. */
const SHOWN = 3;
/** Part of the largest amplitude under which a mode's phase is noise. */
const DARK = 0.05;

/**
 * A probe's first modes, a row each: amplitude and phase of every state of it, for example before and after training.
 * @param states `[mode, y, x]` by name
 */
export function probeFigure(states: Readonly<Record<string, ComplexArray>>, options: FigureOptions = {}): Sheet {
  const named = Object.entries(states);
  const modes = Math.min(SHOWN, ...named.map(([, { shape }]) => shape[0]));
  const rows = Array.from({ length: modes }, (_, mode) =>
    named.flatMap(([name, field]) =>
      modePanels(field, mode, field.shape[0] === 1 ? name : `${name}, mode ${mode + 1}`),
    ),
  );
  return figureOfRows(rows, { panelSize: 192, ...options });
}

function modePanels({ shape, data }: ComplexArray, mode: number, name: string): Panel[] {
  const [, height, width] = shape as [number, number, number];
  const size = 2 * height * width;
  const field = { shape: [height, width], data: data.subarray(mode * size, (mode + 1) * size) };
  const amplitude = amplitudeOf(field);
  const brightest = amplitude.reduce((a, b) => Math.max(a, b), 0);
  const lit = amplitude.map((value) => (value > DARK * brightest ? 1 : 0));
  const { amplitude: first, phase } = objectPanels(field, lit, name);
  return [first, phase];
}
