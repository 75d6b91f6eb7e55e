import { printableLine } from "../../printable.ts";
import type { Examination } from "./examine.ts";
import { type Fix, fixOf } from "./fix.ts";
import { type DoctorRow, flagsOf, settingsOf } from "./row.ts";

/** An examination as text for a terminal: a table, the evidence below each row, what is wrong or must be said marked. */
export function examinationReport({ name, sample, rows }: Examination, columns = 100): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => cells(row)[column].length), 8));
  const head = line(["quantity", "found", "how sure"], widths);
  const lines = [
    printableLine(name),
    ...(sample === undefined || sample.frames === sample.of
      ? []
      : [`(pixel by pixel of ${sample.frames} of ${sample.of} frames, drawn with a fixed seed)`]),
    "",
    `  ${head}`,
    ...rows.flatMap((row) => rowLines(row, widths, columns)),
    "",
    ...verdict(rows),
  ];
  return `${lines.join("\n")}\n`;
}

/** What was done, and what was not: an empty list is said too. */
export function fixReport({ applied, left }: Omit<Fix, "options">): string {
  const listed = (lines: readonly string[]): string[] =>
    lines.length === 0 ? ["  nothing"] : lines.map((line) => `  ${printableLine(line)}`);
  return `${["", "Applied", ...listed(applied), "", "Left as it is", ...listed(left)].join("\n")}\n`;
}

const marks: Readonly<Record<DoctorRow["state"], string>> = { fine: " ", say: "→", trouble: "!", open: "?" };

const cells = ({ quantity, found, sure, state }: DoctorRow): readonly string[] => [
  quantity,
  printableLine(found),
  state === "open" ? "" : sure,
];

function rowLines(row: DoctorRow, widths: readonly number[], columns: number): string[] {
  const indent = " ".repeat(widths[0] + 4);
  return [
    `${marks[row.state]} ${line(cells(row), widths)}`,
    ...wrapped(printableLine(row.evidence), columns - indent.length).map((text) => `${indent}${text}`),
    ...flagsOf(row).map((flag) => `${indent}→ ${flag}`),
  ];
}

const line = (texts: readonly string[], widths: readonly number[]): string =>
  texts
    .map((text, column) => text.padEnd(widths[column]))
    .join("  ")
    .trimEnd();

/** Between words. */
function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** What the marks mean, and all flags: those that are sure, to be copied, and apart from them those that are not. */
function verdict(rows: readonly DoctorRow[]): string[] {
  const count = (state: DoctorRow["state"]): number => rows.filter((row) => row.state === state).length;
  const { someLeftOut: _, ...sure } = fixOf(rows, {}).options;
  const flags = settingsOf(sure);
  const asked = rows.filter(({ state }) => state === "say" || state === "trouble");
  const doubted = asked.filter(({ sure, says }) => sure !== "sure" && says !== undefined);
  const chosen = asked.filter(
    ({ state, says, advice }) => state === "say" && says === undefined && advice !== undefined,
  );
  return [
    `${count("say")} to be said (→), ${count("trouble")} to be looked at (!), ${count("open")} that the data do not tell (?)`,
    ...(flags.length === 0 ? [] : [`Flags  ${flags.join(" ")}`]),
    ...toDecide(
      "Only likely, not among the flags and left by a fix",
      doubted.filter(({ sure }) => sure === "likely"),
    ),
    ...toDecide(
      "Unsure, not among the flags and left by a fix",
      doubted.filter(({ sure }) => sure === "unsure"),
    ),
    ...toDecide("Not among the flags, because there is a choice", chosen),
  ];
}

/** Findings that somebody has to decide on, each with what it would take. */
const toDecide = (title: string, rows: readonly DoctorRow[]): string[] =>
  rows.length === 0
    ? []
    : [title, ...rows.map((row) => `  ${row.quantity}: ${printableLine(row.found)}  → ${flagsOf(row).join(" ")}`)];
