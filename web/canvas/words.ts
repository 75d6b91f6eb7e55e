import { lengthLabel } from "../../src/optics/units.ts";
import type { Colouring } from "./look.ts";
import type { PreparedArray, Reading } from "./shownArray.ts";

/** Five digits, and powers of ten where there would be many zeros. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "no number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  const rounded = Number(value.toPrecision(5));
  const text = size !== 0 && (size < 1e-3 || size >= 1e7) ? rounded.toExponential() : String(rounded);
  return text.replaceAll("-", "−").replace("e+", "e");
}

/** For whoever does not see the picture: what it shows, with its numbers. */
export function describeArray(array: PreparedArray, colouring: Colouring): string {
  const { name, height, width, range, complex, unit, pixelSizeM, masked, unknown } = array;
  const quantity = {
    value: "",
    amplitude: "amplitude",
    phase: "phase",
    complex: "amplitude as brightness and phase as hue",
  }[colouring.quantity];
  const [low, high] = colouring.limits.map(numberText);
  const sentences = [
    [name ?? "array", quantity].filter((part) => part !== "").join(", "),
    `${height} rows by ${width} columns${pixelSizeM === undefined ? "" : ` of ${lengthLabel(pixelSizeM)}`}`,
    range === undefined
      ? "no number is known"
      : `${complex ? "amplitudes" : "values"} from ${numberText(range[0])} to ${numberText(range[1])}${unit === undefined ? "" : ` ${unit}`}`,
    ...(masked === 0 ? [] : [`${partText(masked, height * width)} is masked`]),
    ...(unknown === 0 ? [] : [`${partText(unknown, height * width)} is not known`]),
    `colours from ${low} to ${high}${colouring.quantity === "phase" ? " rad" : ""}${colouring.log ? " on a logarithmic scale" : ""}`,
  ];
  return `${sentences.join("; ")}.`;
}

const partText = (count: number, all: number): string => `${Number(((100 * count) / all).toPrecision(2))} %`;

/** What is under the pointer. */
export function readingText({ pixelSizeM, unit }: PreparedArray, reading: Reading): string {
  const { y, x, value, amplitude, phase, masked, known } = reading;
  const withUnit = (number: number): string =>
    unit === undefined ? numberText(number) : `${numberText(number)} ${unit}`;
  const numbers = [
    ...(value === undefined ? [] : [withUnit(value)]),
    ...(amplitude === undefined ? [] : [withUnit(amplitude)]),
    ...(phase === undefined ? [] : [`${numberText(phase)} rad`]),
    ...(masked ? ["masked"] : []),
    ...(known ? [] : ["not known"]),
  ];
  const place =
    pixelSizeM === undefined
      ? []
      : [`${lengthLabel((y + 0.5) * pixelSizeM, 4)}, ${lengthLabel((x + 0.5) * pixelSizeM, 4)}`];
  return [`y ${y}  x ${x}`, ...numbers, ...place].join("  ·  ");
}

export const keysInWords: string =
  "Arrow keys move the picture, with Shift by a whole view. Plus and minus zoom, 0 shows all, 1 is one to one. " +
  "C sets a cursor that arrow keys move from pixel to pixel, with Shift by ten; Enter begins a profile at the cursor and " +
  "ends it. Where places are marked, a click, or Space at the cursor, chooses the nearest. P switches between moving the picture and drawing a profile with the pointer. Escape takes cursor and profile away.";
