import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { savedConfigOf } from "../../src/config/savedConfig.ts";
import { caseFile } from "../fixtures.ts";
import { call, inferWith, reconstructWith, trainWith } from "./harness.ts";

let folder = "";
const path = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  for (const name of ["scan.npz", "test.npz", "model.zip"]) writeFileSync(path(name), name);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** An input as a run in the folder records it: by the path that it was given. */
const input = (name: string) => ({ path: name, sha256: createHash("sha256").update(name).digest("hex") });

async function trained(...flags: string[]) {
  const payload = await trainWith(...flags);
  const { testDataFile, initFrom } = payload.training;
  const names = [
    "scan.npz",
    ...(testDataFile === null ? [] : ["test.npz"]),
    ...(initFrom === null ? [] : ["model.zip"]),
  ];
  const inputs = names.map(input);
  const { overridden } = payload;
  const settings = savedConfigOf(payload);
  const seeds = { run: 77, grouping: 78 };
  return { payload, record: { command: "train", inputs, settings, overridden, seeds, workingFolder: folder } };
}

function rerun(record: object, ...flags: string[]) {
  writeFileSync(path("run.json"), JSON.stringify(record));
  return call(["rerun", path("run.json"), "--output_dir", "again", ...flags]);
}

describe("rerun of a training", () => {
  it.each([
    [[]],
    [["--gridsize", "1", "--max_epochs", "5", "--test_data_file", "test.npz", "--probe-mask"]],
    [["--init_from", "model.zip", "--freeze", "encoder", "--epochs_fine_tune", "3"]],
    [["--profile", "ci", "--scheduler", "MultiStage"]],
    [["--no-deterministic", "--recon_log_every_n_epochs", "5", "--nphotons", "1e5"]],
  ])("%j: the same payload, with the seeds that were drawn", async (flags) => {
    const { payload, record } = await trained(...flags);
    const { code, training, stderr } = await rerun(record);
    expect(code, stderr).toBe(0);
    const { testDataFile, initFrom } = payload.training;
    expect(training).toEqual({
      ...payload,
      trainDataFile: path("scan.npz"),
      outputDir: "again",
      data: { ...payload.data, subsampleSeed: 78 },
      training: {
        ...payload.training,
        seed: 77,
        testDataFile: testDataFile && path(testDataFile),
        initFrom: initFrom && path(initFrom),
      },
      overridden: expect.anything(),
    });
    // What was not stated is not stated now: that makes a difference to some settings.
    const stated = (origins: readonly { name: string }[]) => origins.map(({ name }) => name).sort();
    expect(stated(training!.overridden)).toEqual(expect.arrayContaining(stated(payload.overridden)));
    const once = payload.overridden.some(({ name }) => name === "reconLogEveryNEpochs");
    expect(stated(training!.overridden).includes("reconLogEveryNEpochs")).toBe(once);
  });

  it("runs a resumed training as a whole", async () => {
    const { record } = await trained("--resume", "last");
    expect((await rerun(record)).training?.training.resume).toBeNull();
  });
});

describe("rerun of a reconstruction", () => {
  it("the same payload", async () => {
    const payload = await inferWith("--patch_weighting", "uniform", "--n_patterns", "9", "--inference_batch_size", "3");
    const { model, data, inference, execution, overridden } = payload;
    const { code, inference: again } = await rerun({
      command: "infer",
      inputs: [input("model.zip"), input("scan.npz")],
      settings: { model, data, inference, execution },
      overridden,
      seeds: { grouping: data.subsampleSeed },
      workingFolder: folder,
    });
    expect(code).toBe(0);
    const files = { modelPath: path("model.zip"), testDataFile: path("scan.npz"), outputDir: "again" };
    expect(again).toEqual({ ...payload, ...files, overridden: expect.anything() });
  });
});

