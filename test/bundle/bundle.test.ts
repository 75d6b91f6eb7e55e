import { describe, expect, it } from "vitest";
import { type BundleParts, readBundle, writeBundle } from "../../src/bundle/bundle.ts";
import { type DataFacts, dataFacts } from "../../src/bundle/fingerprint.ts";
import { checkBundleFitsData, probeScanFor, scalesFor } from "../../src/bundle/fitsData.ts";
import type { Manifest } from "../../src/bundle/manifest.ts";
import { memoryPatterns } from "../../src/data/memoryPatterns.ts";
import { PtychonautError } from "../../src/errors.ts";
import { writeZip } from "../../src/formats/writeZip.ts";
import { openZip } from "../../src/formats/zip.ts";
import { buildModel } from "../../src/graph/onnx/model.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { Graph } from "../../src/graph/tensor.ts";

const trainedOn: DataFacts = {
  name: "star",
  N: 64,
  gridsize: 2,
  measurement: "amplitude",
  frames: 516,
  probeModes: 1,
  probeCrc: 11,
  positionsCrc: 12,
};

function modelWith(weights: Record<string, Float32Array>): Uint8Array {
  const graph = new Graph();
  let y = mul(graph.input("x", [3]), graph.constant(Float32Array.of(1, 2, 3), [3]));
  for (const [name, { length }] of Object.entries(weights)) y = add(y, graph.input(name, [length]));
  return buildModel({ outputs: { y }, bind: weights });
}

const weights = { a: Float32Array.of(1, 2, 3), b: Float32Array.of(0.5) };
const parts: BundleParts = {
  model: modelWith(weights),
  parameters: [
    { name: "a", shape: [3] },
    { name: "b", shape: [1] },
  ],
  createdBy: "ptychonaut test",
  config: { model: { N: 64, gridsize: 2 }, tags: ["x", null] },
  scales: { photons: 1e5, inputScale: 0.25 },
  trainedOn,
  training: { epochs: 3, losses: [3, 2, 1.5] },
};

/** The same bundle with some members replaced (or removed, when undefined). */
function tampered(changes: Record<string, Uint8Array | undefined>): Uint8Array {
  const zip = openZip(writeBundle(parts), "test");
  const members = new Map<string, Uint8Array | undefined>(zip.members.map(({ name }) => [name, zip.read(name)]));
  for (const [name, data] of Object.entries(changes)) members.set(name, data);
  return writeZip([...members].flatMap(([name, data]) => (data === undefined ? [] : [{ name, data }])));
}

function withManifest(change: (manifest: Record<string, unknown>) => void): Uint8Array {
  const manifest = JSON.parse(JSON.stringify(readBundle(writeBundle(parts)).manifest)) as Record<string, unknown>;
  change(manifest);
  return tampered({ "manifest.json": new TextEncoder().encode(JSON.stringify(manifest)) });
}

function refusal(action: () => unknown): PtychonautError {
  try {
    action();
  } catch (error) {
    if (error instanceof PtychonautError) return error;
    throw error;
  }
  throw new Error("was accepted");
}

