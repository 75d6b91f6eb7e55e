import { existsSync } from "node:fs";
import { camelCase, meantName, snakeCase } from "../../config/names.ts";
import { nearestName, PtychonautError } from "../../errors.ts";

export type FlagKind = "boolean" | "integer" | "number" | "text" | "integers" | "numbers" | "texts";

/** One flag of a command. It is spelled `--like_this` or `--like-this`. */
export interface Flag {
  /** Canonical name, in camel case. */
  readonly name: string;
  readonly kind: FlagKind;
  /** Heading under which the help lists it. */
  readonly section: string;
  readonly description: string;
  readonly aliases?: readonly string[];
  /** Those of the aliases that the help shows. */
  readonly shortcuts?: readonly string[];
  readonly choices?: readonly string[];
  /** Words that are taken beside the kind's values: `auto` for devices, `warn` for deterministic. */
  readonly words?: readonly string[];
  /** Each of its texts is one, with its commas, and a flag of its own. */
  readonly whole?: true;
  /** `none` is understood as "left open". */
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly unit?: string;
  readonly required?: boolean;
  /** One of the settings that a config file has in groups; the others are options of the command. */
  readonly setting?: true;
  /** What to use instead; the flag works and warns. */
  readonly deprecated?: string;
  /** The help does not list it. */
  readonly hidden?: boolean;
}

export interface ParsedFlags {
  /** What was given, by canonical name. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly positionals: readonly string[];
  /** Those that stand right behind a flag's value, where another value may have been meant. */
  readonly behind: readonly { readonly word: string; readonly flag: Flag }[];
  readonly warnings: readonly string[];
  /** What is another command's, in its order; of commands that hand it on. */
  readonly handedOn?: readonly string[];
}

export type SplitTexts = (word: string) => readonly string[];

/** Names of files may have commas: one that is there is meant. */
export const splitUnlessFile: SplitTexts = (word) => (existsSync(word) ? [word] : word.split(","));

/**
 * Reads a command line against a table of flags. `--no-x` switches a boolean off; `--x=value` and `--x value` are the
 * same; lists take commas or several values, and lists of texts may be given several times. Of a closed set of words a list
 * takes what follows as far as it is among them: what comes behind may be an argument.
 * @param refused names that are known and have no flag, with the reason
 * @param splitTexts what one word of a list of texts means: as a rule, several between commas
 * @throws PtychonautError "usage" for refused flags, unknown ones (with the nearest known one), missing or wrong values,
 *   and a flag given twice with different values.
 */
export function parseFlags(
  argv: readonly string[],
  flags: readonly Flag[],
  refused: Readonly<Record<string, string>> = {},
  splitTexts: SplitTexts = splitUnlessFile,
): ParsedFlags {
  const byName = indexFlags(flags);
  const values: Record<string, unknown> = {};
  const positionals: string[] = [];
  const warnings: string[] = [];
  const behind: { readonly word: string; readonly flag: Flag }[] = [];
  let last: Flag | undefined;
  const tokens = [...argv];
  while (tokens.length > 0) {
    const token = tokens.shift()!;
    if (token === "--") {
      positionals.push(...tokens.splice(0));
    } else if (token.startsWith("--")) {
      const equals = token.indexOf("=");
      const spelling = equals < 0 ? token : token.slice(0, equals);
      const { flag, negated } = findFlag(spelling, byName, refused);
      last = flag;
      if (equals >= 0) tokens.unshift(token.slice(equals + 1));
      const value = readValue(flag, negated, tokens, spelling, equals >= 0, splitTexts);
      const known = Object.hasOwn(values, flag.name);
      if (known && flag.kind === "texts") {
        values[flag.name] = [...(values[flag.name] as string[]), ...(value as string[])];
        continue;
      }
      if (known && JSON.stringify(values[flag.name]) !== JSON.stringify(value)) {
        const said = `${JSON.stringify(values[flag.name])} and ${JSON.stringify(value)}`;
        throw new PtychonautError("usage", `contradictory values for ${display(flag.name)}`, { got: said });
      }
      values[flag.name] = value;
      if (flag.deprecated !== undefined) warnings.push(`${spelling} is deprecated: ${flag.deprecated}`);
    } else if (token.startsWith("-") && token.length > 1 && !isNumber(token)) {
      throw unknownFlag(token, byName);
    } else {
      positionals.push(token);
      if (last !== undefined) behind.push({ word: token, flag: last });
    }
  }
  return { values, positionals, behind, warnings };
}

