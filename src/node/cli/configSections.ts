import type { TemplateSection } from "../../config/configTemplate.ts";
import { snakeCase } from "../../config/names.ts";
import { configJsonSchema } from "../../config/schema.ts";
import type { NamedCommand } from "./command.ts";
import { commandSection } from "./configFile.ts";
import { sectionFlags } from "./configOptions.ts";
import { type Flag, type FlagKind, valueForm } from "./flags.ts";

/** A command's own options as a section of the config template. */
export function templateSection(command: NamedCommand): TemplateSection {
  return {
    name: commandSection(command.name),
    title: `Options of ptychonaut ${command.name}`,
    entries: shownFlags(command).map((flag) => ({
      name: flag.name,
      notes: [
        flag.description,
        valuesNote(flag),
        flag.unit === undefined ? "" : `In ${flag.unit}.`,
        requiredNote(flag),
      ],
      default: flag.default ?? null,
    })),
  };
}

/** The JSON schema of config files with a section for each command, as the text of a file. */
export function schemaText(commands: readonly NamedCommand[]): string {
  const schema = configJsonSchema();
  const sections = Object.fromEntries(
    commands.map((command) => [
      commandSection(command.name),
      {
        title: command.summary,
        type: ["object", "null"],
        properties: Object.fromEntries(shownFlags(command).map((flag) => [snakeCase(flag.name), flagSchema(flag)])),
        additionalProperties: false,
      },
    ]),
  );
  const properties = { ...(schema["properties"] as object), ...sections };
  return `${JSON.stringify({ ...schema, properties }, null, 2)}\n`;
}

const shownFlags = (command: NamedCommand): readonly Flag[] =>
  sectionFlags(command).filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined);

const jsonType: Readonly<Record<FlagKind, readonly string[]>> = {
  boolean: ["boolean"],
  integer: ["integer"],
  number: ["number"],
  text: ["string"],
  integers: ["array", "integer"],
  numbers: ["array", "number"],
  texts: ["array", "string"],
};

/** Every option may be left open, with null. */
function flagSchema(flag: Flag): Readonly<Record<string, unknown>> {
  const { description, kind, choices } = flag;
  const type = [...jsonType[kind], "null"];
  const words = { enum: [...(choices ?? []), null] };
  return {
    description,
    ...(choices === undefined
      ? { type }
      : kind === "texts"
        ? { anyOf: [{ type: "array", items: { enum: choices } }, words] }
        : words),
    ...(flag.default === undefined ? {} : { default: flag.default }),
  };
}

/** What an option can be, where its default does not tell. */
function valuesNote(flag: Flag): string {
  if (flag.kind === "boolean") return flag.default === undefined ? "Values: true, false." : "";
  if (flag.choices !== undefined) return `Values: ${flag.choices.join(", ")}.`;
  return flag.kind === "text" ? "" : `Values: ${valueForm(flag)}.`;
}

const requiredNote = ({ required }: Flag): string => (required === true ? "Required." : "");
