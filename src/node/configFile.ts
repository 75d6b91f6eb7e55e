import { readFile } from "node:fs/promises";
import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml";
import type { Settings } from "../config/group.ts";
import { layerOf, mergeLayers, settingsOf } from "../config/merge.ts";
import type { PayloadKind } from "../config/names.ts";
import { groupNames, parseSettings } from "../config/schema.ts";
import { PtychonautError } from "../errors.ts";

/** One setting as it stands in a file. */
interface Entry {
  readonly line: number;
  /** `gridsize`, or `model.gridsize` where it stands in a group. */
  readonly key: string;
  readonly settings: Settings;
}

/**
 * Settings from a YAML or JSON file, flat or by group; JSON is read as the YAML that it is. Each is checked by itself, so
 * that an error can name its line; a group of which nothing is said, as `ptychonaut init` writes it, is no setting, and
 * `$schema` is the editor's.
 * @throws PtychonautError "data" when the file cannot be read; "usage" with file, line and key of everything wrong in it
 */
export async function readConfigFile(path: string, kind: PayloadKind): Promise<Settings> {
  const entries = entriesOf(await readText(path), path);
  const problems = entries.flatMap((entry) => {
    const problem = problemOf(() => checkEntry(entry, kind));
    return problem === undefined ? [] : [`${path}:${entry.line}: ${entry.key}: ${problem}`];
  });
  if (problems.length > 0) throw new PtychonautError("usage", problems.join("\n"));
  const settings = joined(entries);
  const contradiction = problemOf(() => layerOf("file", settings, kind));
  if (contradiction !== undefined) throw new PtychonautError("usage", `${path}: ${contradiction}`);
  return settings;
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new PtychonautError("data", "the config file cannot be read", { where: path, fix: "check the path", cause });
  }
}

function entriesOf(text: string, path: string): readonly Entry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = [...document.errors, ...document.warnings];
  if (error !== undefined) {
    const line = lines.linePos(error.pos[0]).line;
    throw new PtychonautError("usage", `${path}:${line}: neither YAML nor JSON: ${error.message}`);
  }
  const unresolved = aliasProblem(document);
  if (unresolved !== undefined) throw new PtychonautError("usage", `${path}: neither YAML nor JSON: ${unresolved}`);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return [];
  if (!isMap(contents)) {
    throw new PtychonautError("usage", "the config file does not hold settings by name", {
      where: path,
      expected: "lines such as gridsize: 1",
    });
  }
  const entryOf = ({ key, value }: Pair, group?: string): Entry => {
    const name = isScalar(key) ? String(key.value) : String(key);
    const line = isScalar(key) && key.range ? lines.linePos(key.range[0]).line : 1;
    const settings = { [name]: plainValue(value, document) };
    if (group === undefined) return { line, key: name, settings };
    return { line, key: `${group}.${name}`, settings: { [group]: settings } };
  };
  return contents.items.flatMap((pair) => {
    const { value } = pair;
    const entry = entryOf(pair);
    if (entry.key === "$schema") return [];
    if (!groupNames.some((group) => group === entry.key)) return [entry];
    if (value === null || (isScalar(value) && value.value === null)) return [];
    return isMap(value) ? (value as YAMLMap).items.map((inner) => entryOf(inner, entry.key)) : [entry];
  });
}

/** Aliases are resolved only where values are made of the document. */
function aliasProblem(document: Document): string | undefined {
  try {
    document.toJS();
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

function plainValue(node: unknown, document: Document): unknown {
  if (node === null) return null;
  return (node as { toJS(document: unknown): unknown }).toJS(document);
}

/** Whether the name exists and can have the value, whatever stands beside it. */
function checkEntry({ settings }: Entry, kind: PayloadKind): void {
  const merged = mergeLayers([layerOf("file", settings, kind)]);
  for (const group of groupNames) parseSettings(group, settingsOf(merged, group));
}

function joined(entries: readonly Entry[]): Settings {
  const out: Record<string, unknown> = {};
  for (const { key, settings } of entries) {
    const [[name, value]] = Object.entries(settings) as [[string, unknown]];
    out[name] = key === name ? value : { ...(out[name] as Settings | undefined), ...(value as Settings) };
  }
  return out;
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
}
