import { describe, expect, it } from "vitest";
import type { Accelerator } from "../../src/runtime/accelerator.ts";
import type { ChooseRuntimeOptions } from "../../src/runtime/web/accelerator.ts";
import { distance } from "../engines/problem.ts";
import { tolerances } from "../tolerances.ts";
import { chromiumPath, openedPage } from "./harness.ts";
import type { EngineFindings } from "./page/engineScenario.ts";
import type { Page } from "./page/page.ts";

/** An engine in Chromium, on WebGPU by its software adapter and on the processor, in the same page. */
describe.skipIf(chromiumPath === undefined)("an engine in a browser", () => {
  const opened = openedPage();

  const engine = (accelerator: Accelerator, options: ChooseRuntimeOptions = {}): Promise<EngineFindings | string> =>
    opened.tab.evaluate(([a, o]) => (globalThis as unknown as { readonly page: Page }).page.engine(a, o), [
      accelerator,
      options,
    ] as const);

  it("makes on WebGPU what it makes in WebAssembly", async () => {
    const wasm = (await engine("cpu")) as EngineFindings;
    const webgpu = (await engine("webgpu", { allowSoftware: true })) as EngineFindings;
    expect(wasm.where).toBe("WebAssembly, 1 thread");
    expect(webgpu.where).toMatch(/^WebGPU on .*swiftshader.* \(webgpu, as asked\)$/i);
    for (const part of ["object", "probe", "misfits"] as const) {
      expect(wasm[part].every(Number.isFinite)).toBe(true);
      expect(distance(webgpu[part], wasm[part]), part).toBeLessThan(tolerances.engines.singlePrecision);
    }
  });

  it("takes no software adapter unasked, and no CUDA", async () => {
    expect(await engine("auto")).toMatchObject({
      where: expect.stringMatching(/^WebAssembly, 1 thread \(auto: no GPU; WebGPU has only a software adapter/),
    });
    expect(await engine("webgpu")).toMatch(/accelerator webgpu is not available.*software adapter/);
    expect(await engine("cuda")).toMatch("accelerator cuda is not available");
  });
});
