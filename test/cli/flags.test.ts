import { describe, expect, it } from "vitest";
import { camelCase } from "../../src/config/names.ts";
import { allCommands, loadCommand } from "../../src/node/cli/commands.ts";
import { type Flag, parseFlags } from "../../src/node/cli/flags.ts";
import { renderHelp } from "../../src/node/cli/help.ts";

const flag = (name: string, kind: Flag["kind"], more: Partial<Flag> = {}): Flag => ({
  name,
  kind,
  section: "Test",
  description: `${name} of the test`,
  ...more,
});

const flags: readonly Flag[] = [
  flag("N", "integer", { nullable: true }),
  flag("learningRate", "number", { aliases: ["lr"] }),
  flag("useMask", "boolean", { default: true }),
  flag("mode", "text", { choices: ["a", "b"] }),
  flag("words", "text", { choices: ["near_field", "far_field"] }),
  flag("indices", "integers"),
  flag("bounds", "numbers"),
  flag("devices", "integer", { words: ["auto"] }),
  flag("old", "boolean", { deprecated: "use --new" }),
];
const parse = (...argv: string[]) => parseFlags(argv, flags);

describe("parsing", () => {
  it.each([
    [["--N", "64"], { N: 64 }],
    [["--N=none"], { N: null }],
    [["--learning-rate", "1e-3"], { learningRate: 1e-3 }],
    [["--learning_rate=.5"], { learningRate: 0.5 }],
    [["--learningRate", "-2"], { learningRate: -2 }],
    [["--lr", "3"], { learningRate: 3 }],
    [["--use_mask"], { useMask: true }],
    [["--no-use-mask"], { useMask: false }],
    [["--use_mask", "false"], { useMask: false }],
    [["--use_mask=false"], { useMask: false }],
    [["--indices", "1,2", "--mode", "a"], { indices: [1, 2], mode: "a" }],
    [["--words", "Near-field"], { words: "near_field" }],
    [["--bounds", "0.1", "0.9", "--use_mask"], { bounds: [0.1, 0.9], useMask: true }],
    [["--devices", "auto"], { devices: "auto" }],
    [["--N", "1", "--N", "1"], { N: 1 }],
  ] as const)("%j", (argv, values) => {
    expect(parse(...argv).values).toEqual(values);
  });

  it("keeps what is no flag apart", () => {
    expect(parse("file.npz", "--N", "3", "--", "--odd.npz").positionals).toEqual(["file.npz", "--odd.npz"]);
  });

  it("warns of deprecated flags", () => {
    expect(parse("--old").warnings).toEqual(["--old is deprecated: use --new"]);
  });

  it.each([
    [["--n", "3"], /unknown option --n/],
    [["--no-mode"], /unknown option --no-mode/],
    [["--N", "3.5"], /wrong value for --N; expected a whole number; got "3.5"/],
    [["--N", ""], /wrong value for --N/],
    [["--learning_rate", "0x10"], /wrong value/],
    [["--use_mask=yes"], /expected true, false; got "yes"/],
    [["--no_use_mask=true"], /expected no value/],
    [["--mode="], /wrong value for --mode; expected \{a,b\}/],
    [["--indices", "1,x"], /wrong value for --indices; expected whole numbers; got "x"/],
    [["--devices", "all"], /expected a whole number or auto/],
    [["--N", "1", "--N", "2"], /contradictory values for --N; got 1 and 2/],
  ] as const)("refuses %j", (argv, message) => {
    expect(() => parse(...argv)).toThrow(message);
  });
});

describe("help", () => {
  it("keeps to its width and shows values, units and defaults", () => {
    const text = renderHelp({
      usage: "test",
      summary: "A test.",
      flags: [flag("step", "number", { unit: "pixels", default: 4, description: "word ".repeat(60).trim() })],
    });
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(text).toMatch(/--step NUM/);
    expect(text.replace(/\s+/g, " ")).toContain("[in pixels; default 4]");
  });
});

const commands = await allCommands();

describe("the commands", () => {
  it.each(commands)("$name: no two flags share a spelling", ({ flags: all }) => {
    const spellings = all.flatMap((one) => [one.name, ...new Set(one.aliases ?? [])]);
    expect(spellings.filter((name, i) => spellings.indexOf(name) !== i)).toEqual([]);
  });

  it.each(commands)("$name: every visible flag says what it means", ({ flags: all }) => {
    for (const one of all) if (one.hidden !== true) expect(one.description, one.name).toMatch(/^.{8,}[.)]$/);
  });

  // The reference's command lines, in the order of its documentation.
  const trainFlags =
    "train_data_file test_data_file output_dir max_epochs n_images gridsize batch_size torch-loss-mode profile scale-contract-version measurement-domain probe-mask probe-mask-sigma probe-mask-diameter log-patch-stats patch-stats-limit accelerator deterministic num-workers learning-rate scheduler accumulate-grad-batches enable-checkpointing disable-checkpointing checkpoint-save-top-k checkpoint-monitor checkpoint-mode early-stop-patience logger quiet device disable_mlflow ptycho_dir config";
  const inferFlags =
    "model_path test_data output_dir n_images patch-weighting varpro-scaling accelerator device num-workers inference-batch-size quiet probe-mask probe-mask-sigma probe-mask-diameter scale-contract-version measurement-domain log-patch-stats patch-stats-limit";

  it.each([
    ["train", trainFlags],
    ["infer", inferFlags],
  ] as const)("%s has every flag of the reference", async (name, names) => {
    const known = new Set((await loadCommand(name)).flags.flatMap((one) => [one.name, ...(one.aliases ?? [])]));
    expect(names.split(" ").filter((name) => !known.has(camelCase(name)))).toEqual([]);
  });
});
