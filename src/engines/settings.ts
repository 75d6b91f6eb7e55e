import { PtychonautError, unknownName } from "../errors.ts";

/** What an engine can be told. */
export type EngineSettings = { readonly [setting: string]: number | string | boolean };

interface Described {
  /** In camel case; files and flags write it with underscores. */
  readonly name: string;
  readonly help: string;
}

export interface NumberSetting extends Described {
  readonly kind: "real" | "integer";
  readonly default: number;
  readonly min?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  readonly max?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
  /** How long a step is: it may be changed between two epochs. */
  readonly step?: true;
}

export interface ChoiceSetting extends Described {
  readonly kind: "choice";
  readonly default: string;
  readonly values: readonly string[];
}

export interface ToggleSetting extends Described {
  readonly kind: "toggle";
  readonly default: boolean;
}

/** A setting as data: flags, help, checks and defaults follow from it. */
export type EngineSetting = NumberSetting | ChoiceSetting | ToggleSetting;

/**
 * All settings of an engine: those that are stated, and the defaults of the others.
 *
 * @throws PtychonautError "usage" for one that the engine does not have, and for values out of range
 */
export function completeSettings<S extends EngineSettings>(
  { name, settings }: { readonly name: string; readonly settings: readonly EngineSetting[] },
  stated: { readonly [setting: string]: number | string | boolean | undefined } = {},
): S {
  const known = settings.map((setting) => setting.name);
  for (const [key, value] of Object.entries(stated))
    if (value !== undefined && !known.includes(key)) throw unknownName(`setting of ${name}`, key, known);
  return Object.fromEntries(
    settings.map((setting) => {
      const value = stated[setting.name] ?? setting.default;
      if (!allows(setting, value))
        throw new PtychonautError("usage", `${setting.name} of ${name} cannot be ${value}`, {
          expected: allowed(setting),
          got: `${value}`,
        });
      return [setting.name, value];
    }),
  ) as S;
}

function allows(setting: EngineSetting, value: unknown): boolean {
  if (setting.kind === "toggle") return typeof value === "boolean";
  if (setting.kind === "choice") return typeof value === "string" && setting.values.includes(value);
  const { kind, min = -Infinity, above = -Infinity, max = Infinity, below = Infinity } = setting;
  return (
    typeof value === "number" &&
    (kind === "integer" ? Number.isInteger(value) : Number.isFinite(value)) &&
    value >= min &&
    value > above &&
    value <= max &&
    value < below
  );
}

/** In words. */
function allowed(setting: EngineSetting): string {
  if (setting.kind === "toggle") return "true or false";
  if (setting.kind === "choice") return `one of ${setting.values.join(", ")}`;
  const { kind, min, above, max, below } = setting;
  const ends = [
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  return [kind === "integer" ? "a whole number" : "a number", ...ends].join(", ");
}
