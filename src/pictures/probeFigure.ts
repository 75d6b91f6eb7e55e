import { amplitudeOf, type ComplexArray, phaseOf } from "../arrays.ts";
import { type FigureOptions, figureOfRows, type Panel } from "./figure.ts";
import { meanPhase, turnedBack } from "./meanPhase.ts";
import { phaseScale } from "./objectFigure.ts";
import type { Sheet } from "./sheet.ts";

/** Modes that the picture shows. */
const SHOWN = 3;
/** Part of the largest amplitude under which a mode's phase is noise. */
const DARK = 0.05;

/**
 * A probe's first modes, a row each: amplitude and phase of every state of it, for example before and after training. The
 * whole window is shown, with a phase where there is light; its mean, weighted with the intensity, is turned to zero.
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

/** Amplitude and phase of one mode. @param field `[mode, y, x]` */
export const probePanels = (field: ComplexArray, mode: number): readonly Panel[] => modePanels(field, mode, "probe");

function modePanels({ shape, data }: ComplexArray, mode: number, name: string): Panel[] {
  const [, height, width] = shape as [number, number, number];
  const size = 2 * height * width;
  const field = litPhaseAtZero({ shape: [height, width], data: data.slice(mode * size, (mode + 1) * size) });
  const [amplitude, phase] = [amplitudeOf(field), phaseOf(field)];
  const brightest = amplitude.reduce((a, b) => Math.max(a, b), 0);
  const lit = Uint8Array.from(amplitude, (value) => (value > DARK * brightest ? 1 : 0));
  return [
    {
      ...{ title: `${name}: amplitude`, image: amplitude, height, width },
      // A mode without light is black, not an error.
      limits: [0, brightest > 0 ? brightest : 1],
    },
    { title: `${name}: phase`, image: phase, height, width, mask: lit, unit: "rad", ...phaseScale(phase, lit) },
  ];
}

/** The field turned back by the phase of Σ |P| P. */
function litPhaseAtZero(field: ComplexArray): ComplexArray {
  const amplitude = amplitudeOf(field);
  return turnedBack(field, meanPhase({ data: field.data.map((value, k) => amplitude[k >> 1] * value) }));
}
