import { z } from "zod";
import { lookUp } from "./lookUp.ts";
import type { PayloadKind } from "./names.ts";

/**
 * Whether the parts of one training, which may be resumed, must agree on a setting: `always`, `never`, or `stated`: only
 * where it was said, since left open it follows from settings that may change. Settings of network, data and training are
 * `always` unless marked, those of stitching and execution `never`.
 */
export type IdentityRule = "always" | "stated" | "never";

/** What a setting means, for the command line's help, the JSON schema and the documentation. */
export interface FieldNotes {
  readonly unit?: string;
  /** Kinds of run that use it, of those that read its group: one that only training uses has no flag in `infer`. Default: all. */
  readonly phase?: PayloadKind | readonly PayloadKind[];
  readonly identity?: IdentityRule;
  /** Where help lists it. Default: under its group's title. */
  readonly section?: string;
}

/** A choice out of a closed set; `refused` names known values that this version cannot honour, with the reason. */
export function choice<const T extends string>(
  values: readonly [T, ...T[]],
  initial: NoInfer<T>,
  description: string,
  notes: FieldNotes & { readonly refused?: Readonly<Record<string, string>> } = {},
): z.ZodDefault<z.ZodType<T>> {
  const { refused = {}, ...meta } = notes;
  const field = z.enum(values, {
    error: ({ input }) => {
      const reason = typeof input === "string" ? lookUp(refused, input) : undefined;
      return reason === undefined ? undefined : `${quote(input)} is refused: ${reason}`;
    },
  });
  return (field as unknown as z.ZodType<T>).default(initial as never).meta({ description, ...meta });
}

/** A setting of the reference system of which this version honours one value only, and says why. */
export function only<const T extends string | boolean | number>(
  value: T,
  description: string,
  reason: string,
  notes: FieldNotes = {},
): z.ZodDefault<z.ZodType<T>> {
  const field = z.literal(value, { error: ({ input }) => `${quote(input)} is refused: ${reason}` });
  return (field as unknown as z.ZodType<T>)
    .default(value as never)
    .meta({ description: `${description} Always ${words(value)}: ${reason}.`, ...notes });
}

export function toggle(
  initial: boolean,
  description: string,
  notes: FieldNotes = {},
): z.ZodDefault<z.ZodType<boolean>> {
  return (z.boolean() as z.ZodType<boolean>).default(initial).meta({ description, ...notes });
}

interface Range {
  readonly min?: number;
  /** The value must be greater than this. */
  readonly above?: number;
  readonly max?: number;
  /** The value must be smaller than this. */
  readonly below?: number;
  readonly multipleOf?: number;
}

export function integer(range: Range): z.ZodType<number> {
  return bounded(z.int(), range);
}

export function real(range: Range = {}): z.ZodType<number> {
  return bounded(z.number(), range);
}

function bounded(field: z.ZodNumber, { min, above, max, below, multipleOf }: Range): z.ZodType<number> {
  let out = field;
  if (min !== undefined) out = out.min(min);
  if (above !== undefined) out = out.gt(above);
  if (max !== undefined) out = out.max(max);
  if (below !== undefined) out = out.lt(below);
  if (multipleOf !== undefined) out = out.multipleOf(multipleOf);
  return out;
}

/** A setting with a fixed default. */
export function withDefault<T>(
  field: z.ZodType<T>,
  initial: T,
  description: string,
  notes: FieldNotes = {},
): z.ZodDefault<z.ZodType<T>> {
  return field.default(initial as never).meta({ description, ...notes });
}

/** A setting that may be left open (null); the description says what then happens. */
export function optional<T>(
  field: z.ZodType<T>,
  description: string,
  notes: FieldNotes = {},
): z.ZodDefault<z.ZodType<T | null>> {
  return (field.nullable() as z.ZodType<T | null>).default(null as never).meta({ description, ...notes });
}

/**
 * Any number of words out of a closed set, or nothing (null); one may stand alone (`allOf` makes a list of it).
 * @param least words of a list. Default 1
 */
export function several<const T extends string>(
  values: readonly T[],
  description: string,
  notes: FieldNotes = {},
  least = 1,
): z.ZodDefault<z.ZodType<readonly T[] | T | null>> {
  const word = z.enum(values);
  const field = z.union([z.array(word).min(least), word, z.null()]);
  return (field as unknown as z.ZodType<readonly T[] | T | null>)
    .default(null as never)
    .meta({ description, ...notes });
}

/** Each of such words once. */
export const allOf = <T extends string>(said: readonly T[] | T | null): readonly T[] | null =>
  said === null ? null : [...new Set(typeof said === "string" ? [said] : said)];

/** A setting that says where an array lies that is not in the scan's own file. */
export const address = (what: string, notes: FieldNotes = {}): z.ZodDefault<z.ZodType<string | null>> =>
  optional(z.string().min(1), `FILE::ARRAY that holds ${what}, where it is not in the scan's own file.`, notes);

const words = (value: string | boolean | number): string =>
  value === true ? "on" : value === false ? "off" : String(value);

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value);
