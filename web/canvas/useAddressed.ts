import { useEffect, useRef } from "preact/hooks";
import { route, say } from "../state/route.ts";
import type { ArrayCanvas } from "./arrayCanvas.ts";
import type { StateChange } from "./canvasState.ts";
import { type StateWords, stateOfWords, wordNames, wordsOfState } from "./stateWords.ts";

/** What canvases have said last, by their names: the address says it a little later, when they may look otherwise again. */
const saidLast = new Map<string, string>();

/** After the last change, before the address says it: browsers count how often it changes. */
const SETTLED_MS = 250;

/**
 * Keeps how a canvas looks in the page's address, under a name, and makes it look as the address says.
 * @param start what the canvas begins with, and the address need not say
 */
export function useAddressed(canvas: ArrayCanvas | undefined, name: string, start: StateChange): void {
  const said = JSON.stringify(wordsIn(route.value.params, name));
  const obeys = useRef<ArrayCanvas | undefined>(undefined);
  useEffect(() => {
    if (canvas === undefined || (obeys.current === canvas && saidLast.get(name) === said)) return;
    obeys.current = canvas;
    canvas.set(stateOfWords(JSON.parse(said), start));
  }, [canvas, said]);
  useEffect(() => {
    if (canvas === undefined) return;
    let waiting: number | undefined;
    const tell = (): void => {
      clearTimeout(waiting);
      waiting = undefined;
      const words = wordsOfState(canvas.state, start);
      saidLast.set(name, JSON.stringify(words));
      if (saidLast.get(name) !== JSON.stringify(wordsIn(route.value.params, name))) say(paramsOf(words, name));
    };
    const end = canvas.on("change", ({ changed }) => {
      if (!changed.some((part) => part === "look" || part === "view" || part === "swipe")) return;
      clearTimeout(waiting);
      waiting = window.setTimeout(tell, SETTLED_MS);
    });
    return () => {
      end();
      if (waiting !== undefined) tell();
    };
  }, [canvas]);
}

function wordsIn(params: Readonly<Record<string, string>>, name: string): StateWords {
  return Object.fromEntries(
    wordNames.flatMap((word) => {
      const value = params[`${name}.${word}`];
      return value === undefined ? [] : [[word, value]];
    }),
  );
}

const paramsOf = (words: StateWords, name: string): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(wordNames.map((word) => [`${name}.${word}`, words[word]]));