describe("rerun of an iterative reconstruction", () => {
  it("the same payload, with the seed that it had", async () => {
    const flags = [
      "--engine",
      "rpie",
      "--epochs",
      "7",
      "--alpha",
      "0.3",
      "--wrappers",
      "positions",
      "--resume",
      "last",
    ];
    const payload = await reconstructWith(...flags, "--position_step", "0.5", "--deterministic", "false");
    const { data, reconstruction, execution, overridden } = payload;
    const { code, reconstruction: again } = await rerun({
      command: "reconstruct",
      inputs: [input("scan.npz")],
      settings: { data, reconstruction, execution },
      overridden,
      seeds: { run: 99, grouping: 99 },
      workingFolder: folder,
    });
    expect(code).toBe(0);
    expect(again).toEqual({
      ...payload,
      ...{ scan: path("scan.npz"), outputDir: "again", overridden: expect.anything() },
      data: { ...data, subsampleSeed: 99 },
      reconstruction: { ...reconstruction, seed: 99, resume: null },
    });
  });
});

describe("rerun refuses", () => {
  it("an input that changed, unless told", async () => {
    const { record } = await trained();
    const changed = { ...record, inputs: [{ ...record.inputs[0], sha256: "0".repeat(64) }] };
    const refused = await rerun(changed);
    expect(refused.code).toBe(2);
    expect(refused.training).toBeUndefined();
    expect(refused.stderr).toMatch(/not the file that it was; in .*scan\.npz.*--allow_changed_inputs/);
    const allowed = await rerun(changed, "--allow_changed_inputs");
    expect(allowed.code).toBe(0);
    expect(allowed.stderr).toMatch(/warning: .*scan\.npz is not the file that it was/);
  });

  it("what it cannot repeat, with the reason", async () => {
    const { record } = await trained();
    const { settings } = record;
    for (const [wrong, message] of [
      [
        { ...record, command: "simulate" },
        /a run of "simulate" cannot be repeated; expected train, infer, reconstruct/,
      ],
      [{ ...record, inputs: [{ ...input("gone.npz") }] }, /no such file; in .*gone\.npz/],
      [{ ...record, inputs: [] }, /not the run\.json.*inputs/],
      [{ ...record, seeds: undefined }, /not the run\.json.*seeds/],
      [{ ...record, settings: { ...settings, model: { ...settings.model, depth: 3 } } }, /unknown setting "depth"/],
      [{ ...record, settings: { ...settings, training: undefined } }, /not the run\.json.*no training settings/],
      [{ ...record, settings: { model: settings.model, data: settings.data } }, /no training, execution settings/],
      [{ ...record, settings: { ...settings, optics: {} } }, /not the run\.json.*optics/],
    ] as const) {
      const { code, stderr } = await rerun(wrong);
      expect(code).toBe(2);
      expect(stderr).toMatch(message);
    }
    writeFileSync(path("broken.json"), "{");
    expect((await call(["rerun", path("broken.json"), "--output_dir", "x"])).stderr).toContain("is not JSON");
    expect((await call(["rerun", path("run.json")])).stderr).toContain("missing --output_dir");
  });

  it("settings that are nested without end", async () => {
    const { record } = await trained();
    const deep = `${'{"a":['.repeat(50_000)}1${"]}".repeat(50_000)}`;
    const text = JSON.stringify(record).replace('"gridsize":2', `"gridsize":${deep}`);
    expect(text.length).toBeGreaterThan(deep.length);
    writeFileSync(path("deep.json"), text);
    const { code, stderr } = await call(["rerun", path("deep.json"), "--output_dir", "x"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("nested too deeply")]);
  });

  const deepRun = caseFile("hostile/deep-run.json");
  it.skipIf(deepRun === undefined)("the stored deep run.json", async () => {
    const { code, stderr } = await call(["rerun", String(deepRun), "--output_dir", "x"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("nested too deeply")]);
  });
});

it("rerun says which settings the record is silent about", async () => {
  const { record } = await trained();
  const { maxEpochs: _, ...training } = record.settings.training;
  const { code, stderr } = await rerun({ ...record, settings: { ...record.settings, training } });
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/warning: .*run\.json does not say max_epochs: taken by default/),
  ]);
});
