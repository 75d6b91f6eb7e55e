import { cpuPainter } from "./cpuPainter.ts";
import { type GlPainter, glPainter } from "./glPainter.ts";
import type { Painter } from "./scene.ts";
import type { PreparedArray } from "./shownArray.ts";

/** By what a canvas is drawn, and why not by WebGL2. */
export interface Drawing {
  readonly by: "webgl2" | "2d";
  readonly why?: string;
}

/**
 * One WebGL2 context for all canvases of a page: browsers give few, and an array that two canvases show is on the device
 * once. While it is lost, and where there is none, canvases are drawn without it.
 */
interface SharedContext {
  painter: GlPainter | undefined;
  why: string;
  readonly listeners: Set<() => void>;
}

let shared: SharedContext | undefined;

function sharedContext(): SharedContext {
  if (shared !== undefined) return shared;
  const canvas = document.createElement("canvas");
  const context: SharedContext = { painter: undefined, why: "this browser has no WebGL2", listeners: new Set() };
  shared = context;
  const gl = canvas.getContext("webgl2", { alpha: true, antialias: false, depth: false, premultipliedAlpha: true });
  if (gl === null) return context;
  const begin = (): void => {
    try {
      context.painter = glPainter(gl);
    } catch (error) {
      context.why = error instanceof Error ? error.message : String(error);
    }
  };
  const tell = (): void => {
    for (const listener of context.listeners) listener();
  };
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault(); // asks for it to be restored
    context.painter = undefined;
    context.why = "the graphics device was lost; it is used again as soon as it is back";
    tell();
  });
  canvas.addEventListener("webglcontextrestored", () => {
    begin();
    tell();
  });
  begin();
  return context;
}

/** What draws such arrays now. */
export function painterFor(arrays: readonly PreparedArray[]): { readonly painter: Painter; readonly drawing: Drawing } {
  const { painter, why } = sharedContext();
  const without = (reason: string): { painter: Painter; drawing: Drawing } => ({
    painter: cpuPainter,
    drawing: { by: "2d", why: reason },
  });
  if (painter === undefined) return without(why);
  if (arrays.some(({ width, height }) => Math.max(width, height) > painter.largest))
    return without(`the graphics device takes ${painter.largest} pixels a side at most`);
  const held: PreparedArray[] = [];
  try {
    for (const array of arrays) {
      painter.hold(array);
      held.push(array);
    }
  } catch (error) {
    for (const array of held) painter.release(array);
    return without(error instanceof Error ? error.message : String(error));
  }
  return { painter, drawing: { by: "webgl2" } };
}

/** Calls when the device is lost or back, until the function that is returned is called. */
export function onPainterChange(listener: () => void): () => void {
  const { listeners } = sharedContext();
  listeners.add(listener);
  return () => listeners.delete(listener);
}
