import { describe, expect, it } from "vitest";
import { adam, averaging } from "../../src/graph/optimizers.ts";
import { Random } from "../../src/random.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/training/checkpoint.ts";
import { createSchedule } from "../../src/training/schedules.ts";
import { type Outcome, type TrainerOptions, type TrainingEvent, train } from "../../src/training/trainer.ts";
import type { TrainingState } from "../../src/training/trainingState.ts";
import { scheduleDefaults, toyBatch, toyBatches, toyTrainer } from "./toyProblem.ts";

interface Result {
  readonly events: TrainingEvent[];
  readonly outcome: Outcome;
  readonly state: TrainingState;
}

async function consume(options: TrainerOptions, onEvent: (event: TrainingEvent) => void = () => {}): Promise<Result> {
  const events: TrainingEvent[] = [];
  for await (const event of train(options)) {
    events.push(event);
    onEvent(event);
  }
  const last = events.at(-1)!;
  if (last.kind !== "done") throw new Error("the last event is done");
  await options.step.dispose();
  return { events, outcome: last.outcome, state: last.state };
}

const bytes = (state: TrainingState): Uint8Array => writeCheckpoint(state, {});

describe("the training loop", () => {
  it("runs every step of every epoch, validates and improves", async () => {
    const { events, outcome, state } = await consume(await toyTrainer());
    expect(outcome.kind).toBe("completed");
    expect(events.filter((e) => e.kind === "step")).toHaveLength(20);
    expect(state.history.map((r) => r.epoch)).toEqual([1, 2, 3, 4]);
    expect(state.history[3].validationLoss!).toBeLessThan(state.history[0].validationLoss!);
    expect(state.history.map((r) => r.learningRate / 0.05)).toEqual([1, 0.95, 0.95 ** 2, 0.95 ** 3]);
    expect(state.best!.value).toBe(Math.min(...state.history.map((r) => r.validationLoss!)));
  });

  it("weights samples, not batches, in the epoch's loss", async () => {
    const { events, state } = await consume(await toyTrainer({ maxEpochs: 1 }));
    const reports = events.flatMap((e) => (e.kind === "step" ? [e.report] : []));
    const total = reports.reduce((sum, r) => sum + r.loss * r.samples, 0);
    expect(reports.at(-1)!.samples).toBe(2);
    expect(state.history[0].trainLoss).toBeCloseTo(total / 18, 12);
  });

  it("accumulates, and steps on what is left at the end of the epoch", async () => {
    const { events } = await consume(await toyTrainer({ accumSteps: 2, maxEpochs: 1 }));
    const samples = events.flatMap((e) => (e.kind === "step" ? [e.report.samples] : []));
    expect(samples).toEqual([8, 8, 2]);
  });

  it("judges and keeps the running mean of the weights where the optimiser has one", async () => {
    const optimizer = averaging(adam(), 0.9);
    const { events, state } = await consume(await toyTrainer({}, optimizer));
    const plain = (await consume(await toyTrainer())).state;
    expect(state.weights.parameters).toEqual(plain.weights.parameters);
    const best = events.flatMap((e) => (e.kind === "epoch" && e.isBest ? [e.state] : [])).at(-1)!;
    expect(state.best!.parameters).toEqual(best.best!.parameters);
    expect(state.best!.parameters).not.toEqual(plain.best!.parameters);
    // Loss of the kept vector, computed apart from the loop.
    const { step, validation, models } = await toyTrainer();
    const { parameters, state: seen } = state.best!;
    step.load({ parameters, state: seen, moments: plain.weights.moments });
    expect(models.specs.length).toBeGreaterThan(0);
    expect((await step.evaluate(validation!())).loss).toBe(state.best!.value);
    await step.dispose();
  });

  it("two runs are bit-identical", async () => {
    expect(bytes((await consume(await toyTrainer())).state)).toEqual(bytes((await consume(await toyTrainer())).state));
  });
});

