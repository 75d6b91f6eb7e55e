import { z } from "zod";
import { engineNamed, engineNames, enginesWith } from "../engines/registry.ts";
import type { EngineSetting } from "../engines/settings.ts";
import { integer, optional, real } from "./fields.ts";

/** Every setting that an engine has, by its name; one name means the same for all that have it. */
const described: ReadonlyMap<string, EngineSetting> = new Map(
  engineNames.flatMap((name) => engineNamed(name).settings.map((setting) => [setting.name, setting] as const)),
);

export const engineSettingNames: readonly string[] = [...described.keys()];

/** A field for each of them, left open by default: the engine's own default then holds. */
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

/** `0.9 (rpie), 1 (epie)` */
function defaultsOf(name: string): string {
  const byValue = new Map<string, string[]>();
  for (const engine of enginesWith(name)) {
    const value = String(engineNamed(engine).settings.find((setting) => setting.name === name)?.default);
    byValue.set(value, [...(byValue.get(value) ?? []), engine]);
  }
  return [...byValue].map(([value, engines]) => `${value} (${engines.join(", ")})`).join("; ");
}
