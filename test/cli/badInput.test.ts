import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { type NpyArray, writeNpy } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { writeZip } from "../../src/formats/writeZip.ts";
import { nodeHome } from "../../src/node/home.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { call, fakeFiles, inferArgs, trainArgs } from "./harness.ts";

const N = 32;
const frames = 9;
let folder = "";

/** A small scan of flat patterns; what is wrong with it is the test's business. */
function smallScan(patterns = new Float32Array(frames * N * N).fill(1)): Dataset {
  return {
    name: "small",
    patterns: memoryPatterns(patterns, [frames, N, N]),
    measurement: "amplitude",
    positions: Float64Array.from({ length: 2 * frames }, (_, i) => 16 + 3 * (i % 7)),
    probe: { shape: [1, N, N], data: new Float32Array(2 * N * N).fill(0.5) },
    provenance: { conversions: [], warnings: [] },
  };
}

const row = (length: number): NpyArray => ({
  shape: [length],
  dtype: "float64",
  data: new Float64Array(length).fill(40),
});
const complex = (shape: number[]): NpyArray => ({
  shape,
  dtype: "complex64",
  data: new Float32Array(2 * shape.reduce((product, extent) => product * extent, 1)).fill(1),
});
const integers: NpyArray = { shape: [frames, N, N], dtype: "uint16", data: new Uint16Array(frames * N * N).fill(1) };
const notFinite: NpyArray = { shape: [N, N], dtype: "complex64", data: new Float32Array(2 * N * N).fill(Number.NaN) };

/** The arrays of a scan that nothing is wrong with. */
const soundArrays = (): Record<string, NpyArray> => ({
  diff3d: { shape: [frames, N, N], dtype: "float32", data: new Float32Array(frames * N * N).fill(1) },
  xcoords: row(frames),
  ycoords: row(frames),
  probeGuess: complex([N, N]),
});

const path = (name: string): string => join(folder, name);

function write(name: string, bytes: Uint8Array | string): string {
  writeFileSync(path(name), bytes);
  return path(name);
}

/** Calls `train` with the real reader. */
const train = (scan: string, ...flags: string[]) =>
  call(["train", "--train_data_file", scan, "--output_dir", path("out"), ...flags], { files: fileProbe(nodeHome) });

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("files", () => {
  it("a sound scan arrives", async () => {
    const { code, training } = await train(write("sound.npz", writeScanNpz(smallScan())));
    expect(code).toBe(0);
    expect(training?.model.N).toBe(N);
  });

  it("a missing scan", async () => {
    const { code, stderr, training } = await train(path("nowhere.npz"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/error: no such file; in .*nowhere\.npz/);
    expect(training).toBeUndefined();
  });

  it("a truncated scan", async () => {
    const bytes = writeScanNpz(smallScan());
    const { code, stderr } = await train(write("truncated.npz", bytes.slice(0, bytes.length / 2)));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*truncated\.npz/);
  });

  it("a file that is something else", async () => {
    const { code, stderr } = await train(write("notes.npz", "no scan at all"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*notes\.npz/);
  });

  it("NaN in the patterns", async () => {
    const patterns = new Float32Array(frames * N * N).fill(1);
    patterns[1234] = Number.NaN;
    const { code, stderr } = await train(write("nan.npz", writeScanNpz(smallScan(patterns))));
    expect(code).toBe(2);
    expect(stderr).toMatch(/nan\.npz.*--skip_frames 1;/i);
    for (const skipping of [["--skip_frames", "1"], ["--skip_outlying_frames"]])
      expect((await train(path("nan.npz"), ...skipping)).stderr).toBe("");
  });

  it.each<[string, Partial<Record<string, NpyArray>>, RegExp]>([
    ["complex patterns", { diff3d: complex([frames, N, N]) }, /diff3d.*(real|complex64)/],
    ["integer patterns of which nothing says what they count", { diff3d: integers }, /diff3d.*integer|measurement/i],
    ["a probe of another size", { probeGuess: complex([N + 8, N + 8]) }, /probeGuess.*40/],
    [
      "fewer positions than patterns",
      { xcoords: row(frames - 1), ycoords: row(frames - 1) },
      /^error: fewer positions than patterns; .*expected 9 positions .*got 8/,
    ],
    [
      "more positions than patterns",
      { xcoords: row(frames + 1), ycoords: row(frames + 1) },
      /^error: more positions than patterns; .*expected 9 positions .*got 10/,
    ],
    ["a probe of real numbers that are not finite", { probeGuess: notFinite }, /probeGuess.*(finite|NaN)/],
  ])("%s", async (name, changes, message) => {
    const arrays = { ...soundArrays(), ...changes } as Record<string, NpyArray>;
    const { code, stderr, training } = await train(write(`${name}.npz`, writeNpz(arrays)));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toMatch(message);
    expect(stderr).toContain(`${name}.npz`);
    expect(training).toBeUndefined();
  });

  it("an archive with the same key twice", async () => {
    const members = Object.entries(soundArrays()).map(([name, array]) => ({
      name: `${name}.npy`,
      data: writeNpy(array),
    }));
    const { code, stderr } = await train(write("twice.npz", writeZip([...members, members[0]])));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: duplicate member "diff3d.npy"; in .*twice\.npz/);
  });

  it("a zip bomb", async () => {
    const bytes = writeNpz(soundArrays());
    const header = Buffer.from(bytes.buffer).indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    // The first member declares 3.75 GiB.
    new DataView(bytes.buffer).setUint32(header + 24, 0xf0000000, true);
    const { code, stderr } = await train(write("bomb.npz", bytes));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: .*would expand to 4026531840 bytes and looks like a zip bomb.*bomb\.npz/s);
  });

  it("a key that the file does not have", async () => {
    const scan = write("sound.npz", writeScanNpz(smallScan()));
    const { code, stderr } = await train(scan, "--patterns_key", "data");
    expect(code).toBe(2);
    expect(stderr).toMatch(/no array "data"/);
  });

  it("a missing model, and a folder without one", async () => {
    const infer = (model: string) =>
      call(["infer", "--model_path", model, "--test_data", "scan.npz", "--output_dir", path("out")], {
        files: fileProbe(nodeHome),
      });
    const missing = await infer(path("no-run"));
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(/no such model/);
    const empty = await infer(folder);
    expect(empty.code).toBe(2);
    expect(empty.stderr).toMatch(/no model in this folder.*model\.zip/);
  });

  it("an output folder that is a file, or not writable", async () => {
    const scan = write("sound.npz", writeScanNpz(smallScan()));
    write("out-file", "");
    const onFile = await call(["train", "--train_data_file", scan, "--output_dir", path("out-file")], {
      files: fileProbe(nodeHome),
    });
    expect(onFile.code).toBe(2);
    expect(onFile.stderr).toMatch(/output folder cannot be written to; in .*out-file/);
    // The superuser may write anywhere, so permissions prove nothing there.
    if (process.getuid?.() === 0) return;
    mkdirSync(path("locked"));
    chmodSync(path("locked"), 0o500);
    const locked = await call(["train", "--train_data_file", scan, "--output_dir", path("locked/run")], {
      files: fileProbe(nodeHome),
    });
    expect(locked.code).toBe(2);
    expect(locked.stderr).toMatch(/output folder cannot be written to/);
  });

  it("a config file that is no JSON, or no object", async () => {
    const broken = await call([...trainArgs, "--config", write("broken.json", "{")]);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/broken\.json:1: neither YAML nor JSON/);
    const list = await call([...trainArgs, "--config", write("list.json", "[1]")]);
    expect(list.code).toBe(2);
    expect(list.stderr).toMatch(/does not hold settings by name/);
  });
});

