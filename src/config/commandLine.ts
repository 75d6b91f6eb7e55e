import { shellWord } from "../shellWord.ts";
import type { Settings } from "./group.ts";
import { snakeCase } from "./names.ts";

export interface CommandRequest {
  /** `reconstruct`, `train`, `infer`. */
  readonly command: string;
  /** Paths of its inputs, by the flag that takes each; under no name the one that needs no flag. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputDir: string;
  /** Those that are said, under their names; null and nothing: left open. */
  readonly settings: Settings;
}

/** The line for a shell that does what is asked for here: settings are flags, and every word is quoted where it has to be. */
export function commandLine({ command, inputs, outputDir, settings }: CommandRequest): string {
  const paths = Object.entries(inputs).map(([name, path]) => (name === "" ? asPath(path) : flag(name, asPath(path))));
  const words = [...paths, ...Object.entries(settings).flatMap(([name, value]) => settingWords(name, value))];
  return ["ptychonaut", command, ...words, flag("outputDir", asPath(outputDir))].join(" ");
}

/** A path that is not taken for a flag. */
const asPath = (path: string): string => shellWord(path.startsWith("-") ? `./${path}` : path);

const spelled = (name: string): string => `--${snakeCase(name)}`;
const flag = (name: string, value: string): string => `${spelled(name)} ${value}`;

/** How a setting is said on the command line. */
function settingWords(name: string, value: unknown): readonly string[] {
  if (value === null || value === undefined) return [];
  if (value === true) return [spelled(name)];
  if (value === false) return [spelled(`no_${name}`)];
  if (!Array.isArray(value)) return [said(name, textOf(value))];
  if (value.length === 0) return [said(name, "none")];
  // Numbers share a flag; each text has one of its own, whatever is in it.
  if (value.every((item) => typeof item === "number")) return [said(name, value.join(","))];
  return value.map((item) => said(name, textOf(item)));
}

const said = (name: string, value: string): string =>
  value.startsWith("-") ? `${spelled(name)}=${shellWord(value)}` : flag(name, shellWord(value));

/** A stage's names with values are one text. */
function textOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, each]) => `${snakeCase(name)}=${Array.isArray(each) ? each.join("+") : String(each)}`)
    .join(",");
}
