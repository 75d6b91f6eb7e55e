import { PtychonautError } from "../errors.ts";

/** Objects and lists inside one another; what this program writes has fewer than ten. */
const DEEPEST = 100;

/**
 * JSON out of a file. One that is nested without end is refused before it is walked: whoever follows it down, even to print
 * it, would run out of stack.
 * @throws PtychonautError "data"
 */
export function parseJson(text: string, where: string): unknown {
  if (depthOf(text) > DEEPEST)
    throw new PtychonautError("data", "the JSON is nested too deeply", {
      where,
      expected: `at most ${DEEPEST} objects and lists inside one another`,
    });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PtychonautError("data", "the file is not JSON", { where, cause });
  }
}

function depthOf(text: string): number {
  let [depth, deepest] = [0, 0];
  // Brackets in texts do not count.
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[{]|[\]}]/gs)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++depth);
    else if (token === "]" || token === "}") depth--;
  }
  return deepest;
}