describe("a model bundle", () => {
  it("comes back whole: model, config, scales, fingerprint, training record, weights", () => {
    const bundle = readBundle(writeBundle(parts));
    expect(bundle.model).toEqual(parts.model);
    expect(bundle.training).toEqual(parts.training);
    expect(bundle.manifest).toMatchObject({ formatVersion: 1, config: parts.config, scales: parts.scales, trainedOn });
    expect(bundle.manifest.constants.map(({ shape }) => shape)).toEqual([[3]]);
    expect(Object.fromEntries(bundle.weights)).toEqual({
      a: { shape: [3], data: weights.a },
      b: { shape: [1], data: weights.b },
    });
  });

  it("keeps a trained probe, and is refused when that is missing, changed or not announced", () => {
    const probe = { shape: [2, 1, 3], data: Float32Array.from({ length: 12 }, (_, i) => i / 7) };
    const bytes = writeBundle({ ...parts, probe });
    expect(readBundle(bytes).probe).toEqual(probe);
    expect(readBundle(writeBundle(parts)).probe).toBeUndefined();
    const zip = openZip(bytes, "test");
    const other = openZip(writeBundle({ ...parts, probe: { ...probe, data: probe.data.map((x) => x + 1) } }), "test");
    const without = (name: string) => zip.members.filter((member) => member.name !== name);
    const members = (names: readonly { name: string }[]) => names.map(({ name }) => ({ name, data: zip.read(name) }));
    const cases: [Uint8Array, RegExp][] = [
      [
        writeZip(members(without("probe.npy"))),
        /disagree about a trained probe.*expected complex64 \[2, 1, 3\]; got none/,
      ],
      [tampered({ "probe.npy": zip.read("probe.npy") }), /disagree about a trained probe.*expected none; got one/],
      [
        writeZip([...members(without("probe.npy")), { name: "probe.npy", data: other.read("probe.npy") }]),
        /the probe is not the one that was saved/,
      ],
    ];
    for (const [changed, reason] of cases) {
      const error = refusal(() => readBundle(changed));
      expect(error.kind).toBe("bundle");
      expect(error.message).toMatch(reason);
    }
  });

  it("is not written when the model lacks a weight or has it in another shape", () => {
    const missing = refusal(() => writeBundle({ ...parts, parameters: [{ name: "c", shape: [1] }] }));
    expect(missing.message).toMatch(/lacks the weight "c"/);
    const wrong = refusal(() => writeBundle({ ...parts, parameters: [{ name: "a", shape: [1, 3] }] }));
    expect(wrong.message).toMatch(/"a" does not fit.*\[1, 3\].*\[3\]/);
  });

  it("is refused with the reason when weights are missing, extra, reshaped or changed", () => {
    const cases: [Uint8Array, RegExp][] = [
      [tampered({ "model.onnx": modelWith({ a: weights.a }) }), /lacks the weight "b"/],
      [
        tampered({ "model.onnx": modelWith({ ...weights, c: weights.b }) }),
        /a weight "c" that the manifest does not list/,
      ],
      [tampered({ "model.onnx": modelWith({ a: weights.a, b: weights.a }) }), /"b" does not fit.*\[1\].*\[3\]/],
      [tampered({ "model.onnx": modelWith({ a: weights.a, b: Float32Array.of(0.6) }) }), /"b" are not those/],
    ];
    for (const [bytes, reason] of cases) {
      const error = refusal(() => readBundle(bytes));
      expect(error.kind).toBe("bundle");
      expect(error.message).toMatch(reason);
    }
  });

  it("is refused when a member is missing, extra or damaged, or the format is from another time", () => {
    const text = (value: string): Uint8Array => new TextEncoder().encode(value);
    const deep = `${'{"a":['.repeat(100_000)}1${"]}".repeat(100_000)}`;
    const cases: [Uint8Array, RegExp][] = [
      [tampered({ "training.json": undefined }), /not a model bundle.*got model.onnx, manifest.json/],
      [tampered({ "code.py": text("print()") }), /not a model bundle.*code.py/],
      [tampered({ "training.json": text("[1]") }), /not a JSON object.*training.json/],
      [tampered({ "manifest.json": text("{oops") }), /not JSON.*manifest.json/],
      [tampered({ "manifest.json": text(deep) }), /nested too deeply.*manifest.json/],
      [tampered({ "training.json": text(deep) }), /nested too deeply.*training.json/],
      [withManifest((m) => Object.assign(m, { formatVersion: 2 })), /format .*expected formatVersion 1; got 2/],
      [withManifest((m) => delete m["formatVersion"]), /got none/],
      [withManifest((m) => Object.assign(m, { extra: 1 })), /manifest is damaged.*extra/],
      [withManifest((m) => delete m["scales"]), /manifest is damaged.*scales/],
    ];
    for (const [bytes, reason] of cases) {
      const error = refusal(() => readBundle(bytes));
      expect(error.kind).toBe("bundle");
      expect(error.message).toMatch(reason);
    }
    expect(refusal(() => readBundle(writeBundle(parts).subarray(0, 200))).kind).toBe("data");
  });
});

