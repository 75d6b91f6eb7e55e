import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import type { Kernels } from "../../src/engines/kernels/kernels.ts";
import { openNpz } from "../../src/formats/npz.ts";
import { nodeKernels } from "../../src/node/kernels.ts";
import { makeProbe } from "../../src/optics/probes.ts";
import { Random } from "../../src/random.ts";
import { anglesFound, spreadOfAngles } from "../../src/scans/doctor/orientation/angles.ts";
import { type Deflection, deflection } from "../../src/scans/doctor/orientation/centreOfMass.ts";
import { middleOf, type OrientationScan } from "../../src/scans/doctor/orientation/frames.ts";
import { measureOrientation, type Orientation, sameAxes } from "../../src/scans/doctor/orientation/orientation.ts";
import { orientationScan } from "../../src/scans/doctor/orientation/orientationScan.ts";
import {
  axisMaps,
  axisMatrix,
  halfTurned,
  matrixOf,
  nearestAxes,
  nearestMap,
  normalAngle,
  type PlanarMap,
  planarMapOf,
} from "../../src/scans/doctor/orientation/planarMap.ts";
import { probeDefocus } from "../../src/scans/doctor/orientation/probeDefocus.ts";
import { positionSettings } from "../../src/scans/doctor/orientation/rows.ts";
import { type ShadowMotion, shadowMotion } from "../../src/scans/doctor/orientation/shadows.ts";
import { correctedPositions } from "../../src/scans/prepare/positions.ts";
import { readScanNpz } from "../../src/scans/scanNpz.ts";
import { simulate, simulateScan } from "../../src/simulation/simulate.ts";
import { dataFile } from "../fixtures.ts";
import { tolerances } from "../tolerances.ts";

/** A scan whose positions are given along axes that lie by `map` on the detector: r = M r', so r' = M⁻¹ r. */
function planted(dataset: Dataset, map: PlanarMap, probeKnown = true): OrientationScan {
  // M is orthogonal.
  const [yy, yx, xy, xx] = matrixOf(map);
  const positions = dataset.positions.slice();
  for (let k = 0; k < positions.length; k += 2) {
    const [y, x] = [dataset.positions[k], dataset.positions[k + 1]];
    positions[k] = yy * y + xy * x;
    positions[k + 1] = yx * y + xx * x;
  }
  return { ...orientationScan(dataset, probeKnown), positions };
}

/** The same with the frames flipped and transposed about the zero frequency instead, as a reader of a wrong convention would. */
function turnedFrames(
  dataset: Dataset,
  { transposed, flippedY, flippedX }: (typeof axisMaps)[number],
): OrientationScan {
  const scan = orientationScan(dataset, true);
  const n = scan.width;
  const flipped = (i: number, flip: boolean): number => (flip ? (n - i) % n : i);
  return {
    ...scan,
    read: (indices) => {
      const from = scan.read(indices);
      const out = new Float32Array(from.length);
      for (let k = 0; k < indices.length; k++)
        for (let y = 0; y < n; y++)
          for (let x = 0; x < n; x++) {
            const [v, u] = transposed ? [x, y] : [y, x];
            out[(k * n + flipped(v, flippedY)) * n + flipped(u, flippedX)] = from[(k * n + y) * n + x];
          }
      return out;
    },
  };
}

const kernels = (): Promise<Kernels> => nodeKernels({ threads: 1 });
const measured = async (scan: OrientationScan): Promise<Orientation> =>
  (await measureOrientation(scan, { kernels })) as Orientation;

/** right: told, and true; open: the half turn is not told, the rest true; unsure: said so; wrong: told, and not true. */
function outcome(found: Orientation, truth: PlanarMap): "right" | "open" | "unsure" | "wrong" {
  if (found.axes === "unsure") return "unsure";
  if (!sameAxes(found.map, truth)) return "wrong";
  if (found.sign === "open") return "open";
  return Math.abs(normalAngle(found.map.angle - truth.angle)) < 22.5 ? "right" : "wrong";
}

/** What is planted is found in as little as this: four parts of 25 frames, which are what the time goes into. */
const small = { n: 32, patterns: 100, object: "deadLeaves", photons: 1e5 } as const;
const inFocus = { kind: "airy", pupilRadius: 4 } as const;

