import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Settings } from "../../src/config/group.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import type { Home } from "../../src/runs/machine.ts";
import { fileProbe } from "../../src/runs/payloads.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { writeScanNpz } from "../../src/scans/writeScanNpz.ts";
import { simulate } from "../../src/simulation/simulate.ts";
import { call } from "../cli/harness.ts";
import { webgpuMissing } from "../engines/kernels/homes.ts";
import { tolerances } from "../tolerances.ts";
import { quietHooks } from "./inferRun.ts";

const missing = webgpuMissing === undefined ? "" : `: ${webgpuMissing}`;

describe.skipIf(webgpuMissing !== undefined)(`a reconstruction on WebGPU${missing}`, () => {
  let folder = "";
  const path = (...names: string[]): string => join(folder, ...names);
  const before = process.env["PTYCHONAUT_SOFTWARE_GPU"];
  beforeAll(() => {
    process.env["PTYCHONAUT_SOFTWARE_GPU"] = "1";
    folder = mkdtempSync(join(tmpdir(), "ptychonaut-gpu-"));
    const dataset = simulate({ n: 16, patterns: 25, step: 3, seed: 3, scan: "raster", jitter: 0, photons: 1e5 });
    writeFileSync(path("scan.npz"), writeScanNpz(dataset));
  });
  afterAll(() => {
    if (before === undefined) delete process.env["PTYCHONAUT_SOFTWARE_GPU"];
    else process.env["PTYCHONAUT_SOFTWARE_GPU"] = before;
    rmSync(folder, { recursive: true });
  });

  /** Pictures take longer than all else here. */
  const plain: Home = {
    ...nodeHome,
    machine: Object.create(nodeHome.machine, { pictures: { value: undefined } }) as Home["machine"],
  };
  const quick = { engine: "rpie", epochs: 2, threads: 1, loggerBackend: "none", checkpointEveryNEpochs: 1 };
  const reconstruct = async (outputDir: string, overrides: Settings) => {
    const request = { scan: path("scan.npz"), outputDir: path(outputDir), overrides: { ...quick, ...overrides } };
    return runReconstruction(await createReconstructionPayload(request), quietHooks(), plain);
  };
  const record = (outputDir: string) => JSON.parse(readFileSync(path(outputDir, "run.json"), "utf8"));
  const misfit = (outputDir: string): number =>
    JSON.parse(readFileSync(path(outputDir, "metrics.json"), "utf8")).lastEpoch.rFactor;

  it("is what it is on the processor, says where it computed, and warns where it goes on elsewhere", async () => {
    // Behind a flat object phases are rounding where hardly any light is expected: both begin with detail.
    await reconstruct("start", { accelerator: "cpu" });
    const init = path("start");
    await reconstruct("cpu", { accelerator: "cpu", init });
    await reconstruct("gpu", { accelerator: "webgpu", init });
    expect(record("cpu").runtime).toBe("WebAssembly, 1 thread");
    expect(record("gpu").runtime).toMatch(/^WebGPU on .+ \(webgpu, as asked\)$/);
    expect(Math.abs(misfit("gpu") / misfit("cpu") - 1)).toBeLessThan(tolerances.engines.singlePrecision);

    await reconstruct("gpu", { accelerator: "webgpu", init, epochs: 3, resume: "last" });
    expect(record("gpu").warnings).not.toContainEqual(expect.stringContaining("another device"));
    await reconstruct("gpu", { accelerator: "cpu", init, epochs: 4, resume: "last" });
    expect(record("gpu").warnings).toContainEqual(expect.stringMatching(/^resumed on another device: what follows/));
  });

  it.each(["cuda", "tpu"])("refuses %s before anything is read, and names what there is", async (accelerator) => {
    const { checkAccelerator } = fileProbe(nodeHome);
    const { code, stderr } = await call(
      ["reconstruct", path("scan.npz"), "--engine", "rpie", "--output_dir", path("no"), "--accelerator", accelerator],
      { files: { ...fileProbe(nodeHome), checkAccelerator, scanHeader: () => expect.fail("the data were read") } },
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(
      `accelerator ${accelerator} is not available to iterative engines but ad; expected cpu, or a GPU through WebGPU`,
    );
    expect(stderr).toMatch("Use --accelerator webgpu or --accelerator cpu");
  });
});
