import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-counting-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs Vitest, as `.ci/run` does, over a file of tests. @returns its exit code and where its report is */
function vitest(name: string, source: string): readonly [code: string, report: string] {
  const own = mkdtempSync(join(folder, "run-"));
  const report = join(own, "report.json");
  writeFileSync(join(own, `${name}.test.ts`), source);
  const words = ["run", "--root", own, "--globals", "--reporter=json", `--outputFile.json=${report}`];
  const env = Object.fromEntries(Object.entries(process.env).filter(([variable]) => !variable.startsWith("VITEST")));
  const { status } = spawnSync(join(root, "node_modules/.bin/vitest"), words, { env });
  return [String(status), report];
}

function counted(...runs: readonly (readonly [code: string, report: string])[]) {
  const program = join(root, "scripts/countTests.mjs");
  const { stdout, stderr } = spawnSync(process.execPath, [program, ...runs.flat()], { encoding: "utf8" });
  return { counts: stdout.trim(), said: stderr.trim() };
}

describe("counting tests", () => {
  const good = vitest("good", 'it("first", () => {}); it("second", () => {});');

  it("adds up what passed and what failed", () => {
    const bad = vitest("bad", 'it("first", () => {}); it("second", () => expect(1).toBe(2));');
    expect([good[0], bad[0]]).toEqual(["0", "1"]);
    expect(counted(good, bad)).toEqual({ counts: "3 1", said: "" });
  });

  it("counts a rejection that nobody caught, of which the report knows nothing, as one failure", () => {
    const uncaught = vitest("uncaught", 'it("first", () => void Promise.reject(new Error("nobody")));');
    expect(uncaught[0]).toBe("1");
    expect(counted(good, uncaught)).toEqual({
      counts: "3 1",
      said: "== vitest ended with 1, and none of its tests failed: counted as one failure",
    });
  });

  it("counts a file that did not load, and a report that is not there, as one failure each", () => {
    const broken = vitest("broken", 'throw new Error("not loaded");');
    const { counts, said } = counted(broken, ["124", join(folder, "nowhere.json")]);
    expect(counts).toBe("0 2");
    expect(said).toMatch(/ended with 124, and it left no report/);
  });
});
