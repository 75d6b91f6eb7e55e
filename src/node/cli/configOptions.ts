import { layerOf } from "../../config/merge.ts";
import { camelCase, snakeCase } from "../../config/names.ts";
import { groupOf } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { commonFlags, configFlag, type NamedCommand } from "./command.ts";
import { type ConfigEntry, checkEntries, keyOf, problemOf } from "./configEntries.ts";
import { commandSection, configEntries, readConfigFile } from "./configFile.ts";
import { display, type Flag, parseFlags, type SplitTexts, splitUnlessFile, valueForm } from "./flags.ts";

/** The options that a command's section of a config file may have. Settings stand in their groups. */
export function sectionFlags({ flags }: NamedCommand): readonly Flag[] {
  const talk = commonFlags.filter(({ name }) => name !== "quiet");
  return flags.filter((flag) => flag.setting !== true && flag !== configFlag && !talk.includes(flag));
}

/**
 * What a config file says to a command, as `parseFlags` would give it: the options in its section and, unless it ranks
 * settings itself, those settings that it has options for.
 * @throws PtychonautError "usage" with file, line and key of everything wrong
 */
export async function optionsFromFile(path: string, command: NamedCommand): Promise<Readonly<Record<string, unknown>>> {
  const entries = (await configEntries(path)).options.get(commandSection(command.name)) ?? [];
  const options = sectionOptions(path, entries, command);
  if (command.ranksSettings === true) return options;
  const { settings } = layerOf("file", await readConfigFile(path, "training"), "training");
  const known = new Set(command.flags.filter(({ setting }) => setting === true).map(({ name }) => name));
  const read = Object.entries(settings).filter(([name, value]) => known.has(name) && value !== null);
  return { ...Object.fromEntries(read), ...options };
}

/** A command's section as options, checked. */
export function sectionOptions(
  path: string,
  entries: readonly ConfigEntry[],
  command: NamedCommand,
): Readonly<Record<string, unknown>> {
  const flags = sectionFlags(command);
  checkEntries(path, entries, (entry) => {
    const setting = command.flags.find((flag) => flag.setting === true && isSpelling(entry.name, flag));
    if (setting !== undefined) {
      throw new PtychonautError("usage", "a setting stands in its group, not under a command", {
        fix: `write ${groupOf(setting.name)}: { ${snakeCase(setting.name)}: ... }`,
      });
    }
    checkChoices(parseEntries([entry], flags), flags);
  });
  let values: Readonly<Record<string, unknown>> = {};
  const contradiction = problemOf(() => {
    values = parseEntries(entries, flags);
  });
  if (contradiction !== undefined) throw new PtychonautError("usage", `${path}: ${contradiction}`);
  return values;
}

/** Lists of words commands look at themselves, but cannot say where in the file it is. */
function checkChoices(values: Readonly<Record<string, unknown>>, flags: readonly Flag[]): void {
  for (const flag of flags) {
    const value = values[flag.name];
    if (value === undefined || flag.choices === undefined) continue;
    if ([value].flat().every((word) => flag.choices?.includes(String(word)))) continue;
    throw new PtychonautError("usage", `wrong value for ${display(flag.name)}`, {
      expected: valueForm(flag),
      got: JSON.stringify(value),
    });
  }
}

const isSpelling = (spelling: string, { name, aliases = [] }: Flag): boolean =>
  [name, ...aliases].includes(camelCase(spelling));

/** Entries as a command line gives them, but that the elements of a list are never split. */
function parseEntries(entries: readonly ConfigEntry[], flags: readonly Flag[]): Readonly<Record<string, unknown>> {
  const elements = new Set(entries.flatMap(({ value }) => (Array.isArray(value) ? value.map(String) : [])));
  const split: SplitTexts = (word) => (elements.has(word) ? [word] : splitUnlessFile(word));
  return parseFlags(
    entries.flatMap((entry) => tokensOf(entry, flags)),
    flags,
    {},
    split,
  ).values;
}

/** An entry as words of a command line; null leaves an option open. */
function tokensOf(entry: ConfigEntry, flags: readonly Flag[]): readonly string[] {
  const { name, value } = entry;
  if (value === null) return [];
  if (typeof value === "object" && !Array.isArray(value)) {
    throw new PtychonautError("usage", "options are values or lists of them", { where: keyOf(entry) });
  }
  if (!Array.isArray(value)) return [`--${name}=${String(value)}`];
  const several = flags.some((flag) => flag.kind === "texts" && isSpelling(name, flag));
  return several && value.length > 0
    ? value.map((element) => `--${name}=${element}`)
    : [`--${name}=${value.join(",")}`];
}
