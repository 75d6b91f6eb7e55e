import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ComplexArray } from "../../src/arrays.ts";
import { nodeHome } from "../../src/node/home.ts";
import { type Reconstruction, readReconstruction } from "../../src/reconstructions/reconstructionNpz.ts";
import { type ReconstructionPictures, writeReconstructionFiles } from "../../src/runs/infer/reconstructionFiles.ts";

const reconstruction: Reconstruction = {
  object: { shape: [12, 16], data: Float32Array.from({ length: 384 }, (_, i) => Math.cos(i)) },
  coverage: new Float32Array(192).fill(1),
  positions: Float64Array.of(6, 8),
  origin: { y: 0, x: 0 },
};

const probe: ComplexArray = { shape: [1, 32, 32], data: new Float32Array(2048).fill(1) };
const pattern = {
  title: "frame 3",
  measured: new Float64Array(1024).fill(7),
  modelled: new Float64Array(1024).fill(6),
};
const pictures: ReconstructionPictures = { formats: ["png"], probe, patterns: [pattern] };

describe("the files of a reconstruction", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ptychonaut-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("are the arrays, pictures, the metrics and the record of the run", async () => {
    const files = await writeReconstructionFiles(
      folder,
      {
        reconstruction,
        metrics: { deviance: 1.25, lost: Number.NaN },
        run: (files) => ({ outcome: "finished", files: files.length }),
        pictures,
      },
      nodeHome,
    );
    const drawn = ["amplitude", "phase", "scan", "probe", "patterns"].map((name) => `${name}.png`);
    const names = ["reconstruction.npz", ...drawn, "metrics.json", "run.json"];
    expect(files).toEqual(names.map((name) => join(folder, name)));
    expect((await readdir(folder)).sort()).toEqual([...names].sort());
    expect(readReconstruction(await readFile(join(folder, "reconstruction.npz")))).toEqual(reconstruction);
    expect(JSON.parse(await readFile(join(folder, "metrics.json"), "utf8"))).toEqual({ deviance: 1.25, lost: null });
    expect(JSON.parse(await readFile(join(folder, "run.json"), "utf8"))).toEqual({
      outcome: "finished",
      files: names.length - 1,
    });
    for (const name of drawn)
      expect((await readFile(join(folder, name))).subarray(1, 4).toString("latin1")).toBe("PNG");
  });

  it("have the pictures in the formats asked for, and none of an earlier reconstruction", async () => {
    const record = { reconstruction, run: () => ({}), pictures };
    await writeReconstructionFiles(folder, record, nodeHome);
    await writeReconstructionFiles(
      folder,
      { ...record, pictures: { formats: ["svg", "pdf"], probe, patterns: [], warning: "explains nothing" } },
      nodeHome,
    );
    const names = await readdir(folder);
    expect(names.filter((name) => name.endsWith(".png"))).toEqual([]);
    expect(names).toEqual(expect.arrayContaining(["phase.svg", "phase.pdf", "scan.svg", "probe.pdf"]));
    expect(names.filter((name) => name.startsWith("patterns"))).toEqual([]);
    expect(await readFile(join(folder, "phase.svg"), "utf8")).toContain("explains nothing");
  });

  it("do not include metrics when nothing was measured", async () => {
    await writeReconstructionFiles(folder, { reconstruction, run: () => ({}), pictures }, nodeHome);
    expect(await readdir(folder)).not.toContain("metrics.json");
  });

  it("end in an error that names the folder when it cannot be written to", async () => {
    const missing = join(folder, "absent");
    await expect(
      writeReconstructionFiles(missing, { reconstruction, run: () => ({}), pictures }, nodeHome),
    ).rejects.toThrow(/absent/);
  });
});
