import { z } from "zod";
import { engineNamed, engineNames } from "../engines/registry.ts";
import type { EngineSetting } from "../engines/settings.ts";
import { wrapperNamed, wrapperNames } from "../engines/wrappers/registry.ts";
import { integer, optional, real } from "./fields.ts";

/** What has settings of its own: an engine or a wrapper. */
interface Owner {
  readonly name: string;
  readonly settings: readonly EngineSetting[];
}

const owners: readonly Owner[] = [...engineNames.map(engineNamed), ...wrapperNames.map(wrapperNamed)];

/** Every setting that an engine or a wrapper has, by its name; one name means the same for all that have it. */
const described: ReadonlyMap<string, EngineSetting> = new Map(
  owners.flatMap(({ settings }) => settings.map((setting) => [setting.name, setting] as const)),
);

export const ownSettingNames: readonly string[] = [...described.keys()];

/** Names of the engines and wrappers that have a setting. */
export const ownersOf = (setting: string): readonly string[] =>
  owners.filter(({ settings }) => settings.some(({ name }) => name === setting)).map(({ name }) => name);

/** A field for each of them, left open by default: the engine's or the wrapper's own default then holds. */
export const engineFields: Readonly<Record<string, z.ZodType<number | string | boolean | null>>> = Object.fromEntries(
  [...described].map(([name, setting]) => [name, optional(typeOf(setting), descriptionOf(setting))]),
);

function typeOf(setting: EngineSetting): z.ZodType<number | string | boolean> {
  switch (setting.kind) {
    case "toggle":
      return z.boolean();
    case "choice":
      return z.enum(setting.values as [string, ...string[]]);
    case "integer":
      return integer(setting);
    case "real":
      return real(setting);
  }
}

function descriptionOf({ name, help }: EngineSetting): string {
  const end = /[.!?]$/.test(help) ? "" : ".";
  return `${help.charAt(0).toUpperCase()}${help.slice(1)}${end} Left open: ${defaultsOf(name)}.`;
}

/** `0.1 (rpie, lsqml); 1 (epie)` */
function defaultsOf(name: string): string {
  const byValue = new Map<string, string[]>();
  for (const owner of owners)
    for (const setting of owner.settings)
      if (setting.name === name) {
        const value = String(setting.default);
        byValue.set(value, [...(byValue.get(value) ?? []), owner.name]);
      }
  return [...byValue].map(([value, names]) => `${value} (${names.join(", ")})`).join("; ");
}
