import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nodeStore } from "../../src/node/store.ts";
import { type Reconstruction, readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { writeReconstructionFiles } from "../../src/runs/infer/reconstructionFiles.ts";

const reconstruction: Reconstruction = {
  object: { shape: [12, 16], data: Float32Array.from({ length: 384 }, (_, i) => Math.cos(i)) },
  coverage: new Float32Array(192).fill(1),
  positions: Float64Array.of(6, 8),
  origin: { y: 0, x: 0 },
};

describe("the files of a reconstruction", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ptychonaut-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are the arrays, two pictures, the metrics and the record of the run", async () => {
    const files = await writeReconstructionFiles(
      folder,
      {
        reconstruction,
        metrics: { deviance: 1.25, lost: Number.NaN },
        run: { outcome: "finished" },
      },
      nodeStore,
    );
    const names = ["reconstruction.npz", "amplitude.png", "phase.png", "metrics.json", "run.json"];
    expect(files).toEqual(names.map((name) => join(folder, name)));
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
    expect(readReconstruction(await readFile(join(folder, "reconstruction.npz")))).toEqual(reconstruction);
    expect(JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"))).toEqual({ deviance: 1.25, lost: null });
    expect(JSON.parse(await readFile(join(folder, "run.json"), "utf8"))).toEqual({ outcome: "finished" });
    for (const name of ["amplitude.png", "phase.png"])
      expect((await readFile(join(folder, name))).subarray(1, 4).toString("latin1")).toBe("PNG");
  });

  it("do not include metrics when nothing was measured", async () => {
    await writeReconstructionFiles(folder, { reconstruction, run: {} }, nodeStore);
    expect(await readdir(folder)).not.toContain("metrics.json");
  });

  it("end in an error that names the folder when it cannot be written to", async () => {
    const missing = join(folder, "absent");
    await expect(writeReconstructionFiles(missing, { reconstruction, run: {} }, nodeStore)).rejects.toThrow(/absent/);
  });
});
