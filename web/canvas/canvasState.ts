import { defaultLook, type Look } from "./look.ts";
import type { Line } from "./profile.ts";
import { fitView, type View } from "./view.ts";

/** What a drag of the pointer does. */
export type Tool = "move" | "profile";

/** Everything about a canvas that its user can change. Plain values: a page can keep them in its address. */
export interface CanvasState {
  readonly view: View;
  readonly look: Look;
  readonly tool: Tool;
  /** Part of the width that the first of two arrays has. */
  readonly swipe: number;
  /** Along which a profile is taken. */
  readonly line: Line | undefined;
  /** The pixel (y, x) that the keyboard is at. */
  readonly cursor: readonly [y: number, x: number] | undefined;
}

export const startState: CanvasState = {
  view: fitView,
  look: defaultLook,
  tool: "move",
  swipe: 0.5,
  line: undefined,
  cursor: undefined,
};

export type StateChange = Partial<Omit<CanvasState, "look">> & { readonly look?: Partial<Look> };

export const changedState = (state: CanvasState, { look, ...rest }: StateChange): CanvasState => ({
  ...state,
  ...rest,
  look: { ...state.look, ...look },
});

/** Names of what differs. */
export const differences = (a: CanvasState, b: CanvasState): (keyof CanvasState)[] =>
  (Object.keys(a) as (keyof CanvasState)[]).filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
