import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readBundle } from "../../src/bundle/bundle.ts";
import { parseSettings } from "../../src/config/schema.ts";
import type { NpyArray } from "../../src/formats/npy.ts";
import { writeNpz } from "../../src/formats/npz.ts";
import { predictionGraph } from "../../src/inference/predictionModel.ts";
import { initialise } from "../../src/nets/parameters.ts";
import { nodeHome } from "../../src/node/home.ts";
import { Random } from "../../src/random.ts";
import { referenceName } from "../../src/reference/referenceNames.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { call } from "./harness.ts";

const N = 32;
let folder = "";
const path = (name: string): string => join(folder, name);

const network = predictionGraph(
  { ...parseSettings("model"), N, gridsize: 2, nFiltersScale: 1, objectBig: true, probeMaskDiameter: 16 },
  1,
);
const values = initialise(network.specs, new Random(1));

/** The network's weights as the reference system would store them. */
function stateDict(prefix: string): Record<string, NpyArray> {
  return Object.fromEntries(
    network.specs.map(({ name, shape }) => [
      prefix + referenceName(name),
      { shape, dtype: "float32", data: values[name] },
    ]),
  );
}

const importWeights = (weights: string, ...flags: string[]) =>
  call(
    [
      ...["import-weights", weights, "--train_data_file", path("scan.npz"), "--output_dir", path("run")],
      ...["--gridsize", "2", "--n_filters_scale", "1", ...flags],
    ],
    { files: fileProbe(nodeHome) },
  );

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-"));
  await call(["simulate", "--output", path("scan.npz"), "--n", String(N), "--patterns", "20"]);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("import-weights", () => {
  it("makes a bundle with every weight in its place, which infer takes", async () => {
    writeFileSync(path("weights.npz"), writeNpz(stateDict("model.autoencoder.")));
    const { code, stderr } = await importWeights(path("weights.npz"));
    expect(stderr).toMatch(/wrote .*model\.zip/);
    expect(code).toBe(0);
    const bundle = readBundle(readFileSync(path("run/model.zip")));
    expect(bundle.weights.size).toBe(network.specs.length);
    for (const { name } of network.specs) expect(bundle.weights.get(name)?.data, name).toEqual(values[name]);
    const args = ["infer", "--model_path", path("run"), "--test_data", path("scan.npz"), "--output_dir", path("out")];
    const { inference } = await call(args, { files: fileProbe(nodeHome) });
    expect(inference?.model).toMatchObject({ N, gridsize: 2, nFiltersScale: 1 });
  });

  it("names an array that is missing, of another shape, or left over", async () => {
    const { "sd.encoder.blocks.0.conv1.bias": _, ...missing } = stateDict("sd.");
    writeFileSync(path("missing.npz"), writeNpz(missing));
    const lacking = await importWeights(path("missing.npz"));
    expect(lacking.code).toBe(2);
    expect(lacking.stderr).toContain('no array "sd.encoder.blocks.0.conv1.bias"');
    const wider = await importWeights(path("weights.npz"), "--cbam_encoder");
    expect(wider.code).toBe(2);
    expect(wider.stderr).toMatch(/no array ".*attention.*"/);
    const extra: NpyArray = { shape: [1], dtype: "float32", data: new Float32Array(1) };
    writeFileSync(path("extra.npz"), writeNpz({ ...stateDict("sd."), "sd.encoder.blocks.0.extra": extra }));
    const more = await importWeights(path("extra.npz"));
    expect(more.code).toBe(2);
    expect(more.stderr).toContain('no place for the array "sd.encoder.blocks.0.extra"');
  });

  it("says when a file holds something else", async () => {
    const { code, stderr } = await importWeights(path("scan.npz"));
    expect(code).toBe(2);
    expect(stderr).toContain("these are not the weights of the reference's network");
  });
});
