import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesRequest } from "../../src/node/cli/benchmark.ts";
import { loadCommand } from "../../src/node/cli/commands.ts";
import { commandTable } from "../../src/node/cli/commandTable.ts";
import { commandSection } from "../../src/node/cli/configFile.ts";
import { optionsFromFile } from "../../src/node/cli/configOptions.ts";
import { call, trainArgs } from "./harness.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
const config = (text: string): string => {
  writeFileSync(path("all.yaml"), text);
  return path("all.yaml");
};
const options = async (text: string, command: string) => optionsFromFile(config(text), await loadCommand(command));
const commandSections = commandTable.filter(({ configurable }) => configurable).map(({ name }) => commandSection(name));
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shared = `model:
  gridsize: 1
data:
  measurement: counts
  dc_at: corner
training:
  max_epochs: 5
simulate:
  n: 32
  photons: 1e4
  noise: false
evaluate:
  taper: 8
  locate: true
split:
  output-dir: halves
benchmark:
  row: lines64
  seeds: [3, 4]
train:
  train_data_file: [a.npz, b.npz]
  output_dir: run
`;

describe("a section of a config file", () => {
  it("is there for every command that takes --config, and for no other", async () => {
    const names: string[] = [];
    for (const line of (await call(["--help"])).stdout.split("\n")) {
      const name = /^ {2}([a-z-]+) {2}/.exec(line)?.[1];
      if (name !== undefined && /^ {2}--config /m.test((await call([name, "--help"])).stdout)) names.push(name);
    }
    expect(names.map((name) => name.replaceAll("-", "_")).sort()).toEqual([...commandSections].sort());
  });

  it("gives each command its options, and settings to those that have options for them", async () => {
    expect(await options(shared, "simulate")).toEqual({ n: 32, photons: 1e4, noise: false });
    expect(await options(shared, "evaluate")).toEqual({ taper: 8, locate: true });
    const reading = { measurement: "counts", dcAt: "corner" };
    expect(await options(shared, "split")).toEqual({ ...reading, outputDir: "halves" });
    expect(await options(shared, "inspect")).toEqual(reading);
  });

  it("says what a benchmark departs in", async () => {
    const values = await options(shared, "benchmark");
    const request = linesRequest({ ...values, outputDir: "out" });
    expect(request).toMatchObject({ seeds: [3, 4], changed: ["max_epochs"], overrides: { maxEpochs: 5 } });
  });

  it("names the files of a training, whose settings keep their rank", async () => {
    const { training } = await call([
      "train",
      "--config",
      config(shared.replaceAll(/ {2}(measurement|dc_at).*\n/g, "")),
    ]);
    expect(training).toMatchObject({ outputDir: "run", model: { gridsize: 1 }, training: { maxEpochs: 5 } });
    expect(training).toMatchObject({ trainDataFile: "a.npz", moreDataFiles: ["b.npz"] });
    const other = await call([...trainArgs, "--config", path("all.yaml"), "--max_epochs", "7"]);
    expect(other.training).toMatchObject({ outputDir: "out", training: { maxEpochs: 7 } });
  });

  it("takes the elements of a list as they are, and splits a text at commas unless such a file is there", async () => {
    const scans = async (value: string): Promise<unknown> =>
      (await options(`train:\n  train_data_file: ${value}`, "train"))["trainDataFile"];
    expect(await scans('["a,b.npz", c.npz]')).toEqual(["a,b.npz", "c.npz"]);
    expect(await scans("a,b.npz")).toEqual(["a", "b.npz"]);
    const there = path("x,y.npz");
    writeFileSync(there, "");
    expect(await scans(there)).toEqual([there]);
    const { training } = await call(["train", "--output_dir", "out", "--train_data_file", there]);
    expect(training).toMatchObject({ trainDataFile: there, moreDataFiles: [] });
    const several = await call([
      "train",
      "--output_dir",
      "out",
      `--train_data_file=${there}`,
      "--train_data_file",
      "a,b",
    ]);
    expect(several.training?.moreDataFiles).toEqual(["a", "b"]);
  });

  it("is below the command line", async () => {
    const scan = path("scan.npz");
    const file = config(`simulate:\n  output: ${scan}\n  n: 32\n  patterns: 9\n  photons: null\n`);
    expect((await call(["simulate", "--config", file, "--patterns", "4"])).stderr).toContain("4 patterns of 32 x 32");
    expect(existsSync(scan)).toBe(true);
  });

  it.each([
    ["simulate:\n  photon: 3", /all\.yaml:2: simulate\.photon: unknown option --photon\. Did you mean --photons/],
    ["simulate:\n  n: wide\n  scan: spiral", /:2: simulate\.n: wrong value .*\n.*:3: simulate\.scan: /],
    [
      "train:\n  gridsize: 2",
      /:2: train\.gridsize: a setting stands in its group, .*Write model: \{ gridsize: \.\.\. \}/,
    ],
    ["evaluate:\n  taper:\n    width: 3", /:2: evaluate\.taper: options are values or lists of them/],
    ["evaluate:\n  config: other.yaml", /:2: evaluate\.config: unknown option/],
    ["simulate:\n  nphotons: 3\n  photons: 4", /all\.yaml: contradictory values for --photons/],
    ["simulate: 3", /all\.yaml:1: simulate: /],
    ["simulat:\n  n: 3", /all\.yaml:1: simulat: unknown setting/],
    ["gridsiz: 3", /all\.yaml:1: gridsiz: unknown setting/],
  ])("%j is refused, by line", async (text, message) => {
    const section = /^(\w+):/.exec(text)![1];
    const command = commandSections.includes(section) ? section : "simulate";
    const direct = await call([command, ...(command === "evaluate" ? ["x.npz"] : []), "--config", config(text)]);
    expect([direct.code, direct.stderr]).toEqual([2, expect.stringMatching(message)]);
    const { code, stderr } = await call(["validate", config(text)]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});

describe("validate, init and schema", () => {
  it("show what a file says to commands", async () => {
    const { code, stdout } = await call(["validate", config(shared)]);
    expect(code).toBe(0);
    expect(parse(stdout)).toMatchObject({ simulate: { n: 32, noise: false }, benchmark: { seeds: [3, 4] } });
    expect(stdout).toMatch(/noise: false +# file; default true/);
  });

  it("write sections that say the defaults once they are switched on, and fit the schema", async () => {
    await call(["init", "--output", path("fresh.yaml")]);
    const text = readFileSync(path("fresh.yaml"), "utf8").replaceAll(/^ {2}#(?=\w)/gm, "  ");
    const schema = JSON.parse((await call(["schema"])).stdout);
    const said = parse(text) as Record<string, Record<string, unknown>>;
    for (const section of commandSections) {
      expect(Object.keys(said[section])).toEqual(Object.keys(schema.properties[section].properties));
    }
    expect(schema.properties.simulate.properties.scan.enum).toContain("fermat");
    const defaults = (await loadCommand("simulate")).flags.filter((flag) => flag.default !== undefined);
    expect(await options(text, "simulate")).toEqual(
      Object.fromEntries(defaults.map((flag) => [flag.name, flag.default])),
    );
  });
});
