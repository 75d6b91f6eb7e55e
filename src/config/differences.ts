import type { GroupName, Settings } from "./group.ts";
import { type Source, sameValue } from "./merge.ts";
import type { SettingOrigin } from "./payload.ts";
import { groupNames, parseSettings } from "./schema.ts";

/** A resolved setting that is not as its group's schema leaves it. */
export interface Difference {
  readonly group: GroupName;
  readonly name: string;
  readonly value: unknown;
  readonly default: unknown;
  /** "derived": resolved from other settings or from the data. */
  readonly source: Source | "derived";
}

/** Resolved settings, by group, as payloads and `run.json` hold them. */
export type ResolvedGroups = Readonly<Partial<Record<GroupName, object>>>;

/** Where resolved settings differ from the defaults, in the schema's order. */
export function differencesFromDefaults(
  resolved: ResolvedGroups,
  origins: readonly SettingOrigin[],
): readonly Difference[] {
  const sources = new Map(origins.map(({ name, source }) => [name, source]));
  return groupNames.flatMap((group) => {
    const settings = (resolved[group] ?? {}) as Settings;
    return Object.entries(parseSettings(group))
      .filter(([name, initial]) => Object.hasOwn(settings, name) && !sameValue(settings[name], initial))
      .map(([name, initial]) => {
        return { group, name, value: settings[name], default: initial, source: sources.get(name) ?? "derived" };
      });
  });
}

/**
 * The settings that make a run again what it was: those that were stated, which may mean more than their value does (a
 * stated seed is never drawn afresh), and those that are not the defaults of this version. By group.
 */
export function settingsToRepeat(resolved: ResolvedGroups, stated: readonly string[]): Settings {
  const changed = new Set(differencesFromDefaults(resolved, []).map(({ name }) => name));
  const entries = Object.entries(resolved).map(([group, settings]) => {
    const kept = Object.entries(settings ?? {}).filter(([name]) => changed.has(name) || stated.includes(name));
    return [group, Object.fromEntries(kept)];
  });
  return Object.fromEntries(entries);
}
