import { expect, it } from "vitest";
import { PtychonautError } from "../../src/errors.ts";
import { memoryStore } from "../../src/runs/memoryStore.ts";
import { resultIn } from "../../web/worker/answers/recognised.ts";

const store = memoryStore();
const given = async (name: string, text: string, alone: boolean) => {
  await store.makeFolder("/scans/a");
  await store.write(`/scans/a/${name}`, text);
  return resultIn(`/scans/a/${name}`, alone, store);
};
const record = JSON.stringify({ command: "train", inputs: [], settings: {} });

it.each([
  ["run.json", record.slice(0, 20), /^this run\.json is damaged or cut off$/, /^the file is not JSON: ./],
  ["run.json", "", /^this run\.json is damaged or cut off$/, /^the file is not JSON: ./],
  ["run (1).json", record.slice(0, 20), /^this JSON file is damaged or cut off$/, /^the file is not JSON: ./],
  ["run.json", '{"a":1,"b":2}', /^this JSON file is not the run\.json of a run$/, /^a, b$/],
  ["run.json", "[]", /^this JSON file is not the run\.json of a run$/, /^no object$/],
])("a record of a run that is none is called so: %s, %s", async (name, text, what, got) => {
  const error = await given(name, text, true).catch((thrown: unknown) => thrown);
  if (!(error instanceof PtychonautError)) throw error;
  expect(error.what).toMatch(what);
  expect(error.details).toMatchObject({ where: name, got: expect.stringMatching(got) });
  expect(error.message).not.toMatch(/NPZ|\/scans/);
});

it("a record is taken, and other JSON beside a scan is left alone", async () => {
  expect(await given("mine.json", record, true)).toEqual({ path: "/scans/a/mine.json", kind: "run" });
  expect(await given("about.json", '{"pixel": 1}', false)).toBeUndefined();
  expect(await given("about.json", "{", false)).toBeUndefined();
  await expect(given("run.json", "{", false)).rejects.toThrow(/run\.json is damaged/);
});
