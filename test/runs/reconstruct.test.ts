import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
import { completeSettings } from "../../src/engines/settings.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { Random } from "../../src/random.ts";
import type { RunHooks, RunOutcome } from "../../src/runs/hooks.ts";
import type { Home } from "../../src/runs/machine.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { reconstructionMemory } from "../../src/runs/reconstruct/reconstructionMemory.ts";
import type { ScanForEngines } from "../../src/runs/reconstruct/scanForEngines.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "../cli/harness.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const quick = { engine: "epie", epochs: 4, threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none" };

function scanFile(name: string, options: Partial<SimulationOptions> = {}, change = (_: Float32Array) => {}): string {
  const dataset = simulate({
    ...{ n: 32, patterns: 64, step: 4, seed: 3, object: "deadLeaves", scan: "raster", jitter: 0, noise: false },
    ...{ photons: 1e5, smoothing: 1 },
    ...options,
  });
  const { count, height, width } = dataset.patterns;
  const values = new Float32Array(count * height * width);
  dataset.patterns.read(
    Array.from({ length: count }, (_, i) => i),
    values,
  );
  change(values);
  const patterns = {
    ...dataset.patterns,
    read(frames: ArrayLike<number>, out: Float32Array) {
      const size = height * width;
      for (let k = 0; k < frames.length; k++)
        out.set(values.subarray(frames[k] * size, (frames[k] + 1) * size), k * size);
    },
  };
  const { object: _, ...others } = dataset;
  writeFileSync(path(name), writeScanNpz({ ...(name === "true.npz" ? dataset : others), patterns }));
  return path(name);
}

async function reconstruct(
  scan: string,
  outputDir: string,
  overrides: Settings = {},
  hooks: RunHooks = quietHooks(),
  home: Home = plainHome,
): Promise<RunOutcome> {
  const payload = await createReconstructionPayload({ scan, outputDir, overrides: { ...quick, ...overrides } });
  return runReconstruction(payload, hooks, home);
}

function heardHooks(): { readonly warned: string[]; readonly hooks: RunHooks } {
  const warned: string[] = [];
  return { warned, hooks: { ...quietHooks(), warn: (line) => void warned.push(line) } };
}

const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const npz = (...names: string[]) => openNpz(readFileSync(path(...names)), "test");

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-reconstruct-"));
  scanFile("scan.npz");
  scanFile("true.npz");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a reconstruction", () => {
  it("whose aperture ruins the probe warns of it by its flag, and is measured by the scan's own probe ever after", async () => {
    const { warned, hooks } = heardHooks();
    const cutting = { engine: "rpie", wrappers: ["aperture"], apertureRadius: 3, epochs: 3 };
    await reconstruct(path("scan.npz"), path("cut"), cutting, hooks);
    const line = expect.stringMatching(/^(warning: )?the aperture takes \d+ % of the probe's light.*aperture_radius/);
    expect(warned).toContainEqual(line);
    expect(json("cut", "run.json").warnings).toContainEqual(line);
    const flat = (name: string): number => json(name, "metrics.json").dataFit.flatDeviance;
    await reconstruct(path("scan.npz"), path("healthy"), { engine: "rpie", epochs: 1 });
    await reconstruct(path("scan.npz"), path("begunBad"), { engine: "rpie", epochs: 1, init: path("cut") });
    expect(flat("cut") / flat("healthy")).toBeCloseTo(1, 6);
    expect(flat("begunBad") / flat("healthy")).toBeLessThan(1 + 1e-6);
  });

  it("leaves the object that was there, the probe in its unit, and says how it went", async () => {
    const outcome = await reconstruct(
      path("true.npz"),
      path("whole"),
      {
        ...{
          engine: "rpie",
          epochs: 100,
          loggerBackend: "csv",
          reconLogEveryNEpochs: 50,
          outputFormat: ["cxi", "tiff"],
          probeStep: 0,
        },
        objectPixelM: 1e-8,
      },
      quietHooks(),
      nodeHome,
    );
    expect(outcome.status).toBe("finished");
    const left = readdirSync(path("whole"), { recursive: true }).map(String).sort();
    expect(left.filter((name) => /\.\w+$/.test(name))).toEqual([
      "amplitude.png",
      join("checkpoints", "last.ckpt.zip"),
      "error.png",
      join("lightning_logs", "version_0", "metrics.csv"),
      "metrics.json",
      "patterns.png",
      "phase.png",
      "positions.csv",
      "probe.npz",
      "probe.png",
      "reconstruction.cxi",
      "reconstruction.json",
      "reconstruction.npz",
      "reconstruction_amplitude.tif",
      "reconstruction_phase.tif",
      join("reconstructions", "epoch_0050.png"),
      join("reconstructions", "epoch_0100.png"),
      "run-log.txt",
      "run-settings.json",
      "run.json",
      "scan.png",
    ]);
    const metrics = json("whole", "metrics.json");
    expect(metrics.complexError).toBeLessThan(0.05);
    expect(metrics.dataFit.rFactor).toBeLessThan(0.02);
    expect(metrics.heldOut.patterns).toBe(3);
    expect(metrics.heldOut.rFactor).toBeLessThan(0.05);
    // The probe that did not move is the file's.
    const probe = npz("whole", "probe.npz");
    const [guess, start] = ["probeGuess", "probeStart"].map((name) => probe.readNumbers(name).data);
    expect(Math.max(...guess.map((value, i) => Math.abs(Number(value) - Number(start[i]))))).toBeLessThan(
      1e-5 * Math.max(...start.map(Number)),
    );
    const record = json("whole", "run.json");
    expect(record).toMatchObject({
      command: "reconstruct",
      runtime: expect.stringMatching(/^WebAssembly, 1 thread \(auto: /),
      patterns: { reconstructed: 61, heldOut: 3 },
      outcome: { kind: "completed", epochs: 100, doubts: [] },
    });
    const course = json("whole", "reconstruction.json");
    expect(course.history).toHaveLength(100);
    const rows = readFileSync(path("whole", "lightning_logs", "version_0", "metrics.csv"), "utf8")
      .trim()
      .split("\n");
    expect(rows[0]).toBe("epoch,step,stage,r_factor,deviance,held_out_r_factor,held_out_deviance,seconds");
    expect(rows).toHaveLength(101);
    expect(Number(rows[100].split(",")[3])).toBe(course.history[99].error);
  }, 60_000);

  it("adds probe modes and takes them away, says so, and goes on with those of a run", async () => {
    const lines: string[] = [];
    const hooks = { ...quietHooks(), log: (line: string) => lines.push(line) };
    const probe = (name: string) => npz(name, "probe.npz").readNumbers("probeGuess").shape;
    await reconstruct(path("scan.npz"), path("three"), { probeModes: 3, engine: "lsqml" }, hooks);
    expect(probe("three")).toEqual([3, 32, 32]);
    expect(npz("three", "probe.npz").readNumbers("probeStart").shape).toEqual([1, 32, 32]);
    expect(lines).toContainEqual(expect.stringMatching(/^1 probe mode and 2 more, .* with 5 %, 5 % of the power$/));
    const { probeModes } = json("three", "metrics.json");
    expect(probeModes).toHaveLength(3);
    expect(probeModes.reduce((a: number, b: number) => a + b)).toBeCloseTo(1, 6);
    await reconstruct(path("scan.npz"), path("again"), { init: path("three"), epochs: 1 });
    expect(probe("again")).toEqual([3, 32, 32]);
    await reconstruct(path("scan.npz"), path("fewer"), { init: path("three"), epochs: 1, probeModes: 2 }, hooks);
    expect(probe("fewer")).toEqual([2, 32, 32]);
    expect(lines).toContainEqual(
      expect.stringMatching(/^of 3 probe modes the strongest 2 are kept, which have 9[\d.]+ %/),
    );
  }, 60_000);

  it("leaves how the probe varied, measures its end with it, and goes on with it after a stage", async () => {
    const lines: string[] = [];
    const hooks = { ...quietHooks(), log: (line: string) => lines.push(line) };
    const settings = {
      ...{ engine: "rpie", wrappers: ["opr"], oprStart: 1, skipFrames: "3" },
      stage: ["epochs=4", "epochs=3,opr_modes=3"],
    };
    await reconstruct(path("scan.npz"), path("varying"), settings, hooks);
    const file = npz("varying", "variations.npz");
    expect(file.readNumbers("directions").shape).toEqual([3, 32, 32]);
    const weights = file.readNumbers("weights");
    expect(weights.shape).toEqual([64, 3]);
    for (let k = 0; k < weights.data.length; k++) expect(Number.isNaN(weights.data[k])).toBe(Math.floor(k / 3) === 3);
    const { variations, dataFit, lastEpoch } = json("varying", "metrics.json");
    expect(variations).toHaveLength(3);
    expect(dataFit.rFactor / lastEpoch.rFactor).toBeLessThan(1.1);
    expect(lines).toContainEqual(expect.stringMatching(/varies from frame to frame in 3 ways, by .* % of its power/));
    // Interrupted in the first stage, and between the two.
    for (const after of [2, 4]) {
      const stop = new AbortController();
      const stopping = {
        ...quietHooks(),
        signal: stop.signal,
        log: (line: string) => line.startsWith(`epoch ${after}/`) && stop.abort(),
      };
      const folder = `varying${after}`;
      await reconstruct(path("scan.npz"), path(folder), settings, stopping);
      await reconstruct(path("scan.npz"), path(folder), { ...settings, resume: "last" });
      expect(readFileSync(path(folder, "variations.npz"))).toEqual(readFileSync(path("varying", "variations.npz")));
      expect(readFileSync(path(folder, "probe.npz"))).toEqual(readFileSync(path("varying", "probe.npz")));
    }
  }, 60_000);

  it("goes on with how the probe of a run varied, on its scale, and says so where nothing lets it vary", async () => {
    const lines: string[] = [];
    const hooks = { ...quietHooks(), warn: (line: string) => lines.push(line) };
    const run = { engine: "rpie", wrappers: ["opr"], skipFrames: "3" };
    await reconstruct(path("scan.npz"), path("varied"), { ...run, oprStart: 1, epochs: 8 }, hooks);
    await reconstruct(path("scan.npz"), path("varies"), { ...run, init: path("varied"), epochs: 1 }, hooks);
    expect(lines.join()).not.toMatch(/var/);
    const [before, after] = ["varied", "varies"].map((name) => {
      const { directions, weights } = Object.fromEntries(
        ["directions", "weights"].map((key) => [key, npz(name, "variations.npz").readNumbers(key)]),
      );
      const size = 2 * 32 * 32;
      return Float64Array.from({ length: 64 * size }, (_, i) => {
        const [frame, value] = [Math.floor(i / size), i % size];
        const [a, b] = [0, 1].map(
          (k) => Number(weights.data[2 * frame + k]) * Number(directions.data[k * size + value]),
        );
        return frame === 3 ? 0 : a + b;
      });
    });
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
    expect(dot(before, after) / Math.sqrt(dot(before, before) * dot(after, after))).toBeGreaterThan(0.8);
    expect(dot(after, after) / dot(before, before)).toBeGreaterThan(0.5);
    expect(dot(after, after) / dot(before, before)).toBeLessThan(2);
    await reconstruct(path("scan.npz"), path("alike"), { engine: "rpie", init: path("varied"), epochs: 1 }, hooks);
    expect(lines.join()).toMatch(/varied from frame to frame in .*, and is the same for all here: say .wrappers=opr/);
  }, 60_000);

  it("has the same bits with patterns in memory and in their file, and on any number of threads", async () => {
    await reconstruct(path("scan.npz"), path("memory"), { patternsInMemory: "yes" });
    await reconstruct(path("scan.npz"), path("file"), { patternsInMemory: "no", threads: 2 });
    expect(readFileSync(path("file", "reconstruction.npz"))).toEqual(
      readFileSync(path("memory", "reconstruction.npz")),
    );
  }, 60_000);

  it("goes on where it was interrupted, to the bytes of an undisturbed run", async () => {
    // Within a grid, and in the next stage, which has of the frames' intensities what the first found.
    const stages = {
      stage: [
        "engine=epie,epochs=2,multigrid=2+1,wrappers=intensities+background",
        "engine=rpie,epochs=3,wrappers=intensities,momentum=0.5",
      ],
    };
    await reconstruct(path("scan.npz"), path("undisturbed"), stages);
    for (const stopAt of [0, 70, 200]) {
      const controller = new AbortController();
      let updates = 0;
      const hooks = {
        ...quietHooks(controller.signal),
        progress: () => ({ update: () => void (++updates > stopAt / 64 && controller.abort()), finish() {} }),
      };
      const outputDir = path(`stopped${stopAt}`);
      const stopped = await reconstruct(path("scan.npz"), outputDir, { ...stages, resume: "last" }, hooks);
      expect([stopped.status, stopped.advice]).toEqual([
        "interrupted",
        expect.stringMatching(/the same run with `resume=last` goes on from here/),
      ]);
      const resumed = await reconstruct(path("scan.npz"), outputDir, { ...stages, resume: "last" });
      expect(resumed.status).toBe("finished");
      for (const name of ["reconstruction.npz", "probe.npz"])
        expect(readFileSync(join(outputDir, name))).toEqual(readFileSync(path("undisturbed", name)));
      const history = (of: string) =>
        json(of, "reconstruction.json").history.map(({ seconds: _, ...record }: { seconds: number }) => record);
      expect(history(`stopped${stopAt}`)).toEqual(history("undisturbed"));
    }
  }, 120_000);

  it("may be made longer, and then goes on from its end", async () => {
    await reconstruct(path("scan.npz"), path("longer"), { epochs: 2 });
    await reconstruct(path("scan.npz"), path("longer"), { epochs: 4, resume: "last" });
    await reconstruct(path("scan.npz"), path("atOnce"), { epochs: 4 });
    expect(readFileSync(path("longer", "reconstruction.npz"))).toEqual(
      readFileSync(path("atOnce", "reconstruction.npz")),
    );
  }, 60_000);

  it("through grids may be made longer too: what is more is done on the last", async () => {
    const grids = { engine: "rpie", multigrid: [2, 1] };
    await reconstruct(path("scan.npz"), path("grids"), { ...grids, epochs: 4 });
    const outcome = await reconstruct(path("scan.npz"), path("grids"), { ...grids, epochs: 7, resume: "last" });
    expect(outcome.status).toBe("finished");
    const course = json("grids", "reconstruction.json");
    expect(course.history.map((record: { stage: number }) => record.stage)).toEqual([1, 1, 2, 2, 2, 2, 2]);
    expect(course.stages.map(({ epochs }: { epochs: number }) => epochs)).toEqual([2, 5]);
    await reconstruct(path("scan.npz"), path("gridsAtOnce"), {
      stage: ["engine=rpie,epochs=2,multigrid=2", "engine=rpie,epochs=5"],
    });
    expect(readFileSync(path("grids", "reconstruction.npz"))).toEqual(
      readFileSync(path("gridsAtOnce", "reconstruction.npz")),
    );
    // What two stages say is what they are: the first stays as it was.
    const other = ["engine=rpie,epochs=3,multigrid=2", "engine=rpie,epochs=5"];
    await expect(reconstruct(path("scan.npz"), path("gridsAtOnce"), { stage: other, resume: "last" })).rejects.toThrow(
      /stage 1, epochs: 2/,
    );
  });

  it("may not be made longer where its steps end with it", async () => {
    const settings = { engine: "rpie", scheduler: "WarmupCosine" };
    await reconstruct(path("scan.npz"), path("cosine"), { ...settings, epochs: 2 });
    await expect(
      reconstruct(path("scan.npz"), path("cosine"), { ...settings, epochs: 4, resume: "last" }),
    ).rejects.toThrow(/epochs/);
  }, 60_000);

  it("refuses checkpoints of other runs, damaged ones and those that are not there", async () => {
    await reconstruct(path("scan.npz"), path("first"), { epochs: 1 });
    const resume = path("first", "checkpoints", "last.ckpt.zip");
    const other = { resume, epochs: 2 };
    await expect(reconstruct(path("scan.npz"), path("a"), { ...other, engine: "rpie" })).rejects.toThrow(
      /the checkpoint belongs to another run.*engine/s,
    );
    scanFile("other.npz", { seed: 4 });
    await expect(reconstruct(path("other.npz"), path("a"), other)).rejects.toThrow(/another scan: other, not scan/);
    const bytes = readFileSync(resume);
    writeFileSync(path("cut.zip"), bytes.subarray(0, bytes.length / 2));
    await expect(reconstruct(path("scan.npz"), path("a"), { ...other, resume: path("cut.zip") })).rejects.toThrow();
    await expect(reconstruct(path("scan.npz"), path("a"), { ...other, resume: path("gone.zip") })).rejects.toThrow(
      /no checkpoint to resume from/,
    );
    const hooks = quietHooks();
    await reconstruct(path("scan.npz"), path("fresh"), { epochs: 1, resume: "last" }, hooks);
    expect(hooks.warnings).toEqual([expect.stringContaining("no checkpoint was saved")]);
  }, 60_000);

  it("tells setting by setting what of a checkpoint is another's, and where nothing is left to be done", async () => {
    const other = (settings: Settings) =>
      reconstruct(path("scan.npz"), path("settings"), { engine: "rpie", epochs: 2, resume: "last", ...settings });
    await other({});
    const refused = async (settings: Settings): Promise<string> => {
      const message = await other(settings).then(String, ({ message }: Error) => message);
      return message.slice(message.indexOf("was →"));
    };
    expect(await refused({ alpha: 0.3, wrappers: ["positions"], seed: 7 })).toBe(
      "was → is:\n  seed: 42 → 7\n  wrappers: none → positions\n  alpha: 0.1 → 0.3\n" +
        "Resume with the settings and the data of the run that wrote it, or start a new run",
    );
    // What another engine has follows from it.
    expect(await refused({ engine: "lsqml" })).toMatch(/^was → is:\n {2}engine: rpie → lsqml\nResume/);
    // Two stages where there was one: what the second says is new.
    expect(await refused({ stage: ["epochs=2", "engine=ml,epochs=3"] })).toMatch(
      /stage 1, epochs: not said → 2\n.*stage 2, engine: not said → ml/s,
    );
    // A default that is said is what it was.
    await other({ alpha: 0.1 });
    for (const [epochs, words] of [
      [2, /resuming after epoch 2, the last: `epochs` makes the run longer/],
      [1, /warning: resuming after epoch 2, more than the 1 that are asked for/],
    ] as const) {
      const hooks = quietHooks();
      const said: string[] = [];
      const settings = { ...quick, engine: "rpie", resume: "last", epochs };
      const payload = await createReconstructionPayload({
        ...{ scan: path("scan.npz"), outputDir: path("settings"), overrides: settings },
      });
      await runReconstruction(
        payload,
        { ...hooks, log: (line) => said.push(line), warn: (line) => said.push(line) },
        plainHome,
      );
      expect(said.join("\n")).toMatch(words);
      expect(json("settings", "reconstruction.json").history).toHaveLength(2);
    }
  }, 60_000);

  it("says that a single pattern tells nothing, and takes no share of what lies below the noise", async () => {
    scanFile("single.npz", { patterns: 1 });
    const said: string[] = [];
    const hooks = { ...quietHooks(), log: (line: string) => said.push(line), warn: (line: string) => said.push(line) };
    await reconstruct(path("single.npz"), path("single"), { engine: "rpie", epochs: 60 }, hooks);
    expect(said.join("\n")).toMatch(/warning: a single pattern is reconstructed: nothing overlaps/);
    expect(said.join("\n")).toMatch(/below the noise, which is fitted too/);
    expect(said.join("\n")).not.toMatch(/\d % explained/);
  }, 60_000);

  it("measures its end with all that was refined, as the epochs do", async () => {
    const fog = 0.05;
    scanFile("foggy.npz", {}, (values) => {
      const mean = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(values[i] ** 2 + fog * mean);
    });
    for (const [wrappers, subPixel] of [
      ["background,intensities", "whole"],
      ["background", "bilinear"],
      ["background,intensities,positions", "bilinear"],
      ["positions", "fourier"],
    ]) {
      const settings = { engine: "rpie", epochs: 40, wrappers: wrappers.split(","), subPixel };
      await reconstruct(path("foggy.npz"), path("fog"), { ...settings, resume: null });
      const { lastEpoch, dataFit } = json("fog", "metrics.json");
      expect(dataFit.rFactor).toBeLessThan(1.1 * lastEpoch.rFactor);
      rmSync(path("fog"), { recursive: true });
    }
  }, 60_000);

  it("leaves out frames and masked pixels: their values change nothing", async () => {
    const random = new Random(9);
    const frame = 32 * 32;
    scanFile("spoiled.npz", {}, (values) => {
      for (let i = 0; i < frame; i++) values[40 * frame + i] = 50 * random.uniform();
    });
    const hooks = quietHooks();
    for (const name of ["scan", "spoiled"])
      await reconstruct(path(`${name}.npz`), path(`skip_${name}`), { skipFrames: "40", heldOutFraction: 0 }, hooks);
    const object = (name: string) => npz(name, "reconstruction.npz").readNumbers("object").data;
    expect(object("skip_spoiled")).toEqual(object("skip_scan"));
    expect(npz("skip_scan", "reconstruction.npz").header("positions").shape).toEqual([63, 2]);
    await reconstruct(path("spoiled.npz"), path("not_skipped"), { heldOutFraction: 0 }, hooks);
    expect(object("not_skipped")).not.toEqual(object("skip_scan"));
  }, 60_000);

  it("weighs pixels where positions lie between them, or will, unless it is told otherwise", async () => {
    scanFile("between.npz", { jitter: 0.3 });
    const met = async (scan: string, settings: Settings) => {
      await reconstruct(path(scan), path("met"), { epochs: 1, ...settings, resume: "last" });
      rmSync(path("met", "checkpoints"), { recursive: true });
      return json("met", "run.json").stages.map(({ subPixel }: { subPixel: string }) => subPixel);
    };
    expect(await met("scan.npz", {})).toEqual(["whole"]);
    expect(await met("between.npz", {})).toEqual(["bilinear"]);
    expect(await met("between.npz", { subPixel: "whole" })).toEqual(["whole"]);
    const stage = ["epochs=1", "epochs=1,wrappers=positions", "epochs=1,sub_pixel=bilinear"];
    expect(await met("scan.npz", { stage })).toEqual(["whole", "bilinear", "bilinear"]);
  }, 60_000);

  it("says what is wrong with its result", async () => {
    // Nothing but noise.
    const random = new Random(3);
    scanFile("nothing.npz", {}, (values) => {
      for (let i = 0; i < values.length; i++) values[i] = 30 * random.uniform();
    });
    const hooks = quietHooks();
    await reconstruct(path("nothing.npz"), path("nothing"), { heldOutFraction: 0 }, hooks);
    const { outcome, warnings } = json("nothing", "run.json");
    expect(outcome.doubts.length).toBeGreaterThan(0);
    expect(warnings).toEqual(expect.arrayContaining(outcome.doubts));
    expect(outcome.doubts[0]).toMatch(/more `epochs` or another `engine`/);
  }, 60_000);

  it("keeps the best epoch of a run without bound, and says so beside what to try", async () => {
    scanFile("noisy.npz", { photons: 1e3, noise: true });
    const outcome = await reconstruct(path("noisy.npz"), path("diverged"), {
      ...{ engine: "rpie", alpha: 0.001, objectStep: 2, probeStep: 2, epochs: 60 },
    });
    const { kept, history } = json("diverged", "reconstruction.json");
    expect([outcome.status, outcome.advice]).toEqual([
      "diverged",
      expect.stringMatching(new RegExp(`epoch ${kept} is kept: try .*object_step`)),
    ]);
    expect(kept).toBeLessThan(history.length);
    expect(json("diverged", "run.json").outcome.kind).toBe("diverged");
    expect(json("diverged", "metrics.json").heldOut.rFactor).toBe(history[kept - 1].heldOut.error);
    expect(npz("diverged", "reconstruction.npz").readNumbers("object").data.every(Number.isFinite)).toBe(true);
  }, 60_000);

  it("keeps the best epoch where later ones are worse, and names Poisson noise where photons are few", async () => {
    scanFile("dim.npz", { photons: 100, noise: true });
    const hooks = quietHooks();
    await reconstruct(path("dim.npz"), path("dim"), { engine: "raar", epochs: 20 }, hooks);
    const { kept } = json("dim", "reconstruction.json");
    expect(kept).toBeLessThan(10);
    expect(hooks.warnings).toContainEqual(
      expect.stringMatching(new RegExp(`epoch ${kept} of 20 is kept.*R of held-out patterns rose.*noise=poisson`)),
    );
    const flat = quietHooks();
    await reconstruct(path("dim.npz"), path("gaussian"), { engine: "lsqml", epochs: 20 }, flat);
    expect(flat.warnings).toContainEqual(expect.stringMatching(/less than a flat object.*`noise=poisson`/));
  }, 60_000);

  it("looks at memory and devices before it takes any time", async () => {
    const machine = Object.create(nodeHome.machine, { memory: { value: 2 ** 27 } });
    await expect(
      reconstruct(path("scan.npz"), path("small"), {}, quietHooks(), { ...nodeHome, machine }),
    ).rejects.toThrow(/needs more memory than there is.*patterns_in_memory/s);
    const fails = reconstruct(path("scan.npz"), path("device"), { accelerator: "gpu" });
    await expect(fails).rejects.toMatchObject({ kind: "device" });
  }, 60_000);
});

describe("slices", () => {
  const geometry = { wavelengthM: 1e-10, objectPixelM: 1e-8 };

  it("leave the product, and every one of them", async () => {
    const settings = { engine: "rpie", epochs: 10, slices: 2, sliceDistanceM: 5e-6, ...geometry };
    await reconstruct(path("scan.npz"), path("thick"), settings);
    const left = npz("thick", "reconstruction.npz");
    const slices = left.readNumbers("slices");
    const [count, height, width] = slices.shape;
    expect([count, height, width]).toEqual([2, ...left.header("object").shape]);
    const object = left.readNumbers("object").data as Float32Array;
    const [a, b] = [0, 1].map((k) => (slices.data as Float32Array).subarray(2 * k * height * width));
    for (let i = 0; i < object.length; i += 2) {
      expect(object[i]).toBeCloseTo(a[i] * b[i] - a[i + 1] * b[i + 1], 5);
      expect(object[i + 1]).toBeCloseTo(a[i] * b[i + 1] + a[i + 1] * b[i], 5);
    }
    // Patterns are made through both, as the epochs make them: after the last they are explained no worse.
    const { lastEpoch, deviance, dataFit } = json("thick", "metrics.json");
    expect(dataFit.patterns).toBeGreaterThan(0);
    expect(dataFit.rFactor).toBeLessThan(1.05 * lastEpoch.rFactor);
    expect(deviance).toBe(dataFit.deviance);
    expect(lastEpoch.rFactor).toBeLessThan(0.1);
  }, 60_000);

  it("need a distance, a geometry and an engine that knows them", async () => {
    const thick = { slices: 2, sliceDistanceM: 5e-6 };
    const fails = (settings: Settings) => expect(reconstruct(path("scan.npz"), path("no"), settings)).rejects;
    await fails({ slices: 2 }).toThrow(/slices need slice_distance_m/);
    await fails({ sliceDistanceM: 5e-6 }).toThrow(/slice_distance_m has an effect only when slices is above 1/);
    await fails({ ...thick, ...geometry, engine: "dm" }).toThrow(/dm knows no slices; expected epie, rpie/);
    await fails(thick).toThrow(/slices need the wavelength.*energy_kev/s);
  }, 60_000);
});

describe("what it leaves", () => {
  it("is evaluated, compared and converted like any reconstruction", async () => {
    await reconstruct(path("scan.npz"), path("left"), { epochs: 10 });
    const scan = path("true.npz");
    const evaluated = await call(["evaluate", path("left"), "--reference", scan, "--json"]);
    expect(evaluated.code).toBe(0);
    expect(JSON.parse(evaluated.stdout).complex ?? JSON.parse(evaluated.stdout)).toBeDefined();
    const compared = await call(["compare", path("left"), "--reference", scan, "--output_dir", path("compared")]);
    expect([compared.code, compared.stderr]).toEqual([0, expect.not.stringContaining("error")]);
    const converted = await call(["convert", path("left", "reconstruction.npz"), path("left.tif")]);
    expect([converted.code, converted.stderr]).toEqual([0, expect.any(String)]);
    const refused = await call(["reconstruct", scan, "--output_dir", path("left")], {
      files: (await import("../../src/runs/payloads.ts")).fileProbe(nodeHome),
    });
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/results that would be lost.*--resume last.*--overwrite/s),
    ]);
  }, 60_000);
});

