import { describe, expect, it } from "vitest";
import type { Accelerator } from "../../src/runtime/accelerator.ts";
import type { ChooseRuntimeOptions } from "../../src/runtime/web/accelerator.ts";
import { testRuntime } from "../evaluate.ts";
import { deviation, deviations } from "../runtime/compare.ts";
import { operatorCases, runCase } from "../runtime/operatorCases.ts";
import { runTrainingSteps } from "../runtime/trainingStep.ts";
import { tolerances } from "../tolerances.ts";
import { chromiumPath, openedPage } from "./harness.ts";
import type { Page, PageResults } from "./page/page.ts";

if (chromiumPath === undefined) {
  console.warn("Browser tests are skipped: no Chromium; install Debian's package chromium or set PTYCHONAUT_CHROMIUM");
}

const STEPS = 5;

interface PageWindow {
  readonly page: Page;
}

describe.skipIf(chromiumPath === undefined)("in Chromium", () => {
  const opened = openedPage();

  const run = (accelerator: Accelerator, options: ChooseRuntimeOptions): Promise<PageResults> =>
    opened.tab.evaluate(([a, o, steps]) => (globalThis as unknown as PageWindow).page.run(a, o, steps), [
      accelerator,
      options,
      STEPS,
    ] as const);
  const describeChoice = (accelerator: Accelerator): Promise<string> =>
    opened.tab.evaluate((a) => (globalThis as unknown as PageWindow).page.describe(a), accelerator);

  async function expectSame(results: PageResults, limits: { operators: number; steps: number }): Promise<void> {
    for (const operatorCase of operatorCases) {
      const values = results.operators[operatorCase.name];
      expect(values, operatorCase.name).not.toBeTypeOf("string");
      const expected = await runCase(operatorCase, testRuntime);
      expect(deviation(values as readonly number[], expected), operatorCase.name).toBeLessThan(limits.operators);
    }
    const expected = await runTrainingSteps(testRuntime, STEPS);
    for (const steps of [results.steps, results.residentSteps ?? results.steps]) {
      for (const [array, value] of Object.entries(deviations(steps, expected))) {
        expect(value, array).toBeLessThan(limits.steps);
      }
    }
  }

  it("WebAssembly computes and trains as the CPU in Node does", async () => {
    const results = await run("cpu", { threads: 2 });
    expect(results).toMatchObject({
      provider: "wasm",
      isolated: true,
      description: "WebAssembly on the CPU, as asked",
    });
    await expectSame(results, { operators: tolerances.wasmOperator, steps: tolerances.wasmTrainingSteps });
  });

  it("WebGPU on a software adapter computes and trains as the CPU in Node does", async () => {
    const results = await run("gpu", { allowSoftware: true });
    expect(results.provider).toBe("webgpu");
    expect(results.description).toMatch(/^WebGPU on .*swiftshader.*software adapter that was allowed for testing/i);
    expect(results.residentSteps).not.toBeNull();
    await expectSame(results, { operators: tolerances.gpuOperator, steps: tolerances.gpuTrainingSteps });
  });

  it("never takes a software adapter unasked", async () => {
    expect(await describeChoice("auto")).toMatch(/^WebAssembly on the CPU \(auto: no GPU; .*software adapter/);
    expect(await describeChoice("gpu")).toMatch(/accelerator gpu is not available.*software adapter/);
  });

  it.each(["cuda", "tpu", "mps"] as const)("says that %s is not there", async (accelerator) => {
    expect(await describeChoice(accelerator)).toMatch(`accelerator ${accelerator} is not available`);
  });
});
