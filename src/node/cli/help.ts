import { snakeCase } from "../../config/names.ts";
import type { Flag } from "./flags.ts";

export interface HelpPage {
  readonly usage: string;
  readonly summary: string;
  /** What goes in, what comes out. */
  readonly details?: string;
  readonly flags: readonly Flag[];
  readonly examples?: readonly string[];
}

const INDENT = "  ";
const COLUMN = 34;
export const WIDTH = 110;

/** Settings of the reference system that have one value here. */
export const FIXED_SECTION = "Fixed in this version";
/** Sections that close the list. */
const LAST: readonly string[] = ["General", "Deprecated", FIXED_SECTION];

export function renderHelp(page: HelpPage): string {
  const details = page.details === undefined ? [] : ["", ...wrap(page.details, "", WIDTH)];
  const lines = [`Usage: ${page.usage}`, "", ...wrap(page.summary, "", WIDTH), ...details];
  const visible = page.flags.filter((flag) => flag.hidden !== true);
  const sections = [...new Set(visible.map((flag) => flag.section))];
  for (const section of [...sections.filter((name) => !LAST.includes(name)), ...LAST]) {
    if (!sections.includes(section)) continue;
    lines.push("", `${section}:`);
    for (const flag of visible) if (flag.section === section) lines.push(...renderFlag(flag));
  }
  if (page.examples !== undefined) lines.push("", "Examples:", ...page.examples.map((line) => INDENT + line));
  lines.push("", "Options are spelled with underscores or hyphens alike.");
  return `${lines.join("\n")}\n`;
}

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
  if (flag.choices !== undefined) return ` {${flag.choices.join(",")}}`;
  const words = flag.words ?? [];
  if (flag.kind === "boolean") return words.length === 0 ? "" : `[=${words.join("|")}]`;
  const forms = { integer: "INT", number: "NUM", text: "TEXT", integers: "INT,…", numbers: "NUM,…", texts: "TEXT,…" };
  return ` ${[forms[flag.kind], ...words].join("|")}`;
}

function defaultNote(flag: Flag): string {
  if (flag.required === true) return "required";
  if (flag.default === undefined || flag.default === null) return "";
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
