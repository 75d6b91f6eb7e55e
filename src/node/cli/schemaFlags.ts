import type { FieldSchema, GroupName } from "../../config/group.ts";
import { fieldSchemas } from "../../config/group.ts";
import type { PayloadKind } from "../../config/names.ts";
import { aliasesOf } from "../../config/names.ts";
import { groupOf, groups, isReadIn } from "../../config/schema.ts";
import type { Flag, FlagKind } from "./flags.ts";
import { FIXED_SECTION } from "./help.ts";

/** Names that the reference's command line documents; the others are understood and not shown. */
const shownAliases = new Set([
  "nImages",
  "torchLossMode",
  "logger",
  "checkpointMonitor",
  "accumulateGradBatches",
  "nepochs",
  "K",
]);

/** A flag for every setting of some groups that this kind of run reads: name, meaning and default from the schema. */
export function schemaFlags(names: readonly GroupName[], kind: PayloadKind): readonly Flag[] {
  return names.flatMap((name) =>
    Object.entries(fieldSchemas(groups[name]))
      .filter(([setting]) => isReadIn(name, setting, kind))
      .map(([setting, field]) => flagOfField(setting, field, groups[name].title, kind)),
  );
}

/** Settings of some groups that are refused, with the reason, under the names that a flag might have. */
export function refusedSettings(names: readonly GroupName[]): Readonly<Record<string, string>> {
  const entries = names.flatMap((name) => Object.entries(groups[name].refused));
  // What one group refuses may be a setting of another.
  const refused = entries.filter(([name]) => groupOf(name) === undefined);
  return Object.fromEntries(
    refused.reverse().flatMap(([name, reason]) => [
      [name, reason],
      [torchName(name), reason],
    ]),
  );
}

/** The reference's unified command line puts "torch" before its runtime flags. */
function torchName(name: string): string {
  return `torch${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

function flagOfField(name: string, field: FieldSchema, section: string, kind: PayloadKind): Flag {
  const aliases = aliasesOf(name, kind);
  return {
    name,
    section: hasOneValue(field) ? FIXED_SECTION : (field.section ?? section),
    description: field.description ?? "",
    setting: true,
    aliases: [...aliases, torchName(name)],
    shortcuts: aliases.filter((alias) => shownAliases.has(alias)),
    ...typeOfField(field),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
  };
}

function hasOneValue(field: FieldSchema): boolean {
  return field.const !== undefined || field.enum?.length === 1;
}

function typeOfField(field: FieldSchema): Pick<Flag, "kind" | "choices" | "words" | "whole" | "nullable"> {
  const variants = variantsOf(field);
  const nullable = variants.some((variant) => variant.type === "null");
  const main = variants.find((variant) => variant.type !== "null" && typeof variant.const !== "string") ?? field;
  const words = variants.map((variant) => variant.const).filter((value) => typeof value === "string");
  const kind = kindOfField(main);
  const choices = (main.enum ?? itemsOf(main)?.enum)?.map(String);
  return {
    kind,
    ...(choices === undefined ? {} : { choices }),
    ...(words.length > 0 && field.anyOf !== undefined ? { words } : {}),
    ...(nullable ? { nullable } : {}),
    ...(hasStructure(main) ? { whole: true } : {}),
  };
}

/** The types that a field may have, one entry each: a schema writes them as `anyOf` or as a list of types. */
function variantsOf(field: FieldSchema): readonly FieldSchema[] {
  if (field.anyOf !== undefined) return field.anyOf;
  const types = typeof field.type === "string" || field.type === undefined ? [field.type] : field.type;
  return types.map((type) => (type === undefined ? field : { ...field, type }));
}

/** What a list is of; nothing where it may be of anything, or is none. */
const itemsOf = ({ items }: FieldSchema): FieldSchema | undefined => (items === false ? undefined : items);

/** A list of texts, or of names with values in their place. */
const hasStructure = (field: FieldSchema): boolean =>
  itemsOf(field)?.anyOf?.some(({ type }) => type === "string") === true;

const listKinds = { integer: "integers", number: "numbers", string: "texts" } as const;

function kindOfField(field: FieldSchema): FlagKind {
  switch (field.type) {
    case "boolean":
    case "integer":
    case "number":
      return field.type;
    case "array":
      if (hasStructure(field)) return "texts";
      return listKinds[itemsOf(field)?.type as keyof typeof listKinds] ?? "numbers";
    default:
      return "text";
  }
}
