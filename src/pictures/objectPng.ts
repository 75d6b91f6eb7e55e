import type { ComplexArray } from "../arrays.ts";
import { robustLimits } from "./axisScale.ts";
import type { Panel } from "./figure.ts";
import { objectPanels } from "./objectFigure.ts";
import { drawValues } from "./panelImage.ts";
import { encodePng } from "./png.ts";

/**
 * Amplitude and phase of an object as pictures, one pixel for each of its own, cut to where it is known, in the colours and
 * with the limits of the figures, which stand in the file as text.
 * @param known `[y, x]`, 0 = not known
 */
export function objectPngs(
  object: ComplexArray,
  known?: ArrayLike<number>,
): { readonly amplitude: Uint8Array; readonly phase: Uint8Array } {
  const { amplitude, phase } = objectPanels(object, known);
  return { amplitude: pngOf(amplitude), phase: pngOf(phase) };
}

function pngOf(panel: Panel): Uint8Array {
  const [low, high] = panel.limits ?? robustLimits(panel.image, panel.mask);
  const limits = `first colour ${low}, last colour ${high}${panel.unit === undefined ? "" : ` ${panel.unit}`}`;
  return encodePng(drawValues(panel, { magnify: 1, block: 1 }, [low, high]), { Title: panel.title, Comment: limits });
}
