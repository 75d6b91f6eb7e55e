import { describe, expect, it } from "vitest";
import { complexZeros, joinComplex } from "../../src/arrays.ts";
import { openNpz, writeNpz } from "../../src/formats/npz.ts";
import { planCanvas } from "../../src/inference/canvas.ts";
import { uniformWeights } from "../../src/inference/patchWeights.ts";
import { toReconstruction } from "../../src/inference/reconstruction.ts";
import { createStitcher } from "../../src/inference/stitch.ts";
import { objectPanels } from "../../src/pictures/objectFigure.ts";
import {
  type Reconstruction,
  readReconstruction,
  writeReconstruction,
} from "../../src/reconstructions/reconstructionNpz.ts";

const positions = Float64Array.of(10.25, 20, 13, 22.5, 12, 24);

function stitched(pixelSizeM?: number): Reconstruction {
  const stitcher = createStitcher({ canvas: planCanvas(positions, 4), trim: 4, weights: uniformWeights(4).fill(7) });
  const patches = { shape: [3, 6, 6], data: Float32Array.from({ length: 216 }, (_, i) => Math.sin(i)) };
  stitcher.add(patches, positions);
  return toReconstruction(stitcher.finish(), positions, pixelSizeM);
}

describe("reconstruction.npz", () => {
  it("comes back as it was, with and without a pixel size", () => {
    for (const pixelSizeM of [undefined, 8.3e-9]) {
      const saved = stitched(pixelSizeM);
      expect(readReconstruction(writeReconstruction(saved))).toEqual(saved);
    }
  });

  it("holds what NumPy users look for", () => {
    const saved = stitched();
    const npz = openNpz(writeReconstruction(saved));
    expect(npz.keys).toEqual(["object", "amplitude", "phase", "coverage", "positions", "origin"]);
    expect(npz.header("object")).toMatchObject({ dtype: "complex64", shape: saved.object.shape });
    const [amplitude, phase] = [npz.readNumbers("amplitude").data, npz.readNumbers("phase").data];
    for (let i = 0; i < amplitude.length; i++) {
      expect(amplitude[i] * Math.cos(phase[i])).toBeCloseTo(saved.object.data[2 * i], 5);
      expect(amplitude[i] * Math.sin(phase[i])).toBeCloseTo(saved.object.data[2 * i + 1], 5);
    }
  });

  it("has a coverage between 0 and 1 whatever the weights", () => {
    const { coverage } = stitched();
    expect(Math.max(...coverage)).toBe(1);
    expect(Math.min(...coverage)).toBe(0);
  });

  it("is refused when something is missing or does not fit", () => {
    const npz = openNpz(writeReconstruction(stitched()));
    const all = Object.fromEntries(npz.keys.map((key) => [key, npz.read(key)]));
    const { origin: _, ...without } = all;
    expect(() => readReconstruction(writeNpz(without))).toThrow(/no array "origin"/);
    const real = { ...all, object: all["amplitude"] };
    expect(() => readReconstruction(writeNpz(real))).toThrow(/"object" does not fit.*complex/);
    const small = { ...all, coverage: all["origin"] };
    expect(() => readReconstruction(writeNpz(small))).toThrow(/"coverage" does not fit/);
  });
});

describe("panels of a complex object", () => {
  const [height, width] = [6, 5];
  const offset = 2.9;
  /** Phases of -0.2 .. 0.2 turned by an offset that makes them wrap; known in rows 1..4 and columns 2..4. */
  const weak = Float32Array.from({ length: height * width }, (_, i) => 0.2 * Math.sin(i * i));
  const object = joinComplex(
    [height, width],
    weak.map((phase) => 2 * Math.cos(phase + offset)),
    weak.map((phase) => 2 * Math.sin(phase + offset)),
  );
  const mask = weak.map((_, i) => (i >= width && i < 5 * width && i % width >= 2 ? 1 : 0));

  it("are cut to what is known and freed of the mean phase", () => {
    const { amplitude, phase } = objectPanels(object, mask);
    expect([phase.height, phase.width, amplitude.height, amplitude.width]).toEqual([4, 3, 4, 3]);
    for (const value of amplitude.image) expect(value).toBeCloseTo(2, 5);
    const cut = weak.filter((_, i) => mask[i] === 1);
    const shift = cut[0] - phase.image[0];
    expect(Math.abs(shift)).toBeLessThan(0.2);
    phase.image.forEach((value, i) => {
      expect(value).toBeCloseTo(cut[i] - shift, 5);
    });
    expect(phase).toMatchObject({ title: "Phase", unit: "rad", colormap: "sequential" });
  });

  it("show the others where a pixel is no number", () => {
    const broken = { ...object, data: object.data.slice() };
    broken.data[2 * (2 * width + 3)] = Number.NaN;
    const { phase } = objectPanels(broken, mask);
    const lost = [...phase.image].flatMap((value, i) => (Number.isNaN(value) ? [i] : []));
    expect(lost).toEqual([1 * 3 + 1]);
    expect(Math.abs(phase.image[0])).toBeLessThan(0.5);
  });

  it("show a phase that goes all the way round in cyclic colours, under the given name", () => {
    const strong = complexZeros([4, 8]);
    for (let i = 0; i < 32; i++) strong.data.set([Math.cos(i), Math.sin(i)], 2 * i);
    const { phase } = objectPanels(strong, undefined, "reference");
    expect(phase).toMatchObject({ title: "reference: phase", colormap: "cyclic", limits: [-Math.PI, Math.PI] });
  });

  it("show the whole image when nothing is known of it", () => {
    expect(objectPanels(object, new Uint8Array(30)).phase).toMatchObject({ height, width });
  });
});
