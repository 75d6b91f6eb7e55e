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

describe("an error names file, line and key", () => {
  it.each([
    ["gridsize: 1\nmax_epoch: 3", /settings\.yaml:2: max_epoch: unknown setting "maxEpoch"\. Did you mean "maxEpochs"/],
    ["model:\n  gridsize: 1\n  N: 65", /settings\.yaml:3: model\.N: wrong value for N: .*multiple of 8; got 65/],
    ["data:\n  gridsize: 2", /settings\.yaml:2: data\.gridsize: unknown setting/],
    ["model: 3", /settings\.yaml:1: model: unknown setting "model"/],
    ["\nprobe_scale: 4", /settings\.yaml:2: probe_scale: setting probe_scale is refused: there is one normalisation/],
    ["batch_norm: yes", /settings\.yaml:1: batch_norm: .*expected boolean.*got "yes"/],
    ["precision: bf16-mixed", /settings\.yaml:1: precision: .*bfloat16 is not in this version/],
    ['{\n "gridsize": 1,\n "seed": -1\n}', /settings\.yaml:3: seed: wrong value for seed/],
    ["gridsize: 1\ngridsize: 2", /settings\.yaml:2: neither YAML nor JSON: Map keys must be unique/],
    ["model:\n  gridsize: 1\n n: [1", /settings\.yaml:3: neither YAML nor JSON/],
    ["gridsize: *there", /settings\.yaml: neither YAML nor JSON: Unresolved alias/],
    ["gridsize: !number 2", /settings\.yaml:1: neither YAML nor JSON: Unresolved tag/],
    ["[gridsize]", /does not hold settings by name/],
  ])("%j", async (text, message) => {
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
