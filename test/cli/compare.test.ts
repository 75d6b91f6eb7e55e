import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import type { Metrics } from "../../src/metrics/evaluate.ts";
import { applyGauge } from "../../src/metrics/gauge.ts";
import { conjugated } from "../../src/metrics/orientation.ts";
import { sampleWindow } from "../../src/metrics/resample.ts";
import { nodeHome } from "../../src/node/home.ts";
import { gaussianFilter } from "../../src/numerics/gaussianFilter.ts";
import { Random } from "../../src/random.ts";
import { writeReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { resolveEntries } from "../../src/runs/compare/entries.ts";
import { runInference } from "../../src/runs/infer/inferAndRefine.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { complexOf, toArray } from "../metrics/images.ts";
import { object, perfectNetwork, writeRandomBundle, writeScan } from "../runs/inferRun.ts";
import { plainHome } from "../runs/plainHome.ts";
import { tolerances } from "../tolerances.ts";
import { call } from "./harness.ts";

/** Objects of several programs against the object of a scan. */

interface Entry {
  readonly label: string;
  readonly kind: string;
  readonly metrics: Metrics;
}

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
const json = (...names: string[]) => JSON.parse(readFileSync(path(...names), "utf8"));
const entriesOf = (name: string): Entry[] => json(name, "compare.json").entries;

const truth = { shape: object.shape as [number, number], data: Float64Array.from(object.data) };

/** A part of the object with another gauge, and noise. */
function part(origin: readonly [number, number], shape: readonly [number, number], noise: number): ComplexArray {
  const gauge = { scale: 0.7, phase: 1, ramp: [0.05, -0.04], conjugated: false } as const;
  const { image } = sampleWindow(truth, origin, shape);
  const random = new Random(6);
  const { data } = applyGauge({ shape, data: image.data.map((value) => value + noise * random.normal()) }, gauge);
  return { shape, data: Float32Array.from(data) };
}

const compare = (...args: string[]) => call(["compare", ...args], { files: fileProbe(nodeHome) });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  writeScan(folder, "scan.npz");
  mkdirSync(path("good"));
  const coverage = new Float32Array(60 * 50).fill(1).fill(0, 0, 500);
  writeFileSync(
    path("good", "reconstruction.npz"),
    writeReconstruction({
      object: part([12, 15], [60, 50], 0),
      coverage,
      positions: Float64Array.of(30, 30),
      origin: { y: 12, x: 15 },
      pixelSizeM: 1e-8,
    }),
  );
  const noisy = part([-5, -8], [100, 95], 0.05);
  const mirrored = toArray(conjugated({ shape: [100, 95], data: Float64Array.from(noisy.data) }));
  const probe = { dtype: "complex64", shape: [8, 8], data: new Float32Array(128).fill(1) } as const;
  writeFileSync(
    path("foreign.npz"),
    writeNpz({ psi: { dtype: "complex64", shape: [1, 100, 95], data: mirrored.data }, probe }),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("compare", () => {
  it("lays several objects on one reference and leaves tables, arrays, a figure and a record", async () => {
    const args = [path("good"), `other=${path("foreign.npz")}::psi`, "--reference", path("scan.npz")];
    const { code, stdout, stderr } = await compare(...args, "--output_dir", path("out"));
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^model +complex error.*\ngood +\d\S+ .*\nother +0\.\S+ /);
    expect(stderr).toMatch(/warning: other: the reconstruction is the complex conjugate/);

    const [good, other] = entriesOf("out");
    expect(good!.metrics.complexError).toBeLessThan(tolerances.perfectReconstruction);
    expect(good!.metrics.gauge.placement).toBe("stated");
    expect(other!.metrics.gauge).toMatchObject({ placement: "found", conjugated: true });
    expect(other!.metrics.gauge.origin).toEqual([expect.closeTo(-5, 1), expect.closeTo(-8, 1)]);
    // Noise of 0.05 in both parts, less what a few fitted numbers take.
    expect(Math.abs(other!.metrics.complexError / (0.05 * Math.SQRT2) - 1)).toBeLessThan(0.05);
    // 50 rows of 50 are covered by both.
    expect(good!.metrics.coverage.pixels).toBe(2500);
    expect(json("out", "compare.json")).toMatchObject({ area: "common", commonPixels: 2500 });

    const run = json("out", "run.json");
    expect(run).toMatchObject({ command: "compare", outcome: { status: "finished" } });
    expect(run.inputs).toHaveLength(3);
    for (const file of run.files) expect(existsSync(file)).toBe(true);
    const { width, height } = decode(readFileSync(path("out", "comparison.png")));
    expect(Math.min(width, height)).toBeGreaterThan(600);
  });

  it.each(["good.h5", "good.cxi"])("takes %s, which other programs read too", async (name) => {
    const converted = await call(["convert", path("good", "reconstruction.npz"), path(name), "--quiet"]);
    expect(converted.code, converted.stderr).toBe(0);
    const out = `out-${name}`;
    const args = [`same=${path(name)}`, "--reference", path("scan.npz"), "--output_dir", path(out)];
    const { code, stderr } = await compare(...args);
    expect(code, stderr).toBe(0);
    expect(entriesOf(out)[0].metrics.complexError).toBeLessThan(tolerances.perfectReconstruction);
  });

  it("brings all arrays into the reference's frame", () => {
    const npz = openNpz(readFileSync(path("out", "aligned.npz")));
    expect(npz.keys).toEqual(["reference", "common", "good", "good_known", "other", "other_known"]);
    const reference = npz.readNumbers("reference").data as Float32Array;
    const good = npz.readNumbers("good").data as Float32Array;
    const known = npz.readNumbers("good_known").data as Uint8Array;
    expect(npz.readNumbers("good").shape).toEqual(object.shape);
    let covered = 0;
    known.forEach((value, k) => {
      const difference = Math.hypot(good[2 * k] - reference[2 * k], good[2 * k + 1] - reference[2 * k + 1]);
      if (value === 1) expect(difference).toBeLessThan(0.01);
      else expect([good[2 * k], good[2 * k + 1]]).toEqual([0, 0]);
      covered += value;
    });
    expect(covered).toBe(2500);
  });

  it("writes tables in long format", () => {
    const rows = (name: string): string[][] =>
      readFileSync(path("out", name), "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => line.split(","));
    const [header, ...metrics] = rows("comparison.csv");
    expect(header).toEqual(["model", "metric", "amplitude", "phase", "value"]);
    expect(metrics.every((row) => row.length === 5)).toBe(true);
    const [good, other] = entriesOf("out");
    const row = (model: string, metric: string) => metrics.find(([a, b]) => a === model && b === metric)!.slice(2);
    expect(row("other", "ssim")).toEqual([other!.metrics.amplitude.ssim, other!.metrics.phase.ssim, ""].map(String));
    expect(row("good", "complex_error")).toEqual(["", "", String(good!.metrics.complexError)]);
    expect(row("good", "compat_frc50")).toHaveLength(3);
    expect(row("good", "deviance")).toEqual(["", "", ""]);
    const [frcHeader, ...rings] = rows("frc.csv");
    expect(frcHeader).toEqual(["model", "curve", "ring", "frequency", "correlation", "half_bit", "one_bit"]);
    const own = rings.filter(([model, curve]) => model === "other" && curve === "complex");
    expect(own.map((ring) => Number(ring[4]))).toEqual(other!.metrics.frc.curve.correlation);
    expect(new Set(rings.map(([, curve]) => curve))).toEqual(
      new Set(["complex", "compat_amplitude", "compat_phase", "compat_complex"]),
    );
    const variant = rings.filter(([model, curve]) => model === "other" && curve === "compat_complex");
    // Thresholds go to the edge of the spectrum, the curve on to its corners.
    expect(variant.map(([, , , f, , halfBit]) => Number(f) <= 0.5 || halfBit === "")).not.toContain(false);
    expect(Number(variant[1][5])).toBeLessThan(Number(variant[1][6]));
  });

  it("over each one's own area has the numbers of evaluate", async () => {
    const args = [
      path("good"),
      `${path("foreign.npz")}::psi`,
      "--reference",
      path("scan.npz"),
      "--area",
      "own",
      "--no-twin",
    ];
    expect((await compare(...args, "--output_dir", path("own"))).code).toBe(0);
    const foreign = entriesOf("own").find(({ label }) => label === "foreign")!;
    const single = ["evaluate", `${path("foreign.npz")}::psi`, "--reference", path("scan.npz"), "--conjugate"];
    const { stdout } = await call([...single, "--json"]);
    expect(foreign.metrics).toEqual(JSON.parse(stdout));
    expect(foreign.metrics.coverage.pixels).toBeGreaterThan(2500);
  });

  it("has the numbers of evaluate for a nearly flat object too, which nothing turns or moves", async () => {
    const random = new Random(5);
    const side = 110;
    const smooth = (): Float64Array =>
      gaussianFilter(
        new Float64Array(side * side).map(() => random.normal()),
        [side, side],
        6,
      ).map((v) => 0.3 * v);
    const [amplitude, phase] = [smooth(), smooth()];
    const nearlyFlat = complexOf([side, side], (i, j) => [1 + amplitude[i * side + j], phase[i * side + j]]);
    const disc = Float32Array.from({ length: side * side }, (_, k) =>
      Math.hypot(Math.floor(k / side) - 55, (k % side) - 55) < 38 ? 1 : 0,
    );
    const file = path("nearly-flat.npz");
    const positions = Float64Array.of(45, 40);
    writeFileSync(
      file,
      writeReconstruction({ object: toArray(nearlyFlat), coverage: disc, positions, origin: { y: -11.3, x: -14.6 } }),
    );
    const { stdout } = await call(["evaluate", file, "--reference", path("scan.npz"), "--json"]);
    const alone = await compare(file, "--reference", path("scan.npz"), "--output_dir", path("garbage"));
    expect(alone.code, alone.stderr).toBe(0);
    expect(entriesOf("garbage")[0].metrics).toEqual(JSON.parse(stdout));
    const { gauge, frc } = entriesOf("garbage")[0].metrics;
    expect(gauge).toMatchObject({ placement: "stated", turned: false, conjugated: false });
    expect(frc).toMatchObject({ halfBit: null, flat: false });
    expect(alone.stdout).toMatch(/\nnearly-flat .* none\n/);
    expect(alone.stderr).toMatch(/nearly-flat: the ring correlation is below .* from the start: nothing agrees/);
    const beside = await compare(file, path("good"), "--reference", path("scan.npz"), "--output_dir", path("beside"));
    expect(beside.code, beside.stderr).toBe(0);
  });

  it("says of a flat object that the ring correlation says nothing, in words, table and JSON", async () => {
    const flat = toArray(complexOf([60, 50], () => [0.8, 0.1]));
    const [coverage, positions] = [new Float32Array(60 * 50).fill(1), Float64Array.of(30, 30)];
    writeFileSync(
      path("flat.npz"),
      writeReconstruction({ object: flat, coverage, positions, origin: { y: 12, x: 15 } }),
    );
    const { code, stdout, stderr } = await compare(
      path("flat.npz"),
      "--reference",
      path("scan.npz"),
      "--output_dir",
      path("flat"),
    );
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/warning: flat: one of the two images is flat.*no FRC resolution/);
    expect(stdout).toMatch(/\nflat .* none\n/);
    expect(entriesOf("flat")[0].metrics.frc).toMatchObject({ halfBit: null, oneBit: null });
    const alone = await call(["evaluate", path("flat.npz"), "--reference", path("scan.npz")]);
    expect(alone.stdout).toMatch(/FRC resolution +none \(half-bit\), none \(one-bit\)/);
    expect(alone.stderr).toMatch(/one of the two images is flat/);
  });

  it("names the entries that share no area, and says what helps", async () => {
    const apart = (name: string, origin: number): string => {
      const object = part([origin, origin], [30, 30], 0);
      const [coverage, positions] = [new Float32Array(900).fill(1), Float64Array.of(origin, origin)];
      writeFileSync(path(name), writeReconstruction({ object, coverage, positions, origin: { y: origin, x: origin } }));
      return path(name);
    };
    const args = [apart("a.npz", 2), apart("b.npz", 40), "--reference", path("scan.npz")];
    const { code, stderr } = await compare(...args, "--output_dir", path("apart"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/too little in common.*a 900 from row 2, column 2 \(stated\); b 900 from row 40.*area own/);
    expect((await compare(...args, "--area", "own", "--output_dir", path("apart"))).code).toBe(0);
  });

  it("lets models reconstruct the scan first", async () => {
    const run = await writeRandomBundle(folder, path("scan.npz"), 1);
    const args = [`net=${run}`, path("good"), "--test_data", path("scan.npz"), "--output_dir", path("models")];
    const { code, stderr } = await call(["compare", ...args, "--accelerator", "cpu", "--patch_weighting", "uniform"], {
      files: fileProbe(nodeHome),
      workflows: {
        infer: (payload, hooks) => runInference(payload, hooks, plainHome, { loadPredictor: perfectNetwork() }),
      },
    });
    expect(code, stderr).toBe(0);
    const [net, good] = entriesOf("models");
    expect(net).toMatchObject({ label: "net", kind: "model" });
    expect(net!.metrics.phase.correlation).toBeGreaterThan(0.999);
    expect(net!.metrics.deviance).toBe(json("models", "inference", "net", "metrics.json").deviance);
    expect(good!.metrics.deviance).toBeNull();
    expect(json("models", "inference", "net", "run.json").settings.inference.patchWeighting).toBe("uniform");
  });

  it("keeps what is wrong with its models' objects in the record and above the picture", async () => {
    const net = await writeRandomBundle(folder, path("scan.npz"), 1, { name: "random" });
    const args = ["compare", `net=${net}`, path("good"), "--test_data", path("scan.npz"), "--picture_formats", "svg"];
    const { code, stderr } = await call([...args, "--accelerator", "cpu", "--output_dir", path("warned")], {
      files: fileProbe(nodeHome),
      workflows: { infer: (payload, hooks) => runInference(payload, hooks, plainHome) },
    });
    expect(code, stderr).toBe(0);
    const said = expect.stringMatching(/^net: the stitched object explains next to nothing/);
    expect(json("warned", "run.json").warnings).toContainEqual(said);
    expect(json("warned", "run.json").warnings.join()).not.toMatch(/good: /);
    expect(stderr.match(/the stitched object explains next to nothing/g)).toHaveLength(1);
    const picture = readFileSync(path("warned", "comparison.svg"), "utf8");
    expect(picture).toMatch(/>net: The stitched object/);
    expect(picture).not.toMatch(/learning_rate|good: The/);

    const object = path("warned", "inference", "net", "reconstruction.npz");
    const beside = await compare(object, "--reference", path("scan.npz"), "--output_dir", path("warned2"));
    expect(beside.stderr).toMatch(/warning: net: the stitched object explains next to nothing/);

    const halves = await call(["evaluate", object, "--split", object]);
    expect(halves.stderr).toMatch(/one and the same model made both reconstructions: they are not independent/);
    expect(halves.stderr).toMatch(/warning: .*reconstruction\.npz: the stitched object explains next to nothing/);
    const other = await call(["evaluate", object, "--split", path("good")]);
    expect(other.stderr).not.toMatch(/one and the same model/);
  });

  it("takes the scan's object where there is no other reference", async () => {
    const args = [path("good"), "--test_data", path("scan.npz"), "--output_dir", path("scan-only")];
    expect((await compare(...args)).code).toBe(0);
    expect(json("scan-only", "compare.json").reference).toMatchObject({ path: path("scan.npz"), array: "objectGuess" });
  });

  it("leaves out a model that came to nothing, and says when nothing is left", async () => {
    const args = ["compare", `net=${path("run1")}`, "--test_data", path("scan.npz"), "--output_dir", path("none")];
    const { code, stderr } = await call(args, {
      files: fileProbe(nodeHome),
      workflows: { infer: async () => ({ status: "diverged", advice: "train again", files: [] }) },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/net is left out: train again\nthe run diverged: no model made an object/);
    expect(existsSync(path("none", "compare.json"))).toBe(false);
  });

  it("interrupted, writes nothing", async () => {
    const args = ["compare", path("good"), "--reference", path("scan.npz"), "--output_dir", path("cut")];
    const { code } = await call(args, { files: fileProbe(nodeHome), signal: AbortSignal.abort() });
    expect(code).toBe(130);
    expect(existsSync(path("cut", "run.json"))).toBe(false);
  });
});

describe("what cannot be compared is said before anything runs", () => {
  const typed = (...args: string[]) => compare(...args, "--output_dir", path("refused"));
  const reference = () => ["--reference", path("scan.npz")];

  it.each<[string, () => string[], RegExp]>([
    ["nothing", () => reference(), /missing arguments; expected \[LABEL=\]PATH\.\.\./],
    ["no reference", () => [path("good")], /missing --reference/],
    ["no such file", () => [path("nowhere.npz"), ...reference()], /no such file or folder; in .*nowhere\.npz/],
    ["an empty folder", () => [folder, ...reference()], /nothing to compare; in .*expected a folder with/],
    [
      "one label twice",
      () => [path("good"), `good=${path("foreign.npz")}`, ...reference()],
      /the label "good" is taken/,
    ],
    ["a reserved label", () => [`reference=${path("good")}`, ...reference()], /the label "reference" is taken by what/],
    ["a model without a scan", () => [path("run1"), ...reference()], /"run1" is a model and there is no scan/],
    [
      "inference flags without a model",
      () => [path("good"), ...reference(), "--middle_trim", "8"],
      /--middle_trim would have no effect; got no model/,
    ],
    [
      "an unknown area",
      () => [path("good"), ...reference(), "--area", "all"],
      /wrong value for --area; expected common/,
    ],
    [
      "a smoothing wider than the image",
      () => [path("good"), ...reference(), "--frc_sigma", "1e7"],
      /wider than the image; in --frc_sigma; expected at most/,
    ],
    ["an array that is not there", () => [`${path("foreign.npz")}::rho`, ...reference()], /expected an array "rho"/],
  ])("%s", async (_, args, message) => {
    const { code, stderr } = await typed(...args());
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(existsSync(path("refused"))).toBe(false);
  });

  it("an entry that does not lie on the reference is named", async () => {
    writeFileSync(
      path("away.npz"),
      writeReconstruction({
        object: part([0, 0], [40, 40], 0),
        coverage: new Float32Array(1600).fill(1),
        positions: Float64Array.of(500, 500),
        origin: { y: 500, x: 500 },
      }),
    );
    const { code, stderr } = await typed(path("away.npz"), ...reference());
    expect(code).toBe(2);
    expect(stderr).toMatch(/entry "away": there is nothing to compare/);
  });
});

describe("entries", () => {
  it("are labelled by what is typed, by their folder or by their name", async () => {
    writeFileSync(path("a=b.npz"), "");
    const typed = [path("good"), `x=${path("foreign.npz")}::psi`, path("a=b.npz"), `y/z=1=${path("none")}`];
    const entries = await resolveEntries(typed.slice(0, 3), nodeHome.store);
    expect(entries.map(({ label, kind }) => [label, kind])).toEqual([
      ["good", "object"],
      ["x", "object"],
      ["a=b", "object"],
    ]);
    expect(entries[0].address).toBe(path("good", "reconstruction.npz"));
    expect(entries[1].address).toBe(`${path("foreign.npz")}::psi`);
    await expect(resolveEntries(typed, nodeHome.store)).rejects.toThrow(/no such file or folder/);
  });
});
