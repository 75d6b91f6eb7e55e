import { z } from "zod";
import type { FieldNotes, IdentityRule } from "./fields.ts";

export type GroupName = "model" | "data" | "training" | "inference" | "reconstruction" | "execution";

/** The settings of one group, given in part; null or absent means "the default". */
export type Settings = Readonly<Record<string, unknown>>;

/** A named group of settings: the single source of their names, defaults, checks and descriptions. */
export interface SettingGroup<T extends object> {
  readonly name: GroupName;
  readonly title: string;
  readonly schema: z.ZodType<T>;
  /** Names that the reference system or an earlier version has and this version refuses, with the reason. */
  readonly refused: Readonly<Record<string, string>>;
}

/** A setting that may be left open in a group's settings and that a payload resolves. */
export type Open<T, K extends keyof T> = Omit<T, K> & { readonly [P in K]: T[P] | null };

/** One property of a JSON schema as zod writes it, with this project's own notes. */
export interface FieldSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly FieldSchema[];
  readonly items?: FieldSchema | false;
  readonly prefixItems?: readonly FieldSchema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly unit?: string;
  readonly phase?: FieldNotes["phase"];
  readonly identity?: IdentityRule;
  readonly section?: string;
}

const cache = new WeakMap<object, Readonly<Record<string, FieldSchema>>>();

/** The JSON schema of each field of a group, by the field's name. */
export function fieldSchemas(group: SettingGroup<object>): Readonly<Record<string, FieldSchema>> {
  let fields = cache.get(group);
  if (fields === undefined) {
    fields = (z.toJSONSchema(group.schema, { io: "input" }).properties ?? {}) as Record<string, FieldSchema>;
    cache.set(group, fields);
  }
  return fields;
}
