import { type CanvasState, changedState, type StateChange, startState } from "./canvasState.ts";
import { colormapsOf, type Look, type Quantity } from "./look.ts";
import type { View } from "./view.ts";

/**
 * What of a canvas can be shared, in words for an address: `show`, `scale`, `map`, `limits` as in `Look` ("0.02", or
 * "0..350"), `at` as row, column and zoom ("64..31.5..4") and `divider`.
 */
export const wordNames = ["show", "scale", "map", "limits", "at", "divider"] as const;
export type StateWords = Readonly<Partial<Record<(typeof wordNames)[number], string>>>;

/** Words for what differs from how a canvas begins. */
export function wordsOfState(state: CanvasState, start: StateChange = {}): StateWords {
  const [now, before] = [allWords(state), allWords(changedState(startState, start))];
  return Object.fromEntries(wordNames.filter((name) => now[name] !== before[name]).map((name) => [name, now[name]]));
}

const allWords = ({ look, view, swipe }: CanvasState): Required<StateWords> => ({
  show: look.quantity,
  scale: look.scale,
  map: look.colormap,
  limits: typeof look.limits === "object" ? look.limits.join("..") : String(look.limits),
  at: view.zoom === "fit" ? "fit" : [view.y, view.x, view.zoom].map((value) => Number(value.toFixed(3))).join(".."),
  divider: String(Number(swipe.toFixed(3))),
});

/** What words say, and for what they do not say, or not understandably, how a canvas begins. */
export function stateOfWords(words: StateWords, start: StateChange = {}): StateChange {
  const begun = changedState(startState, start);
  const { show, scale, map, limits, at, divider } = words;
  const part = Number(divider);
  const quantity = quantities.find((name) => name === show) ?? begun.look.quantity;
  return {
    look: {
      quantity,
      scale: scale === "linear" || scale === "log" ? scale : begun.look.scale,
      colormap: map === "auto" ? map : (colormapsOf(quantity).find((name) => name === map) ?? begun.look.colormap),
      limits: limitsOf(limits) ?? begun.look.limits,
    },
    view: viewOf(at) ?? begun.view,
    swipe: divider !== undefined && divider !== "" && part >= 0 && part <= 1 ? part : begun.swipe,
  };
}

const quantities: readonly Quantity[] = ["amplitude", "phase", "complex"];

function limitsOf(words: string | undefined): Look["limits"] | undefined {
  if (words === "auto") return words;
  const numbers = numbersIn(words);
  if (numbers.length === 1 && numbers[0] >= 0 && numbers[0] < 0.5) return numbers[0];
  return numbers.length === 2 && numbers[1] > numbers[0] ? [numbers[0], numbers[1]] : undefined;
}

function viewOf(words: string | undefined): View | undefined {
  const [y, x, zoom, ...more] = numbersIn(words);
  return zoom > 0 && more.length === 0 ? { y, x, zoom } : undefined;
}

/** None where one of them is none. */
function numbersIn(words: string | undefined): number[] {
  const numbers = words === undefined || words === "" ? [] : words.split("..").map(Number);
  return numbers.every(Number.isFinite) ? numbers : [];
}
