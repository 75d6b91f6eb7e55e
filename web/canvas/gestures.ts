import { type Controls, moveBy, type Point, pixelAt, pressKey, zoomBy } from "./controls.ts";
import type { Parts } from "./parts.ts";
import { inArray, placementOf } from "./view.ts";

/** Doublings of the zoom for a pixel of the wheel. */
const WHEEL = 1 / 300;
/** By how much a pointer may move in a click, pixels of the page. */
const STILL = 3;
/** Lines and pages of wheels that count in them, in pixels. */
const WHEEL_UNITS = [1, 16, 400];

/** Pointer, wheel and keys. @returns what ends them */
export function attachGestures({ stage, divider }: Parts, controls: () => Controls): () => void {
  const end = new AbortController();
  const listen = <K extends keyof HTMLElementEventMap>(
    element: HTMLElement,
    name: K,
    listener: (event: HTMLElementEventMap[K]) => void,
  ): void => element.addEventListener(name, listener, { signal: end.signal, passive: false });
  const pointOf = ({ clientX, clientY }: MouseEvent): Point => {
    const box = stage.getBoundingClientRect();
    const { ratio } = controls();
    return { y: (clientY - box.top) * ratio, x: (clientX - box.left) * ratio };
  };
  const down = new Map<number, Point>();
  let lineFrom: readonly [number, number] | undefined;
  /** Where a click began that is none any more once the pointer has moved. */
  let clickFrom: Point | undefined;

  listen(stage, "pointerdown", (event) => {
    if (event.button !== 0 || divider.contains(event.target as Node)) return;
    const point = pointOf(event);
    down.set(event.pointerId, point);
    stage.setPointerCapture(event.pointerId);
    const drawing = controls().state.tool === "profile" || event.shiftKey;
    lineFrom = drawing && down.size === 1 ? pixelAt(controls(), point) : undefined;
    clickFrom = lineFrom === undefined && down.size === 1 ? point : undefined;
    stage.toggleAttribute("data-held", lineFrom === undefined);
  });
  listen(stage, "pointermove", (event) => {
    const [from, to] = [down.get(event.pointerId), pointOf(event)];
    if (clickFrom !== undefined) {
      if (Math.hypot(to.y - clickFrom.y, to.x - clickFrom.x) < STILL * controls().ratio) return;
      clickFrom = undefined;
    }
    if (from === undefined) controls().read(insideOf(controls(), to));
    else if (down.size === 2) pinch(controls, from, to, [...down].find(([id]) => id !== event.pointerId)?.[1] ?? to);
    else if (lineFrom !== undefined) {
      const end = pixelAt(controls(), to);
      controls().set({ line: { from: lineFrom, to: end } });
      controls().read(end);
    } else moveBy(controls(), to.y - from.y, to.x - from.x);
    if (from !== undefined) down.set(event.pointerId, to);
  });
  for (const name of ["pointerup", "pointercancel"] as const)
    listen(stage, name, ({ pointerId }) => {
      if (name === "pointerup" && clickFrom !== undefined) pickAt(controls(), clickFrom);
      clickFrom = undefined;
      down.delete(pointerId);
      if (down.size === 0) stage.removeAttribute("data-held");
    });
  listen(stage, "pointerleave", () => controls().read(controls().state.cursor));
  listen(stage, "wheel", (event) => {
    event.preventDefault();
    const turned = event.deltaY * WHEEL_UNITS[event.deltaMode];
    // Two fingers on a touch pad come as small turns with Ctrl.
    zoomBy(controls(), 2 ** (-turned * WHEEL * (event.ctrlKey ? 6 : 1)), pointOf(event));
  });
  listen(stage, "keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (pressKey(controls(), event.key, event.shiftKey)) event.preventDefault();
  });
  attachDivider(divider, listen, pointOf, controls);
  return () => end.abort();
}

function attachDivider(
  divider: HTMLElement,
  listen: <K extends keyof HTMLElementEventMap>(
    element: HTMLElement,
    name: K,
    listener: (event: HTMLElementEventMap[K]) => void,
  ) => void,
  pointOf: (event: MouseEvent) => Point,
  controls: () => Controls,
): void {
  const to = (swipe: number): void => controls().set({ swipe: Math.min(1, Math.max(0, swipe)) });
  listen(divider, "pointerdown", ({ pointerId }) => divider.setPointerCapture(pointerId));
  listen(divider, "pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) to(pointOf(event).x / controls().size.width);
  });
  listen(divider, "keydown", (event) => {
    const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };
    if (event.key === "Home") to(0);
    else if (event.key === "End") to(1);
    else if (event.key in steps) to(controls().state.swipe + steps[event.key] * (event.shiftKey ? 0.1 : 0.01));
    else return;
    event.preventDefault();
  });
}

function pickAt(controls: Controls, point: Point): void {
  const { array, size, state } = controls;
  if (array === undefined) return;
  const { y, x } = inArray(placementOf(state.view, array, size), point.y, point.x);
  controls.pick(y - 0.5, x - 0.5);
}

/** The pixel under a point, if there is one. */
function insideOf(controls: Controls, point: Point): readonly [number, number] | undefined {
  const { array, size, state } = controls;
  if (array === undefined) return undefined;
  const { y, x } = inArray(placementOf(state.view, array, size), point.y, point.x);
  return y >= 0 && x >= 0 && y < array.height && x < array.width ? [Math.floor(y), Math.floor(x)] : undefined;
}

/** Two fingers: what is between them stays between them. */
function pinch(controls: () => Controls, from: Point, to: Point, other: Point): void {
  const apart = (point: Point): number => Math.max(1, Math.hypot(point.y - other.y, point.x - other.x));
  const middle = (point: Point): Point => ({ y: (point.y + other.y) / 2, x: (point.x + other.x) / 2 });
  const [before, after] = [middle(from), middle(to)];
  zoomBy(controls(), apart(to) / apart(from), before);
  moveBy(controls(), after.y - before.y, after.x - before.x);
}