describe("maps between the axes", () => {
  it("are matrix, angle and mirror, and settings of the positions alike", () => {
    for (const axes of axisMaps) {
      const map = planarMapOf(axes);
      for (const [i, value] of matrixOf(map).entries()) expect(value).toBeCloseTo(axisMatrix(axes)[i], 12);
      expect(nearestAxes(map)).toEqual({ axes, off: 0 });
    }
    const [angle, mirrored] = [-120.3, true];
    expect(nearestMap(matrixOf({ angle, mirrored })).angle).toBeCloseTo(angle, 9);
    for (const map of [...axisMaps.map(planarMapOf), { angle, mirrored }, { angle: 12.5, mirrored: false }]) {
      const m = matrixOf(map);
      const [down, right] = correctedPositions(Float64Array.from([3, 5]), positionSettings(map), [0, 0]);
      expect(down).toBeCloseTo(3 * m[0] + 5 * m[1], 9);
      expect(right).toBeCloseTo(3 * m[2] + 5 * m[3], 9);
    }
  });

  it("the defocus of a probe is what it was made with", () => {
    // What spreads beyond the window comes back on the other side.
    for (const defocus of [-30, 0, 43])
      expect(Math.abs(probeDefocus(makeProbe(64, { kind: "airy", pupilRadius: 16, defocus })) - defocus)).toBeLessThan(
        0.1 + 0.05 * Math.abs(defocus),
      );
  });
});

describe("what the data tell by themselves", () => {
  // All neighbours of a raster lie at a few distances, so that few correlations are looked through.
  const onRaster = {
    n: 64,
    patterns: 144,
    seed: 1,
    object: "deadLeaves",
    photons: 1e4,
    scan: "raster",
    jitter: 0,
  } as const;
  it("shadows: rotation, handedness and defocus of a scan of any angle", () => {
    const dataset = simulate(onRaster);
    for (const map of [
      { angle: 33, mirrored: false },
      { angle: -126, mirrored: true },
    ]) {
      const found = shadowMotion(planted(dataset, map));
      // L = −(N / D) M with the defocus D = ⅔ N of this probe.
      expect(found?.map.mirrored).toBe(map.mirrored);
      expect(Math.abs(normalAngle((found?.map.angle ?? 0) - map.angle - 180))).toBeLessThan(1.5);
      expect(found?.angleError).toBeLessThan(1.5);
      expect(found?.magnification).toBeGreaterThan(0.9 * 1.5);
      expect(found?.magnification).toBeLessThan(1.1 * 1.5);
    }
  });

  it("shadows: what no turn explains, positions whose axes are not at right angles or whose steps differ", () => {
    const dataset = simulate(onRaster);
    const [shear, stretch] = [0.1, 1.1];
    // A step along y' is one of `stretch` along y; one along x' has some of y.
    const positions = dataset.positions.slice();
    for (let k = 0; k < positions.length; k += 2) positions[k] = (positions[k] - shear * positions[k + 1]) / stretch;
    const found = shadowMotion({ ...orientationScan(dataset, true), positions });
    const { skew = Number.NaN, aspect = Number.NaN, skewError = 0, aspectError = 0 } = found ?? {};
    const { skew: skewed, aspect: drawn } = tolerances.shadowStrain;
    expect(Math.abs(skew + (Math.atan(shear) * 180) / Math.PI)).toBeLessThan(skewed);
    expect(Math.abs(aspect - stretch / Math.hypot(1, shear))).toBeLessThan(drawn);
    expect(skewError).toBeLessThan(skewed);
    expect(aspectError).toBeLessThan(drawn);
    const straight = shadowMotion(orientationScan(dataset, true));
    expect(Math.abs(straight?.skew ?? Number.NaN)).toBeLessThan(skewed);
    expect(Math.abs((straight?.aspect ?? Number.NaN) - 1)).toBeLessThan(drawn);
  });

  it("deflections: rotation and handedness of a scan in focus, up to a half turn", () => {
    const dataset = simulate({
      ...{ n: 64, patterns: 256, seed: 1, object: "deadLeaves", photons: 1e5 },
      probe: { kind: "airy", pupilRadius: 8 },
    });
    for (const map of [
      { angle: 33, mirrored: false },
      { angle: -126, mirrored: true },
    ]) {
      const found = deflection(planted(dataset, map));
      expect(found?.map.mirrored).toBe(map.mirrored);
      expect(Math.abs(normalAngle(2 * ((found?.map.angle ?? 0) - map.angle)) / 2)).toBeLessThan(3);
    }
  });
});

