import { expect, it } from "vitest";
import { attempts, decide, FEW_VIEWS, isOpen, type ScanFacts, type Try } from "../../../src/engines/auto/decide.ts";
import { measuredFacts } from "../../../src/engines/auto/facts.ts";
import { everyFrame, simulatedProblem } from "../problem.ts";

const facts = (changes: Partial<ScanFacts> = {}): ScanFacts => ({
  ...{ frames: 500, heldOut: 25, slices: 1, states: 1, views: 12, countsPerPixel: 10, counted: true, countsOfStep: 1 },
  ...{ waveBytes: 2 ** 20, tries: [] },
  ...changes,
});
const both = ["intensities", "background"];
const all = ["positions", ...both];
const tries = (plain: number, rpie: number, beam: number, moved: number): readonly Try[] => [
  { engine: "lsqml", wrappers: [], keepsProbe: false, error: plain, deviance: 1 },
  { engine: "rpie", wrappers: [], keepsProbe: false, error: rpie, deviance: 1 },
  { engine: "lsqml", wrappers: both, keepsProbe: false, error: beam, deviance: 1 },
  { engine: "lsqml", wrappers: all, keepsProbe: false, error: moved, deviance: 1 },
];
/** Held-out R of dm and rpie, whose probes move or stay. */
const ofFew = (dm: readonly [number, number], rpie: readonly [number, number]): readonly Try[] =>
  [...dm, ...rpie].map((error, i) => ({
    ...{
      engine: i < 2 ? ("dm" as const) : ("rpie" as const),
      wrappers: [],
      keepsProbe: i % 2 === 1,
      error,
      deviance: 1,
    },
  }));
const chosen = (changes: Partial<ScanFacts>) => decide(facts(changes)).settings;

