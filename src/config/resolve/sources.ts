import { PtychonautError } from "../../errors.ts";
import { lookUp } from "../lookUp.ts";
import { type Layer, layerOf, type Merged, type Source } from "../merge.ts";
import { type PayloadKind, payloadKinds, snakeCase } from "../names.ts";
import { unknownSetting } from "../parse.ts";
import type { SettingOrigin, Sources } from "../payload.ts";
import { groupOf, groups, isRead } from "../schema.ts";

/** The settings of a run, the winning source first. @throws PtychonautError "usage" for what such a run does not read */
export function layersOf(
  { overrides = {}, executionConfig = {}, file = {} }: Sources,
  kind: PayloadKind,
): readonly Layer[] {
  const execution = layerOf("execution config", executionConfig, kind);
  for (const name of Object.keys(execution.settings)) {
    if (groupOf(name, kind) !== "execution") throw notExecution(name);
  }
  const explicit = layerOf("override", overrides, kind);
  for (const name of Object.keys(explicit.settings)) checkPhase(name, kind);
  return [explicit, execution, layerOf("file", file, kind)];
}

function notExecution(name: string): PtychonautError {
  if (lookUp(groups.execution.refused, name) !== undefined) return unknownSetting(name, [groups.execution]);
  return new PtychonautError("usage", `${snakeCase(name)} is not a setting of the execution config`, {
    fix: "pass it with the overrides: the execution config says where and how to run, never what",
  });
}

/** A setting that this kind of run does not read is refused where it is said for this very run. */
function checkPhase(name: string, kind: PayloadKind): void {
  if (isRead(name, kind)) return;
  const readers = payloadKinds.filter((other) => isRead(name, other));
  throw new PtychonautError(
    "usage",
    `${snakeCase(name)} is a setting of ${readers.join(" and ")}, which ${kind} does not read`,
  );
}

/** What was given, and what was found in the files for settings that nobody gave. */
export function originsOf(
  merged: Merged,
  kind: PayloadKind,
  found: Readonly<Record<string, readonly [unknown, Source]>>,
): readonly SettingOrigin[] {
  const origins: SettingOrigin[] = [];
  for (const [name, { value, source }] of merged) origins.push({ name, group: groupOf(name, kind)!, value, source });
  for (const [name, [value, source]] of Object.entries(found)) {
    if (merged.has(name) || value === null) continue;
    origins.push({ name, group: groupOf(name, kind)!, value, source });
  }
  return origins;
}
