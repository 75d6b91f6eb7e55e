import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { layerOf, mergeLayers, settingsOf } from "../../src/config/merge.ts";
import { payloadKinds } from "../../src/config/names.ts";
import { configJsonSchema, groupOf, groupsRead, parseSettings } from "../../src/config/schema.ts";
import { readConfigFile } from "../../src/node/cli/configFile.ts";
import { call, fakeFiles, trainWith } from "./harness.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
const config = (text: string): string => {
  writeFileSync(path("settings.yaml"), text);
  return path("settings.yaml");
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("init", () => {
  it("writes a config file that changes nothing, and the schema that its first line names", async () => {
    const { code, stderr } = await call(["init", "--output", path("fresh.yaml")]);
    expect(code).toBe(0);
    expect(stderr).toContain("fresh.yaml");
    const text = readFileSync(path("fresh.yaml"), "utf8");
    expect(Math.max(...text.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(120);
    const schemaFile = /^# yaml-language-server: \$schema=(.*)\n/.exec(text)?.[1];
    const { properties } = JSON.parse(JSON.stringify(configJsonSchema()));
    expect(JSON.parse(readFileSync(path(schemaFile!), "utf8")).properties).toMatchObject(properties);
    expect(await readConfigFile(path("fresh.yaml"), "training")).toEqual({});
  });

  it("with every setting switched on, it says the defaults", async () => {
    await call(["init", "--output", path("all.yaml")]);
    const text = readFileSync(path("all.yaml"), "utf8").replaceAll(/^ {2}#(?=\w)/gm, "  ");
    writeFileSync(path("all.yaml"), text);
    for (const kind of payloadKinds) {
      const merged = mergeLayers([layerOf("file", await readConfigFile(path("all.yaml"), kind), kind)]);
      for (const group of groupsRead[kind]) {
        const own = Object.entries(parseSettings(group)).filter(([name]) => groupOf(name, kind) === group);
        expect(settingsOf(merged, group, kind)).toEqual(Object.fromEntries(own));
      }
    }
    expect((await trainWith("--config", path("all.yaml"))).training).toEqual((await trainWith()).training);
  });

  it("leaves the schema's name to the schema", async () => {
    for (const name of ["ptychonaut.schema.json", "PTYCHONAUT.schema.json"]) {
      const { code, stderr } = await call(["init", "--output", path(join("own", name)), "--overwrite"]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/name of the schema beside it; in .*config\.yaml/)]);
    }
    expect(existsSync(path("own"))).toBe(false);
  });

  it("replaces no file unasked", async () => {
    const file = config("gridsize: 1");
    const refused = await call(["init", "--output", file]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/the file exists; in .*--overwrite/);
    expect(readFileSync(file, "utf8")).toBe("gridsize: 1");
    expect((await call(["init", "--output", file, "--overwrite"])).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("yaml-language-server");
  });
});

describe("schema", () => {
  it("prints the schema, or writes it", async () => {
    const { stdout } = await call(["schema"]);
    expect(JSON.parse(stdout)).toHaveProperty("properties.training.properties.max_epochs.minimum", 1);
    const written = await call(["schema", "--output", path("schema.json")]);
    expect(written.stdout).toBe("");
    expect(readFileSync(path("schema.json"), "utf8")).toBe(stdout);
  });
});

describe("validate", () => {
  const text =
    "model:\n  gridsize: 1\n  batch_norm: false\ntraining:\n  max_epochs: 9\nexecution:\n  accelerator: cuda\n";
  const noFiles = {
    ...fakeFiles(),
    scanHeader: () => Promise.reject(new Error("no file")),
    checkAccelerator: () => Promise.reject(new Error("no device")),
    prepareFolder: () => Promise.reject(new Error("no folder")),
  };

  it("shows what a file changes, as a config file, and needs neither scan nor device nor folder", async () => {
    const { code, stdout } = await call(["validate", config(text)], { files: noFiles });
    expect(code).toBe(0);
    expect(parse(stdout)).toEqual({
      model: { gridsize: 1 },
      training: { max_epochs: 9 },
      execution: { accelerator: "cuda" },
    });
    expect(stdout).toMatch(/gridsize: 1 +# file; default 2/);
    expect((await call(["validate", config("")])).stdout).toContain("nothing differs");
  });

  it("with a scan, shows what follows from it too", async () => {
    const { stdout } = await call(["validate", config(text), "--train_data_file", "scan.npz"]);
    expect(parse(stdout)).toMatchObject({ model: { N: 64, probe_mask_diameter: 32, object_big: false } });
    expect(stdout).toMatch(/N: 64 +# data; default null/);
    const other = await call(["validate", config("N: 128"), "--train_data_file", "scan.npz"]);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain("N does not fit the data");
  });

  it.each([
    ["max_epochs: 0", /settings\.yaml:1: max_epochs/],
    ["exponential_gamma: 0.9", /has an effect only when scheduler is Exponential/],
    ["profile: ci\nloss_function: mae", /contradictory settings/],
  ])("refuses %j", async (wrong, message) => {
    const { code, stderr, stdout } = await call(["validate", config(wrong)]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  it("for a reconstruction, with the bundle", async () => {
    const run = ["--model_path", "run", "--test_data", "scan.npz"];
    const { stdout } = await call(["validate", config("patch_weighting: uniform\nn_images: 3"), ...run]);
    expect(parse(stdout)).toMatchObject({ inference: { patch_weighting: "uniform", n_patterns: 3 } });
    expect((await call(["validate", config("n_images: 201"), ...run])).stderr).toContain(
      "more patterns than there are",
    );
    expect((await call(["validate", config(""), "--model_path", "run"])).code).toBe(2);
    expect((await call(["validate", path("none.yaml")])).code).toBe(2);
  });
});
