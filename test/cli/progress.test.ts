import { describe, expect, it } from "vitest";
import { createProgressBar, duration, progressLine } from "../../src/runs/progress.ts";
import { call, trainArgs } from "./harness.ts";

function bar(total: number, start = 0) {
  const written: string[] = [];
  let time = 0;
  const progress = createProgressBar({
    label: "epoch",
    total,
    start,
    write: (text) => written.push(text),
    now: () => time,
    columns: 80,
  });
  return { progress, written, at: (ms: number) => (time = ms) };
}

describe("the progress bar", () => {
  it("estimates the time left from the work of this run", () => {
    const { progress, written, at } = bar(10);
    at(30_000);
    progress.update(3);
    expect(written.at(-1)).toMatch(/^\repoch █{7}·{17} {2}30% 30 s < 1:10 +$/);
    const resumed = bar(10, 8);
    resumed.at(5_000);
    resumed.progress.update(9);
    expect(resumed.written.at(-1)).toContain("5 s < 5 s");
  });

  it("knows nothing about the time left before the first unit", () => {
    expect(progressLine({ label: "", total: 4, start: 0, done: 0, elapsedMs: 10, note: "loss 1" })).toMatch(
      /0 s < \? loss 1$/,
    );
  });

  it("draws at most ten times a second, the end always, and nothing after it", () => {
    const { progress, written, at } = bar(1000);
    for (let i = 0; i <= 1000; i++) {
      at(i);
      progress.update(i);
    }
    expect(written.length).toBeLessThanOrEqual(12);
    expect(written.at(-1)).toContain("100%");
    progress.finish();
    expect(written.at(-1)).toBe("\n");
    progress.update(1000);
    progress.finish();
    expect(written.at(-1)).toBe("\n");
  });

  it("fits on its line", () => {
    const { progress, written, at } = bar(2);
    at(1000);
    progress.update(1, "a note ".repeat(30));
    expect(written[0]).toHaveLength(80);
  });

  it("writes durations as people read them", () => {
    expect([0, 7_400, 60_000, 185_000, 3_729_000].map(duration)).toEqual(["0 s", "7 s", "1:00", "3:05", "1:02:09"]);
  });
});

describe("the command line shows it", () => {
  const work = async (hooks: { progress: (label: string, total: number) => { update(done: number): void } }) => {
    hooks.progress("epoch", 2).update(2);
    return { status: "finished" as const, files: [] };
  };

  it("on a terminal only", async () => {
    expect((await call(trainArgs, { terminal: true, work })).stderr).toContain("epoch █");
    expect((await call(trainArgs, { terminal: false, work })).stderr).toBe("");
  });

  it("unless it was switched off", async () => {
    const off = await call([...trainArgs, "--no_enable_progress_bar"], { terminal: true, work });
    expect(off.stderr).toBe("");
  });
});
