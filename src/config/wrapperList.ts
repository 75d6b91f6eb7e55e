import { PtychonautError, setting } from "../errors.ts";

/** Says that there are none, where something beside it, or `auto`, would have some. */
export const NO_WRAPPERS = "none";

/**
 * Names of wrappers as they were said: one may stand alone.
 * @throws PtychonautError "usage" for one that is named twice, and for `none` beside others
 */
export function wrapperList(said: readonly string[] | string | null, where?: string): readonly string[] | null {
  if (said === null) return null;
  const names = typeof said === "string" ? [said] : said;
  const place = where === undefined ? {} : { where };
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new PtychonautError("usage", `wrappers name ${twice} twice`, {
      ...place,
      got: names.join(", "),
      fix: "name it once: a wrapper has one set of settings",
    });
  if (!names.includes(NO_WRAPPERS)) return names;
  if (names.length === 1) return [];
  throw new PtychonautError("usage", `wrappers are ${NO_WRAPPERS}, or some`, {
    ...place,
    got: names.join(", "),
    fix: `leave ${NO_WRAPPERS} out, or say ${setting("wrappers", NO_WRAPPERS)}`,
  });
}