describe("a bundle against data", () => {
  const { manifest } = readBundle(writeBundle(parts));
  const check = (change: Partial<DataFacts>): string[] =>
    checkBundleFitsData(manifest as Manifest, { ...trainedOn, ...change });

  it("keeps the geometry, and says where object pixels are of another size", () => {
    const geometry = { propagation: "far-field", radiation: "electrons", objectPixelM: 4e-10 } as const;
    const known = readBundle(writeBundle({ ...parts, trainedOn: { ...trainedOn, geometry } })).manifest;
    expect(known.trainedOn.geometry).toEqual(geometry);
    const warningsFor = (objectPixelM: number): string[] =>
      checkBundleFitsData(known as Manifest, { ...trainedOn, geometry: { ...geometry, objectPixelM } });
    expect(warningsFor(4.02e-10)).toEqual(check({}));
    expect(warningsFor(8e-10)).toContainEqual(
      expect.stringMatching(/^object pixels of .* are 8 Å, those of the training data 4 Å$/),
    );
    expect(check({ geometry })).toEqual(check({}));
  });

  it("refuses what the network cannot see", () => {
    expect(refusal(() => check({ N: 128 })).message).toMatch(/another size.*64 x 64.*128 x 128/);
    expect(refusal(() => check({ gridsize: 1 })).message).toMatch(/gridsize 2.*gridsize 1/);
    expect(refusal(() => check({ measurement: "counts" })).message).toMatch(/amplitude.*counts/);
    expect(refusal(() => check({ N: 128 })).kind).toBe("bundle");
  });

  it("warns about another scan or another probe, and is silent about the same data", () => {
    expect(check({})).toEqual([]);
    expect(check({ probeCrc: 1 })).toEqual([expect.stringMatching(/another probe/)]);
    expect(check({ positionsCrc: 1, name: "other" })).toEqual([expect.stringMatching(/other is another scan/)]);
    expect(check({ probeModes: 3 })).toEqual([expect.stringMatching(/3/)]);
  });

  const two = (patternsCrcs: readonly (number | undefined)[]): Manifest => ({
    ...(manifest as Manifest),
    scans: patternsCrcs.map((patternsCrc, i) => ({
      facts: { ...trainedOn, name: `sample ${i}`, ...(patternsCrc === undefined ? {} : { patternsCrc }) },
      scales: { s1: i },
    })),
  });

  it("tells samples on one raster with one probe apart by their patterns", () => {
    const remembers = two([21, 22]);
    for (const i of [0, 1]) {
      const facts = { ...trainedOn, patternsCrc: 21 + i };
      expect(checkBundleFitsData(remembers, facts)).toEqual([]);
      expect(scalesFor(remembers, facts)).toEqual({ s1: i });
      expect(probeScanFor(remembers, facts)).toEqual({ number: i, name: `sample ${i}`, isOwn: true });
    }
    const third = { ...trainedOn, name: "third", patternsCrc: 23 };
    expect(scalesFor(remembers, third)).toBe(remembers.scales);
    expect(probeScanFor(remembers, third)).toEqual({ number: 0, name: "sample 0", isOwn: false });
    expect(checkBundleFitsData(remembers, third)).toEqual([
      expect.stringMatching(
        /third is another scan.*raster and probe are those of .*, but not the patterns; scales are the means/,
      ),
    ]);
  });

  it("that does not remember patterns is used as before, with a word", () => {
    const old = two([undefined, undefined]);
    const facts = { ...trainedOn, name: "new", patternsCrc: 5 };
    expect(scalesFor(old, facts)).toEqual({ s1: 0 });
    expect(checkBundleFitsData(old, facts)).toEqual([
      expect.stringMatching(/did not remember patterns: new is taken for sample 0/),
    ]);
    expect(check({ patternsCrc: 5 })).toEqual([]);
  });

  it("tells data sets apart by probe, positions and patterns", () => {
    const dataset = {
      name: "tiny",
      patterns: memoryPatterns(new Float32Array(2 * 64), [2, 8, 8]),
      measurement: "counts" as const,
      positions: Float64Array.of(1, 2, 3, 4),
      probe: { shape: [2, 8, 8], data: new Float32Array(256).fill(1) },
      provenance: { conversions: [], warnings: [] },
    };
    const facts = dataFacts(dataset, 1);
    expect(facts).toMatchObject({ name: "tiny", N: 8, gridsize: 1, measurement: "counts", frames: 2, probeModes: 2 });
    expect(dataFacts({ ...dataset, positions: Float64Array.of(1, 2, 3, 5) }, 1).positionsCrc).not.toBe(
      facts.positionsCrc,
    );
    expect(dataFacts({ ...dataset, positions: Float64Array.of(1, 2, 3, 4) }, 1)).toEqual(facts);
    const other = memoryPatterns(new Float32Array(2 * 64).fill(1, 127), [2, 8, 8]);
    expect(dataFacts({ ...dataset, patterns: other }, 1).patternsCrc).not.toBe(facts.patternsCrc);
  });
});
