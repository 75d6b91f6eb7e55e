import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { camelCase } from "../src/config/names.ts";
import { groupOf } from "../src/config/schema.ts";
import { setting } from "../src/errors.ts";
import { allCommands } from "../src/node/cli/commands.ts";
import { withFlags } from "../src/node/cli/flagWords.ts";

const source = new URL("../src", import.meta.url).pathname;
const files = (readdirSync(source, { recursive: true }) as string[]).filter((file) => file.endsWith(".ts"));
/** Everything but the command line itself. */
const core = files.filter((file) => !file.startsWith(join("node", "cli")));
/** Options of other programs that texts name. */
const foreign = ["--backend-store-uri"];

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*/g, "");

const namesIn = (file: string): string[] =>
  [...withoutComments(readFileSync(join(source, file), "utf8")).matchAll(/\bsetting\(\s*"(\w+)"/g)].map(
    ([, name]) => name,
  );

/** Words that a text itself puts between backticks, which the command line takes for settings: in quotes, or escaped. */
const backticked = (file: string): string[] => {
  const text = withoutComments(readFileSync(join(source, file), "utf8"));
  const quoted = (text.match(/"(?:[^"\\\n]|\\.)*"/g) ?? []).flatMap((part) => [
    ...part.matchAll(/`([A-Za-z]\w*)(?:=[^`]+)?`/g),
  ]);
  const escaped = [...text.matchAll(/\\`([A-Za-z]\w*)(?:=[^`\\]+)?\\`/g)];
  return [...quoted, ...escaped].map(([, name]) => name);
};

describe("texts outside the command line", () => {
  it.each(core)("%s names settings, not flags", (file) => {
    const texts = withoutComments(readFileSync(join(source, file), "utf8")).match(/(["'`])(?:(?!\1).)*\1/g) ?? [];
    const flags = texts.flatMap((text) => text.match(/--[a-z][\w-]*/g) ?? []);
    expect(flags.filter((flag) => !foreign.includes(flag))).toEqual([]);
  });

  it("and only such as there are", async () => {
    const options = new Set((await allCommands()).flatMap(({ flags }) => flags.map(({ name }) => name)));
    const unknown = core
      .flatMap((file) => [...namesIn(file), ...backticked(file)])
      .filter((name) => groupOf(camelCase(name)) === undefined && !options.has(camelCase(name)));
    expect(unknown).toEqual([]);
  });
});

describe("on the command line", () => {
  it.each([
    [setting("dc_at", "corner"), "--dc_at corner"],
    [setting("devices", 1), "--devices 1"],
    [setting("enable_oversampling", true), "--enable_oversampling"],
    [setting("register", false), "--no_register"],
    [`name it with ${setting("patterns_key")}, or ${setting("N")}`, "name it with --patterns_key, or --N"],
    ["`ptychonaut inspect` shows it", "`ptychonaut inspect` shows it"],
  ])("%s reads %s", (text, flags) => {
    expect(withFlags(text)).toBe(flags);
  });
});
