/** The canvas for pages that are not built: one module with everything that it needs, and the reader of reconstructions. */
export { readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
export { type ArrayCanvas, arrayCanvas, type CanvasEvents, type Markers } from "./arrayCanvas.ts";
export type { CanvasState, StateChange, Tool } from "./canvasState.ts";
export { linkViews } from "./linkViews.ts";
export type { Colouring, Look, Quantity } from "./look.ts";
export type { Line, Profile } from "./profile.ts";
export { shownReconstruction } from "./reconstruction.ts";
export type { Drawing } from "./sharedPainter.ts";
export type { Reading, ShownArray } from "./shownArray.ts";
export { type StateWords, stateOfWords, wordsOfState } from "./stateWords.ts";
export type { View } from "./view.ts";