/** Parts a command line into the flags of a command, with their values, and all other words, in their order. */
export function partFlags(
  argv: readonly string[],
  flags: readonly Flag[],
): { readonly own: readonly string[]; readonly others: readonly string[] } {
  const byName = indexFlags(flags);
  const [own, others]: [string[], string[]] = [[], []];
  for (let i = 0; i < argv.length; i++) {
    const [spelling, value] = argv[i].split("=", 2);
    const flag = spelling.startsWith("--") ? byName.get(camelCase(spelling.slice(2))) : undefined;
    if (flag === undefined) others.push(argv[i]);
    else if (flag.kind === "boolean" || value !== undefined || i + 1 === argv.length) own.push(argv[i]);
    // Also where it begins like a flag: an option of another program.
    else own.push(`${argv[i]}=${argv[++i]}`);
  }
  return { own, others };
}

/** Fails when a flag that must be given is absent. */
export function requireFlags(values: Readonly<Record<string, unknown>>, flags: readonly Flag[], command: string): void {
  const missing = flags.filter((flag) => flag.required === true && values[flag.name] === undefined);
  if (missing.length === 0) return;
  throw new PtychonautError("usage", `missing ${missing.map((flag) => display(flag.name)).join(", ")}`, {
    fix: `see ptychonaut ${command} --help`,
  });
}

/** `--n_filters_scale` */
export function display(name: string): string {
  return `--${snakeCase(name)}`;
}

function indexFlags(flags: readonly Flag[]): ReadonlyMap<string, Flag> {
  const byName = new Map<string, Flag>();
  for (const flag of flags) {
    for (const name of [flag.name, ...(flag.aliases ?? [])]) byName.set(name, flag);
  }
  return byName;
}

function findFlag(
  spelling: string,
  byName: ReadonlyMap<string, Flag>,
  refused: Readonly<Record<string, string>>,
): { flag: Flag; negated: boolean } {
  const name = camelCase(spelling.slice(2));
  const exact = byName.get(name);
  if (exact !== undefined) return { flag: exact, negated: false };
  const positiveName = /^no[A-Z]/.test(name) ? name.charAt(2).toLowerCase() + name.slice(3) : undefined;
  const positive = positiveName === undefined ? undefined : byName.get(positiveName);
  if (positive?.kind === "boolean") return { flag: positive, negated: true };
  for (const wanted of [name, positiveName]) {
    if (wanted === undefined || !Object.hasOwn(refused, wanted)) continue;
    throw new PtychonautError("usage", `${spelling} is refused: ${refused[wanted]}`);
  }
  throw unknownFlag(spelling, byName);
}

function unknownFlag(spelling: string, byName: ReadonlyMap<string, Flag>): PtychonautError {
  const visible = [...byName].filter(([, flag]) => flag.hidden !== true).map(([name]) => display(name));
  const meant = meantName(spelling.replace(/^-+/, ""), [...byName.keys()].map(snakeCase));
  const near = meant === undefined ? nearestName(spelling, visible) : display(meant);
  return new PtychonautError("usage", `unknown option ${spelling}`, {
    fix: near === undefined ? "--help lists the options" : `did you mean ${near}?`,
  });
}

