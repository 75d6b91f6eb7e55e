import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as core from "../src/index.ts";
import * as node from "../src/node/index.ts";
import { version } from "../src/version.ts";

/** What other programs import. A change here is a change of the package's interface: it belongs in CHANGELOG.md. */
describe("the doors of the package", () => {
  it("core", () => {
    expect(Object.keys(core).sort()).toMatchInlineSnapshot(`
      [
        "PtychonautError",
        "Random",
        "amplitudeOf",
        "compareWithReference",
        "computeScales",
        "configJsonSchema",
        "createInferencePayload",
        "createReconstructionPayload",
        "createStitcher",
        "createTrainingPayload",
        "deviance",
        "evaluateReconstruction",
        "inferenceFolder",
        "inspectScan",
        "joinComplex",
        "loadPredictor",
        "locateBundle",
        "memoryPatterns",
        "memoryStore",
        "openArrayFile",
        "phaseOf",
        "planCanvas",
        "probeWeights",
        "readBundle",
        "readBundleFile",
        "readReconstruction",
        "readReconstructionFile",
        "readReference",
        "readScan",
        "readScanArrays",
        "readScanNpz",
        "resolveEntries",
        "runComparison",
        "runEvaluation",
        "runImportWeights",
        "runInference",
        "runInspection",
        "runLinesBenchmark",
        "runReconstruction",
        "runSimulation",
        "runSplit",
        "runTraining",
        "scaledProbe",
        "silentProgress",
        "simulate",
        "simulateScan",
        "splitComplex",
        "toReconstruction",
        "uniformWeights",
        "writeReconstruction",
        "writeScanNpz",
      ]
    `);
  });

  it("Node has the core and, beside it", () => {
    expect(Object.keys(core).filter((name) => !(name in node))).toEqual([]);
    expect(
      Object.keys(node)
        .filter((name) => !(name in core))
        .sort(),
    ).toMatchInlineSnapshot(`
      [
        "chooseRuntime",
        "nodeHome",
        "writeAtomic",
      ]
    `);
  });

  it("the version that bundles and records state is the package's", () => {
    const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    expect(version).toBe((JSON.parse(text) as { readonly version: string }).version);
  });
});
