import { describe, expect, it } from "vitest";
import { select } from "../../src/training/checkpointPolicy.ts";
import { earlyStoppingStart, observe, shouldStop } from "../../src/training/earlyStopping.ts";
import { createSchedule, type ScheduleName, type ScheduleOptions } from "../../src/training/schedules.ts";
import { scheduleDefaults } from "./toyProblem.ts";

function rates(name: ScheduleName, monitored: readonly number[], changes: Partial<ScheduleOptions> = {}): number[] {
  const schedule = createSchedule(name, { ...scheduleDefaults, learningRate: 1, ...changes });
  let state = schedule.init();
  return [
    schedule.rate(state),
    ...monitored.map((value) => {
      // Through JSON, as in a checkpoint.
      state = JSON.parse(JSON.stringify(schedule.next(state, value)));
      return schedule.rate(state);
    }),
  ];
}

const falling = Array.from({ length: 19 }, (_, i) => 1 / (i + 1));

describe("schedules", () => {
  it("Default is constant", () => {
    expect(new Set(rates("Default", falling))).toEqual(new Set([1]));
  });

  it("Exponential: η γⁿ", () => {
    for (const [n, rate] of rates("Exponential", falling).entries()) expect(rate).toBeCloseTo(0.95 ** n, 14);
  });

  it("MultiStage: drops after its milestones", () => {
    const expected = [...Array(10).fill(1), ...Array(5).fill(0.1), ...Array(5).fill(0.01)];
    for (const [n, rate] of rates("MultiStage", falling).entries()) expect(rate).toBeCloseTo(expected[n], 14);
  });

  it("WarmupCosine: rises linearly from a tenth, then half a cosine to the minimum", () => {
    const all = rates("WarmupCosine", falling, { lrWarmupEpochs: 4 });
    expect(all.slice(0, 5).map((r) => Number(r.toFixed(12)))).toEqual([0.1, 0.325, 0.55, 0.775, 1]);
    for (let n = 4; n < 20; n++) {
      expect(all[n]).toBeCloseTo(0.1 + 0.45 * (1 + Math.cos((Math.PI * (n - 4)) / 16)), 12);
    }
    expect(all[12]).toBeCloseTo(0.55, 12);
    expect(() => rates("WarmupCosine", [], { lrWarmupEpochs: 20 })).toThrow("leaves no epoch");
  });

  it.each(["Adaptive", "ReduceLROnPlateau"] as const)("%s: halves after three epochs without improvement", (name) => {
    expect(rates(name, [5, 4, 4, 4, 4, 3, 3, 3, 3])).toEqual([1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25]);
  });

  it("a plateau ends at the smallest rate, counts NaN as no improvement, and heeds the threshold", () => {
    expect(Math.min(...rates("Adaptive", Array(60).fill(1)))).toBe(5e-5);
    expect(rates("Adaptive", [1, Number.NaN, Number.NaN, Number.NaN]).at(-1)).toBe(0.5);
    const slow = [1, 0.99, 0.98, 0.97, 0.96];
    expect(rates("Adaptive", slow).at(-1)).toBe(1);
    expect(rates("Adaptive", slow, { plateauThreshold: 0.1 }).at(-1)).toBe(0.5);
    expect(Math.min(...rates("Adaptive", Array(9).fill(1), { learningRate: 1e-5 }))).toBe(1e-5);
  });
});

describe("early stopping", () => {
  const stateAfter = (values: readonly number[], mode: "min" | "max") =>
    values.reduce((state, value) => observe(state, value, mode), earlyStoppingStart);

  it("counts epochs since the best", () => {
    expect(stateAfter([3, 2, 2, 5], "min")).toEqual({ best: 2, stale: 2 });
    expect(stateAfter([3, 2, 2, 5], "max")).toEqual({ best: 5, stale: 0 });
    expect(stateAfter([Number.NaN, 4, Number.NaN], "min")).toEqual({ best: 4, stale: 1 });
  });

  it("stops at the patience, not before", () => {
    expect(shouldStop({ best: 1, stale: 2 }, 3)).toBe(false);
    expect(shouldStop({ best: 1, stale: 3 }, 3)).toBe(true);
  });
});

describe("which checkpoints stay", () => {
  function keptOf(saveTopK: number, values: readonly number[], mode: "min" | "max" = "min"): number[] {
    let kept: readonly { epoch: number; value: number }[] = [];
    for (const [i, value] of values.entries()) {
      const selection = select({ saveTopK, mode }, kept, { epoch: i + 1, value });
      expect(selection.keep).toBe(selection.kept.some(({ epoch }) => epoch === i + 1));
      expect(selection.dropped.every((c) => !selection.kept.includes(c))).toBe(true);
      kept = selection.kept;
    }
    return kept.map(({ epoch }) => epoch);
  }
  const values = [5, 3, 4, 1, 3];

  it("the best k, all, or none", () => {
    expect(keptOf(1, values)).toEqual([4]);
    expect(keptOf(2, values)).toEqual([2, 4]);
    expect(keptOf(2, values, "max")).toEqual([1, 3]);
    expect(keptOf(-1, values)).toEqual([1, 2, 3, 4, 5]);
    expect(keptOf(0, values)).toEqual([]);
  });

  it("a value that is not a number is never among the best", () => {
    expect(keptOf(2, [Number.NaN, 2, 1])).toEqual([2, 3]);
  });
});