describe("memory", () => {
  const scan = (count: number) => {
    const amplitudes = { count, height: 256, width: 256, read() {} };
    return { scan: { amplitudes, probe: { shape: [2, 256, 256] } } } as unknown as ScanForEngines;
  };
  const patterns = { origin: { kind: "file" } } as unknown as Dataset["patterns"];
  const frames = { inMemory: 2 ** 27, onDisk: 0 };
  const stage = (name: string): Stage => ({
    ...{ engine: engineNamed(name), settings: {}, epochs: 1, subPixel: "whole", wrappers: [] },
  });

  it("counts what L-BFGS remembers, on the device and in copies", () => {
    const bytes = (optimizer: string): number => {
      const settings = { ...completeSettings(engineNamed("ad")), optimizer };
      const shares = reconstructionMemory(
        scan(100),
        { patterns },
        { height: 500, width: 400 },
        [{ ...stage("ad"), settings }],
        frames,
      );
      return shares.reduce((sum, share) => sum + share.bytes, 0);
    };
    // Eight steps, eight changes, the slope and its point, of the object and two modes.
    expect(bytes("lbfgs") - bytes("adam")).toBe(2 * 18 * 8 * (500 * 400 + 2 * 256 * 256));
  });

  it("counts the states of an object, and their waves", () => {
    const bytes = (states: number): readonly number[] => {
      const { scan: one } = scan(100);
      const of = { scan: { ...one, objectModes: { count: states, power: 0.05, seed: 1 } } } as ScanForEngines;
      return reconstructionMemory(of, { patterns }, { height: 500, width: 400 }, [stage("lsqml")], frames).map(
        (s) => s.bytes,
      );
    };
    const [one, four] = [bytes(1), bytes(4)];
    expect(four[1]).toBe(4 * one[1]);
    // Of four times the waves a quarter of the frames is on the device at once.
    expect(four[2]).toBe(one[2]);
  });

  it("counts exit waves where an engine keeps them, and refuses what no device can have", () => {
    const of = (name: string, count: number) =>
      reconstructionMemory(
        scan(count),
        { patterns },
        { height: 500, width: 500 },
        [stage("epie"), stage(name)],
        frames,
      );
    const [without, kept] = ["lsqml", "dm"].map((name) => of(name, 1000).reduce((sum, { bytes }) => sum + bytes, 0));
    expect(kept - without).toBe(1000 * 2 * 256 * 256 * 8);
    const modes = { count: 6, start: "hermite", power: 0.05 } as const;
    const more = reconstructionMemory(
      scan(1000),
      { patterns },
      { height: 500, width: 500 },
      [{ ...stage("dm"), modes }],
      frames,
    );
    const waves = more.find(({ what }) => what.startsWith("exit waves"))?.bytes;
    expect(waves).toBe(1000 * 6 * 256 * 256 * 8);
    expect(() => of("dm", 5000)).toThrow(/more memory than they can have.*exit waves of all patterns.*engine=lsqml/s);
    expect(() => of("lsqml", 5000)).not.toThrow();
  });

  it("leaves to a GPU what lies there, but for the exit waves that checkpoints take", () => {
    const parts = (home: "wasm" | "webgpu", count: number) =>
      reconstructionMemory(scan(count), { patterns }, { height: 500, width: 500 }, [stage("dm")], frames, home);
    const [here, there] = [parts("wasm", 1000), parts("webgpu", 1000)];
    expect(there.length).toBe(here.length - 2);
    expect(here).toEqual(expect.arrayContaining([...there]));
    expect(there.some(({ what }) => what === "exit waves of all patterns")).toBe(true);
    expect(() => parts("webgpu", 5000)).not.toThrow();
  });
});
