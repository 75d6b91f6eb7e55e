import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "ptychonaut-examples-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As a user would, against the compiled package. */
async function example(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", join(root, "examples", name), ...args],
    { cwd: root },
  );
  return stdout;
}

describe("examples", () => {
  it("a whole run, and its model used by hand", async () => {
    const whole = await example("reconstruct.ts", folder, "2");
    expect(whole).toContain("training: finished");
    expect(Number(/phase correlation (\S+),/.exec(whole)?.[1])).toBeGreaterThan(0.3);
    const byHand = await example("stitch.ts", folder);
    expect(byHand).toMatch(/150 of 300 patterns\nobject of \d+ × \d+ pixels/);
  });

  it("an object of another program is found and freed of its gauge", async () => {
    const text = await example("score.ts");
    // The same object but for interpolation: there is no sub-pixel shift, so nothing is lost.
    expect(Number(/complex error (\S+),/.exec(text)?.[1])).toBeLessThan(1e-4);
  });
});
