import type { z } from "zod";
import { nearestName, PtychonautError } from "../errors.ts";
import type { SettingGroup, Settings } from "./group.ts";
import { fieldSchemas } from "./group.ts";
import { lookUp } from "./lookUp.ts";
import { snakeCase } from "./names.ts";

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
  throw new PtychonautError("usage", lines.join("\n"), {
    fix: `the ${group.title.toLowerCase()} settings say what each can be`,
  });
}

/** The error for a name that none of the groups has: the reason if the reference system has it, else the nearest name. */
export function unknownSetting(name: string, groups: readonly SettingGroup<object>[]): PtychonautError {
  const reason = groups.map((group) => lookUp(group.refused, name)).find((text) => text !== undefined);
  if (reason !== undefined) {
    return new PtychonautError("usage", `setting ${snakeCase(name)} is refused: ${reason}`);
  }
  const near = nearestName(name, groups.flatMap(namesOf));
  return new PtychonautError("usage", `unknown setting "${name}"`, {
    fix: near === undefined ? "the configuration schema lists the settings that there are" : `did you mean "${near}"?`,
  });
}

function explainIssue(issue: z.core.$ZodIssue, settings: Settings): string {
  const name = String(issue.path[0] ?? "");
  const got = JSON.stringify(settings[name]);
  return `wrong value for ${snakeCase(name)}: ${issue.message}; got ${got}`;
}

/** Freezes a value and everything in it. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}
