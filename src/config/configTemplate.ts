import type { FieldSchema, GroupName } from "./group.ts";
import { fieldSchemas } from "./group.ts";
import { snakeCase } from "./names.ts";
import { groupNames, groups } from "./schema.ts";

const WIDTH = 110;

/**
 * A config file in YAML with every setting: what it means, what it can be, and its default, commented out, so that the
 * file says nothing until a line is changed. Text is behind `# `, settings behind `#`.
 * @param schemaFile where the JSON schema is, for editors, as a path from the file's folder or a URL
 * @param sections what can be said beside settings
 */
export function configTemplate(schemaFile: string, sections: readonly TemplateSection[]): string {
  const head = [
    `# yaml-language-server: $schema=${schemaFile}`,
    "",
    "# Settings of training, inference and reconstruction by group, then options by command. To change one, take away the",
    "# # before its name. Options of the command line win over this file, and this file over the defaults, which are those",
    "# shown. null leaves a setting open.",
  ];
  const lines = [...head, ...groupNames.flatMap(groupLines), ...sections.flatMap(sectionLines)];
  return `${lines.join("\n")}\n`;
}

/** What can be said under one name at the top of a config file. */
export interface TemplateSection {
  readonly name: string;
  readonly title: string;
  readonly entries: readonly TemplateEntry[];
}

export interface TemplateEntry {
  readonly name: string;
  /** What it means and what it can be; notes without a word are left out. */
  readonly notes: readonly string[];
  readonly default: unknown;
}

function groupLines(name: GroupName): readonly string[] {
  const entries = Object.entries(fieldSchemas(groups[name])).map(([field, schema]) => fieldEntry(field, schema));
  return sectionLines({ name, title: groups[name].title, entries });
}

function sectionLines({ name, title, entries }: TemplateSection): readonly string[] {
  return ["", `# ${title}`, `${name}:`, ...entries.flatMap(entryLines)];
}

function entryLines({ name, notes, default: initial }: TemplateEntry): readonly string[] {
  const text = notes.filter((note) => note !== "").join(" ");
  return ["", ...wrapped(text), `  #${snakeCase(name)}: ${yamlValue(initial)}`];
}

function fieldEntry(name: string, field: FieldSchema): TemplateEntry {
  const notes = [field.description ?? "", valuesNote(field)];
  if (field.unit !== undefined) notes.push(`In ${field.unit}.`);
  if (field.phase !== undefined) notes.push(`Read in ${[field.phase].flat().join(" and ")} only.`);
  return { name, notes, default: field.default };
}

/** What the setting can be, where its default does not tell. */
function valuesNote(field: FieldSchema): string {
  const forms = (field.anyOf ?? [field]).filter(({ type }) => type !== "null").flatMap(formsOf);
  return forms.length === 0 || sameAsDefault(forms, field) ? "" : `Values: ${forms.join(", ")}.`;
}

/** A switch shows what it can be by its default, and a setting with one value by having it. */
const sameAsDefault = (forms: readonly string[], { default: initial }: FieldSchema): boolean =>
  forms.join() === "true,false" || forms.join() === String(initial);

function formsOf(field: FieldSchema): readonly string[] {
  if (field.enum !== undefined) return field.enum.map(String);
  if (field.const !== undefined) return [String(field.const)];
  if (field.type === "boolean") return ["true", "false"];
  if (field.type === "integer") return [`a whole number${boundsNote(field)}`];
  if (field.type === "number") return [`a number${boundsNote(field)}`];
  return [];
}

function boundsNote({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: FieldSchema): string {
  const bounds = [
    minimum === undefined ? "" : `at least ${minimum}`,
    exclusiveMinimum === undefined ? "" : `above ${exclusiveMinimum}`,
    // The largest safe integer bounds the type, not the setting.
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? "" : `at most ${maximum}`,
    exclusiveMaximum === undefined ? "" : `below ${exclusiveMaximum}`,
  ].filter((bound) => bound !== "");
  return bounds.length === 0 ? "" : ` ${bounds.join(" and ")}`;
}

/** A value as YAML has it: JSON is YAML, and words need no quotes. */
export function yamlValue(value: unknown): string {
  const plain = typeof value === "string" && /^[A-Za-z]\w*$/.test(value) && !/^(true|false|null)$/i.test(value);
  return plain ? value : Array.isArray(value) ? `[${value.map(yamlValue).join(", ")}]` : JSON.stringify(value);
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "  #";
  for (const word of text.split(" ")) {
    if (line.length + word.length >= WIDTH) {
      lines.push(line);
      line = "  #";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