describe("flags", () => {
  it.each([
    [["--lerning-rate", "1e-3"], /unknown option --lerning-rate\. Did you mean --learning_rate\?/],
    [["-x"], /unknown option -x/],
    [["--deterministic", "--no-deterministic"], /contradictory values for --deterministic; got true and false/],
    [["--max_epochs", "3", "--nepochs", "4"], /contradictory values for --max_epochs; got 3 and 4/],
    [["--disable-checkpointing", "--enable-checkpointing"], /contradictory flags/],
    [["--gridsize", "two"], /wrong value for --gridsize; expected a whole number; got "two"/],
    [["--gridsize"], /--gridsize needs a value/],
    [["--gridsize", "--quiet"], /--gridsize needs a value/],
    [["--accelerator", "abacus"], /wrong value for accelerator: .*got "abacus"/],
    [["--precision", "16-mixed"], /half precision is not in this version/],
    [["--architecture", "unet"], /wrong value for architecture: .*got "unet"/],
    [["--ptycho_dir", "x"], /belongs to an interface that is gone/],
    [["--profile", "ci", "--torch-loss-mode", "mae"], /contradictory settings: profile "ci" and loss_function "mae"/],
    [["--probe_scale", "4"], /--probe_scale is refused: there is one normalisation: a unit object/],
    [["--torch-pad-eval"], /--torch-pad-eval is refused: the reference system declares it/],
    [["--no-normalize"], /--no-normalize is refused: there is one normalisation/],
    [["--middle_trim", "3"], /unknown option --middle_trim/],
    [["stray"], /a scan is named twice.*got scan\.npz and stray/],
  ] as const)("train %j", async (flags, message) => {
    const { code, stderr, training } = await call([...trainArgs, ...flags]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(training).toBeUndefined();
  });

  it.each([trainArgs, inferArgs])("a device that is not there, before any file is read: %s", async (...args) => {
    const { checkAccelerator } = fileProbe(nodeHome);
    const unread = async (): Promise<never> => expect.fail("the data were read");
    const files = { ...fakeFiles(), checkAccelerator, scanHeader: unread, prepareFolder: unread };
    const { code, stderr, training, inference } = await call([...args, "--accelerator", "tpu"], { files });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /accelerator tpu is not available; expected .*no provider for TPUs; got a machine with a CPU and .+\. Use --accelerator cpu/,
    );
    expect(training ?? inference).toBeUndefined();
  });

  it("infer refuses with the reason too", async () => {
    const { code, stderr, inference } = await call([...inferArgs, "--window", "20"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--window is refused: say middle_trim/);
    expect(inference).toBeUndefined();
  });

  it("missing ones", async () => {
    const nothing = await call(["train"]);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/missing --train_data_file, --output_dir/);
    const { code, stderr } = await call(inferArgs.filter((arg) => arg !== "--model_path" && arg !== "run"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/missing --model_path/);
  });

  it("an unknown command, and none", async () => {
    const wrong = await call(["trian"]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/unknown command "trian".*Did you mean "train"\?/);
    const none = await call([]);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("Usage: ptychonaut COMMAND");
  });

  it("an unexpected failure is exit code 1, and --debug shows where", async () => {
    const work = async () => {
      throw new TypeError("broken inside");
    };
    const short = await call(trainArgs, { work });
    expect(short.code).toBe(1);
    expect(short.stderr).toMatch(/error: broken inside\n/);
    expect(short.stderr).not.toContain("badInput.test.ts");
    const long = await call([...trainArgs, "--debug"], { work });
    expect(long.stderr).toContain("badInput.test.ts");
  });
});
