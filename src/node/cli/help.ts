import { snakeCase } from "../../config/names.ts";
import { nearestName, PtychonautError } from "../../errors.ts";
import type { Flag } from "./flags.ts";

export interface HelpPage {
  readonly usage: string;
  readonly summary: string;
  /** What goes in, what comes out. */
  readonly details?: string;
  readonly flags: readonly Flag[];
  readonly examples?: readonly string[];
  /** Names of the flags that most calls need. */
  readonly often?: readonly string[];
}

const INDENT = "  ";
const COLUMN = 34;
export const WIDTH = 110;

/** Settings of the reference system that have one value here. */
export const FIXED_SECTION = "Fixed in this version";
/** Sections that close the list. */
const LAST: readonly string[] = ["General", "Deprecated", FIXED_SECTION];

/** A help page: all flags in their sections, those that are often used before. */
export function renderHelp(page: HelpPage): string {
  const flags = shown(page.flags);
  const often = oftenUsed(page);
  const rest = flags.filter((flag) => !often.includes(flag));
  const sections = sectionsOf(rest).flatMap((section) => block(section, inSection(rest, section)));
  return text([...head(page), ...block(OFTEN, often), ...sections, ...foot(page)]);
}

/** The page for a first look: what is often used, described, and the names of all other flags by section. */
export function renderBriefHelp(page: HelpPage): string {
  const often = oftenUsed(page);
  const rest = shown(page.flags).filter((flag) => !often.includes(flag));
  const lines = sectionsOf(rest).flatMap((section) => {
    const names = inSection(rest, section).map(({ name }) => `--${snakeCase(name)}`);
    return [`${INDENT}${section}:`, ...wrap(names.join(", "), INDENT.repeat(3), WIDTH)];
  });
  const more = `More options (--help all describes them, --help WORD those that have to do with a word):`;
  return text([...head(page), ...block(OFTEN, often), "", more, ...lines, ...foot(page)]);
}

/**
 * Only the flags that have a word in their names, section or description.
 * @throws PtychonautError "usage" with near words when none has
 */
export function renderMatches(page: HelpPage, word: string): string {
  const wanted = word.toLowerCase().replace(/^-+/, "").replaceAll("-", "_");
  const found = shown(page.flags).filter(({ name, aliases = [], section, description }) =>
    [...[name, ...aliases].map(snakeCase), section, description].some((part) => part.toLowerCase().includes(wanted)),
  );
  if (found.length === 0) throw nothingMatches(page, word);
  const lines = sectionsOf(found).flatMap((section) => block(section, inSection(found, section)));
  return text([`Usage: ${page.usage}`, ...lines]);
}

/** Near words are names of options, or parts of them. */
const NEAR_WORDS = 3;

function nothingMatches({ usage, flags }: HelpPage, word: string): PtychonautError {
  const names = shown(flags).map(({ name }) => snakeCase(name));
  const words = new Set([...names, ...names.flatMap((name) => name.split("_"))]);
  const near: string[] = [];
  for (let next = nearestName(word, words); next !== undefined && near.length < NEAR_WORDS; ) {
    near.push(next);
    words.delete(next);
    next = nearestName(word, words);
  }
  const meant = near.length === 0 ? "" : `did you mean ${near.join(", ")}? `;
  return new PtychonautError("usage", "no option has to do with the word behind --help", {
    where: usage.split(" ").slice(0, 2).join(" "),
    got: `"${word}"`,
    fix: `${meant}--help all describes every option`,
  });
}

const OFTEN = "Often used";

const shown = (flags: readonly Flag[]): readonly Flag[] => flags.filter((flag) => flag.hidden !== true);

const oftenUsed = ({ flags, often = [] }: HelpPage): readonly Flag[] =>
  often.flatMap((name) => shown(flags).filter((flag) => flag.name === name));

function sectionsOf(flags: readonly Flag[]): readonly string[] {
  const sections = [...new Set(flags.map((flag) => flag.section))];
  return [...sections.filter((name) => !LAST.includes(name)), ...LAST.filter((name) => sections.includes(name))];
}

const inSection = (flags: readonly Flag[], section: string): readonly Flag[] =>
  flags.filter((flag) => flag.section === section);

const block = (title: string, flags: readonly Flag[]): readonly string[] =>
  flags.length === 0 ? [] : ["", `${title}:`, ...flags.flatMap(renderFlag)];

function head({ usage, summary, details }: HelpPage): readonly string[] {
  // A line of a list is indented, and so is what it is broken into.
  const lines = details
    ?.split("\n")
    .flatMap((line) => (line === "" ? [""] : wrap(line.trim(), /^ */.exec(line)?.[0] ?? "", WIDTH)));
  const more = lines === undefined ? [] : ["", ...lines];
  return [`Usage: ${usage}`, "", ...wrap(summary, "", WIDTH), ...more];
}

function foot({ examples }: HelpPage): readonly string[] {
  const lines = examples === undefined ? [] : ["", "Examples:", ...examples.map((line) => INDENT + line)];
  return [...lines, "", "Options are spelled with underscores or hyphens alike."];
}

const text = (lines: readonly string[]): string => `${lines.join("\n")}\n`;

function renderFlag(flag: Flag): readonly string[] {
  const head = `${INDENT}--${flag.kind === "boolean" && flag.default === true ? "[no_]" : ""}${snakeCase(flag.name)}${argument(flag)}`;
  const unit = flag.unit === undefined ? "" : `in ${flag.unit}`;
  const also = (flag.shortcuts ?? []).map((name) => `--${snakeCase(name)}`).join(", ");
  const notes = [unit, defaultNote(flag), also === "" ? "" : `also ${also}`].filter((note) => note !== "");
  const description = flag.description + (notes.length === 0 ? "" : ` [${notes.join("; ")}]`);
  const body = wrap(description, " ".repeat(COLUMN), WIDTH);
  if (head.length >= COLUMN) return [head, ...body];
  return [head.padEnd(COLUMN) + body[0].slice(COLUMN), ...body.slice(1)];
}

function argument(flag: Flag): string {
  if (flag.choices !== undefined) return ` {${flag.choices.join(",")}}${flag.kind === "texts" ? "…" : ""}`;
  const words = flag.words ?? [];
  if (flag.kind === "boolean") return words.length === 0 ? "" : `[=${words.join("|")}]`;
  const forms = { integer: "INT", number: "NUM", text: "TEXT", integers: "INT,…", numbers: "NUM,…", texts: "TEXT,…" };
  return ` ${[forms[flag.kind], ...words].join("|")}`;
}

function defaultNote(flag: Flag): string {
  if (flag.required === true) return "required";
  if (flag.default === undefined || flag.default === null || String(flag.default) === "") return "";
  if (flag.kind === "boolean") return `default ${flag.default === true ? "on" : "off"}`;
  return `default ${Array.isArray(flag.default) ? flag.default.join(",") : String(flag.default)}`;
}

export function wrap(text: string, indent: string, width: number): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length > indent.length && line.length + word.length >= width) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  lines.push(line.trimEnd());
  return lines;
}
