import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfigFile } from "../../src/node/cli/configFile.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (text: string, kind: "training" | "inference" = "training") => {
  const path = join(folder, "settings.yaml");
  writeFileSync(path, text);
  return readConfigFile(path, kind);
};

const yaml = `# a comment
$schema: ptychonaut.schema.json
gridsize: 1
training:
  max_epochs: 7
  multistage_milestones: [3, 5]
  #seed: 3
execution: # nothing said
data:
  nphotons: 1e6
`;

const settings = {
  gridsize: 1,
  training: { max_epochs: 7, multistage_milestones: [3, 5] },
  data: { nphotons: 1e6 },
};

describe("a config file", () => {
  it("is YAML, flat or by group", async () => {
    expect(await read(yaml)).toEqual(settings);
  });

  it.each([0, 2, "\t"])("is JSON, indented by %j", async (indent) => {
    expect(await read(JSON.stringify({ $schema: "x.json", ...settings }, null, indent))).toEqual(settings);
  });

  it.each(["", "# nothing\n", "model:\n", "null"])("may say nothing: %j", async (text) => {
    expect(await read(text)).toEqual({});
  });

  it("understands the reference's names, by the kind of run", async () => {
    expect(await read("n_images: 5", "inference")).toEqual({ n_images: 5 });
    await expect(read("n_images: 5\nn_groups: 6")).rejects.toThrow(/settings\.yaml: contradictory settings/);
  });
});

const manyNames = (count: number): string => Array.from({ length: count }, (_, i) => `k${i}: 1`).join("\n");

describe("an error names file, line and key", () => {
  it.each([
    [
      "gridsize: 1\nmax_epoch: 3",
      /settings\.yaml:2: max_epoch: unknown setting "max_epoch"\. Did you mean "max_epochs"/,
    ],
    ["lr: 0.1", /unknown setting "lr"\. Did you mean "learning_rate"/],
    ["gpu: 1", /unknown setting "gpu"\. Did you mean "accelerator"/],
    ["model:\n  gridsize: 1\n  N: 65", /settings\.yaml:3: model\.N: wrong value for N: .*multiple of 8; got 65/],
    ["data:\n  gridsize: 2", /settings\.yaml:2: data\.gridsize: unknown setting/],
    ["model: 3", /settings\.yaml:1: model: unknown setting "model"/],
    ["\nprobe_scale: 4", /settings\.yaml:2: probe_scale: setting probe_scale is refused: there is one normalisation/],
    ["batch_norm: yes", /settings\.yaml:1: batch_norm: .*expected true or false; got "yes"/],
    ["precision: bf16-mixed", /settings\.yaml:1: precision: .*bfloat16 is not in this version/],
    ['{\n "gridsize": 1,\n "seed": -1\n}', /settings\.yaml:3: seed: wrong value for seed/],
    ["gridsize: 1\ngridsize: 2", /settings\.yaml:2: "gridsize" stands there twice/],
    ["model:\n  gridsize: 1\n n: [1", /settings\.yaml:3: neither YAML nor JSON/],
    ["gridsize: *there", /settings\.yaml: neither YAML nor JSON: Unresolved alias/],
    ["gridsize: !number 2", /settings\.yaml:1: neither YAML nor JSON: Unresolved tag/],
    ["[gridsize]", /does not hold settings by name/],
    ["toString: 1", /settings\.yaml:1: toString: unknown setting/],
    ["constructor: 1", /settings\.yaml:1: constructor: unknown setting/],
    ["gridsize: 1\n__proto__: {gridsize: 3}", /settings\.yaml:2: __proto__: unknown setting/],
    ["model:\n  __proto__: 3", /settings\.yaml:2: model\.__proto__: unknown setting/],
    ["model:\n  hasOwnProperty: 3", /settings\.yaml:2: model\.hasOwnProperty: unknown setting/],
    ["model_type: constructor", /settings\.yaml:1: model_type: wrong value/],
    ["precision: toString", /settings\.yaml:1: precision: wrong value/],
    ["3: 4", /settings\.yaml:1: a key is not a name.*got 3/],
    ["null: 4", /settings\.yaml:1: a key is not a name/],
    ["model:\n  true: 4", /settings\.yaml:2: a key is not a name/],
    ["? [gridsize]\n: 4", /a key is not a name/],
    ["gridsize: &a [*a]", /settings\.yaml:1: gridsize: lists within lists without end/],
    ["gridsize: &a {b: *a}", /settings\.yaml:1: gridsize: lists within lists without end/],
  ])("%j", async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it.each([
    ["lists in lists without end", `gridsize: ${"[".repeat(20_000)}`, /settings\.yaml/],
    ["lists in lists", `gridsize: ${"[".repeat(20)}${"]".repeat(20)}`, /lists within lists/],
    ["200,000 names", manyNames(200_000), /larger than settings can be/],
    ["60,000 names", manyNames(60_000), /more than there are settings/],
    ["names that are many for a person", manyNames(1_000), /settings\.yaml:20: k19.*\n… and 980 more$/],
  ])("%s", async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it("and all that is wrong, at once", async () => {
    await expect(read("gridsize: 0\nepochz: 1\nseed: x")).rejects.toThrow(/:1: gridsize.*\n.*:2: epochz.*\n.*:3: seed/);
  });

  it("a file that is not there", async () => {
    await expect(readConfigFile(join(folder, "none.yaml"), "training")).rejects.toThrow(
      /config file cannot be read; in .*none/,
    );
  });
});
