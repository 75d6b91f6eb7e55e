import type { ArrayCanvas } from "./arrayCanvas.ts";

/** Lets canvases of arrays that lie over one another move and zoom together. @returns what ends it */
export function linkViews(canvases: readonly ArrayCanvas[]): () => void {
  const ends = canvases.map((canvas) =>
    canvas.on("change", ({ state: { view }, changed }) => {
      if (changed.includes("view")) for (const other of canvases) if (other !== canvas) other.set({ view });
    }),
  );
  return () => {
    for (const end of ends) end();
  };
}
