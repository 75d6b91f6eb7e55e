import type { FieldSchema, GroupName } from "../../config/group.ts";
import { fieldSchemas } from "../../config/group.ts";
import type { PayloadKind } from "../../config/names.ts";
import { aliasesOf } from "../../config/names.ts";
import { groups } from "../../config/schema.ts";
import type { Flag, FlagKind } from "./flags.ts";

/** A flag for every setting of some groups that this kind of run reads: name, meaning and default from the schema. */
export function schemaFlags(names: readonly GroupName[], kind: PayloadKind): readonly Flag[] {
  return names.flatMap((name) =>
    Object.entries(fieldSchemas(groups[name]))
      .filter(([, field]) => field.phase === undefined || field.phase === "both" || field.phase === kind)
      .map(([setting, field]) => flagOfField(setting, field, groups[name].title, kind)),
  );
}

function flagOfField(name: string, field: FieldSchema, section: string, kind: PayloadKind): Flag {
  const aliases = aliasesOf(name, kind);
  // The reference's unified command line puts "torch" before its runtime flags.
  const torch = `torch${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return {
    name,
    section,
    description: field.description ?? "",
    aliases: [...aliases, torch],
    ...typeOfField(field),
    ...(field.default === undefined ? {} : { default: field.default }),
    ...(field.unit === undefined ? {} : { unit: field.unit }),
  };
}

function typeOfField(field: FieldSchema): Pick<Flag, "kind" | "choices" | "words" | "nullable"> {
  const variants = field.anyOf ?? [field];
  const nullable = variants.some((variant) => variant.type === "null");
  const main = variants.find((variant) => variant.type !== "null" && typeof variant.const !== "string") ?? field;
  const words = variants.map((variant) => variant.const).filter((value) => typeof value === "string");
  const kind = kindOfField(main);
  const choices = main.enum?.map(String);
  return {
    kind,
    ...(choices === undefined ? {} : { choices }),
    ...(words.length > 0 && field.anyOf !== undefined ? { words } : {}),
    ...(nullable ? { nullable } : {}),
  };
}

function kindOfField(field: FieldSchema): FlagKind {
  switch (field.type) {
    case "boolean":
    case "integer":
    case "number":
      return field.type;
    case "array":
      return (field.items ?? field.prefixItems?.[0])?.type === "integer" ? "integers" : "numbers";
    default:
      return "text";
  }
}