it("takes the engine that the scan asks for, and says why in three lines", () => {
  expect(chosen({}).engine).toBe("lsqml");
  expect(chosen({ slices: 3 }).engine).toBe("rpie");
  expect(chosen({ states: 2 }).engine).toBe("lsqml");
  expect(decide(facts({ states: 2 })).why[0]).toMatch(/tells 2 states of the object apart/);
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

it("says by how much the other engine is behind or ahead, what would have been enough, and whose R chose the wrappers", () => {
  const why = (...R: Parameters<typeof tries>) => decide(facts({ tries: tries(...R) })).why;
  expect(why(0.1, 0.11, 0.1, 0.1)[0]).toMatch(/^lsqml: .*; R 0\.100 of .*, rpie 0\.110$/);
  expect(why(0.0391, 0.0385, 0.0391, 0.0391)[0]).toMatch(/R 0\.0391 .*, rpie 0\.0385, which is less, but not by 2 %$/);
  expect(why(0.1, 0.09, 0.085, 0.08)[0]).toMatch(
    /^lsqml: .* R 0\.100 .*, 0\.0800 with positions \+ intensities \+ background, and rpie 0\.0900 without$/,
  );
  const rpie = why(0.1, 0.09, 0.0895, 0.096);
  expect(rpie[0]).toMatch(/^rpie: R 0\.0900 .*, lsqml 0\.100, 0\.0895 with intensities \+ background$/);
  expect(rpie[1]).toMatch(/^intensities, background: R of held-out patterns with lsqml: none 0\.100, /);
  expect(rpie[1]).toMatch(/gains 2 %$/);
  const few = decide(facts({ views: 1.5, tries: ofFew([0.988, 0.233], [0.255, 0.225]) })).why;
  expect(few[0]).toMatch(/^dm: .*: dm 0\.233, rpie 0\.225, which is less, but not by 10 %$/);
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
  const scaled = decide(facts({ countsPerPixel: 0.5, countsOfStep: 0.01 }));
  expect(scaled.settings.noise).toBe("poisson");
  expect(scaled.why[0]).toContain("one being 0.01000 of the file's");
});

it("takes Poisson noise of some photons where the counts of held-out patterns are predicted better by it", () => {
  const poisson = (changes: Partial<ScanFacts>) => attempts(facts(changes)).filter(({ noise }) => noise === "poisson");
  expect(poisson({ countsPerPixel: 6 })).toHaveLength(1);
  for (const changes of [{ countsPerPixel: 0.5 }, { countsPerPixel: 500 }, { countsPerPixel: 6, counted: false }])
    expect(poisson(changes)).toEqual([]);
  const tried = (deviance: number) => [
    ...tries(0.1, 0.1, 0.1, 0.1),
    { engine: "lsqml", wrappers: [], keepsProbe: false, noise: "poisson", error: 0.05, deviance } as const,
  ];
  const at = (deviance: number) => chosen({ countsPerPixel: 6, tries: tried(deviance) });
  expect([at(0.9).noise, at(0.99).noise]).toEqual(["poisson", undefined]);
  // R, which is of amplitudes, chooses the wrappers, and not from what another noise comes to.
  expect(at(0.9).wrappers).toEqual([]);
});

it("keeps the probe of few windows where patterns are predicted better for it, and takes dm unless rpie is clearly better", () => {
  const few = (tries: readonly Try[]) => chosen({ views: 1.2, tries });
  const stays = few(ofFew([0.9, 0.23], [0.255, 0.225]));
  expect([stays.engine, stays.probeStart ?? 0]).toEqual(["dm", 1_000_000]);
  const moves = few(ofFew([0.05, 0.34], [0.06, 0.3]));
  expect([moves.engine, moves.probeStart]).toEqual(["dm", undefined]);
  expect(few(ofFew([0.5, 0.5], [0.4, 0.41]))).toMatchObject({ engine: "rpie" });
  expect(few(ofFew([Number.POSITIVE_INFINITY, 0.5], [0.6, 0.6]))).toMatchObject({
    engine: "dm",
    probeStart: 1_000_000,
  });
  // Nothing is held out where nobody else sees it.
  expect([stays.heldOutFraction, chosen({}).heldOutFraction]).toEqual([0, undefined]);
});

it("tries what the scan leaves open: no exit waves that do not fit, nothing of several slices or few photons", () => {
  const engines = (views: number, waveBytes: number) =>
    attempts({ ...facts({ countsPerPixel: 50 }), views, waveBytes }).map(({ engine }) => engine);
  expect(engines(12, 2 ** 40)).toEqual(["lsqml", "rpie", "lsqml", "lsqml"]);
  expect(engines(1, 2 ** 20)).toEqual(["dm", "dm", "rpie", "rpie"]);
  expect(engines(1, 2 ** 30)).toEqual(["rpie", "rpie"]);
  const open = (changes: Partial<ScanFacts>) => isOpen(facts(changes));
  expect([open({}), open({ views: 1 }), open({ countsPerPixel: 0.1 })]).toEqual([true, true, true]);
  const closed = [open({ slices: 2 }), open({ states: 2 }), open({ views: 1, countsPerPixel: 0.1 })];
  expect(closed).toEqual([false, false, false]);
});

it("gives small scans more epochs, and asks held-out patterns only where others see their pixels", () => {
  expect(chosen({ frames: 100 }).epochs).toBeGreaterThan(chosen({ frames: 1000 }).epochs);
  expect(chosen({ frames: 1e6 }).epochs).toBeGreaterThanOrEqual(50);
  expect(chosen({ frames: 100 }).patience).toBeGreaterThan(chosen({ frames: 1000 }).patience ?? 0);
  expect(chosen({ frames: 1e6 }).patience).toBeGreaterThan(3);
  expect([chosen({ heldOut: 0 }).patience, chosen({ views: 1 }).patience]).toEqual([null, null]);
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
  // A dose that is stated is not quite that of the patterns.
  const { scan } = simulatedProblem({ patterns: 64, n: 16, step: 3, photons: 100 });
  const stated = (factor: number) =>
    measuredFacts({ ...scan, countsPerUnit: factor * scan.countsPerUnit }, everyFrame(64), "stated").countsPerPixel;
  expect(stated(1)).toBeCloseTo(100 / 16 ** 2, 1);
  for (const factor of [0.85, 0.97, 1.05, 1.2]) expect(stated(factor)).toBeCloseTo(stated(1) ?? 0, 6);
  expect(stated(3.7)).toBeNull();
});

it("finds photons in values that a gain has multiplied, by the step from one to the next, and none where there is no step", () => {
  const { scan } = simulatedProblem({ patterns: 64, n: 16, step: 3, photons: 500 });
  const times = (gain: number) => ({ ...scan, countsPerUnit: gain * scan.countsPerUnit });
  const frames = everyFrame(64);
  for (const gain of [1, 0.013, 7, 120]) {
    const facts = measuredFacts(times(gain), frames);
    expect(facts.counted).toBe(true);
    expect(facts.countsPerPixel).toBeCloseTo(500 / 16 ** 2, 1);
    expect(facts.countsOfStep / gain).toBeCloseTo(1, 4);
  }
  const many = simulatedProblem({ patterns: 16, n: 16, step: 3, photons: 1e7 }).scan;
  expect(measuredFacts(many, everyFrame(16))).toMatchObject({ counted: true, countsOfStep: 1 });
  const smooth = simulatedProblem({ patterns: 64, n: 16, step: 3 }).scan;
  // Nothing contradicts who says how many they are.
  expect(measuredFacts(smooth, frames, "stated").countsPerPixel).toBeCloseTo(1e5 / 16 ** 2, -1);
  expect(measuredFacts(smooth, frames)).toMatchObject({ counted: false, countsPerPixel: null, countsOfStep: 1 });
});

it("says epochs and patience that somebody said, not its own", () => {
  const end = (...said: Parameters<typeof decide>) => decide(...said).why[2];
  const { epochs, patience } = chosen({});
  expect(end(facts())).toBe(
    `at most ${epochs} epochs for 500 patterns, fewer once held-out patterns are predicted no better for ${patience}`,
  );
  expect(end(facts(), { epochs: 5 })).toBe("5 epochs, as was said");
  expect(end(facts(), { epochs: 150 })).toMatch(
    new RegExp(`^at most 150 epochs, as was said, fewer .* for ${patience}$`),
  );
  expect(end(facts(), { patience: 3 })).toMatch(/^at most .* no better for 3$/);
  expect(end(facts(), { patience: null })).toBe(`${epochs} epochs for 500 patterns`);
  expect(end(facts({ views: 1 }), { epochs: 5 })).toMatch(/^5 epochs, as was said: held-out ones tell little where/);
});
