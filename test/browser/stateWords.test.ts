import { expect, it } from "vitest";
import { changedState, type StateChange, startState } from "../../web/canvas/canvasState.ts";
import { type StateWords, stateOfWords, wordsOfState } from "../../web/canvas/stateWords.ts";

const start: StateChange = { look: { scale: "log" } };
const wordsOf = (change: StateChange): StateWords =>
  wordsOfState(changedState(changedState(startState, start), change), start);

it("says of a canvas what is other than it began, and nothing else", () => {
  expect(wordsOf({})).toEqual({});
  expect(wordsOf({ tool: "profile", cursor: [1, 2] })).toEqual({});
  expect(wordsOf({ look: { quantity: "phase", colormap: "hues", scale: "linear" } })).toEqual({
    ...{ show: "phase", map: "hues", scale: "linear" },
  });
});

it.each<readonly [StateWords, StateChange]>([
  [{ limits: "0.02" }, { look: { limits: 0.02 } }],
  [{ limits: "-0.5..1e-7" }, { look: { limits: [-0.5, 1e-7] } }],
  [{ limits: "1e-7..0.25", map: "warm" }, { look: { limits: [1e-7, 0.25], colormap: "warm" } }],
  [{ at: "64.5..31..0.125" }, { view: { y: 64.5, x: 31, zoom: 0.125 } }],
  [{ divider: "0.25" }, { swipe: 0.25 }],
])("is made again by its words, %o", (words, change) => {
  expect(wordsOf(change)).toEqual(words);
  const again = changedState(startState, stateOfWords(words, start));
  expect(again).toEqual(changedState(changedState(startState, start), change));
});

it("begins as ever where words say nothing that can be understood", () => {
  const begun = changedState(startState, start);
  for (const words of [
    {},
    { limits: "2..1", at: "1..2", map: "rainbow", scale: "cubic", show: "all", divider: "7" },
    { limits: "0.7", at: "1..2..-3", map: "cyclic", divider: "x" },
    { limits: "1..Infinity", at: "a..b..c", map: "__proto__" },
    { limits: "", at: "1..2..3..4", divider: "" },
  ])
    expect(changedState(startState, stateOfWords(words, start))).toEqual(begun);
});
