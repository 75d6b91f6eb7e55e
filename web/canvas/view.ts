/** Which part of an array is seen. */
export interface View {
  /** What is in the middle, in pixels of the array, of which the first reaches from 0 to 1. */
  readonly y: number;
  readonly x: number;
  /** Pixels of the screen for a pixel of the array: 1 is one to one whatever the screen; "fit" shows all of it. */
  readonly zoom: number | "fit";
}

export const fitView: View = { y: 0, x: 0, zoom: "fit" };

export interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * A view on a canvas of so many pixels of the screen. The array's corner lies between two of them, so that every view is a
 * shift of another one by whole pixels and one to one is exact.
 */
export interface Placement {
  readonly zoom: number;
  /** Of the array's corner, pixels of the screen from the top left of the canvas. */
  readonly top: number;
  readonly left: number;
}

export function placementOf(view: View, array: Size, canvas: Size): Placement {
  const zoom = zoomOf(view, array, canvas);
  const [y, x] = view.zoom === "fit" ? [array.height / 2, array.width / 2] : [view.y, view.x];
  return { zoom, top: Math.round(canvas.height / 2 - y * zoom), left: Math.round(canvas.width / 2 - x * zoom) };
}

/** Where a point of the canvas is in the array. */
export const inArray = (
  { zoom, top, left }: Placement,
  y: number,
  x: number,
): { readonly y: number; readonly x: number } => ({
  y: (y - top) / zoom,
  x: (x - left) / zoom,
});

export const zoomOf = ({ zoom }: View, array: Size, canvas: Size): number =>
  zoom === "fit" ? fitZoom(array, canvas) : zoom;

/** Whole where pixels are seen as squares, so that all are of one size. */
export function fitZoom(array: Size, canvas: Size): number {
  const zoom = Math.min(canvas.height / array.height, canvas.width / array.width);
  return zoom >= 3 ? Math.floor(zoom) : zoom;
}

const MOST = 128;
const least = (array: Size, canvas: Size): number => Math.min(1, fitZoom(array, canvas) / 2);

/** The view with another zoom, where a point of the canvas stays where it is in the array. */
export function zoomedAt(
  view: View,
  zoom: number,
  at: { readonly y: number; readonly x: number },
  array: Size,
  canvas: Size,
): View {
  const there = inArray(placementOf(view, array, canvas), at.y, at.x);
  const to = Math.min(MOST, Math.max(least(array, canvas), zoom));
  return kept(
    { zoom: to, y: there.y + (canvas.height / 2 - at.y) / to, x: there.x + (canvas.width / 2 - at.x) / to },
    array,
  );
}

/** The view moved by pixels of the screen, as if the array were pushed. */
export function moved(view: View, down: number, right: number, array: Size, canvas: Size): View {
  const { zoom, top, left } = placementOf(view, array, canvas);
  return kept({ zoom, y: (canvas.height / 2 - top - down) / zoom, x: (canvas.width / 2 - left - right) / zoom }, array);
}

/** The middle of the canvas stays on the array. */
const kept = (view: View, array: Size): View => ({
  ...view,
  y: Math.min(array.height, Math.max(0, view.y)),
  x: Math.min(array.width, Math.max(0, view.x)),
});

const ROUND = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, MOST];

/** The next zoom that is a whole number or one over a whole number. */
export function roundZoom(zoom: number, direction: 1 | -1): number {
  const all = [...ROUND.map((whole) => 1 / whole).reverse(), ...ROUND.slice(1)];
  const [slightly, next] = [1 + 1e-6 * direction, direction === 1 ? all : [...all].reverse()];
  return next.find((value) => (direction === 1 ? value > zoom * slightly : value < zoom * slightly)) ?? zoom;
}
