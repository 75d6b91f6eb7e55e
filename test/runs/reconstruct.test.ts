import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import type { Dataset } from "../../src/data/dataset.ts";
import { engineNamed } from "../../src/engines/registry.ts";
import type { Stage } from "../../src/engines/runningStage.ts";
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

/** Pictures take longer than all else here. */
const plain: Home = {
  ...nodeHome,
  machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
};

async function reconstruct(
  scan: string,
  outputDir: string,
  overrides: Settings = {},
  hooks: RunHooks = quietHooks(),
  home: Home = plain,
): Promise<RunOutcome> {
  const payload = await createReconstructionPayload({ scan, outputDir, overrides: { ...quick, ...overrides } });
  return runReconstruction(payload, hooks, home);
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
      runtime: "WebAssembly, 1 thread",
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

  it("has the same bits with patterns in memory and in their file, and on any number of threads", async () => {
    await reconstruct(path("scan.npz"), path("memory"), { patternsInMemory: "yes" });
    await reconstruct(path("scan.npz"), path("file"), { patternsInMemory: "no", threads: 2 });
    expect(readFileSync(path("file", "reconstruction.npz"))).toEqual(
      readFileSync(path("memory", "reconstruction.npz")),
    );
  }, 60_000);

  it("goes on where it was interrupted, to the bytes of an undisturbed run", async () => {
    const stages = { stage: ["engine=epie,epochs=2", "engine=rpie,epochs=3,wrappers=intensities,momentum=0.5"] };
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

  it("measures its end with all that was refined, as the epochs do", async () => {
    const fog = 0.05;
    scanFile("foggy.npz", {}, (values) => {
      const mean = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
      for (let i = 0; i < values.length; i++) values[i] = Math.sqrt(values[i] ** 2 + fog * mean);
    });
    for (const wrappers of ["background", "background,intensities,positions"])
      for (const subPixel of ["whole", "bilinear"]) {
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

  it("a run without bound ends as diverged, with what to try, and leaves no reconstruction of it", async () => {
    scanFile("noisy.npz", { photons: 1e3, noise: true });
    const outcome = await reconstruct(path("noisy.npz"), path("diverged"), {
      ...{ engine: "rpie", alpha: 0.001, objectStep: 2, probeStep: 2, epochs: 60 },
    });
    expect([outcome.status, outcome.advice]).toEqual(["diverged", expect.stringMatching(/object_step/)]);
    expect(existsSync(path("diverged", "reconstruction.npz"))).toBe(false);
    expect(json("diverged", "run.json").outcome.kind).toBe("diverged");
    expect(json("diverged", "reconstruction.json").history.length).toBeGreaterThan(0);
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
    const { lastEpoch, deviance, dataFit } = json("thick", "metrics.json");
    expect([dataFit, deviance]).toEqual([null, lastEpoch.deviance]);
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
  const stage = (name: string): Stage => ({
    ...{ engine: engineNamed(name), settings: {}, epochs: 1, subPixel: "whole", wrappers: [] },
  });

  it("counts exit waves where an engine keeps them, and refuses what no device can have", () => {
    const of = (name: string, count: number) =>
      reconstructionMemory(scan(count), { patterns }, { height: 500, width: 500 }, [stage("epie"), stage(name)]);
    const [without, kept] = ["lsqml", "dm"].map((name) => of(name, 1000).reduce((sum, { bytes }) => sum + bytes, 0));
    expect(kept - without).toBe(1000 * 2 * 256 * 256 * 8);
    expect(() => of("dm", 5000)).toThrow(/more memory than they can have.*exit waves of all patterns.*engine=lsqml/s);
    expect(() => of("lsqml", 5000)).not.toThrow();
  });
});
