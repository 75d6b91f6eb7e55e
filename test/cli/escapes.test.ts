import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { main } from "../../src/node/cli/main.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { obeyed } from "../obeyed.ts";
import { call, trainArgs } from "./harness.ts";

const folder = mkdtempSync(join(tmpdir(), "ptychonaut-escapes-"));
afterAll(() => rmSync(folder, { recursive: true }));

const EVIL = "\x1b]0;PWNED\x07\x1b[2J\u202e\x9b31m";
async function run(...argv: string[]): Promise<string> {
  let out = "";
  const write = (text: string): void => {
    out += text;
  };
  await main(argv, { stdout: write, stderr: write, terminal: false });
  return out;
}

describe("control characters of files do not reach the terminal", () => {
  it("names of arrays, of files and of options", async () => {
    const scan = join(folder, `${EVIL}.npz`);
    const npz = openNpz(writeScanNpz(simulate({ n: 16, patterns: 9, seed: 1 })));
    const arrays = Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
    writeFileSync(scan, writeNpz({ ...arrays, [EVIL]: { dtype: "float64", shape: [1], data: new Float64Array(1) } }));
    const missing = join(folder, `none${EVIL}`);
    for (const argv of [
      ["inspect", scan],
      ["inspect", scan, "--json"],
      ["inspect", missing],
      ["inspect", missing, "--debug"],
      ["evaluate", `${scan}::${EVIL}`, "--reference", scan],
      ["train", "--train_data_file", scan, "--output_dir", join(folder, "run"), "--patterns_key", EVIL],
      [EVIL],
      ["train", `--${EVIL}`],
      ["validate", missing],
    ]) {
      const out = await run(...argv);
      expect(obeyed(out), argv.join(" ")).toEqual([]);
      expect(out).toContain("\\u001b");
    }
  });

  it("labels and names with line breaks stay on their line", async () => {
    const name = join(folder, "a\nb\tc.npz");
    const simulated = await run("simulate", "--n", "16", "--patterns", "9", "--output", name);
    expect(simulated).toMatch(/^wrote .*a\\u000ab\\u0009c\.npz: 9 patterns of 16 x 16$/m);
    const args = ["compare", `x\ny\tz=${name}`, name, "--reference", name, "--no_register"];
    const compared = await run(...args, "--output_dir", join(folder, "compared"));
    expect(compared).toMatch(/^x\\u000ay\\u0009z +\S/m);
    expect(compared).toMatch(/^a\\u000ab\\u0009c +\S/m);
  });

  it("what a run says, and the note of its progress bar", async () => {
    const { stderr } = await call(trainArgs, {
      terminal: true,
      work: async (hooks) => {
        hooks.warn(`warning: the server says ${EVIL}`);
        const bar = hooks.progress(`training ${EVIL}`, 10);
        bar.update(10, `loss ${EVIL}\n`);
        bar.finish();
        return { status: "diverged", advice: EVIL, files: [EVIL] };
      },
    });
    expect(obeyed(stderr.replaceAll("\r", ""))).toEqual([]);
    expect(stderr.match(/\\u009b31m/g)?.length).toBeGreaterThanOrEqual(4);
  });
});

const hostile = join(import.meta.dirname, "../../../shared/cases/hostile/escapes.npz");
it.skipIf(!existsSync(hostile))("a scan whose key clears the screen (../shared/cases/hostile)", async () => {
  const out = await run("inspect", hostile);
  expect(obeyed(out)).toEqual([]);
  expect(out).toContain("\\u001b[2J");
});