describe("the kinds of evidence for an angle", () => {
  const map = { angle: -120, mirrored: true };
  const evidence = (angle: number, angleError: number, mirrored = true) => ({ map: { angle, mirrored }, angleError });
  const found = (deflected: ReturnType<typeof evidence>) =>
    anglesFound(map, evidence(-120, 0.4) as ShadowMotion, deflected as Deflection, {
      ...{ by: "reconstructions", angle: 58.5, error: 1.5 },
    });

  it("are brought to one side, and say how far they lie apart", () => {
    const all = found(evidence(63, 3));
    expect(all).toEqual([
      { by: "shadows", angle: -120, error: 0.4 },
      { by: "reconstructions", angle: -121.5, error: 1.5 },
      { by: "deflection", angle: -117, error: 3 },
    ]);
    expect(spreadOfAngles(all)).toBe(3);
  });

  it("say nothing against each other where they are vague, or of the other handedness", () => {
    expect(spreadOfAngles(found(evidence(80, 14)))).toBe(1.5);
    expect(found(evidence(63, 1, false))).toHaveLength(2);
    expect(spreadOfAngles(anglesFound(map, evidence(-120, 0.4) as ShadowMotion, undefined, undefined))).toBeUndefined();
  });
});

describe("a planted orientation", () => {
  it("of positions or of frames is found, all eight", async () => {
    const dataset = simulate({ ...small, seed: 2 });
    for (const axes of axisMaps) {
      const truth = planarMapOf(axes);
      expect([axes, outcome(await measured(planted(dataset, truth)), truth)]).toEqual([axes, "right"]);
    }
    for (const axes of [axisMaps[1], axisMaps[6]]) {
      const truth = planarMapOf(axes);
      expect(outcome(await measured(turnedFrames(dataset, axes)), truth)).toBe("right");
    }
  }, 120_000);

  for (const [what, options, known, turn] of [
    ["X-rays behind the focus", {}, true, 0],
    ["X-rays in focus", { probe: inFocus, step: 2 }, true, 0],
    [
      "electrons, defocused, of an unknown probe",
      { scan: "raster", jitter: 0, contrast: { amplitude: [1, 1], phase: [0, 0.8] } },
      false,
      -126,
    ],
  ] as const)
    it(`${what}, at three doses: found or said to be unsure, never wrong`, async () => {
      for (const [photons, axes] of [
        [1e5, axisMaps[5]],
        [5e3, axisMaps[6]],
        [200, axisMaps[1]],
      ] as const) {
        const map = planarMapOf(axes);
        const truth = { ...map, angle: normalAngle(map.angle + turn) };
        const dataset = simulate({ ...small, seed: 3, photons, ...options });
        const found = await measured(planted(dataset, truth, known));
        const result = outcome(found, truth);
        expect([photons, axes, result]).not.toContain("wrong");
        // With this much light nothing is left open but what diffraction leaves open.
        if (photons === 1e5) expect(["right", "open"]).toContain(result);
        if (photons === 1e5 && turn !== 0)
          for (const { angle } of found.angles ?? [{ angle: Number.NaN }])
            expect(Math.abs(normalAngle(2 * (angle - truth.angle)) / 2)).toBeLessThan(2);
      }
    }, 240_000);

  it("is refused for an object that is the same from several sides, and for none", async () => {
    for (const probe of ["airy", inFocus] as const) {
      const base = simulate({ n: 32, patterns: 100, seed: 5, photons: 1e5, probe, step: 2 });
      const [height, width] = base.object?.shape ?? [];
      const random = new Random(3);
      const phases = Float64Array.from({ length: width }, () => random.uniform());
      for (const phase of [(x: number) => phases[Math.floor(x / 3)], () => 0]) {
        const data = new Float32Array(2 * height * width);
        for (let i = 0; i < height * width; i++) {
          data[2 * i] = Math.cos(phase(i % width));
          data[2 * i + 1] = Math.sin(phase(i % width));
        }
        const object = { shape: [height, width], data };
        const scan = simulateScan({ ...base, object, photons: 1e5, noise: new Random(2) });
        const found = await measured(planted(scan, { angle: 0, mirrored: false }));
        expect(found.axes).toBe("unsure");
        expect(found.doubts.join()).toMatch(/next best reconstruction/);
      }
    }
  }, 120_000);

  it("stops when it is told to", async () => {
    const dataset = simulate({ n: 64, patterns: 100, seed: 2, photons: 1e5 });
    const stop = new AbortController();
    const found = await measureOrientation(planted(dataset, { angle: 0, mirrored: false }), {
      kernels,
      signal: stop.signal,
      progress: () => stop.abort(),
    });
    expect(found).toBeUndefined();
  });
});