function readValue(
  flag: Flag,
  negated: boolean,
  tokens: string[],
  spelling: string,
  inline: boolean,
  splitTexts: SplitTexts,
): unknown {
  if (flag.kind === "boolean") {
    if (negated) {
      if (inline) throw wrongValue(spelling, "no value", tokens[0]);
      return false;
    }
    const words = ["true", "false", ...(flag.words ?? [])];
    if (!inline && !words.includes(tokens[0] ?? "")) return true;
    const text = tokens.shift()!;
    if (!words.includes(text)) throw wrongValue(spelling, words.join(", "), text);
    return text === "true" ? true : text === "false" ? false : text;
  }
  const text = tokens.shift();
  if (text === undefined || (!inline && text.startsWith("--"))) {
    throw new PtychonautError("usage", `${spelling} needs a value`, { expected: valueForm(flag) });
  }
  if (flag.nullable === true && text === "none" && !(flag.choices ?? []).includes("none")) return null;
  if (flag.words?.includes(text)) return text;
  switch (flag.kind) {
    case "text":
      if (text === "") throw wrongValue(spelling, valueForm(flag), text);
      // Of a setting its schema knows the words, and their other names.
      return flag.choices === undefined || flag.setting === true ? text : chosen(text, flag, spelling);
    case "texts": {
      const parts = flag.whole === true ? [text] : [...splitTexts(text)];
      const isMore = (word: string): boolean => !word.startsWith("-") && (flag.choices?.includes(word) ?? true);
      if (!inline && flag.whole !== true)
        while (tokens.length > 0 && isMore(tokens[0])) parts.push(...splitTexts(tokens.shift()!));
      if (parts.includes("")) throw wrongValue(spelling, valueForm(flag), parts.join(","));
      return parts;
    }
    case "integer":
    case "number":
      return numberFrom(text, flag, spelling);
    case "integers":
    case "numbers": {
      const parts = text.split(",");
      if (!inline) while (tokens.length > 0 && isNumber(tokens[0])) parts.push(tokens.shift()!);
      return parts.map((part) => numberFrom(part, flag, spelling));
    }
  }
}

/** One of a closed set of words, which hyphens and capitals do not tell apart, as it is in the set. */
function chosen(text: string, flag: Flag, spelling: string): string {
  const { choices = [] } = flag;
  const plain = (word: string): string => word.replaceAll(/[-_]/g, "").toLowerCase();
  const choice = choices.find((word) => word === text) ?? choices.find((word) => plain(word) === plain(text));
  if (choice !== undefined) return choice;
  const near = nearestName(text, choices);
  const expected = choices.length === 2 ? choices.join(" or ") : `one of ${choices.join(", ")}`;
  throw wrongValue(spelling, expected, text, near === undefined ? undefined : `did you mean ${near}?`);
}

function numberFrom(text: string, flag: Flag, spelling: string): number {
  const value = isNumber(text) ? Number(text) : Number.NaN;
  const wholeNeeded = flag.kind === "integer" || flag.kind === "integers";
  if (!Number.isFinite(value) || (wholeNeeded && !Number.isInteger(value))) {
    throw wrongValue(spelling, valueForm(flag), text);
  }
  return value;
}

function wrongValue(spelling: string, expected: string, got: string, fix?: string): PtychonautError {
  const details = { expected, got: `"${got}"` };
  return new PtychonautError("usage", `wrong value for ${spelling}`, fix === undefined ? details : { ...details, fix });
}

/** What a flag takes, for help and errors. */
export function valueForm(flag: Flag): string {
  if (flag.choices !== undefined) return `{${flag.choices.join(",")}}`;
  const forms = {
    boolean: "true or false",
    integer: "a whole number",
    number: "a number",
    text: "a text",
    integers: "whole numbers",
    numbers: "numbers",
    texts: "texts",
  };
  const words = flag.words ?? [];
  return [forms[flag.kind], ...words].join(" or ");
}

const isNumber = (text: string): boolean => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);

/** For arguments that are not wanted: what the flags take that they stand behind; empty where there are none. */
export function meantValues(behind: ParsedFlags["behind"]): string {
  const flags = [...new Set(behind.map(({ flag }) => flag))];
  const lines = flags.map((flag) => {
    const words = behind.filter((each) => each.flag === flag).map(({ word }) => `"${word}"`);
    const several = flag.kind.endsWith("s") ? "any number of" : flag.kind === "boolean" ? "nothing, or" : "one value,";
    const near = behind.flatMap((each) =>
      each.flag === flag ? (nearestName(each.word, flag.choices ?? []) ?? []) : [],
    );
    const meant = near.length === 0 ? "" : ` (did you mean ${near.join(", ")}?)`;
    return `${words.join(", ")} behind ${display(flag.name)}: it takes ${several} ${valueForm(flag)}${meant}`;
  });
  return lines.length === 0 ? "" : `${lines.join("; ")}; `;
}
