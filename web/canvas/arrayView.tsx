import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type ArrayCanvas, arrayCanvas, type Markers } from "./arrayCanvas.ts";
import type { StateChange } from "./canvasState.ts";
import type { ShownArray } from "./shownArray.ts";

interface ArrayViewProps {
  readonly array: ShownArray | undefined;
  /** Shown right of a divider. */
  readonly compared?: ShownArray | undefined;
  readonly markers?: Markers | undefined;
  /** What is said about the view and the look; what is left out stays as the user has it. */
  readonly state?: StateChange;
  /** Called once, with what can be listened to, linked and saved. @returns what ends it */
  // biome-ignore lint/suspicious/noConfusingVoidType: as effects, which may return nothing
  readonly onReady?: (canvas: ArrayCanvas) => (() => void) | void;
}

/** An array's canvas as a component: as wide as there is room, square, whether or not there is an array yet. */
export function ArrayView({ array, compared, markers, state, onReady }: ArrayViewProps): JSX.Element {
  const host = useRef<HTMLDivElement>(null);
  const canvas = useRef<ArrayCanvas | undefined>(undefined);
  useEffect(() => {
    if (host.current === null) return;
    const made = arrayCanvas(host.current);
    canvas.current = made;
    const end = onReady?.(made);
    return () => {
      end?.();
      made.dispose();
    };
  }, []);
  // Limits are found in the look that the array is first shown in.
  useEffect(() => state && canvas.current?.set(state), [JSON.stringify(state)]);
  useEffect(() => canvas.current?.show(array), [array]);
  useEffect(() => canvas.current?.compare(compared), [array, compared]);
  useEffect(() => canvas.current?.mark(markers), [markers]);
  return <div class="array-view" ref={host} />;
}