describe("measured scans", () => {
  const siemens = dataFile("siemens_ptychopinn.npz");
  it.skipIf(siemens === undefined)(
    "the Siemens star lies as it is stated",
    async () => {
      // Of its middle, in pixels twice as large: a sixth of the numbers.
      const dataset = readScanNpz(readFileSync(siemens ?? ""), { measurement: "amplitude", cropTo: 64 });
      const all = Array.from({ length: dataset.patterns.count }, (_, frame) => frame);
      const middle = new Set(middleOf(dataset.positions, all, 160));
      const skipped = all.filter((frame) => !middle.has(frame));
      const found = await measured({ ...orientationScan(dataset, true), skipped });
      expect(outcome(found, { angle: 0, mirrored: false })).toBe("right");
    },
    240_000,
  );

  const electrons = dataFile("electron_4dstem_32x32_256.npz");
  it.skipIf(electrons === undefined)(
    "the rotation and the sign of the defocus of an electron raster",
    async () => {
      const file = openNpz(readFileSync(electrons ?? ""), "electrons");
      const { data } = file.readNumbers("dps");
      const size = 256 * 256;
      const step = 31.25 / 4.65;
      const found = await measured({
        ...{ count: 1024, height: 256, width: 256 },
        positions: Float64Array.from({ length: 2048 }, (_, k) => step * (k % 2 === 0 ? k >> 6 : (k >> 1) % 32)),
        read: (frames) => {
          const out = new Float32Array(frames.length * size);
          for (const [k, frame] of frames.entries())
            out.set((data as Uint8Array).subarray(frame * size, (frame + 1) * size), k * size);
          return out;
        },
      });
      // Documented: −126°, −13.5 µm, in a program whose arrays are column-major, which exchanges y and x of the scan.
      const { angle } = found.defocus !== undefined && found.defocus > 0 ? halfTurned(found.map) : found.map;
      expect(found.axes).toBe("sure");
      expect(found.map.mirrored).toBe(true);
      expect(found.angleError).toBeLessThan(1);
      // Reconstructions have their lowest misfit at the same angle, and no strain of the scan makes up for the difference.
      const [byShadows, byReconstruction] = found.angles ?? [];
      expect([byShadows.by, byReconstruction.by]).toEqual(["shadows", "reconstructions"]);
      expect(Math.abs(byShadows.angle - byReconstruction.angle)).toBeLessThan(3);
      expect(byReconstruction.error).toBeLessThan(3);
      expect(Math.abs(found.shadows?.skew ?? Number.NaN)).toBeLessThan(2);
      expect(Math.abs((found.shadows?.aspect ?? Number.NaN) - 1)).toBeLessThan(0.05);
      expect(Math.abs(angle - -126)).toBeLessThan(6.5);
      // λ Δz / dx² of −13.5 µm at 300 kV (1.969 pm) and 4.65 Å: −123. The sign is open up to the half turn.
      expect(Math.abs(found.defocus ?? 0)).toBeGreaterThan(0.9 * 123);
      expect(Math.abs(found.defocus ?? 0)).toBeLessThan(1.1 * 123);
      expect(found.sign).toBe("open");
    },
    240_000,
  );
});
