import type { CanvasState, StateChange } from "../../../web/canvas/canvasState.ts";
import type { Colouring } from "../../../web/canvas/look.ts";
import type { Profile } from "../../../web/canvas/profile.ts";
import type { Reading } from "../../../web/canvas/shownArray.ts";
import type { ArrayName } from "./arrays.ts";

/** What a canvas shows and says. */
export interface Seen {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, opacity; base64. */
  readonly data: string;
  readonly ratio: number;
  readonly by: "webgl2" | "2d" | undefined;
  readonly why: string | undefined;
  readonly colouring: Colouring | undefined;
  readonly reading: string;
  readonly label: string;
}

/** What a canvas told last. */
export interface Told {
  readonly reading?: Reading | undefined;
  readonly profile?: Profile | undefined;
  readonly pick?: number;
}

/** What the tests outside can ask the page to do; canvases are numbered as they are added. */
export interface Lab {
  /** A canvas of so many pixels of the page (height, width). */
  add(name: ArrayName, size: readonly [number, number], change?: StateChange): Promise<Seen>;
  set(index: number, change: StateChange): Promise<Seen>;
  seen(index: number): Promise<Seen>;
  state(index: number): CanvasState;
  told(index: number): Told;
  link(): void;
  compare(index: number, name: ArrayName): Promise<Seen>;
  /** Marks so many places over the object, the one in the middle as the frame at hand. */
  mark(index: number, count: number, window: readonly [number, number]): Promise<Seen>;
  png(index: number): Promise<readonly number[]>;
  /** Moves the view once a frame. @returns milliseconds between frames */
  pan(index: number, frames: number): Promise<readonly number[]>;
  clear(): void;
}
