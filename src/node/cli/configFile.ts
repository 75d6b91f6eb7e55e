import type { Settings } from "../../config/group.ts";
import { layerOf } from "../../config/merge.ts";
import type { PayloadKind } from "../../config/names.ts";
import { groupNames, groupOf, parseSettings, readerOf } from "../../config/schema.ts";
import { PtychonautError } from "../../errors.ts";
import { commandTable } from "./commandTable.ts";
import { type ConfigEntry, checkEntries, problemOf, readConfigEntries } from "./configEntries.ts";

const isGroup = (name: string): boolean => groupNames.some((group) => group === name);
/** The section of a command, whose name may also be written as on the command line. */
export const commandSection = (name: string): string => name.replaceAll("-", "_");
const isCommand = (name: string): boolean =>
  commandTable.some((command) => command.configurable && commandSection(command.name) === commandSection(name));

/** The entries of a config file: settings, flat or by group, and options by command. */
export async function configEntries(path: string): Promise<{
  readonly settings: readonly ConfigEntry[];
  readonly options: ReadonlyMap<string, readonly ConfigEntry[]>;
}> {
  const entries = await readConfigEntries(path, (name) => isGroup(name) || isCommand(name));
  const settings = entries.filter(({ section }) => section === undefined || isGroup(section));
  const options = new Map<string, ConfigEntry[]>();
  for (const entry of entries) {
    if (entry.section === undefined || isGroup(entry.section)) continue;
    const command = commandSection(entry.section);
    options.set(command, [...(options.get(command) ?? []), entry]);
  }
  return { settings, options };
}

/**
 * Settings from a config file. Each is checked by itself, so that an error can name its line.
 * @throws PtychonautError "data" when the file cannot be read; "usage" with file, line and key of everything wrong in it
 */
export async function readConfigFile(path: string, kind: PayloadKind): Promise<Settings> {
  const { settings: entries } = await configEntries(path);
  checkEntries(path, entries, (entry) => {
    const section = groupNames.find((group) => group === entry.section);
    const reader = section === undefined ? kind : readerOf(section, kind);
    for (const [name, value] of Object.entries(layerOf("file", settingsIn([entry]), reader).settings))
      parseSettings(section ?? groupOf(name, kind) ?? "model", { [name]: value });
  });
  const settings = settingsIn(entries);
  const contradiction = problemOf(() => layerOf("file", settings, kind));
  if (contradiction !== undefined) throw new PtychonautError("usage", `${path}: ${contradiction}`);
  return settings;
}

function settingsIn(entries: readonly ConfigEntry[]): Settings {
  // Names may be any, `__proto__` among them.
  const out: Record<string, unknown> = Object.create(null);
  for (const { section, name, value } of entries) {
    if (section === undefined) out[name] = value;
    else out[section] = { ...(out[section] as Settings | undefined), [name]: value };
  }
  return out;
}
