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

  it("a stage has none of the wrappers beside it where it says so, nor auto any", async () => {
    const names = (args: readonly string[]) =>
      reconstructWith(...args).then(({ stages }) => stages.map((each) => each.wrappers.map(({ name }) => name)));
    const beside = ["--wrappers", "tv,positions", "--stage", "engine=rpie"];
    expect(await names([...beside, "--stage", "engine=lsqml,wrappers=none"])).toEqual([["positions", "tv"], []]);
    const text = `reconstruction:
  wrappers: [tv, positions]
  stage:
    - { engine: rpie }
    - { engine: lsqml, wrappers: [] }
    - { engine: lsqml, wrappers: none }`;
    expect(await names(["--config", config(text)])).toEqual([["positions", "tv"], [], []]);
    expect(await names(["--config", config("reconstruction: { engine: rpie, wrappers: [] }")])).toEqual([[]]);
    expect(await names(["--engine", "rpie", "--wrappers", "none"])).toEqual([[]]);
    expect((await reconstructWith("--wrappers", "none")).reconstruction.wrappers).toEqual([]);
    expect((await reconstructWith()).reconstruction.wrappers).toBeNull();
  });

  it("a stage goes through grids, its epochs in equal parts", async () => {
    const grids = (args: readonly string[]) =>
      reconstructWith(...args).then(({ stages }) =>
        stages.map(({ engine, epochs, coarse }) => [engine, epochs, coarse]),
      );
    const three = ["rpie", "rpie", "rpie"].map((engine, k) => [engine, [3, 4, 3][k], [4, 2, undefined][k]]);
    expect(await grids(["--engine", "rpie", "--epochs", "10", "--multigrid", "4,2,1"])).toEqual(three);
    expect(await grids(["--stage", "engine=rpie,epochs=10,multigrid=4+2+1"])).toEqual(three);
    expect(await grids(["--stage", "engine=rpie,epochs=5,multigrid=3", "--stage", "engine=lsqml,epochs=8"])).toEqual([
      ["rpie", 5, 3],
      ["lsqml", 8, undefined],
    ]);
  });

  it("probe modes are said beside the stages or in them, by their other names too", async () => {
    const modes = (args: readonly string[]) =>
      reconstructWith(...args).then(({ stages }) => stages.map((each) => each.modes));
    expect(await modes(["--probe_modes", "3"])).toEqual([{ count: 3, start: "hermite", power: 0.05 }]);
    expect(await modes(["--n_modes", "3", "--mode_start", "ramps", "--mode_power", "0.1", "--engine", "rpie"])).toEqual(
      [{ count: 3, start: "ramps", power: 0.1 }],
    );
    const stages = ["--stage", "engine=rpie", "--stage", "engine=lsqml,probe_modes=2,mode_start=noise"];
    expect(await modes(stages)).toEqual([undefined, { count: 2, start: "noise", power: 0.05 }]);
  });

  it.each([
    ["--mode_start ramps", /mode_start has an effect only when probe_modes is given; got mode_start ramps/],
    ["--stage engine=rpie,mode_power=0.3", /mode_power has an effect only when probe_modes is given/],
    ["--probe_modes 0", /wrong value for probe_modes: expected at least 1/],
    ["--engine epei", /wrong value for engine: expected epie.*did you mean epie\?/s],
    ["--engine epie --alpha 0.3", /alpha is no setting of epie; expected batch_size.*an engine that has it: rpie/],
    ["--position_step 0.5", /position_step is no setting of any engine.*add the wrapper that has it: positions/],
    ["--engine rpie --alpha 2", /wrong value for alpha: expected at most 1; got 2/],
    ["--wrappers positon", /wrong value for wrappers: expected ([a-z0-9_]+, )+[a-z0-9_]+ \(did you mean positions\?\)/],
    ["--wrappers positions,intensity", /wrong value for wrappers: [^()]+ \(did you mean intensities\?\); got/],
    ["--wrappers positions intensity", /"intensity" behind --wrappers: .*\(did you mean intensities\?\)/],
    ["--stage engin=rpie", /a stage cannot say "engin"; expected [a-z_, ]+ or wrappers\. Did you mean "engine"\?/],
    ["--stage engine=rpie,posstion_step=1", /cannot say "posstion_step".*Did you mean "position_step"\?/],
    ["--stage engine=epie,alpha=0.4", /alpha is no setting of epie; in stage 1/],
    ["--stage engine=epie,epochs", /a stage is settings and their values; expected engine=rpie,epochs=20; got/],
    ["--stage engine=epie,seed=3", /a stage cannot say "seed"; expected engine, epochs/],
    ["--stage engine=epie,engine=rpie", /engine stands twice in a stage/],
    ["--n_filters_scale 1", /unknown option --n_filters_scale/],
    ["--gridsize 2", /unknown option --gridsize/],
    ["--held_out_fraction 1", /wrong value for held_out_fraction: expected less than 1/],
    ["--no_enable_checkpointing --checkpoint_every_n_epochs 5", /only when checkpointing is on.*every_n_epochs 5/],
    ["--patience 3 --held_out_fraction 0", /none are held out; got patience 3 with held_out_fraction 0/],
    [
      "--engine rpie --wrappers limits --amplitude_min 2 --amplitude_max 1",
      /amplitude_min 2 is above amplitude_max 1; in wrapper limits/,
    ],
    [
      "--engine rpie --wrappers positions --sub_pixel whole",
      /positions makes no sense here: frames would be taken at whole pixels.*Leave out --sub_pixel whole/,
    ],
    ["--engine ad --sub_pixel fourier", /graph of ad weighs four pixels.*--sub_pixel bilinear/],
    ["--engine dm --wrappers positions --sub_pixel fourier", /dm keeps exit waves.*--sub_pixel bilinear/],
    [
      "--engine rpie --wrappers positions --position_radius 2",
      /position_radius 2 is the radius of annealing.*--position_method annealing/,
    ],
    ["--stage engine=rpie,wrappers=positions,sub_pixel=whole", /whole pixels.*in stage 1/],
    ["--engine ml --floating_intensities", /--floating_intensities is refused: .*--wrappers intensities/],
    ["--engine dm --wrappers orthogonal", /orthogonal makes no sense with dm: exit waves that are kept/],
    ["--engine rpie --epochs 2 --multigrid 4,2,1", /multigrid needs an epoch for each of its grids; .* at least 3/],
    ["--engine rpie --exponential_gamma 0.9", /exponential_gamma has an effect only when --scheduler is Exponential/],
    [
      "--engine dm --scheduler Exponential",
      /scheduler is no setting of dm.*an engine that has it: epie, rpie, lsqml, ad/,
    ],
    ["--engine ad --optimizer lbfgs --scheduler MultiStage", /L-BFGS searches the length of its steps/],
    ["--engine rpie --multigrid 0", /wrong value for multigrid/],
    ["--engine rpie --multigrid 64", /multigrid 64 leaves too little of the patterns.*8 x 8 pixels; got 1 x 1/],
    ["--multigrid 16,1", /multigrid 16 leaves too little of the patterns/],
    ["--engine rpie --multigrid 2,1 --propagation near-field", /multigrid is of far fields/],
    [
      "--engine rpie --wrappers centre --propagation near-field",
      /patterns of a near field show where probe and object are.*Leave centre out/,
    ],
    [
      "--wrappers aperture --aperture_from pattern --propagation near-field",
      /near field show no aperture.*--aperture_radius, or --aperture_from guess/,
    ],
    ["--engine rpie --momentum_every 50", /momentum_every 50 says how often momentum pushes.*--momentum too/],
    ["--engine rpie --wrappers blur --blur_sigma 1e9", /blur_sigma 1000000000 is above an eighth.*--blur_sigma 8 at/],
    ["--wrappers blur --blur_sigma 9", /blur_sigma 9 is above an eighth of the patterns' 64 pixels/],
    ["--stage engine=rpie --stage wrappers=blur,blur_sigma=9", /is above an eighth.*in stage 2/],
    ["--engine rpie --wrappers aperture --aperture_radius 0.1", /aperture_radius 0.1 is less than a pixel/],
    ["--engine rpie --probe_step 0 --wrappers aperture", /it changes the probe, which is to be kept/],
    ["--engine rpie --probe_step 0 --wrappers opr", /it changes the probe, which is to be kept/],
    [
      "--alpha 0.2 --beta 0.5",
      /no engine has both alpha and beta; expected alpha with rpie; beta with raar\. Name the engine.*--engine/,
    ],
    ["--alpha 0.2 --beta 0.5 --reflection 0.5", /no engine has all of alpha, reflection, beta; expected/],
    ["--engine rpie --wrappers tv,tv", /wrappers name tv twice; got tv, tv/],
    ["--wrappers tv,smooth,tv", /wrappers name tv twice/],
    ["--stage engine=rpie,wrappers=tv+tv", /wrappers name tv twice; in stage 1/],
    ["--engine rpie --wrappers none,tv", /wrappers are none, or some; got none, tv.*--wrappers none/],
    ["--stage engine=rpie,wrappers=none+tv", /wrappers are none, or some; in stage 1/],
    ["--engine ad --wrappers intensities", /intensities makes no sense with ad: its graph knows/],
    ["--engine ad --optimizer lbfgs --wrappers positions", /positions makes no sense with ad: L-BFGS remembers/],
    ["--engine rpie --probe_step 0 --wrappers support", /it changes the probe, which is to be kept.*--probe_step 0/],
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

  it("its help tells of no default where there is none", async () => {
    expect((await call(["reconstruct", "--help", "all"])).stdout).not.toMatch(/default *[\];]/);
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
