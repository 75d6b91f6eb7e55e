import { lengthLabel } from "../../src/optics/units.ts";
import { roundDown } from "../../src/pictures/axisScale.ts";
import { dotInk } from "../../src/pictures/sheet.ts";
import type { Line } from "./profile.ts";
import type { Placement, Size } from "./view.ts";

/** What is drawn over a picture, in pixels of its array. */
export interface Overlay {
  readonly line?: Line;
  /** A pixel (y, x). */
  readonly cursor?: readonly [y: number, x: number];
  /** A place with the window around it, pixel centres at whole numbers. */
  readonly frame?: { readonly y: number; readonly x: number; readonly height: number; readonly width: number };
  readonly pixelSizeM?: number;
  /** Column of the screen where one picture ends and another begins. */
  readonly divider?: number;
}

type Point = readonly [x: number, y: number];

/** @param ratio pixels of the screen for one of the page */
export function drawOverlay(
  to: CanvasRenderingContext2D,
  size: Size,
  { zoom, top, left }: Placement,
  overlay: Overlay,
  ratio: number,
): void {
  const at = (y: number, x: number): Point => [left + (x + 0.5) * zoom, top + (y + 0.5) * zoom];
  const haloed = hairlines(to, ratio);
  if (overlay.frame !== undefined) {
    const { y, x, height, width } = overlay.frame;
    const [middle, corner] = [at(y, x), at(y - height / 2 - 0.5, x - width / 2 - 0.5)];
    haloed((path) => path.rect(corner[0], corner[1], width * zoom, height * zoom), `rgb(${dotInk.join(" ")})`);
    haloed((path) => path.arc(...middle, 4 * ratio, 0, 2 * Math.PI), `rgb(${dotInk.join(" ")})`);
  }
  if (overlay.line !== undefined) {
    const [from, end] = [at(...overlay.line.from), at(...overlay.line.to)];
    haloed((path) => {
      path.moveTo(...from);
      path.lineTo(...end);
    }, "white");
    for (const [x, y] of [from, end]) haloed((path) => path.arc(x, y, 3 * ratio, 0, 2 * Math.PI), "white");
  }
  if (overlay.cursor !== undefined) {
    const [x, y] = at(...overlay.cursor);
    const half = Math.max(zoom / 2, 3 * ratio);
    haloed((path) => {
      path.rect(x - half, y - half, 2 * half, 2 * half);
      for (const [dx, dy] of [
        [-1, 0],
        [1, 0],
        [0, -1],
        [0, 1],
      ]) {
        path.moveTo(x + dx * half, y + dy * half);
        path.lineTo(x + dx * (half + 7 * ratio), y + dy * (half + 7 * ratio));
      }
    }, "white");
  }
  if (overlay.divider !== undefined) {
    const x = overlay.divider;
    haloed((path) => {
      path.moveTo(x, 0);
      path.lineTo(x, size.height);
    }, "white");
  }
  if (overlay.pixelSizeM !== undefined) drawScaleBar(to, size, zoom, overlay.pixelSizeM, ratio);
}

/** Lines that are seen on any picture: light with a dark rim. */
function hairlines(
  to: CanvasRenderingContext2D,
  ratio: number,
): (draw: (path: Path2D) => void, colour: string) => void {
  return (draw, colour) => {
    const path = new Path2D();
    draw(path);
    for (const [width, ink] of [
      [3, "rgb(0 0 0 / 0.55)"],
      [1.25, colour],
    ] as const) {
      to.lineWidth = width * ratio;
      to.strokeStyle = ink;
      to.stroke(path);
    }
  };
}

const INSET = 12;

/** A bar of round length, a quarter of the canvas at most, with that length over it. */
function drawScaleBar(
  to: CanvasRenderingContext2D,
  { height, width }: Size,
  zoom: number,
  pixelSizeM: number,
  ratio: number,
): void {
  const length = roundDown((width / 4 / zoom) * pixelSizeM);
  const wide = Math.round((length / pixelSizeM) * zoom);
  const [x, y, thick] = [INSET * ratio, height - (INSET + 4) * ratio, 4 * ratio];
  const label = lengthLabel(length);
  to.font = `500 ${12 * ratio}px ${to.canvas.ownerDocument.defaultView?.getComputedStyle(to.canvas).fontFamily ?? "sans-serif"}`;
  to.textBaseline = "alphabetic";
  to.textAlign = "left";
  const room = 7 * ratio;
  to.fillStyle = "rgb(0 0 0 / 0.55)";
  to.beginPath();
  to.roundRect(
    x - room,
    y - 16 * ratio - room / 2,
    Math.max(wide, to.measureText(label).width) + 2 * room,
    16 * ratio + thick + 1.5 * room,
    3 * ratio,
  );
  to.fill();
  to.fillStyle = "white";
  to.fillRect(x, y, wide, thick);
  to.fillText(label, x, y - 5 * ratio);
}
