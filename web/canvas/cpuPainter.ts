import { colormap } from "../../src/pictures/colormap.ts";
import { colourOf, complexColourOf, onUnknownLine } from "../../src/pictures/panelImage.ts";
import { type Colour, dotInk, hatchInk } from "../../src/pictures/sheet.ts";
import { placeBetween } from "./look.ts";
import { type Layer, onHatching, type Painter, type Region, SLIVER, within } from "./scene.ts";
import { MASKED, type PreparedArray, SHOWN } from "./shownArray.ts";

/** Paints without WebGL2, with the colours that figures have: what the shaders do, pixel by pixel. */
export const cpuPainter: Painter = {
  hold() {},
  release() {},
  paint(layer, region, to) {
    to.putImageData(new ImageData(paintedPixels(layer, region), region.width, region.height), region.left, region.top);
  },
  dots({ places, placement: { zoom, top, left }, side }, { height, width }, to) {
    to.fillStyle = `rgb(${dotInk.join(" ")})`;
    for (let k = 0; k < places.length; k += 2) {
      const row = Math.round(top + (places[k] + 0.5) * zoom - side / 2);
      const column = Math.round(left + (places[k + 1] + 0.5) * zoom - side / 2);
      if (row > -side && column > -side && row < height && column < width) to.fillRect(column, row, side, side);
    }
  },
};

/** Red, green, blue, opacity of every pixel of a part of the canvas. */
export function paintedPixels(layer: Layer, region: Region): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray(4 * region.height * region.width);
  const { zoom, top, left } = within(layer.placement, region);
  const { height, width } = layer.array;
  const colour = colouringFunction(layer);
  for (let row = Math.max(0, top); row < region.height && row + 0.5 < top + height * zoom; row++)
    for (let column = Math.max(0, left); column < region.width && column + 0.5 < left + width * zoom; column++) {
      const [down, right] = [row - top, column - left];
      const seen = zoom < 1 ? meanOver(layer.array, down, right, zoom) : pixelAt(layer.array, down, right, zoom);
      const ink =
        seen.masked && onHatching(down, right, layer.hatching)
          ? hatchInk
          : seen.known
            ? colour(seen)
            : unknownAt(layer, down, right);
      out.set(ink, 4 * (row * region.width + column));
      out[4 * (row * region.width + column) + 3] = 255;
    }
  return out;
}

const unknownAt = ({ unknown, hatching }: Layer, down: number, right: number): Colour =>
  onUnknownLine(down, right, 2 * hatching) ? unknown.line : unknown.ground;

/** What a pixel of the screen shows. */
interface Seen {
  readonly masked: boolean;
  readonly known: boolean;
  /** Value, or mean amplitude. */
  readonly magnitude: number;
  /** Of the mean of complex values. */
  readonly re: number;
  readonly im: number;
}

function pixelAt({ state, data, complex, width }: PreparedArray, down: number, right: number, zoom: number): Seen {
  const i = Math.floor((down + 0.5) / zoom) * width + Math.floor((right + 0.5) / zoom);
  const [re, im] = complex ? [data[2 * i], data[2 * i + 1]] : [data[i], 0];
  const known = state[i] === SHOWN || state[i] === MASKED;
  return { masked: state[i] === MASKED, known, magnitude: complex ? Math.hypot(re, im) : re, re, im };
}

/** Means over the area that the pixel of the screen covers, of what is shown there; of what is masked if that is all. */
function meanOver(array: PreparedArray, down: number, right: number, zoom: number): Seen {
  const { state, data, complex, width, height } = array;
  const [y0, y1] = [down / zoom, Math.min(height, (down + 1) / zoom)];
  const [x0, x1] = [right / zoom, Math.min(width, (right + 1) / zoom)];
  let [weight, hidden, re, im, magnitude] = [0, 0, 0, 0, 0];
  for (let y = Math.floor(y0); y < y1; y++)
    for (let x = Math.floor(x0); x < x1; x++) {
      const i = y * width + x;
      const part = (Math.min(y1, y + 1) - Math.max(y0, y)) * (Math.min(x1, x + 1) - Math.max(x0, x));
      if (state[i] === MASKED) hidden += part;
      if (state[i] !== SHOWN) continue;
      weight += part;
      re += part * (complex ? data[2 * i] : data[i]);
      if (!complex) continue;
      im += part * data[2 * i + 1];
      magnitude += part * Math.hypot(data[2 * i], data[2 * i + 1]);
    }
  const known = weight * zoom * zoom > SLIVER;
  [re, im, magnitude] = [re / weight, im / weight, magnitude / weight];
  return { masked: hidden > weight, known, magnitude: complex ? magnitude : re, re, im };
}

function colouringFunction({ colouring }: Layer): (seen: Seen) => Colour {
  const table = colormap(colouring.colormap);
  const place = (value: number): number => placeBetween(colouring, value);
  switch (colouring.quantity) {
    case "phase":
      return ({ re, im }) => colourOf(table, Math.atan2(im, re), colouring.limits);
    case "complex":
      return ({ re, im, magnitude }) => complexColourOf(table, Math.atan2(im, re), place(magnitude), [0, 1]);
    default:
      return ({ magnitude }) => colourOf(table, place(magnitude), [0, 1]);
  }
}
