import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { commandLine } from "../../src/config/commandLine.ts";
import type { Settings } from "../../src/config/group.ts";
import { parseFlags } from "../../src/node/cli/flags.ts";
import { reconstructCommand } from "../../src/node/cli/reconstruct.ts";

/** What a program of this name is given by a shell that reads the line. */
function argumentsOf(line: string): string[] {
  const said = execFileSync("bash", ["-c", `ptychonaut() { printf '%s\\0' "$@"; }; ${line}`], { encoding: "utf8" });
  return said.split("\0").slice(0, -1);
}

const lineOf = (scan: string, settings: Settings): string =>
  commandLine({ command: "reconstruct", inputs: { "": scan }, outputDir: "out put", settings });

describe("the command line of settings", () => {
  it.each<Settings>([
    { engine: "rpie", epochs: 20, alpha: 0.05 },
    { positionUnit: "um", wavelengthM: 1.5e-10 },
    { stage: ["engine=epie,epochs=20", "engine=rpie,epochs=5"], heldOutFraction: 0 },
    { wrappers: ["none"], multigrid: [4, 2, 1] },
    { confidence: true, enableProgressBar: false },
    { patternsKey: "-strange 'key' $(id) `id` \\ \"", positions: "it's; rm.csv::x,y" },
  ])("is read as them: %j", (settings) => {
    const { values, positionals } = parseFlags(argumentsOf(lineOf("scan.npz", settings)).slice(1), [
      ...reconstructCommand.flags,
    ]);
    expect(values).toEqual({ ...settings, outputDir: "out put" });
    expect(positionals).toEqual(["scan.npz"]);
  });

  it.each(["-scan.npz", "a b\n\u001b[2J'c'\\.npz", "$HOME.npz", "=ls", "<img src=x>", "größe;.npz", ""])(
    "gives a shell the name %j as it is",
    (name) => {
      expect(argumentsOf(lineOf(name, {}))).toEqual([
        "reconstruct",
        name.startsWith("-") ? `./${name}` : name,
        "--output_dir",
        "out put",
      ]);
    },
  );

  it("says stages of names with values as one text, leaves out what is open, and says an empty list", () => {
    const line = lineOf("s.npz", { stage: [{ engine: "rpie", wrappers: ["a", "b"] }], probeModes: null, wrappers: [] });
    expect(argumentsOf(line).slice(2, 6)).toEqual(["--stage", "engine=rpie,wrappers=a+b", "--wrappers", "none"]);
  });
});
