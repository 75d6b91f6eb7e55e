import { describe, expect, it } from "vitest";
import { completeSettings, type EngineSettings } from "../../src/engines/settings.ts";
import { positions as wrapper } from "../../src/engines/wrappers/positions/positions.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { Random } from "../../src/random.ts";
import { type MovedPositions, positionFindings } from "../../src/runs/reconstruct/positionReport.ts";
import { correctedPositions } from "../../src/scans/prepare/positions.ts";
import type { PositionOptions } from "../../src/scans/prepare/prepareOptions.ts";
import { corrected } from "../engines/positionErrors.ts";
import { everyFrame, simulatedProblem } from "../engines/problem.ts";

const unstated = { detectorDistanceM: null, objectPixelM: null };
const DEGREE = Math.PI / 180;
const random = new Random(6);
/** A raster of 20 × 20, 5 pixels apart, with something left out. */
const nominal = Float64Array.from({ length: 800 }, (_, k) => 5 * (k % 2 === 0 ? Math.floor(k / 40) : (k >> 1) % 20));
const frames = Int32Array.from({ length: 380 }, (_, k) => k);

/** What is found where positions are wrong by a matrix [y from y, y from x, x from y, x from x], and by chance. */
function findings(matrix: readonly number[], sigma: number, settings: EngineSettings = {}) {
  const found = nominal.map((value, k) => {
    const [y, x] = [nominal[k & ~1], nominal[k | 1]];
    return value + matrix[2 * (k % 2)] * y + matrix[2 * (k % 2) + 1] * x + sigma * random.normal();
  });
  return findingsOf({ found }, settings);
}

const far = { propagation: "far-field", wavelengthM: 1e-10, detectorDistanceM: 2, detectorPixelM: 7.5e-5 } as const;

function findingsOf(moved: Partial<MovedPositions>, settings: EngineSettings = {}) {
  return positionFindings({
    ...{ dataset: { geometry: { ...far, objectPixelM: 1e-8 }, provenance: {} }, stated: unstated, frames, nominal },
    ...{ stages: [{ wrappers: [{ wrapper, settings: completeSettings(wrapper, settings) }] }], found: nominal },
    ...moved,
  });
}

/** What is reported where options corrected positions of a file, and other options would have made them right. */
function afterSaying(said: PositionOptions, right: PositionOptions, shear = 0) {
  const made = (options: PositionOptions, sheared = 0) => {
    const own = nominal.map((value, k) => value + sheared * nominal[k ^ 1]);
    return correctedPositions(own, options, [50, 50]);
  };
  const conventions = Object.fromEntries(
    Object.entries(said).map(([name, value]) => [
      name.replace(/[A-Z]/, (letter) => `_${letter.toLowerCase()}`),
      String(value),
    ]),
  );
  return findingsOf(
    {
      ...{ dataset: { provenance: { conventions } }, nominal: made(said) },
      found: made(right, shear).map((value) => value + 0.05 * random.normal()),
    },
    { freeScale: true },
  );
}

