import { expect, it } from "vitest";
import { decide, FEW_VIEWS, type ScanFacts, type Try } from "../../../src/engines/auto/decide.ts";
import { measuredFacts } from "../../../src/engines/auto/facts.ts";
import { everyFrame, simulatedProblem } from "../problem.ts";

const facts = (changes: Partial<ScanFacts> = {}): ScanFacts => ({
  ...{ frames: 500, heldOut: 25, slices: 1, views: 12, countsPerPixel: 10, tries: [] },
  ...changes,
});
const both = ["intensities", "background"];
const all = ["positions", ...both];
const tries = (plain: number, rpie: number, beam: number, moved: number): readonly Try[] => [
  { engine: "lsqml", wrappers: [], error: plain },
  { engine: "rpie", wrappers: [], error: rpie },
  { engine: "lsqml", wrappers: both, error: beam },
  { engine: "lsqml", wrappers: all, error: moved },
];
const chosen = (changes: Partial<ScanFacts>) => decide(facts(changes)).settings;

it("takes the engine that the scan asks for, and says why in three lines", () => {
  expect(chosen({}).engine).toBe("lsqml");
  expect(chosen({ slices: 3 }).engine).toBe("rpie");
  expect(chosen({ views: FEW_VIEWS - 1 }).engine).toBe("rpie");
  expect(chosen({ views: FEW_VIEWS - 1, countsPerPixel: 0.5 }).engine).toBe("lsqml");
  for (const changes of [{}, { slices: 2 }, { views: 1 }, { tries: tries(0.1, 0.09, 0.1, 0.1) }])
    expect(decide(facts(changes)).why).toHaveLength(3);
});

it("takes rpie where a try is better, unless wrappers make up for it", () => {
  expect(chosen({ tries: tries(0.1, 0.09, 0.1, 0.1) }).engine).toBe("rpie");
  expect(chosen({ tries: tries(0.1, 0.099, 0.1, 0.1) }).engine).toBe("lsqml");
  expect(chosen({ tries: tries(0.1, 0.09, 0.08, 0.08) }).engine).toBe("lsqml");
  expect(chosen({ tries: tries(Number.POSITIVE_INFINITY, 0.09, 0.1, 0.1) }).engine).toBe("rpie");
});

it("takes wrappers only where held-out patterns are predicted better for them", () => {
  expect(chosen({}).wrappers).toEqual([]);
  expect(chosen({ tries: tries(0.1, 0.1, 0.1, 0.1) }).wrappers).toEqual([]);
  expect(chosen({ tries: tries(0.1, 0.1, 0.09, 0.09) }).wrappers).toEqual(both);
  expect(chosen({ tries: tries(0.1, 0.1, 0.09, 0.08) }).wrappers).toEqual(all);
  expect(chosen({ tries: tries(0.1, 0.1, 0.1, 0.08) }).wrappers).toEqual(all);
});

it("takes Poisson noise for few photons, and only where they are photons", () => {
  expect(chosen({ countsPerPixel: 0.5 }).noise).toBe("poisson");
  expect(chosen({ countsPerPixel: 50 }).noise).toBeUndefined();
  expect(chosen({ countsPerPixel: null })).not.toHaveProperty("noise");
  expect([chosen({}).stopAtNoise, chosen({ countsPerPixel: null }).stopAtNoise]).toEqual([true, false]);
});

it("gives small scans more epochs, and asks held-out patterns only where others see their pixels", () => {
  expect(chosen({ frames: 100 }).epochs).toBeGreaterThan(chosen({ frames: 1000 }).epochs);
  expect(chosen({ frames: 1e6 }).epochs).toBeGreaterThanOrEqual(50);
  expect(chosen({}).patience).not.toBeNull();
  expect(chosen({ heldOut: 0 }).patience).toBeNull();
  const few = chosen({ views: 1 });
  expect([few.patience, few.stopAtNoise]).toEqual([null, false]);
});

it("measures views and photons of simulated scans", () => {
  const of = (step: number, photons?: number) => {
    const { scan } = simulatedProblem({ patterns: 64, n: 16, step, ...(photons === undefined ? {} : { photons }) });
    return measuredFacts(scan, everyFrame(64));
  };
  expect(of(2).views).toBeGreaterThan(2 * of(4).views);
  // Without noise intensities are no whole numbers.
  expect(of(3).countsPerPixel).toBeNull();
  expect(of(3, 1000).countsPerPixel).toBeCloseTo(1000 / 16 ** 2, 0);
});
