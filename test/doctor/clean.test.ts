import { describe, expect, it } from "vitest";
import type { SimulationOptions } from "../../src/simulation/options.ts";
import { complaints, rowsOf, simulated } from "./planted.ts";

const amplitude = { measurement: "amplitude" } as const;

describe("nothing is said of sound scans", () => {
  it.each([
    ["X-rays in the far field", { geometry: { energyKev: 8, detectorDistanceM: 2, detectorPixelM: 75e-6 } }],
    [
      "a fine regular raster of electrons",
      { scan: "raster", jitter: 0, step: 2, geometry: { voltageKv: 300, objectPixelM: 5e-11 } },
    ],
    ["50 photons a pattern", { photons: 50 }],
    ["ten million photons a pattern", { photons: 1e7 }],
    ["a sparse object", { object: "siemensStar" }],
    ["an object that absorbs", { object: "deadLeaves", contrast: { amplitude: [0.3, 1] } }],
    ["a weak object", { contrast: { amplitude: [0.99, 1], phase: [0, 0.02] } }],
    ["three modes", { modes: 3 }],
    ["patterns of an odd size", { n: 33 }],
    ["a zone plate, dark in the middle, in dim light", { probe: "zonePlate", photons: 300, n: 48 }],
    ["a beamstop that the mask knows", { beamstop: 7 }],
    ["few frames", { patterns: 9 }],
    ["patterns without noise", { noise: false }],
  ] as [string, Partial<SimulationOptions>][])("%s", async (_, options) => {
    const rows = await rowsOf(simulated({ ...amplitude, ...options }));
    // That networks do not take odd sizes is no fault of the scan.
    expect(complaints(rows).filter(({ found }) => !/^no network takes/.test(found))).toEqual([]);
  });
});

describe("what cannot be known is not named", () => {
  const row = async (options: Partial<SimulationOptions>, quantity: string) =>
    (await rowsOf(simulated({ ...amplitude, ...options }))).find((each) => each.quantity === quantity);

  it.each([
    ["the order of the frames of noise", { photons: 50 }, "order of the frames"],
    ["a shift of a spiral, which is a turn of it", {}, "order of the frames"],
    ["a drift that goes with the place", {}, "drift"],
    ["counts or amplitudes of numbers without noise", { noise: false }, "measurement"],
    ["the modes that the data need", {}, "modes that the data need"],
    ["flicker of nine frames", { patterns: 9 }, "flicker"],
  ] as [string, Partial<SimulationOptions>, string][])("%s", async (_, options, quantity) => {
    expect(await row(options, quantity)).toMatchObject({ sure: "unsure" });
  });
});
