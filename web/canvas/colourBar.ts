import { ticks } from "../../src/pictures/axisScale.ts";
import { colormap } from "../../src/pictures/colormap.ts";
import { colourOf, complexColourOf, onUnknownLine, type UnknownTones } from "../../src/pictures/panelImage.ts";
import { type Colour, hatchInk } from "../../src/pictures/sheet.ts";
import { type Colouring, placeBetween } from "./look.ts";
import { onHatching } from "./scene.ts";
import { numberText } from "./words.ts";

/** Of the bar with its numbers, pixels of the page. */
export const BAR_WIDTH = 76;

const [ABOVE, BELOW, LEFT, THICK, THICK_COMPLEX] = [26, 22, 10, 14, 28];
/** Of a line that says what a hatching means. */
const KEY_HEIGHT = 18;
/** Of the bar itself, whatever else there would be to say. */
const LEAST = 60;

export interface ColourBar {
  readonly colouring: Colouring;
  /** Over the bar. */
  readonly title: string;
  /** Whether something in the picture is masked. */
  readonly masked: boolean;
  /** How what is not known looks, if there is such in the picture. */
  readonly unknown: UnknownTones | undefined;
  /** Distance of the lines over what is masked, pixels of the screen. */
  readonly hatching: number;
  /** Pixels of the screen. */
  readonly height: number;
  /** Pixels of the screen for one of the page. */
  readonly ratio: number;
  /** Of the numbers. */
  readonly ink: string;
  readonly font: string;
}

/** The colours with their values: the highest on top; complex ones from −π to π across. Below, what hatchings mean. */
export function drawColourBar(to: CanvasRenderingContext2D, content: ColourBar): void {
  const { colouring, title, height, ratio, ink, font } = content;
  const room = height / ratio - ABOVE - BELOW - LEAST;
  const keys = keysOf(content).slice(0, Math.max(0, Math.floor(room / KEY_HEIGHT)));
  const below = BELOW + keys.length * KEY_HEIGHT;
  const complex = colouring.quantity === "complex";
  const bar = {
    left: LEFT * ratio,
    top: ABOVE * ratio,
    width: (complex ? THICK_COMPLEX : THICK) * ratio,
    height: height - (ABOVE + below) * ratio,
  };
  if (bar.height < 2) return;
  const [wide, tall] = [Math.round(bar.width), Math.round(bar.height)];
  const pixels = new ImageData(wide, tall);
  for (let row = 0; row < tall; row++)
    for (let column = 0; column < wide; column++) {
      const colour = barColour(colouring, 1 - (row + 0.5) / tall, (column + 0.5) / wide);
      pixels.data.set([...colour, 255], 4 * (row * wide + column));
    }
  to.putImageData(pixels, bar.left, Math.round(bar.top));
  to.strokeStyle = ink;
  to.fillStyle = ink;
  to.lineWidth = ratio;
  to.strokeRect(bar.left - ratio / 2, bar.top - ratio / 2, wide + ratio, tall + ratio);
  to.font = `${12 * ratio}px ${font}`;
  to.textAlign = "left";
  to.textBaseline = "alphabetic";
  to.fillText(title, bar.left, 14 * ratio, (BAR_WIDTH - LEFT) * ratio);
  if (complex) {
    to.textBaseline = "top";
    to.fillText("−π", bar.left - 2 * ratio, bar.top + tall + 5 * ratio);
    to.textAlign = "right";
    to.fillText("π", bar.left + wide + 2 * ratio, bar.top + tall + 5 * ratio);
    to.textAlign = "left";
  }
  to.textBaseline = "middle";
  for (const { value, label } of barTicks(colouring, tall / ratio)) {
    const y = bar.top + (1 - placeBetween(colouring, value)) * tall;
    to.fillRect(bar.left + wide, Math.round(y - ratio / 2), 4 * ratio, ratio);
    to.fillText(label, bar.left + wide + 7 * ratio, y);
  }
  for (const [k, { name, colourAt }] of keys.entries()) {
    const top = Math.round(height - (keys.length - k) * KEY_HEIGHT * ratio + 3 * ratio);
    const side = Math.round(12 * ratio);
    const swatch = new ImageData(side, side);
    for (let i = 0; i < side * side; i++) swatch.data.set([...colourAt(Math.floor(i / side), i % side), 255], 4 * i);
    to.putImageData(swatch, bar.left, top);
    to.strokeRect(bar.left - ratio / 2, top - ratio / 2, side + ratio, side + ratio);
    to.fillText(name, bar.left + side + 5 * ratio, top + side / 2, (BAR_WIDTH - LEFT) * ratio - side - 5 * ratio);
  }
}

interface Key {
  readonly name: string;
  readonly colourAt: (down: number, right: number) => Colour;
}

function keysOf({ masked, unknown, hatching, colouring }: ColourBar): readonly Key[] {
  const keys: Key[] = [];
  const dark = barColour(colouring, 0.2, 0.5);
  if (masked)
    keys.push({ name: "masked", colourAt: (down, right) => (onHatching(down, right, hatching) ? hatchInk : dark) });
  if (unknown !== undefined)
    keys.push({
      name: "unknown",
      colourAt: (down, right) => (onUnknownLine(down, right, hatching) ? unknown.line : unknown.ground),
    });
  return keys;
}

function barColour(colouring: Colouring, up: number, across: number): Colour {
  const table = colormap(colouring.colormap);
  if (colouring.quantity === "complex") return complexColourOf(table, (2 * across - 1) * Math.PI, up, [0, 1]);
  return colourOf(table, up, [0, 1]);
}

/** Room that a number takes, pixels of the page. */
const APART = 18;

/** Round values between the limits; on a logarithmic scale powers of ten, or both ends where there are not two. */
function barTicks(
  { log, limits }: Colouring,
  height: number,
): readonly { readonly value: number; readonly label: string }[] {
  const [low, high] = limits;
  if (!(high > low)) return [];
  if (!log) {
    const all = ticks(low, high);
    return all.filter((_, i) => i % Math.ceil((all.length * APART) / height) === 0);
  }
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const powers = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
  if (powers.length < 2) return [low, high].map((value) => ({ value, label: numberText(value) }));
  const every = Math.ceil((powers.length * APART) / height);
  return powers
    .filter((power) => (power - first) % every === 0)
    .map((power) => ({
      value: 10 ** power,
      label: Math.abs(power) <= 3 ? numberText(10 ** power) : `10${superscript(power)}`,
    }));
}

const superscript = (whole: number): string =>
  String(whole).replace(/./g, (digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]));