describe("what corrections of positions have in common", () => {
  it.each([
    [
      "rotation",
      [0, DEGREE, -DEGREE, 0],
      /turned on the detector by 1\.\d+ ± 0\.0\d° from \+x towards \+y: `position_rotation=1\.\d+`/,
    ],
    [
      "stretch",
      [0.01, 0, 0, -0.01],
      /y is stretched against x by [12]\.\d+ ± 0\.\d+ %.*`position_scale=1\.0\d+,0\.9\d+`/,
    ],
    ["shear", [0, DEGREE / 2, DEGREE / 2, 0], /axes of the stage are [01]\.\d+ ± 0\.\d+° off a right angle/],
  ])("says a %s, with its error and the setting that answers", (name, matrix, words) => {
    const { lines = [], report } = findings(matrix, 0.3) ?? {};
    expect(lines).toEqual([expect.stringMatching(words)]);
    const { rotationDegrees, shearDegrees, stretch } = report?.affine ?? {};
    const part = { rotation: rotationDegrees, shear: shearDegrees, stretch }[name];
    const wanted = name === "stretch" ? 0.02 : 1;
    expect(Math.abs((part?.value ?? 0) - wanted)).toBeLessThan(4 * (part?.standardError ?? 0));
    // Of independent errors by least squares; blocks have eight degrees of freedom, a quarter of it, and it is widened.
    const alone = (0.3 * Math.SQRT2) / (Math.sqrt(380) * 5 * Math.sqrt((20 ** 2 - 1) / 12));
    const expected = { rotation: alone / DEGREE / 2, shear: alone / DEGREE, stretch: alone }[name] ?? Number.NaN;
    expect(Math.abs((part?.standardError ?? 0) / (1.6 * expected) - 1)).toBeLessThan(1);
  });

  it("says a scale where it was free, as the stage's, and as the pixel's where positions are lengths", () => {
    const found = nominal.map((value) => 1.02 * value);
    const inMetres = { conventions: { position_unit: "m" } };
    const geometry = { ...far, objectPixelM: 1e-8 };
    const scaled = (moved: Partial<MovedPositions>) => findingsOf({ found, ...moved }, { freeScale: true });
    const { lines = [], report } = scaled({}) ?? {};
    expect(report?.affine?.scale?.value).toBeCloseTo(0.02, 6);
    expect(report?.say).toEqual({ position_scale: "1.0200" });
    expect(lines).toEqual([
      expect.stringMatching(
        /farther apart by 2\.00 ± 0\.00 % than the scan says: the stage takes longer steps \(`position_scale=1\.0200`\)/,
      ),
    ]);
    const said = { dataset: { geometry, provenance: inMetres }, stated: { ...unstated, detectorDistanceM: 2 } };
    expect(scaled(said)?.lines[0]).toMatch(
      /0\.9804 times what is said.*\(`detector_distance_m=1\.9608`\), or the stage/,
    );
    // A setting that differs from what a file says is refused.
    expect(scaled({ ...said, stated: unstated })?.lines[0]).toMatch(/\(in the file a distance of 1\.9608 m\)/);
    const pixel = {
      ...said,
      dataset: { geometry: { propagation: "far-field", objectPixelM: 1e-8 }, provenance: inMetres },
    } as const;
    expect(scaled({ ...pixel, stated: { ...unstated, objectPixelM: 2e-8 } })?.lines[0]).toMatch(
      /`object_pixel_m=1\.9608e-8`/,
    );
    expect(findings([0, 0, 0, 0], 0.3)?.report.affine?.scale).toBeNull();
  });

  it("calls positions that lie closer together so, and the stage's steps shorter", () => {
    const { lines = [] } = findings([-0.007, 0, 0, -0.007], 0, { freeScale: true }) ?? {};
    expect(lines).toEqual([
      expect.stringMatching(/closer together by 0\.70 ± 0\.00 %.*shorter steps \(`position_scale=0\.9930`\)/),
    ]);
  });

  it.each<[string, PositionOptions, PositionOptions]>([
    ["a rotation", { positionRotation: 2 }, { positionRotation: 0.17 }],
    ["a scale", { positionScale: "1.04" }, { positionScale: "1.01" }],
    ["scales of both axes", { positionScale: "1.03,0.96" }, { positionScale: "1.01,1.02" }],
    [
      "both, turned by much",
      { positionScale: "1.1,0.9", positionRotation: 37 },
      { positionScale: "1.07,0.93", positionRotation: 35 },
    ],
    [
      "all of an exchanged scan that is turned round",
      { positionSwap: true, positionFlip: "y", positionScale: "1.02,0.7", positionRotation: -91 },
      { positionSwap: true, positionFlip: "y", positionScale: "1,0.72", positionRotation: -89.5 },
    ],
    ["half a turn", { positionRotation: 359.5 }, { positionRotation: 1 }],
  ])("says %s with what was said: who says it is done", (_, said, right) => {
    const { lines = [], report } = afterSaying(said, right) ?? {};
    const { position_rotation: rotation = said.positionRotation, position_scale: scale = said.positionScale } =
      report?.say ?? {};
    expect(lines.length).toBeGreaterThan(0);
    for (const [name, value] of Object.entries(report?.say ?? {}))
      expect(lines.join("\n")).toContain(`${name}=${typeof value === "number" ? value.toFixed(2) : value}\``);
    // Half a hundredth degree, and errors of a fit.
    if (right.positionRotation !== undefined)
      expect(Math.abs(Number(rotation) - right.positionRotation)).toBeLessThan(0.03);
    const next = {
      ...said,
      ...(rotation === undefined ? {} : { positionRotation: Number(rotation) }),
      ...(scale === undefined ? {} : { positionScale: String(scale) }),
    };
    expect(afterSaying(next, right)?.lines).toEqual([]);
  });

  it("takes no shear for a rotation or a scale, whatever was said", () => {
    const said = { positionScale: "1.1,0.9", positionRotation: 40 };
    const { lines, report } = afterSaying(said, said, 0.01) ?? {};
    expect(report?.say).toEqual({});
    expect(lines).toEqual([
      expect.stringMatching(/off a right angle.*without `position_scale`, `position_rotation`, which/),
    ]);
  });

  it("says nothing of what chance makes, nor of what moves nothing, and knows no error of an affine model", () => {
    for (let trial = 0; trial < 20; trial++) expect(findings([0, 0, 0, 0], 1, { freeScale: true })?.lines).toEqual([]);
    expect(findings([0, 1e-4, -1e-4, 0], 0)?.lines).toEqual([]);
    const { lines, report } = findings([0, DEGREE, -DEGREE, 0], 0, { positionModel: "affine" }) ?? {};
    expect(report?.affine?.rotationDegrees.standardError).toBeNull();
    expect(lines).toEqual([expect.stringMatching(/by 1\.00° \(without an error estimate\) from/)]);
  });

  it("says hardly ever something where neighbours went the same way by chance", () => {
    let alarms = 0;
    for (let trial = 0; trial < 20; trial++) {
      const own = nominal.map(() => 0.4 * random.normal());
      // 4 × 4 frames share what moved them.
      const found = nominal.map((value, k) => {
        const [y, x] = [nominal[k & ~1], nominal[k | 1]].map((at) => 4 * Math.floor(at / 20));
        return value + own[2 * (20 * y + x) + (k & 1)];
      });
      alarms += Math.min(1, findingsOf({ found }, { freeScale: true })?.lines.length ?? 1);
    }
    // Errors of independent frames would be four times too small: half of all would be alarms.
    expect(alarms).toBeLessThanOrEqual(1);
  });

  it("says which way axes are stretched and how they stand without a sign", () => {
    const [stretched, sheared] = [
      [-0.01, 0, 0, 0.01],
      [0, -DEGREE / 2, -DEGREE / 2, 0],
    ].map((matrix) => findings(matrix, 0.1)?.lines);
    expect(stretched).toEqual([expect.stringMatching(/^x is stretched against y by (1\.9|2\.0)\d ±/)]);
    expect(sheared).toEqual([
      expect.stringMatching(/^the axes of the stage are (0\.9|1\.0)\d ± \d\.\d\d° off a right angle, more than one/),
    ]);
  });

  it("raises no alarm where noise alone moved frames of a simulated scan", async () => {
    const kernels = await nodeKernels({ threads: 1 });
    const lines: string[] = [];
    for (const seed of [6, 11]) {
      const coarse = { photons: 1e5, object: "lines", smoothing: 0, jitter: 0, seed } as const;
      const problem = simulatedProblem(coarse);
      const truth = problem.scan.positions;
      const found = await corrected(kernels, problem, truth, { epochs: 30 });
      lines.push(...(findingsOf({ found, nominal: truth, frames: everyFrame(100) })?.lines ?? ["nothing"]));
    }
    await kernels.close();
    expect(lines).toEqual([]);
  });

  it("has errors that are as large as what noise does to scans of other seeds", async () => {
    const kernels = await nodeKernels({ threads: 1 });
    const parts: number[] = [];
    for (let seed = 301; seed < 307; seed++) {
      const problem = simulatedProblem({ photons: 1e5, jitter: 0.2, seed, ...(seed % 2 ? { object: "lines" } : {}) });
      const truth = problem.scan.positions;
      const found = await corrected(kernels, problem, truth, { epochs: 30 });
      const { rotationDegrees, stretch, shearDegrees } =
        findingsOf({ found, nominal: truth, frames: everyFrame(100) })?.report.affine ?? {};
      for (const part of [rotationDegrees, stretch, shearDegrees])
        parts.push((part?.value ?? Number.NaN) / (part?.standardError ?? Number.NaN));
    }
    await kernels.close();
    // Of Student's t with eight degrees of freedom the root of the mean square is 1.15; of 18 parts it is off by a third.
    const rms = Math.sqrt(parts.reduce((sum, value) => sum + value ** 2 / parts.length, 0));
    expect(rms).toBeGreaterThan(1.15 * 0.6);
    expect(rms).toBeLessThan(1.15 * 1.4);
  });

  it("says which positions went as far as they may, and nothing where none move", () => {
    const found = nominal.slice();
    found[10] += 11;
    const stages = [{ wrappers: [{ wrapper, settings: completeSettings(wrapper) }] }];
    expect(findingsOf({ dataset: { provenance: {} }, stages, found })?.warnings).toEqual([
      expect.stringMatching(/1 position moved as far as it may, 11 object pixels/),
    ]);
    expect(findingsOf({ stages: [{ wrappers: [] }], found })).toBeUndefined();
  });
});
