import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { courseOf, runCourse, runStanding } from "../../src/runs/runCourse.ts";
import { type RunStore, writeJson } from "../../src/runs/store.ts";

const LOG = "/run/lightning_logs/version_0/metrics.csv";
const NEXT = "/run/lightning_logs/version_1/metrics.csv";

/** A store that says how many bytes were read. */
async function counted(): Promise<{ readonly store: RunStore; readonly bytes: () => number }> {
  const memory = memoryStore();
  for (const version of [LOG, NEXT]) await memory.makeFolder(version.slice(0, version.lastIndexOf("/")));
  let bytes = 0;
  const store: RunStore = {
    ...memory,
    async read() {
      throw new Error("a whole file is read");
    },
    async open(path) {
      const file = await memory.open(path);
      return {
        ...file,
        read(offset, length) {
          bytes += length;
          return file.read(offset, length);
        },
      };
    },
  };
  return { store, bytes: () => bytes };
}

const row = (epoch: number, error: number): string => `${epoch},${epoch},${error}\n`;

describe("the course of a run that goes on", () => {
  it("reads of its log what was added, and says which epochs are other than they were", async () => {
    const { store, bytes } = await counted();
    const course = courseOf("/run", store);
    expect(await course.look()).toBeUndefined();
    await store.append(LOG, "epoch,step,r_factor\n");
    const long = Array.from({ length: 1000 }, (_, i) => row(i + 1, 1 / (i + 1))).join("");
    await store.append(LOG, long);
    expect(await course.look()).toBe(0);
    expect(course.rows).toHaveLength(1000);
    const before = bytes();
    await store.append(LOG, row(1001, 0.5));
    // The last line is half written.
    await store.append(LOG, "1002,10");
    expect(await course.look()).toBe(1000);
    expect(course.rows.at(-1)).toEqual({ epoch: 1001, step: 1001, r_factor: 0.5 });
    expect(await course.look()).toBeUndefined();
    await store.append(LOG, "02,0.25\n");
    expect(await course.look()).toBe(1001);
    expect(course.rows.at(-1)).toEqual({ epoch: 1002, step: 1002, r_factor: 0.25 });
    // A few lines, and as much of what was known as tells that the file is the same.
    expect(bytes() - before).toBeLessThan(1000);
    expect(long.length).toBeGreaterThan(10_000);
  });

  it("follows a run that was killed and is gone on with: epochs that are done again take the places of those", async () => {
    const { store } = await counted();
    const course = courseOf("/run", store);
    await store.append(LOG, `epoch,step,r_factor\n${row(1, 0.5)}${row(2, 0.4)}${row(3, 0.3)}4,4`);
    await course.look();
    await store.append(NEXT, `epoch,step,r_factor\n${row(2, 0.41)}${row(3, 0.31)}`);
    expect(await course.look()).toBe(1);
    // A line that was cut while another writer goes on in the same file.
    await store.append(NEXT, `,\n${row(4, 0.2)}`);
    expect(await course.look()).toBe(3);
    expect(course.rows.map(({ r_factor }) => r_factor)).toEqual([0.5, 0.41, 0.31, 0.2]);
    expect(await runCourse("/run", store)).toEqual(course.rows);
  });

  it.each([
    ["cut short", row(1, 0.9)],
    ["replaced by a longer one", Array.from({ length: 9 }, (_, i) => row(i + 1, 0.9)).join("")],
  ])("begins anew where a log was %s", async (_, rows) => {
    const { store } = await counted();
    const course = courseOf("/run", store);
    await store.append(LOG, `epoch,step,r_factor\n${row(1, 0.5)}${row(2, 0.4)}`);
    await course.look();
    await store.write(LOG, `epoch,step,r_factor\n${rows}`);
    expect(await course.look()).toBe(0);
    expect(course.rows[0]).toEqual({ epoch: 1, step: 1, r_factor: 0.9 });
    await store.remove(LOG);
    expect(await course.look()).toBe(0);
    expect(course.rows).toEqual([]);
  });
});

describe("how it stands with a run", () => {
  it("is told by the run that began last, whose record comes at its end", async () => {
    const store = memoryStore();
    await store.makeFolder("/run");
    expect((await runStanding("/run", store)).state).toBe("cut");
    await writeJson("/run/run-settings.json", { startedAt: "first" }, store);
    expect((await runStanding("/run", store)).state).toBe("cut");
    await writeJson("/run/run.json", { startedAt: "first", outcome: { kind: "interrupted" } }, store);
    expect((await runStanding("/run", store)).state).toBe("paused");
    await writeJson("/run/run.json", { startedAt: "first", outcome: { kind: "not-finite" } }, store);
    expect((await runStanding("/run", store)).state).toBe("diverged");
    await writeJson("/run/run-settings.json", { startedAt: "gone on with, and killed" }, store);
    expect((await runStanding("/run", store)).state).toBe("cut");
  });

  it.each([
    ["run.json", '{ "startedAt": "fir', /^run\.json: the file is not JSON \(.+\)$/],
    ["run.json", "[]", /^run\.json: there is no run in it$/],
    ["run.json", "null", /^run\.json: there is no run in it$/],
    ["run-settings.json", "", /^run-settings\.json: the file is not JSON/],
    ["refined/run.json", "{", /^refined\/run\.json: the file is not JSON/],
  ])("is damaged where %s is %s", async (name, text, damage) => {
    const store = memoryStore();
    await store.makeFolder("/run/refined");
    const settings = { inference: { refine: "rpie:20" } };
    await writeJson("/run/run.json", { startedAt: "first", outcome: { status: "finished" }, settings }, store);
    await writeJson("/run/run-settings.json", { startedAt: "first" }, store);
    await store.write(`/run/${name}`, text);
    expect(await runStanding("/run", store)).toEqual({ state: "damaged", damage: expect.stringMatching(damage) });
  });
});

describe("how it stands with an inference that an engine refines", () => {
  const refining = { settings: { inference: { refine: "rpie:20" } } };
  it.each([
    [{ status: "interrupted" }, undefined, "paused"],
    [{ status: "finished" }, undefined, "cut"],
    [{ status: "finished" }, { kind: "interrupted" }, "paused"],
    [{ status: "finished" }, { kind: "completed" }, "finished"],
    [{ status: "diverged" }, undefined, "diverged"],
  ])("network %o, engine %o: %s", async (network, engine, state) => {
    const store = memoryStore();
    for (const folder of ["/run", "/run/refined"]) await store.makeFolder(folder);
    await writeJson("/run/run.json", { outcome: network, ...refining }, store);
    if (engine !== undefined) await writeJson("/run/refined/run.json", { outcome: engine }, store);
    expect((await runStanding("/run", store)).state).toBe(state);
  });
});
