import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { thickProblem } from "../engines/thickProblem.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";
import { writeProblem } from "./problemFile.ts";

/** λ Δz / p² = 20 in pixels of 10 nm: slices 20 µm apart at 0.1 nm. */
const geometry = { propagation: "far-field", wavelengthM: 1e-10, objectPixelM: 1e-8 } as const;
const SPACING = 2e-5;

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-slices-"));
  const { scan } = thickProblem({ count: 2, between: { travel: 20, wavelength: 0.01 } }, { rows: 9 });
  writeProblem(path("thick.npz"), scan, { photonsPerPattern: 1e5, geometry });
  writeProblem(path("unplaced.npz"), scan, { photonsPerPattern: 1e5 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const slices = { slices: 2, sliceDistanceM: SPACING };

async function reconstruct(scan: string, out: string, overrides: Record<string, unknown>, home = plainHome) {
  const warnings: string[] = [];
  const hooks = { ...quietHooks(), warn: (line: string) => void warnings.push(line) };
  const fixed = {
    engine: "rpie",
    objectStep: 2,
    epochs: 6,
    threads: 1,
    reconLogEveryNEpochs: 0,
    loggerBackend: "none",
  };
  const payload = await createReconstructionPayload({
    ...{ scan: path(scan), outputDir: path(out), overwrite: true },
    overrides: { ...fixed, pictureFormats: ["png"], ...overrides } as never,
  });
  const outcome = await runReconstruction(payload, hooks, home);
  return { outcome, warnings };
}
const valuesOf = (...names: string[]) => openNpz(readFileSync(path(...names)), "test");

describe("a reconstruction of slices", () => {
  it("leaves each of them, their product as the object, and goes on where it was stopped", async () => {
    const { outcome } = await reconstruct("thick.npz", "whole", slices, nodeHome);
    expect(outcome.status).toBe("finished");
    expect(existsSync(path("whole", "slices.png"))).toBe(true);
    const found = valuesOf("whole", "reconstruction.npz");
    expect(found.readNumbers("pixel_size_m").data[0]).toBe(1e-8);
    const { shape, data } = found.readNumbers("slices");
    const [count, height, width] = shape;
    expect([count, data.length]).toEqual([2, 4 * height * width]);
    const object = found.readNumbers("object").data;
    const at = 2 * (Math.floor(height / 2) * width + Math.floor(width / 2));
    const [a, b, c, d] = [data[at], data[at + 1], data[2 * height * width + at], data[2 * height * width + at + 1]];
    expect(object[at]).toBeCloseTo(a * c - b * d, 5);
    expect(object[at + 1]).toBeCloseTo(a * d + b * c, 5);
    const metrics = JSON.parse(readFileSync(path("whole", "metrics.json"), "utf8"));
    expect(metrics.heldOut.rFactor).toBeLessThan(0.1);

    await reconstruct("thick.npz", "parts", { ...slices, epochs: 3 });
    await reconstruct("thick.npz", "parts", { ...slices, resume: "last" });
    expect(valuesOf("parts", "reconstruction.npz").readNumbers("slices")).toEqual({ ...found.readNumbers("slices") });
  }, 180_000);

  it("explains what one slice cannot, and by thickness the same; smoothing makes slices alike", async () => {
    const rFactor = (out: string): number =>
      JSON.parse(readFileSync(path(out, "metrics.json"), "utf8")).heldOut.rFactor;
    await reconstruct("thick.npz", "thin", {});
    expect(existsSync(path("thin", "slices.png"))).toBe(false);
    expect(rFactor("thin")).toBeGreaterThan(2 * rFactor("whole"));
    await reconstruct("thick.npz", "thick", { slices: 2, thicknessM: 2 * SPACING });
    expect(rFactor("thick")).toBe(rFactor("whole"));
    await reconstruct("thick.npz", "smooth", { ...slices, wrappers: ["smooth_slices"], sliceSmoothing: 0.3 });
    const apart = (out: string): number => {
      const { data } = valuesOf(out, "reconstruction.npz").readNumbers("slices");
      let sum = 0;
      for (let i = 0; i < data.length / 2; i++) sum += (data[i] - data[data.length / 2 + i]) ** 2;
      return sum;
    };
    expect(apart("smooth")).toBeLessThan(0.7 * apart("whole"));
    // Nothing is left of slices by a run that has none.
    await reconstruct("thick.npz", "whole", {});
    expect(existsSync(path("whole", "slices.png"))).toBe(false);
    expect(valuesOf("whole", "reconstruction.npz").keys).not.toContain("slices");
  }, 180_000);

  it("is refused with the reason, and doubted with numbers", async () => {
    for (const [overrides, message] of [
      [{ slices: 2 }, /slices need slice_distance_m.*or thickness_m/],
      [{ ...slices, thicknessM: 1e-5 }, /slice_distance_m and thickness_m say the same/],
      [{ sliceDistanceM: SPACING }, /slice_distance_m has an effect only when slices is above 1/],
      [{ thicknessM: SPACING }, /thickness_m has an effect only when slices is above 1/],
      [{ ...slices, engine: "dm", objectStep: null }, /dm knows no slices.*rpie/],
      [
        { ...slices, wrappers: ["positions"] },
        /positions makes no sense here: it takes the object to be one slice\. Leave positions out, or leave out `slices`/,
      ],
      [{ wrappers: ["smooth_slices"] }, /smooth_slices needs an object of several slices/],
      [{ slices: 2, sliceDistanceM: 1 }, /light travels too far.*between slices/],
    ] as const)
      await expect(reconstruct("thick.npz", "refused", overrides)).rejects.toThrow(message);
    await expect(reconstruct("unplaced.npz", "refused", slices)).rejects.toThrow(
      /slices need the wavelength and the size of an object pixel/,
    );
    const { warnings } = await reconstruct("thick.npz", "close", { slices: 2, sliceDistanceM: 2e-7, epochs: 1 });
    expect(warnings.join("\n")).toMatch(/2 slices are hardly told apart: .* 0\.16 rad/);
  }, 180_000);
});
