import type { CanvasState, StateChange } from "./canvasState.ts";
import type { PreparedArray } from "./shownArray.ts";
import { fitView, inArray, moved, placementOf, roundZoom, type Size, zoomedAt, zoomOf } from "./view.ts";

/** What gestures and keys work on. */
export interface Controls {
  readonly state: CanvasState;
  readonly array: PreparedArray | undefined;
  /** Of the canvas, pixels of the screen. */
  readonly size: Size;
  /** Pixels of the screen for one of the page. */
  readonly ratio: number;
  set(change: StateChange): void;
  /** Says what is at a pixel (y, x). */
  read(pixel: readonly [y: number, x: number] | undefined): void;
  /** Chooses the marked place that is nearest to a point, in pixels of the array whose centres are at whole numbers. */
  pick(y: number, x: number): void;
}

/** A point of the canvas, pixels of the screen. */
export interface Point {
  readonly y: number;
  readonly x: number;
}

export function zoomBy(controls: Controls, factor: number, at: Point): void {
  const { array, size, state } = controls;
  if (array === undefined) return;
  controls.set({ view: zoomedAt(state.view, zoomOf(state.view, array, size) * factor, at, array, size) });
}

/** Moves the picture by pixels of the screen. */
export function moveBy({ array, size, state, set }: Controls, down: number, right: number): void {
  if (array !== undefined && (down !== 0 || right !== 0)) set({ view: moved(state.view, down, right, array, size) });
}

/** The pixel of the array at a point of the canvas, the nearest one outside it. */
export function pixelAt({ array, size, state }: Controls, { y, x }: Point): readonly [y: number, x: number] {
  if (array === undefined) return [0, 0];
  const there = inArray(placementOf(state.view, array, size), y, x);
  return [within(Math.floor(there.y), array.height), within(Math.floor(there.x), array.width)];
}

const within = (index: number, count: number): number => Math.min(count - 1, Math.max(0, index));

const ARROWS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Part of the canvas that an arrow key moves the picture by. */
const STEP = 0.1;

/** @returns whether the key means something here */
export function pressKey(controls: Controls, key: string, shift: boolean): boolean {
  const { state, array, size } = controls;
  if (array === undefined) return false;
  const middle = { y: size.height / 2, x: size.width / 2 };
  const zoomTo = (zoom: number): void => controls.set({ view: zoomedAt(state.view, zoom, middle, array, size) });
  const arrow = ARROWS[key];
  if (arrow !== undefined) {
    if (state.cursor !== undefined) moveCursor(controls, state.cursor, arrow, shift ? 10 : 1);
    else {
      const part = shift ? 1 : STEP;
      moveBy(controls, -arrow[0] * Math.round(part * size.height), -arrow[1] * Math.round(part * size.width));
    }
    return true;
  }
  switch (key) {
    case "+":
    case "=":
      zoomTo(roundZoom(zoomOf(state.view, array, size), 1));
      return true;
    case "-":
    case "_":
      zoomTo(roundZoom(zoomOf(state.view, array, size), -1));
      return true;
    case "0":
      controls.set({ view: fitView });
      return true;
    case "1":
      zoomTo(1);
      return true;
    case "p":
      controls.set({ tool: state.tool === "move" ? "profile" : "move" });
      return true;
    case "c":
      putCursor(controls, state.cursor === undefined ? pixelAt(controls, middle) : undefined);
      return true;
    case "Enter":
      if (state.cursor === undefined) return false;
      beginOrEndLine(controls, state.cursor);
      return true;
    case " ":
      if (state.cursor === undefined) return false;
      controls.pick(...state.cursor);
      return true;
    case "Escape":
      if (state.cursor === undefined && state.line === undefined) return false;
      putCursor(controls, undefined);
      controls.set({ line: undefined });
      return true;
    default:
      return false;
  }
}

function putCursor(controls: Controls, cursor: readonly [number, number] | undefined): void {
  controls.set({ cursor });
  controls.read(cursor);
}

/** A line whose end is at the cursor follows it; the picture too, where the cursor would leave the canvas. */
function moveCursor(
  controls: Controls,
  [y, x]: readonly [number, number],
  [down, right]: readonly [number, number],
  by: number,
): void {
  const { array, state, size } = controls;
  if (array === undefined) return;
  const cursor = [within(y + by * down, array.height), within(x + by * right, array.width)] as const;
  const { line } = state;
  const follows = line !== undefined && line.to[0] === y && line.to[1] === x;
  controls.set({ cursor, ...(follows ? { line: { from: line.from, to: cursor } } : {}) });
  const { zoom, top, left } = placementOf(state.view, array, size);
  const [row, column] = [top + (cursor[0] + 0.5) * zoom, left + (cursor[1] + 0.5) * zoom];
  const beyond = (at: number, length: number): number =>
    at < 0 ? -at + length / 8 : at > length ? length - at - length / 8 : 0;
  moveBy(controls, Math.round(beyond(row, size.height)), Math.round(beyond(column, size.width)));
  controls.read(cursor);
}

/** Begins a line at the cursor; one that has an end there already is let go of. */
function beginOrEndLine(controls: Controls, cursor: readonly [number, number]): void {
  const { line } = controls.state;
  const drawn = line !== undefined && line.to[0] === cursor[0] && line.to[1] === cursor[1];
  const long = drawn && (line.from[0] !== line.to[0] || line.from[1] !== line.to[1]);
  if (long) putCursor(controls, undefined);
  else controls.set({ line: { from: cursor, to: cursor } });
}
