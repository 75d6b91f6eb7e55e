import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { rules } from "../../src/graph/rules.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { testRuntime } from "../evaluate.ts";
import { tolerances } from "../tolerances.ts";
import { deviation, deviations } from "./compare.ts";
import { operatorCases, runCase } from "./operatorCases.ts";
import { softwareGpu } from "./softwareGpu.ts";
import { runResidentSteps, runTrainingSteps } from "./trainingStep.ts";

const gpu = await softwareGpu();
if (typeof gpu === "string") console.warn(`GPU tests are skipped: ${gpu}`);
const runtime = gpu as Runtime;

describe("the table of operator cases", () => {
  it("has a case for every operator with a gradient rule", () => {
    const derived = ["Heaviside", "ConvWeightGradient"];
    const covered = new Set([...operatorCases.map(({ name }) => name), ...derived]);
    expect(Object.keys(rules).filter((op) => !covered.has(op))).toEqual([]);
  });
});

/** Operators that the provider has no kernel for: their values travel to the CPU and back. */
const leftToCpu = ["Sign"];

describe.skipIf(typeof gpu === "string")("WebGPU on a software adapter", () => {
  const profiles = mkdtempSync(join(tmpdir(), "ptychonaut-profiles-"));
  afterAll(() => rmSync(profiles, { recursive: true }));

  it("is named as what it is", () => {
    expect(runtime.provider).toBe("webgpu");
    expect(runtime.description).toMatch(/^WebGPU on .+/);
  });

  it.each(operatorCases.map((operatorCase) => [operatorCase.name, operatorCase] as const))(
    "computes %s and its gradient as the CPU does",
    async (_name, operatorCase) => {
      const expected = await runCase(operatorCase, testRuntime);
      const values = await runCase(operatorCase, runtime, { profile: join(profiles, operatorCase.name) });
      expect(deviation(values, expected)).toBeLessThan(tolerances.gpuOperator);
    },
  );

  it("computes all but a few operators on the GPU", () => {
    const files = readdirSync(profiles);
    expect(files).toHaveLength(operatorCases.length);
    const onCpu = new Set(files.flatMap((file) => operatorsOnCpu(readFileSync(join(profiles, file), "utf8"))));
    expect([...onCpu].sort()).toEqual(leftToCpu);
  });

  it.each([
    ["on the host", runTrainingSteps],
    ["on the device", runResidentSteps],
  ])("trains as the CPU does, with the weights %s between steps", async (_where, run) => {
    const expected = await runTrainingSteps(testRuntime, 5);
    expect(expected.losses.at(-1)).toBeLessThan(0.5 * expected.losses[0]);
    const found = deviations(await run(runtime, 5), expected);
    for (const [array, value] of Object.entries(found)) {
      expect(value, array).toBeLessThan(tolerances.gpuTrainingSteps);
    }
  });
});

/** Operator types that ran on the CPU provider, out of ONNX Runtime's profile. */
function operatorsOnCpu(profile: string): string[] {
  const events = JSON.parse(profile) as { cat: string; args: { provider?: string; op_name?: string } }[];
  return events
    .filter(({ cat, args }) => cat === "Node" && args.provider === "CPUExecutionProvider")
    .map(({ args }) => args.op_name!);
}
