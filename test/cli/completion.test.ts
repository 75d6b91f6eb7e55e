import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { snakeCase } from "../../src/config/names.ts";
import { allCommands } from "../../src/node/cli/commands.ts";
import { call } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-completion-"));
afterAll(() => rmSync(folder, { recursive: true }));
const shells = ["bash", "zsh", "fish"] as const;
const scripts = new Map<string, string>();
const isThere = (shell: string): boolean => spawnSync(shell, ["--version"]).status === 0;
beforeAll(async () => {
  for (const shell of shells) {
    const { code, stdout } = await call(["completion", shell]);
    expect(code).toBe(0);
    scripts.set(shell, join(folder, shell));
    writeFileSync(join(folder, shell), stdout);
  }
});

describe.skipIf(!isThere("bash"))("in bash", () => {
  /** What is offered for the last of the words. */
  const offered = (...words: string[]): string[] => {
    const list = ["ptychonaut", ...words].map((word) => `'${word}'`).join(" ");
    const line = `source ${scripts.get("bash")}; COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _ptychonaut; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync("bash", ["-c", line], { encoding: "utf8" }).stdout.trim().split("\n");
  };

  it.each([
    [["tra"], ["train"]],
    [["in"], ["infer", "inspect", "init"]],
    [["train", "--max_e"], ["--max_epochs"]],
    [["train", "--gridsize", "1", "--no_det"], ["--no_deterministic"]],
    [["train", "--scheduler", "W"], ["WarmupCosine"]],
    [["simulate", "--object", "sie"], ["siemens_star"]],
    [["infer", "--max_epochs"], [""]],
    [["train", "--train_data_file", "sca"], [""]],
    [["completion", ""], [""]],
  ])("%j offers %j", (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });
});

it.each(shells.filter(isThere))("%s takes the script", (shell) => {
  const { status, stderr } = spawnSync(shell, ["-n", String(scripts.get(shell))], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});

it("every shell knows every option of every command", async () => {
  const commands = await allCommands();
  for (const shell of shells) {
    const { stdout } = await call(["completion", shell]);
    for (const { name, flags } of commands) {
      expect(stdout).toContain(name);
      for (const flag of flags.filter(({ hidden, deprecated }) => hidden !== true && deprecated === undefined)) {
        expect(stdout).toContain(shell === "fish" ? `-l ${snakeCase(flag.name)} ` : `--${snakeCase(flag.name)}`);
      }
    }
  }
});

it("another shell is refused by name", async () => {
  const { code, stderr } = await call(["completion", "tcsh"]);
  expect([code, stderr]).toEqual([2, expect.stringMatching(/unknown shell "tcsh"; expected one of bash, zsh, fish/)]);
});
