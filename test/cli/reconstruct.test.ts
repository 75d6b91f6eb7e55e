import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineNamed, engineNames } from "../../src/engines/registry.ts";
import { call, fakeFiles, reconstructArgs, reconstructWith } from "./harness.ts";

let folder = "";
const config = (text: string): string => {
  const path = join(folder, "settings.yaml");
  writeFileSync(path, text);
  return path;
};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-reconstruct-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("reconstruct", () => {
  it.each(engineNames)("with %s by default takes its own defaults", async (name) => {
    const { stages } = await reconstructWith("--engine", name);
    const defaults = engineNamed(name).settings.map((setting) => [setting.name, setting.default]);
    expect(stages).toEqual([
      { engine: name, epochs: 100, subPixel: "auto", settings: Object.fromEntries(defaults), wrappers: [] },
    ]);
  });

  it("expected errors are made where they are asked for", async () => {
    expect((await reconstructWith()).reconstruction.confidence).toBe(false);
    expect((await reconstructWith("--confidence")).reconstruction.confidence).toBe(true);
  });

  it("settings of the engine and of wrappers are flags, and stand in the config file's group", async () => {
    const flags = await reconstructWith(
      ...["--engine", "rpie", "--epochs", "7", "--alpha", "0.3", "--batch_size", "4"],
      ...["--wrappers", "positions,background", "--position_step", "0.5"],
    );
    const [stage] = flags.stages;
    expect(stage).toMatchObject({ engine: "rpie", epochs: 7, settings: { alpha: 0.3, batchSize: 4 } });
    expect(stage.wrappers.map(({ name, settings }) => [name, settings["positionStep"]])).toEqual([
      ["positions", 0.5],
      ["background", undefined],
    ]);
    const text = `reconstruction: { engine: rpie, epochs: 7, alpha: 0.3, batch_size: 4, position_step: 0.5,
      wrappers: [positions, background] }\ntraining: { batch_size: 9, max_epochs: 3 }`;
    expect((await reconstructWith("--config", config(text))).stages).toEqual(flags.stages);
    const overruled = await reconstructWith("--config", config(text), "--alpha", "0.5");
    expect(overruled.stages[0].settings["alpha"]).toBe(0.5);
  });

  it("stages follow each other, as text or by name; what they leave open is as beside them", async () => {
    const flags = ["--stage", "engine=epie,epochs=2", "--stage", "epochs=3,alpha=0.4,wrappers=positions+orthogonal"];
    const { stages } = await reconstructWith(...flags, "--engine", "rpie", "--object_step", "0.5");
    expect(stages.map(({ engine, epochs, wrappers }) => [engine, epochs, wrappers.map(({ name }) => name)])).toEqual([
      ["epie", 2, []],
      ["rpie", 3, ["positions", "orthogonal"]],
    ]);
    expect(stages.map(({ settings }) => [settings["objectStep"], settings["alpha"]])).toEqual([
      [0.5, undefined],
      [0.5, 0.4],
    ]);
    const text = `reconstruction:
  engine: rpie
  object_step: 0.5
  stage:
    - { engine: epie, epochs: 2 }
    - { epochs: 3, alpha: 0.4, wrappers: [positions, orthogonal] }`;
    expect((await reconstructWith("--config", config(text))).stages).toEqual(stages);
  });

  it.each([
    ["--engine epei", /wrong value for engine: expected epie.*did you mean epie\?/s],
    ["--engine epie --alpha 0.3", /alpha is no setting of epie; expected batch_size.*an engine that has it: rpie/],
    ["--position_step 0.5", /position_step is no setting of lsqml.*add the wrapper that has it: positions/],
    ["--engine rpie --alpha 2", /wrong value for alpha: expected at most 1; got 2/],
    ["--wrappers position", /wrong value for wrappers.*positions/s],
    ["--stage engine=epie,alpha=0.4", /alpha is no setting of epie; in stage 1/],
    ["--stage engine=epie,epochs", /a stage is settings and their values; expected engine=rpie,epochs=20; got/],
    ["--stage engine=epie,seed=3", /a stage cannot say "seed"; expected engine, epochs/],
    ["--stage engine=epie,engine=rpie", /engine stands twice in a stage/],
    ["--n_filters_scale 1", /unknown option --n_filters_scale/],
    ["--gridsize 2", /unknown option --gridsize/],
    ["--held_out_fraction 1", /wrong value for held_out_fraction: expected less than 1/],
    ["--patience 3 --held_out_fraction 0", /none are held out; got patience 3 with held_out_fraction 0/],
    [
      "--engine rpie --wrappers limits --amplitude_min 2 --amplitude_max 1",
      /amplitude_min 2 is above amplitude_max 1; in wrapper limits/,
    ],
    ["--stage engine=rpie,wrappers=limits,phase_min=1,phase_max=0.5", /phase_min 1 is above.*limits of stage 1/],
    ["--epochs 0", /wrong value for epochs: expected at least 1/],
    ["--alhpa 0.3", /unknown option --alhpa.*Did you mean --alpha\?/],
    ["--engine none --help_me", /unknown option --help_me/],
  ])("refuses %s, with the reason", async (flags, message) => {
    const { code, stderr, reconstruction } = await call([...reconstructArgs, ...flags.split(" ")]);
    expect([code, reconstruction]).toEqual([2, undefined]);
    expect(stderr).toMatch(message);
  });

  it("a setting of training in the config file is no business of it, and the other way round", async () => {
    const file = config("training: { seed: 5 }\nreconstruction: { seed: 6, heldOutFraction: 0.2 }\nbatch_size: 8");
    const { reconstruction } = await reconstructWith("--config", file);
    expect([reconstruction.seed, reconstruction.heldOutFraction, reconstruction["batchSize"]]).toEqual([6, 0.2, 8]);
    const { training } = await call(["train", "scan.npz", "--output_dir", "out", "--config", file]);
    expect([training?.training.seed, training?.training.batchSize]).toEqual([5, 8]);
  });

  it("names the file and the line of what is wrong in its group", async () => {
    const file = config("reconstruction:\n  engine: epie\n  alhpa: 0.3\n  epochs: no");
    for (const args of [
      ["validate", file],
      [...reconstructArgs, "--config", file],
    ]) {
      const { code, stderr } = await call(args);
      expect(code).toBe(2);
      expect(stderr).toMatch(/settings\.yaml:3: reconstruction\.alhpa: unknown setting "alhpa".*alpha/);
      expect(stderr).toMatch(/settings\.yaml:4: reconstruction\.epochs: wrong value for epochs/);
    }
  });

  it("validate holds a config file to the rules between its settings, also where it is checked for a training", async () => {
    const { code, stderr } = await call(["validate", config("reconstruction: { engine: epie, alpha: 0.3 }")]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/alpha is no setting of epie/)]);
    const fine = await call(["validate", config("reconstruction: { engine: rpie, alpha: 0.3 }\nmax_epochs: 7")]);
    expect(fine.code).toBe(0);
    expect(fine.stdout).toMatch(/max_epochs: 7 .*reconstruction:\n {2}engine: rpie .*alpha: 0\.3 /s);
  });

  it("a dry run says what it would do, and does not", async () => {
    const out = join(folder, "dry");
    const { code, stdout, reconstruction } = await call(
      ["reconstruct", "scan.npz", "--output_dir", out, "--stage", "epochs=2", "--stage", "engine=rpie", "--dry_run"],
      { files: fakeFiles({ frames: 12 }) },
    );
    expect([code, reconstruction]).toEqual([0, undefined]);
    expect(stdout).toMatch(
      /would reconstruct with lsqml, 2 epochs; then rpie, 100 epochs\n# {3}scan\.npz: 12 patterns/,
    );
    expect(stdout).toContain("nothing was written");
    expect(stdout).not.toMatch(/neighbor|subsample/);
  });

  it("takes each scan of a file that holds several by itself, into a folder of its own", async () => {
    const folders: string[] = [];
    const files = {
      ...fakeFiles({ scans: [3, 4] }),
      prepareFolder: async (path: string) => void folders.push(path),
      scanHeader: async (_: string, { scanIndex }: { readonly scanIndex: number | null }) => ({
        ...{ frames: 9, height: 64, width: 64, photonsPerPattern: null },
        scans: scanIndex === null ? [3, 4] : [scanIndex],
      }),
    };
    const { code, stderr, reconstruction } = await call(reconstructArgs, { files });
    expect([code, folders]).toEqual([0, ["out/scan_3", "out/scan_4"]]);
    expect([reconstruction?.data.scanIndex, reconstruction?.outputDir]).toEqual([4, "out/scan_4"]);
    expect(stderr).toContain("scan 3 of the 2 in scan.npz");
  });

  it("is in the overview, the template, the schema and the completion", async () => {
    expect((await call(["--help"])).stdout).toContain("reconstruct");
    const schema = JSON.parse((await call(["schema"])).stdout).properties;
    expect(Object.keys(schema.reconstruction.properties)).toEqual(expect.arrayContaining(["engine", "alpha", "stage"]));
    expect(Object.keys(schema.reconstruct.properties)).toEqual(expect.arrayContaining(["scan", "output_dir"]));
    expect((await call(["completion", "bash"])).stdout).toContain("--held_out_fraction");
    await call(["init", "--output", join(folder, "fresh.yaml")]);
    expect(readFileSync(join(folder, "fresh.yaml"), "utf8")).toMatch(/\nreconstruction:\n[\s\S]*#engine: /);
  });
});
