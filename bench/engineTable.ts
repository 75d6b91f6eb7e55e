import { appendFileSync, readFileSync } from "node:fs";
import { type Cell, PROGRAMS, type Raced, secondsOf, secondsTo, TARGETS } from "./engineRace.ts";
import { statistics } from "./report.ts";

/** A line of JSON in a file of results. */
export interface Result extends Raced {
  readonly cell: Cell;
  readonly patterns: number;
  /** When its run began: what a later run measured of the same cell replaces what an earlier one did. */
  readonly run: string;
  readonly machine: string;
}

export function keepResults(file: string, results: readonly Result[]): void {
  appendFileSync(file, results.map((result) => `${JSON.stringify(result)}\n`).join(""));
}

/** Of the latest run of every program in every cell. */
export function readResults(file: string): Result[] {
  const all = readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
  const latest = new Map(all.map((result) => [keyOf(result), result.run]));
  return all.filter((result) => latest.get(keyOf(result)) === result.run);
}

const keyOf = ({ cell, program }: Result): string =>
  JSON.stringify([cell.side, cell.modes, cell.threads, cell.engine, program]);

const HEADINGS: Readonly<Record<string, string>> = {
  ours: "ours, whole pixels",
  between: "ours, bilinear",
  numpy: "NumPy",
  ptylab: "PtyLab",
  ptychi: "pty-chi, bilinear",
};

/** Markdown: what each program took, one line a cell. */
export function tables(results: readonly Result[]): string {
  return [
    table("Milliseconds a pattern and epoch", results, (runs) => milliseconds(runs).minimum.toFixed(3)),
    ...TARGETS.map((target) => table(`Seconds to an error of ${target}`, results, (runs) => seconds(target, runs))),
    table("Highest resident memory, MiB", results, (runs) =>
      (Math.max(...runs.map(({ peak }) => peak)) / 2 ** 20).toFixed(0),
    ),
    lost(results),
  ].join("\n\n");
}

function table(title: string, results: readonly Result[], told: (runs: readonly Result[]) => string): string {
  const lines = [...grouped(results, ({ cell }) => JSON.stringify(cell)).values()].map((ofCell) => {
    const runs = grouped(ofCell, ({ program }) => program);
    const cells = PROGRAMS.map((program) => {
      const of = runs.get(program);
      if (of === undefined) return "";
      return of.some(({ failed }) => failed !== undefined) ? "failed" : told(of);
    });
    const { side, modes, engine, threads } = ofCell[0].cell;
    return row(`${side}²`, String(modes), `\`${engine}\``, String(threads), ...cells);
  });
  const heading = row(title, "modes", "engine", "threads", ...PROGRAMS.map((program) => HEADINGS[program]));
  return [heading, `|---|---:|---|---:|${"---:|".repeat(PROGRAMS.length)}`, ...lines].join("\n");
}

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

const milliseconds = (runs: readonly Result[]): ReturnType<typeof statistics> =>
  statistics(runs.flatMap(({ epochs }) => epochs.map((epoch) => epoch.milliseconds)));

/** Minimum of the runs; where an error was not reached, how long the program has been at it. */
function seconds(target: number, runs: readonly Result[]): string {
  const found = runs.map(({ epochs, patterns }) => secondsTo(target, epochs, patterns));
  const reached = found.filter((value) => value !== undefined);
  if (reached.length === found.length) return Math.min(...reached).toFixed(3);
  return `> ${Math.max(...runs.map(({ epochs, patterns }) => secondsOf(epochs, epochs.length, patterns))).toFixed(2)}`;
}

/** Where another program is at least as fast as ours with windows cut in the same way. */
function lost(results: readonly Result[]): string {
  const cells = [...grouped(results, ({ cell }) => JSON.stringify(cell)).values()];
  const lines = cells.flatMap((ofCell) => {
    const runs = grouped(ofCell, ({ program }) => program);
    return ["numpy", "ptylab", "ptychi"].flatMap((program) => {
      const [mine, its] = [runs.get(program === "ptychi" ? "between" : "ours"), runs.get(program)];
      if (mine === undefined || its === undefined || its.some(({ failed }) => failed !== undefined)) return [];
      const { side, modes, engine, threads } = ofCell[0].cell;
      const name = `${side}², ${modes} modes, ${engine}, ${threads} threads: ${program}`;
      return lostTo(mine, its).map((what) => `${name}, ${what}`);
    });
  });
  return lines.length === 0 ? "Lost: nothing." : ["Lost:", ...lines.map((line) => `- ${line}`)].join("\n");
}

function lostTo(mine: readonly Result[], its: readonly Result[]): string[] {
  const best = (target: number, runs: readonly Result[]): number =>
    Math.min(...runs.map(({ epochs, patterns }) => secondsTo(target, epochs, patterns) ?? Infinity));
  const slower = milliseconds(mine).minimum >= milliseconds(its).minimum ? ["milliseconds a pattern"] : [];
  const later = TARGETS.filter((target) => best(target, its) < Infinity && best(target, mine) >= best(target, its));
  return [...slower, ...later.map((target) => `seconds to ${target}`)];
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
