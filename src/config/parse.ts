import type { z } from "zod";
import { nearestName, PtychonautError } from "../errors.ts";
import type { SettingGroup, Settings } from "./group.ts";
import { fieldSchemas } from "./group.ts";
import { lookUp } from "./lookUp.ts";
import { meantName, snakeCase } from "./names.ts";

/** Names of the settings of a group. */
export function namesOf(group: SettingGroup<object>): readonly string[] {
  return Object.keys(fieldSchemas(group));
}

/**
 * Checks and completes the settings of one group; frozen, throughout.
 * @throws PtychonautError "usage", one line for each wrong value.
 */
export function parseGroup<T extends object>(group: SettingGroup<T>, settings: Settings): T {
  for (const name of Object.keys(settings)) {
    if (!namesOf(group).includes(name)) throw unknownSetting(name, [group]);
  }
  const result = group.schema.safeParse(settings);
  if (result.success) return deepFreeze(result.data);
  const lines = result.error.issues.map((issue) => explainIssue(issue, settings));
  throw new PtychonautError("usage", lines.join("\n"));
}

/** The error for a name that none of the groups has: the reason if the reference system has it, else the nearest name. */
export function unknownSetting(name: string, groups: readonly SettingGroup<object>[]): PtychonautError {
  const reason = groups.map((group) => lookUp(group.refused, name)).find((text) => text !== undefined);
  if (reason !== undefined) {
    return new PtychonautError("usage", `setting ${snakeCase(name)} is refused: ${reason}`);
  }
  const known = groups.flatMap(namesOf).map(snakeCase);
  const near = meantName(name, known) ?? nearestName(snakeCase(name), known);
  return new PtychonautError("usage", `unknown setting "${snakeCase(name)}"`, {
    fix: near === undefined ? "the configuration schema lists the settings that there are" : `did you mean "${near}"?`,
  });
}

function explainIssue(issue: z.core.$ZodIssue, settings: Settings): string {
  const name = String(issue.path[0] ?? "");
  const got = JSON.stringify(settings[name]);
  return `wrong value for ${snakeCase(name)}: ${wantOf(issue, settings[name])}; got ${got}`;
}

const typeWords: Readonly<Record<string, string>> = {
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  string: "a text",
  array: "a list",
  tuple: "a list",
};

/** What a value should have been. A field that says itself why it refuses one has the word. */
function wantOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (!/^(Invalid|Too|Unrecognized)/.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_value": {
      const values = issue.values.map(String);
      const near = typeof value === "string" ? nearestName(value, values) : undefined;
      return `expected ${values.join(", ")}${near === undefined ? "" : ` (did you mean ${near}?)`}`;
    }
    case "invalid_type":
      return `expected ${typeWords[issue.expected] ?? issue.expected}`;
    case "too_small":
      return `expected ${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${elements(issue.origin)}`;
    case "too_big":
      return `expected ${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${elements(issue.origin)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_union":
      return `expected ${wantsOf(issue.errors.flat(), value).join(" or ")}`;
    default:
      return issue.message;
  }
}

/** Of each form that a value may have, once; that it may be left out needs no word beside others. */
function wantsOf(issues: readonly z.core.$ZodIssue[], value: unknown): readonly string[] {
  // Of a list that is one, the element that does not fit tells; else what stands alone would be told a second time.
  const inside = issues.filter(({ path }) => path.length > 0);
  const wants = (inside.length > 0 ? inside : issues).map((inner) =>
    wantOf(inner, valueAt(value, inner.path)).replace(/^expected /, ""),
  );
  return [...new Set(wants.filter((want) => want !== "null"))];
}

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);

function elements(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " elements" : "";
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
