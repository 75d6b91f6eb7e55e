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
  const document = parsed(text, lines, path);
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
  const entryOf = ({ key, value }: Pair, section?: string): ConfigEntry => {
    const line = isScalar(key) && key.range ? lines.linePos(key.range[0]).line : 1;
    if (!isScalar(key) || typeof key.value !== "string") {
      throw new PtychonautError("usage", `${path}:${line}: a key is not a name`, {
        expected: "names of settings, and sections of them",
        got: String(key).slice(0, 40),
      });
    }
    return { line, section, name: key.value, value: plainValue(value, document, `${path}:${line}: ${key.value}`) };
  };
  const entries = contents.items.flatMap((pair) => {
    const { key, value } = pair;
    const name = isScalar(key) && typeof key.value === "string" ? key.value : undefined;
    if (name === "$schema") return [];
    if (name === undefined || !isSection(name)) return [entryOf(pair)];
    if (value === null || (isScalar(value) && value.value === null)) return [];
    return isMap(value) ? (value as YAMLMap).items.map((inner) => entryOf(inner, name)) : [entryOf(pair)];
  });
  checkNames(path, entries);
  return entries;
}

/** There are about 200 settings and options. */
const MOST_ENTRIES = 2_000;
const MOST_BYTES = 2 ** 20;

/** A document of which names are not looked at yet: that takes time with the square of their number. */
function parsed(text: string, lines: LineCounter, path: string): Document {
  if (text.length > MOST_BYTES) {
    throw new PtychonautError("usage", "the config file is larger than settings can be", {
      where: path,
      expected: `at most ${MOST_BYTES} characters`,
      got: `${text.length}`,
    });
  }
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: "error" });
  } catch (cause) {
    // The parser calls itself for every list within a list.
    if (!(cause instanceof RangeError)) throw cause;
    throw new PtychonautError("usage", `${path}: lists within lists without end`, { cause });
  }
}

function checkNames(path: string, entries: readonly ConfigEntry[]): void {
  const seen = new Set<string>();
  for (const entry of entries) {
    const key = JSON.stringify([entry.section, entry.name]);
    if (seen.has(key)) {
      throw new PtychonautError("usage", `${path}:${entry.line}: "${keyOf(entry)}" stands there twice`);
    }
    seen.add(key);
  }
  if (entries.length <= MOST_ENTRIES) return;
  throw new PtychonautError("usage", "the config file says more than there are settings", {
    where: path,
    expected: `at most ${MOST_ENTRIES} names`,
    got: `${entries.length}`,
  });
}

/** So many are shown. */
const MOST_PROBLEMS = 20;

/** Throws all that is wrong with a file's entries at once, by line. */
export function checkEntries(path: string, entries: readonly ConfigEntry[], check: (entry: ConfigEntry) => void): void {
  const problems = entries.flatMap((entry) => {
    const problem = problemOf(() => check(entry));
    return problem === undefined ? [] : [`${path}:${entry.line}: ${keyOf(entry)}: ${problem}`];
  });
  if (problems.length === 0) return;
  const more = problems.length > MOST_PROBLEMS ? [`… and ${problems.length - MOST_PROBLEMS} more`] : [];
  throw new PtychonautError("usage", [...problems.slice(0, MOST_PROBLEMS), ...more].join("\n"));
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

/** Values are numbers, texts, lists and, in settings of other programs, a list or an object of those. */
const DEEPEST = 8;

/** @throws PtychonautError "usage" for a value within which others stand without end, as an alias of itself does */
function plainValue(node: unknown, document: Document, where: string): unknown {
  if (node === null) return null;
  const value: unknown = (node as { toJS(document: unknown): unknown }).toJS(document);
  if (isDeeper(value, DEEPEST)) throw new PtychonautError("usage", `${where}: lists within lists without end`);
  return value;
}

const isDeeper = (value: unknown, levels: number): boolean =>
  typeof value === "object" &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));
