import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNpz } from "../../src/formats/npz.ts";
import { nodeHome } from "../../src/node/home.ts";
import { createReconstructionPayload } from "../../src/node/runs.ts";
import { runReconstruction } from "../../src/runs/reconstruct/reconstruct.ts";
import { objectModesProblem } from "../engines/objectModesProblem.ts";
import { quietHooks } from "./inferRun.ts";
import { plainHome } from "./plainHome.ts";
import { writeProblem } from "./problemFile.ts";

let folder = "";
const path = (...names: string[]): string => join(folder, ...names);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ptychonaut-states-"));
  const { scan } = objectModesProblem([0.7, 0.3], { rows: 9, photons: 1e6 });
  writeProblem(path("scan.npz"), scan, { photonsPerPattern: 1e6 });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function reconstruct(out: string, overrides: Record<string, unknown>, home = plainHome) {
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const hooks = { ...quietHooks(), warn: say, log: say };
  const fixed = { engine: "lsqml", epochs: 20, threads: 1, reconLogEveryNEpochs: 0, loggerBackend: "none" };
  const payload = await createReconstructionPayload({
    ...{ scan: path("scan.npz"), outputDir: path(out), overwrite: true },
    overrides: { ...fixed, pictureFormats: ["png"], ...overrides } as never,
  });
  const outcome = await runReconstruction(payload, hooks, home);
  return { outcome, said: lines.join("\n") };
}
const valuesOf = (out: string) => openNpz(readFileSync(path(out, "reconstruction.npz")), "test");
const metricsOf = (out: string) => JSON.parse(readFileSync(path(out, "metrics.json"), "utf8"));

const two = { objectModes: 2 };

describe("a reconstruction of an object in several states", () => {
  it("leaves each of them, the strongest as the object, and goes on where it was stopped", async () => {
    const { outcome, said } = await reconstruct("whole", two, nodeHome);
    expect(outcome.status).toBe("finished");
    expect(said).toMatch(/states of the object have [\d.]+, [\d.]+ % of the light/);
    expect(existsSync(path("whole", "object_modes.png"))).toBe(true);
    const { shape, data } = valuesOf("whole").readNumbers("object_modes");
    const object = valuesOf("whole").readNumbers("object");
    expect(shape).toEqual([2, ...object.shape]);
    expect(object.data).toEqual(data.slice(0, data.length / 2));
    const { objectModes: powers, dataFit, heldOut } = metricsOf("whole");
    expect(powers[0] + powers[1]).toBeCloseTo(1, 6);
    expect(powers[0]).toBeGreaterThan(powers[1]);
    // They are orthogonal in the light that fell on them.
    const coverage = valuesOf("whole").readNumbers("coverage").data;
    const dot = (a: number, b: number): number => {
      let [re, im] = [0, 0];
      const size = data.length / 2;
      for (let i = 0; i < size; i += 2) {
        const [p, q] = [a * size + i, b * size + i];
        re += coverage[i / 2] * (data[p] * data[q] + data[p + 1] * data[q + 1]);
        im += coverage[i / 2] * (data[p] * data[q + 1] - data[p + 1] * data[q]);
      }
      return Math.hypot(re, im);
    };
    expect(dot(0, 1)).toBeLessThan(1e-5 * Math.sqrt(dot(0, 0) * dot(1, 1)));
    expect(dot(1, 1) / (dot(0, 0) + dot(1, 1))).toBeCloseTo(powers[1], 5);

    await reconstruct("one", {});
    expect(valuesOf("one").keys).not.toContain("object_modes");
    expect(metricsOf("one").heldOut.rFactor).toBeGreaterThan(1.5 * heldOut.rFactor);
    // What is said of the fit is through all states.
    expect(metricsOf("one").dataFit.rFactor).toBeGreaterThan(2 * dataFit.rFactor);

    await reconstruct("parts", { ...two, epochs: 7 });
    await reconstruct("parts", { ...two, resume: "last" });
    expect(valuesOf("parts").readNumbers("object_modes")).toEqual({ ...valuesOf("whole").readNumbers("object_modes") });
  }, 180_000);

  it("begins with the states of another run, and of one that has more with the strongest", async () => {
    const begun = { init: path("whole"), epochs: 1 };
    await reconstruct("again", { ...two, ...begun });
    const error = (out: string): number =>
      JSON.parse(readFileSync(path(out, "reconstruction.json"), "utf8")).history[0].error;
    expect(error("again")).toBeLessThan(0.5 * error("one"));
    const { said } = await reconstruct("fewer", begun);
    expect(said).toMatch(/of 2 states of the object in .* the strongest 1 begin/);
    const { said: three } = await reconstruct("more", { ...begun, objectModes: 3, epochs: 2 });
    expect(three).toMatch(/% of the light/);
    expect(valuesOf("more").readNumbers("object_modes").shape[0]).toBe(3);
  }, 180_000);

  it("has lsqml where nobody names an engine", async () => {
    const { said } = await reconstruct("auto", { ...two, engine: "auto", epochs: 1 });
    expect(said).toMatch(/lsqml: it tells 2 states of the object apart soonest/);
    expect(valuesOf("auto").readNumbers("object_modes").shape[0]).toBe(2);
  }, 180_000);

  it("says what other formats lose of it", async () => {
    const { said } = await reconstruct("formats", { ...two, epochs: 1, outputFormat: ["hdf5", "tiff"] });
    expect(said).toMatch(/tiff cannot hold the states of the object, 2/);
    expect(said).not.toMatch(/hdf5 cannot hold the states/);
  }, 180_000);

  it("is refused with the reason", async () => {
    for (const [overrides, message] of [
      [{ ...two, slices: 2, sliceDistanceM: 1e-6 }, /an object is in several states, or has several slices/],
      [
        { ...two, engine: "dm" },
        /dm reconstructs one state of the object alone: it has one exit wave .*epie, rpie, lsqml, ml.*leave out `object_modes`/,
      ],
      [{ ...two, engine: "ad" }, /ad reconstructs one state of the object alone/],
      [
        { ...two, wrappers: ["positions"] },
        /positions makes no sense here: it takes the object to be in one state\. Leave positions out, or leave out `object_/,
      ],
      [{ ...two, wrappers: ["limits"] }, /limits makes no sense here: it takes the object to be in one state/],
      [{ ...two, wrappers: ["smooth_slices"] }, /smooth_slices needs an object of several slices/],
      [
        { ...two, confidence: true },
        /two halves of the data may share the light among states otherwise.*object_modes 2 and confidence/,
      ],
      [{ objectModePower: 0.2 }, /object_mode_power has an effect only when object_modes is above 1/],
      [{ objectModes: 3, objectModePower: 0.5 }, /added states leave nothing for the first/],
    ] as const)
      await expect(reconstruct("refused", overrides), JSON.stringify(overrides)).rejects.toThrow(message);
  }, 180_000);
});
