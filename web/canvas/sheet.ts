import type { Layer, Painter, Region } from "./scene.ts";
import type { Size } from "./view.ts";

/** Painted pixels of a layer that are kept: when it only moves, what is still seen is moved and the rest is painted. */
export interface Sheet {
  /** What the layer looks like on a canvas of a size. */
  update(painter: Painter, layer: Layer, size: Size): HTMLCanvasElement;
}

export function keptSheet(): Sheet {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  let last: { readonly painter: Painter; readonly layer: Layer } | undefined;
  return {
    update(painter, layer, { height, width }) {
      const fresh = canvas.width !== width || canvas.height !== height;
      if (fresh) [canvas.width, canvas.height] = [width, height];
      const moved = fresh || last?.painter !== painter ? undefined : movedBy(last.layer, layer);
      last = { painter, layer };
      const whole = { top: 0, left: 0, height, width };
      if (moved === undefined || Math.abs(moved.down) >= height || Math.abs(moved.right) >= width)
        painter.paint(layer, whole, context);
      else if (moved.down !== 0 || moved.right !== 0) {
        context.globalCompositeOperation = "copy";
        context.drawImage(canvas, moved.right, moved.down);
        context.globalCompositeOperation = "source-over";
        for (const region of uncovered({ height, width }, moved)) painter.paint(layer, region, context);
      }
      return canvas;
    },
  };
}

interface Move {
  readonly down: number;
  readonly right: number;
}

/** By how much, if nothing else is other. */
function movedBy(before: Layer, after: Layer): Move | undefined {
  const same =
    before.array === after.array &&
    before.colouring === after.colouring &&
    before.hatching === after.hatching &&
    before.unknown === after.unknown &&
    before.placement.zoom === after.placement.zoom;
  if (!same) return undefined;
  return {
    down: after.placement.top - before.placement.top,
    right: after.placement.left - before.placement.left,
  };
}

/** Strips that a move lays open: above or below, and left or right beside the rest. */
function uncovered({ height, width }: Size, { down, right }: Move): Region[] {
  const tall = Math.abs(down);
  const strips = [
    { top: down > 0 ? 0 : height - tall, left: 0, height: tall, width },
    { top: Math.max(0, down), left: right > 0 ? 0 : width + right, height: height - tall, width: Math.abs(right) },
  ];
  return strips.filter((strip) => strip.height > 0 && strip.width > 0);
}
