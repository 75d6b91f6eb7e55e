import { describe, expect, it } from "vitest";
import { camelCase, canonicalName, type PayloadKind, payloadKinds, snakeCase } from "../../src/config/names.ts";
import { namesOf } from "../../src/config/parse.ts";
import { configJsonSchema, groupNames, groups, groupsRead, isReadIn, parseSettings } from "../../src/config/schema.ts";
import { PtychonautError } from "../../src/errors.ts";

const namesRead = (kind: PayloadKind): string[] =>
  groupsRead[kind].flatMap((group) => namesOf(groups[group]).filter((name) => isReadIn(group, name, kind)));
const allNames = groupNames.flatMap((group) => namesOf(groups[group]));

describe("the schema", () => {
  it.each(payloadKinds)("reads each name once in %s", (kind) => {
    const names = namesRead(kind);
    expect(new Set(names).size).toBe(names.length);
  });

  it("describes every setting", () => {
    const schema = configJsonSchema()["properties"] as Record<string, object>;
    for (const name of groupNames) {
      const { properties } = schema[name] as {
        properties: Record<string, { description?: string; default?: unknown }>;
      };
      for (const [name, field] of Object.entries(properties)) {
        expect(field.description, name).toMatch(/^.{10,}$/);
        expect(field, name).toHaveProperty("default");
      }
    }
  });

  it("spells every name with underscores and back", () => {
    for (const name of allNames) {
      expect(camelCase(snakeCase(name))).toBe(name);
      expect(camelCase(snakeCase(name).replaceAll("_", "-"))).toBe(name);
    }
  });

  it("has no alias that hides a setting", () => {
    for (const kind of payloadKinds)
      for (const name of namesRead(kind)) {
        expect(canonicalName(name, kind)).toBe(name);
        expect(canonicalName(snakeCase(name), kind)).toBe(name);
      }
  });

  it("never refuses a name that it has", () => {
    const refused = groupNames.flatMap((group) => Object.keys(groups[group].refused));
    expect(refused.filter((name) => allNames.includes(name) && name !== "middleTrim")).toEqual([]);
  });

  it("keeps the defaults of the reference's command line", () => {
    expect(parseSettings("execution")).toMatchObject({
      accelerator: "auto",
      devices: 1,
      deterministic: true,
      precision: "32-true",
      gradientClipVal: null,
      gradientClipAlgorithm: "norm",
      accumSteps: 1,
      numWorkers: 0,
      learningRate: 1e-3,
      scheduler: "Default",
      enableCheckpointing: true,
      checkpointSaveTopK: 1,
      checkpointMonitorMetric: "val_loss",
      checkpointMode: "min",
      earlyStopPatience: 100,
      loggerBackend: "csv",
      reconLogNumPatches: 4,
      inferenceBatchSize: null,
    });
    expect(parseSettings("training")).toMatchObject({ maxEpochs: 100, batchSize: 16, lossFunction: "poisson" });
    expect(parseSettings("model")).toMatchObject({ gridsize: 2, nFiltersScale: 2, ampActivation: "silu" });
  });

  it("keeps attention out of the encoder, unlike the reference", () => {
    expect(parseSettings("model").cbamEncoder).toBe(false);
  });
});

describe("parsing", () => {
  it("freezes the result throughout", () => {
    const data = parseSettings("data", { xBounds: [0.2, 0.8] });
    expect(Object.isFrozen(data)).toBe(true);
    expect(Object.isFrozen(data.xBounds)).toBe(true);
    expect(() => Object.assign(data, { nGroups: 3 })).toThrow(TypeError);
  });

  it("suggests the near name for an unknown one", () => {
    expect(() => parseSettings("training", { bachSize: 4 })).toThrow(/unknown setting "bach_size".*batch_size/);
  });

  it("gives the reason for a name that it knows and refuses", () => {
    expect(() => parseSettings("model", { ffnoEncoderModes: 12 })).toThrow(
      /ffno_encoder_modes is refused: fno_modes gives/,
    );
    expect(() => parseSettings("execution", { padEval: true })).toThrow(/the reference system declares it/);
  });

  it.each([
    ["execution", { devices: 0 }],
    ["execution", { devices: true }],
    ["execution", { deterministic: "always" }],
    ["execution", { accelerator: "gpus" }],
    ["execution", { accumSteps: 0 }],
    ["execution", { numWorkers: -1 }],
    ["execution", { learningRate: 0 }],
    ["execution", { learningRate: Number.NaN }],
    ["execution", { checkpointSaveTopK: -2 }],
    ["execution", { checkpointMode: "least" }],
    ["execution", { earlyStopPatience: 0 }],
    ["execution", { inferenceBatchSize: 0 }],
    ["execution", { precision: "16-mixed" }],
    ["execution", { pinMemory: true }],
    ["execution", { strategy: "ddp" }],
    ["model", { N: 65 }],
    ["model", { N: 24 }],
    ["model", { gridsize: 1.5 }],
    ["model", { architecture: "unet" }],
    ["model", { inputConditioning: "probe" }],
    ["model", { fnoModes: 0 }],
    ["model", { decoderSpatialKernel: 1 }],
    ["data", { nphotons: 0 }],
    ["data", { validationFraction: 1 }],
    ["training", { batchSize: "16" }],
    ["inference", { middleTrim: 1 }],
    ["model", { modeCoherence: "partial" }],
  ] as const)("refuses %s %j", (group, settings) => {
    const name = snakeCase(Object.keys(settings)[0]);
    try {
      parseSettings(group, settings);
    } catch (error) {
      expect(error).toBeInstanceOf(PtychonautError);
      expect((error as PtychonautError).exitCode).toBe(2);
      expect((error as Error).message).toContain(name);
      return;
    }
    expect.unreachable(`${name} was accepted`);
  });

  it("takes no dose that no detector counts", () => {
    expect(() => parseSettings("data", { nphotons: 1e300 })).toThrow(/nphotons.*1000000000000000/);
    expect(parseSettings("data", { nphotons: 1e15 }).nphotons).toBe(1e15);
  });

  it("names every wrong value at once", () => {
    expect(() => parseSettings("training", { batchSize: 0, maxEpochs: 0 })).toThrow(/max_epochs.*\n.*batch_size/);
  });
});

describe("the JSON schema", () => {
  it("is strict and has the bounds of the same source", () => {
    const schema = configJsonSchema() as { properties: Record<string, { additionalProperties: unknown }> };
    expect(Object.keys(schema.properties)).toEqual(["$schema", ...groupNames]);
    for (const name of groupNames) expect(schema.properties[name].additionalProperties).toBe(false);
    expect(schema.properties["execution"]).toMatchObject({
      properties: { checkpoint_save_top_k: { minimum: -1, default: 1 }, precision: { enum: ["32-true"] } },
    });
  });
});