describe("a resumed run continues bit for bit", () => {
  it.each([
    [1, "after the first step", 1],
    [1, "in the middle of the second epoch", 8],
    [1, "at the end of an epoch, before its validation", 10],
    [2, "between accumulated steps", 4],
  ])("with accum_steps %i, %s", async (accumSteps, _where, stopAfter) => {
    const whole = await consume(await toyTrainer({ accumSteps }));
    const controller = new AbortController();
    let steps = 0;
    const first = await consume(await toyTrainer({ accumSteps, signal: controller.signal }), (event) => {
      if (event.kind === "step" && ++steps === stopAfter) controller.abort();
    });
    expect(first.outcome.kind).toBe("interrupted");
    const start = readCheckpoint(bytes(first.state), {}, "last");
    const second = await consume(await toyTrainer({ accumSteps, start }));
    expect(bytes(second.state)).toEqual(bytes(whole.state));
  });

  it("with a running mean of the weights, in the middle of an epoch", async () => {
    const optimizer = averaging(adam(), 0.9);
    const whole = await consume(await toyTrainer({}, optimizer));
    const controller = new AbortController();
    let steps = 0;
    const first = await consume(await toyTrainer({ signal: controller.signal }, optimizer), (event) => {
      if (event.kind === "step" && ++steps === 8) controller.abort();
    });
    const start = readCheckpoint(bytes(first.state), {}, "last");
    const second = await consume(await toyTrainer({ start }, optimizer));
    expect(whole.state.weights.moments).toHaveLength(3);
    expect(bytes(second.state)).toEqual(bytes(whole.state));
  });

  it("from the checkpoint of an epoch", async () => {
    const saved: Uint8Array[] = [];
    const whole = await consume(await toyTrainer(), (event) => {
      if (event.kind === "epoch") saved.push(bytes(event.state));
    });
    const again = await consume(await toyTrainer({ start: readCheckpoint(saved[1], {}, "last") }));
    expect(bytes(again.state)).toEqual(bytes(whole.state));
  });

  it("refuses a checkpoint of other settings, and names them", async () => {
    const { state } = await consume(await toyTrainer({ maxEpochs: 1 }));
    const file = writeCheckpoint(state, { gridsize: 1, seed: 3 });
    expect(() => readCheckpoint(file, { gridsize: 2, seed: 3 }, "last.ckpt.zip")).toThrow(
      /belongs to another run; in last.ckpt.zip; got other settings, was → is:\n {2}gridsize: 1 → 2\nResume with/,
    );
  });

  it("refuses a checkpoint of other data, in words", async () => {
    const { state } = await consume(await toyTrainer({ maxEpochs: 1 }));
    const [a, b] = [
      { name: "a.npz", patternsCrc: 1, probeCrc: 7 },
      { name: "b.npz", patternsCrc: 2, probeCrc: 7 },
    ];
    const file = writeCheckpoint(state, { seed: 3, trainedOn: a });
    const read = (identity: Record<string, unknown>) => () => readCheckpoint(file, identity, "last.ckpt.zip");
    expect(read({ seed: 3, trainedOn: b })).toThrow(/in last.ckpt.zip; got another scan: b.npz, not a.npz\. Resume/);
    expect(read({ seed: 3, trainedOn: [a, b] })).toThrow(/another scan: a.npz and b.npz, not a.npz\./);
    expect(read({ seed: 3, trainedOn: { ...b, name: "a.npz" } })).toThrow(
      /got another scan of the name a.npz: other patterns\./,
    );
    expect(read({ seed: 4, trainedOn: b })).toThrow(
      /got another scan: b.npz, not a.npz; and other settings, was → is:\n {2}seed: 3 → 4/,
    );
  });

  it("refuses what is damaged or no checkpoint", async () => {
    const { state } = await consume(await toyTrainer({ maxEpochs: 1 }));
    const file = bytes(state);
    expect(() => readCheckpoint(file.subarray(0, file.length / 2), {}, "half")).toThrow("half");
    const flipped = file.slice();
    flipped[100] ^= 1; // inside state.json
    expect(() => readCheckpoint(flipped, {}, "flipped")).toThrow("flipped");
  });
});

describe("outcomes", () => {
  it("stops early after `patience` epochs without improvement", async () => {
    let epoch = 0;
    const validation = async function* (): AsyncGenerator<ReturnType<typeof toyBatch>> {
      const batch = toyBatch(new Random(5));
      epoch++;
      const y = batch.inputs["y"].data as Float32Array;
      for (let i = 0; i < y.length; i++) y[i] = y[i] + 3 * epoch; // ever further away
      yield batch;
    };
    const { outcome, state } = await consume(await toyTrainer({ patience: 3, maxEpochs: 50, validation }));
    expect(outcome.kind).toBe("early-stopped");
    expect(state.epoch).toBe(4);
    expect(state.best!.epoch).toBe(1);
  });

  it("not-finite: keeps the weights from before", async () => {
    const batches = {
      count: 2,
      async *epoch(random: Random) {
        yield toyBatch(random);
        const bad = toyBatch(random);
        (bad.inputs["x"].data as Float32Array)[0] = Number.NaN;
        yield bad;
      },
    };
    const { outcome, state } = await consume(await toyTrainer({ batches }));
    expect(outcome.kind).toBe("not-finite");
    expect(outcome.message).toContain("step 2 (epoch 1)");
    expect(state.weights.parameters.every(Number.isFinite)).toBe(true);
  });

  it("stalled: no improvement over five epochs", async () => {
    const schedule = createSchedule("Default", { ...scheduleDefaults, learningRate: 1e-9 });
    const batches = { ...toyBatches, epoch: (_: Random, skip: number) => toyBatches.epoch(new Random(1), skip) };
    const { outcome } = await consume(await toyTrainer({ schedule, batches, maxEpochs: 5 }));
    expect(outcome.kind).toBe("stalled");
  });

  it("diverged: a learning rate that is far too large", async () => {
    const schedule = createSchedule("Default", { ...scheduleDefaults, learningRate: 30 });
    const slow = createSchedule("Default", { ...scheduleDefaults, learningRate: 0.05 });
    const start = (await consume(await toyTrainer({ schedule: slow, maxEpochs: 8 }))).state;
    const { outcome } = await consume(await toyTrainer({ schedule, start, maxEpochs: 20 }));
    expect(outcome.kind).toBe("diverged");
    expect(outcome.message).toContain("best weights are kept");
  });
});

it("keeps the best k, and says which to delete", async () => {
  const kept = new Set<number>();
  const { state } = await consume(await toyTrainer({ checkpoints: { saveTopK: 2, mode: "min" } }, adam()), (event) => {
    if (event.kind !== "epoch") return;
    if (event.keep) kept.add(event.record.epoch);
    for (const { epoch } of event.dropped) kept.delete(epoch);
  });
  const best = [...state.history].sort((a, b) => a.validationLoss! - b.validationLoss!).slice(0, 2);
  expect([...kept].sort()).toEqual(best.map((r) => r.epoch).sort());
});
