import { readFile } from "node:fs/promises";
import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml";
import { PtychonautError } from "../../errors.ts";

/** One value as it stands in a config file. */
export interface ConfigEntry {
  readonly line: number;
  /** The group or command under which it stands, as it is written; undefined at the top. */
  readonly section: string | undefined;
  readonly name: string;
  readonly value: unknown;
}

/** `gridsize`, or `model.gridsize` where it stands in a section. */
export const keyOf = ({ section, name }: ConfigEntry): string => (section === undefined ? name : `${section}.${name}`);

/**
 * What a YAML or JSON file says, in its order; JSON is read as the YAML that it is. A section of which nothing is said, as
 * `ptychonaut init` writes it, has no entries, and `$schema` is the editor's.
 * @param isSection whether what stands under a name at the top are entries of their own
 * @throws PtychonautError "data" when the file cannot be read; "usage" when it holds something else
 */
export async function readConfigEntries(
  path: string,
  isSection: (name: string) => boolean,
): Promise<readonly ConfigEntry[]> {
  const text = await readText(path);
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
  const entryOf = ({ key, value }: Pair, section?: string): ConfigEntry => ({
    line: isScalar(key) && key.range ? lines.linePos(key.range[0]).line : 1,
    section,
    name: isScalar(key) ? String(key.value) : String(key),
    value: plainValue(value, document),
  });
  return contents.items.flatMap((pair) => {
    const { value } = pair;
    const entry = entryOf(pair);
    if (entry.name === "$schema") return [];
    if (!isSection(entry.name)) return [entry];
    if (value === null || (isScalar(value) && value.value === null)) return [];
    return isMap(value) ? (value as YAMLMap).items.map((inner) => entryOf(inner, entry.name)) : [entry];
  });
}

/** Throws all that is wrong with a file's entries at once, by line. */
export function checkEntries(path: string, entries: readonly ConfigEntry[], check: (entry: ConfigEntry) => void): void {
  const problems = entries.flatMap((entry) => {
    const problem = problemOf(() => check(entry));
    return problem === undefined ? [] : [`${path}:${entry.line}: ${keyOf(entry)}: ${problem}`];
  });
  if (problems.length > 0) throw new PtychonautError("usage", problems.join("\n"));
}

/** The message of an error that the user can do something about. */
export function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof PtychonautError) return error.message;
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new PtychonautError("data", "the config file cannot be read", { where: path, fix: "check the path", cause });
  }
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
