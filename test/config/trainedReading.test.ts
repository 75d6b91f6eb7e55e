import { describe, expect, it } from "vitest";
import type { BundleHeader, FileProbe } from "../../src/config/fileProbe.ts";
import { resolveInferencePayload } from "../../src/config/resolve/infer.ts";
import { PtychonautError } from "../../src/errors.ts";
import { bundle, fakeFiles, scan } from "../cli/harness.ts";

const request = { modelPath: "run", testDataFile: "scan.npz", outputDir: "out" };
const trained = (data: BundleHeader["data"]): BundleHeader => ({ ...bundle, data: { ...bundle.data, ...data } });

/** A file of integers, as a detector writes them: it cannot be read until it is said that they are counts. */
const integers = (model: BundleHeader): FileProbe => ({
  ...fakeFiles({}, model),
  scanHeader: async (_, { measurement }) => {
    if (measurement === null) throw new PtychonautError("data", "integer patterns need a measurement");
    return scan;
  },
});

describe("a scan to reconstruct", () => {
  it("that can only be read as the training's was is read so, and it is said and recorded", async () => {
    const files = integers(trained({ measurement: "counts", dcAt: "corner", scanIndex: 3 }));
    const { data, notes, overridden } = await resolveInferencePayload(request, files);
    expect(data).toMatchObject({ measurement: "counts", dcAt: "corner", scanIndex: null });
    expect(notes).toEqual([
      "the file is read as the training's scan was, with `measurement=counts` `dc_at=corner`: say otherwise if it is of another kind",
    ]);
    expect(overridden).toContainEqual({ name: "dcAt", group: "data", value: "corner", source: "bundle" });
  });

  it("whose patterns fit the model only as the training's did is cut as they were", async () => {
    const model = trained({ cropTo: 64 });
    const files: FileProbe = {
      ...fakeFiles({}, model),
      scanHeader: async (_, { cropTo }) => ({ ...scan, width: cropTo ?? 72, height: cropTo ?? 72 }),
    };
    const { data, notes } = await resolveInferencePayload(request, files);
    expect([data.cropTo, notes.join()]).toEqual([64, expect.stringContaining("`crop_to=64`")]);
    const other = { ...files, bundleHeader: async () => bundle };
    await expect(resolveInferencePayload(request, other)).rejects.toThrow("the bundle does not fit the data");
  });

  it("keeps what was said for it", async () => {
    const files = integers(trained({ measurement: "counts", dcAt: "corner" }));
    const overrides = { dcAt: "center" };
    const { data, notes } = await resolveInferencePayload({ ...request, overrides }, files);
    expect(data).toMatchObject({ measurement: "counts", dcAt: "center" });
    expect(notes.join()).not.toContain("dc_at");
    const all = { measurement: "amplitude", dcAt: "center" };
    expect((await resolveInferencePayload({ ...request, overrides: all }, files)).notes).toEqual([]);
  });

  it("that can be read as it is is not read otherwise; that the training's was is said", async () => {
    const files = fakeFiles({}, trained({ dcAt: "corner" }));
    const { data, notes } = await resolveInferencePayload(request, files);
    expect(data.dcAt).toBeNull();
    expect(notes).toEqual([
      "the training's scan was read with `dc_at=corner`, this one is not: say so if it is of that kind",
    ]);
  });

  it("of a training that said nothing has no notes", async () => {
    const files = fakeFiles({}, trained({ dcAt: "center", measurement: null }));
    expect((await resolveInferencePayload(request, files)).notes).toEqual([]);
  });

  it("that cannot be read either way fails as it would by itself", async () => {
    const files = integers(trained({ dcAt: "corner" }));
    await expect(resolveInferencePayload(request, files)).rejects.toThrow("integer patterns need a measurement");
  });
});
