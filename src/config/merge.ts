import { PtychonautError } from "../errors.ts";
import { generatorsWith } from "../nets/registry.ts";
import type { GroupName, Settings } from "./group.ts";
import type { PayloadKind } from "./names.ts";
import { camelCase, canonicalName, canonicalValue, snakeCase } from "./names.ts";
import { namesOf, unknownSetting } from "./parse.ts";
import { groupNames, groupOf, groups, parseSettings, readerOf } from "./schema.ts";

/** Where a value came from. Everything else is a default. */
export type Source = "override" | "execution config" | "profile" | "file" | "bundle" | "metadata" | "data";

/** Settings from one source, under their canonical names. */
export interface Layer {
  readonly source: Source;
  readonly settings: Settings;
}

/** The winning value of each setting that was given, and who gave it. */
export type Merged = ReadonlyMap<string, { readonly value: unknown; readonly source: Source }>;

/**
 * Brings settings as people write them to canonical names and values. They may be flat or nested by group
 * (`{ model: { gridsize: 2 } }`); absent values (undefined) are dropped.
 * @throws PtychonautError "usage" for unknown names and for one quantity given twice with different values.
 */
export function layerOf(source: Source, settings: Settings, kind: PayloadKind): Layer {
  const out: Record<string, unknown> = {};
  const spelledAs = new Map<string, string>();
  const take = (spelling: string, given: unknown, within?: GroupName) => {
    if (given === undefined) return;
    const own = within !== undefined && has(within, camelCase(spelling));
    const reader = within === undefined ? kind : readerOf(within, kind);
    const name = own ? camelCase(spelling) : canonicalName(spelling, reader);
    const group = within !== undefined && has(within, name) ? within : groupOf(name, kind);
    if (group === undefined || (within !== undefined && group !== within)) {
      const nearest = source === "execution config" ? [groups.execution] : [];
      throw unknownSetting(name, within === undefined ? [...nearest, ...Object.values(groups)] : [groups[within]]);
    }
    // What another kind of run reads under the same name is not this one's.
    if (group !== groupOf(name, kind)) return;
    const value = canonicalValue(name, given);
    const before = spelledAs.get(name);
    if (before !== undefined && !sameValue(out[name], value)) {
      throw contradiction(before, out[name], spelling, value);
    }
    spelledAs.set(name, spelling);
    out[name] = value;
  };
  for (const [spelling, value] of Object.entries(settings)) {
    const group = groupNames.find((name) => name === spelling);
    if (group !== undefined && isRecord(value)) {
      for (const [inner, innerValue] of Object.entries(value)) take(inner, innerValue, group);
    } else {
      take(spelling, value);
    }
  }
  return { source, settings: out };
}

const has = (group: GroupName, name: string): boolean => namesOf(groups[group]).includes(name);

/** The first layer that has a setting wins. */
export function mergeLayers(layers: readonly Layer[]): Merged {
  const merged = new Map<string, { value: unknown; source: Source }>();
  for (const { source, settings } of layers) {
    for (const [name, value] of Object.entries(settings)) {
      if (!merged.has(name)) merged.set(name, { value, source });
    }
  }
  return merged;
}

/**
 * The given settings of one group.
 * @param kind of run: what it reads in another group is not this one's. Default: all that the group has
 */
export function settingsOf(merged: Merged, group: GroupName, kind?: PayloadKind): Settings {
  const out: Record<string, unknown> = {};
  for (const [name, { value }] of merged)
    if (has(group, name) && (kind === undefined || groupOf(name, kind) === group)) out[name] = value;
  return out;
}

/** Settings that the count-intensity profile stands for: these cannot be otherwise … */
const ciFixed: Settings = {
  scaleContractVersion: "ci_intensity_v2",
  measurementDomain: "count_intensity",
  physicsForwardMode: "rectangular_scaled",
  lossFunction: "poisson",
};

/** … and these are what it starts from. */
const ciDefaults: Settings = {
  amplitudePhysicsGain: 1,
  rectS1s2Trainable: true,
  rectS1s2Init: "data",
};

/** For generators that have this setting; the others emit real and imaginary parts unless said otherwise. */
const ciOutputDefaults: Settings = { cnnOutputMode: "real_imag" };

/**
 * Adds the settings that a profile stands for.
 * @throws PtychonautError "usage" if another value was given explicitly for one that the profile fixes.
 */
export function withProfile(layers: readonly Layer[]): readonly Layer[] {
  const merged = mergeLayers(layers);
  if (merged.get("profile")?.value !== "ci") return layers;
  for (const { settings } of layers) {
    for (const [name, value] of Object.entries(ciFixed)) {
      const given = settings[name];
      if (given !== undefined && given !== null && given !== value) throw contradiction("profile", "ci", name, given);
    }
  }
  const architecture = merged.get("architecture")?.value ?? parseSettings("model").architecture;
  const has = generatorsWith("cnnOutputMode").some((name) => name === architecture);
  const defaults = has ? { ...ciDefaults, ...ciOutputDefaults } : ciDefaults;
  return [{ source: "profile", settings: ciFixed }, ...layers, { source: "profile", settings: defaults }];
}

/** Two settings that exclude each other. */
export function contradiction(a: string, aValue: unknown, b: string, bValue: unknown, fix?: string): PtychonautError {
  const said = (name: string, value: unknown) => `${snakeCase(name)} ${JSON.stringify(value)}`;
  return new PtychonautError(
    "usage",
    `contradictory settings: ${said(a, aValue)} and ${said(b, bValue)}`,
    fix === undefined ? {} : { fix },
  );
}

export function sameValue(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

const isRecord = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);
