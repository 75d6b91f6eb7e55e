import { describe, expect, it } from "vitest";
import { patternExamples } from "../../src/inference/patternExamples.ts";
import { doctorFigure } from "../../src/pictures/doctorFigure.ts";
import { unknownTones } from "../../src/pictures/panelImage.ts";
import { patternsFigure } from "../../src/pictures/patternsFigure.ts";
import { probeFigure } from "../../src/pictures/probeFigure.ts";
import { scanFigure } from "../../src/pictures/scanFigure.ts";
import type { Mark } from "../../src/pictures/sheet.ts";
import { trainingFigure } from "../../src/pictures/trainingFigure.ts";

const textsOf = (marks: readonly Mark[]): string[] =>
  marks.flatMap((mark) => (mark.kind === "text" ? [mark.text] : []));

describe("patterns measured and modelled", () => {
  it("are the sum of all, and a few from the whole of the scan, whatever its length", () => {
    const examples = patternExamples(2);
    const measured = new Float64Array(4);
    const modelled = new Float64Array(4);
    for (let frame = 1; frame <= 100; frame++) {
      // The caller uses its arrays again.
      measured.fill(frame);
      modelled.fill(2 * frame);
      examples.add({ frame, measured, modelled });
    }
    const [sum, ...kept] = examples.pairs();
    expect(sum).toMatchObject({ title: "sum of 100", measured: Float64Array.of(5050, 5050, 5050, 5050) });
    expect(kept.map(({ title }) => title)).toEqual(["frame 1", "frame 32", "frame 64"]);
    for (const { title, measured: seen, modelled: predicted } of kept) {
      expect(`frame ${seen[0]}`).toBe(title);
      expect(predicted[0]).toBe(2 * seen[0]);
    }
  });

  it("have one scale a pair, in powers of ten, and masked pixels as background", () => {
    const pair = {
      title: "frame 3",
      measured: Float64Array.of(1000, 10, 0, 1e9),
      modelled: Float64Array.of(100, 10, 1, 5),
    };
    const { marks } = patternsFigure([pair], [2, 2], Float32Array.of(1, 1, 1, 0));
    expect(textsOf(marks)).toEqual(expect.arrayContaining(["frame 3: measured", "modelled", "0.0", "3.0"]));
    const [measured, , modelled] = marks.flatMap((mark) => (mark.kind === "image" ? [mark.raster] : []));
    // A line of what is not known ends in the corner of a square.
    const corner = (raster: typeof measured): number[] => Array.from(raster.data.subarray(-3));
    expect([corner(measured), corner(modelled)]).toEqual([[...unknownTones.light.line], [...unknownTones.light.line]]);
  });
});

describe("the picture of a scan", () => {
  it("has its positions on the pixels where they are", () => {
    const scan = {
      coverage: new Float32Array(100).fill(1),
      height: 10,
      width: 10,
      positions: Float64Array.of(25, 32, 29, 39),
      origin: { y: 20, x: 30 },
    };
    const { marks } = scanFigure(scan);
    const image = marks.find((mark) => mark.kind === "image");
    const dots = marks.find((mark) => mark.kind === "dots");
    if (image?.kind !== "image" || dots?.kind !== "dots") throw new Error("nothing drawn");
    const pixel = image.width / 10;
    expect(dots.points).toEqual([
      [image.x + 2.5 * pixel, image.y + 5.5 * pixel],
      [image.x + 9.5 * pixel, image.y + 9.5 * pixel],
    ]);
  });

  it("has some of very many positions, and says so", () => {
    const coverage = new Float32Array(100).fill(1);
    const positions = Float64Array.from({ length: 50_002 }, (_, i) => i % 10);
    const { marks } = scanFigure({ coverage, height: 10, width: 10, positions, origin: { y: 0, x: 0 } });
    expect(textsOf(marks)).toContain("Coverage, and one in 3 of 25001 positions");
    const dots = marks.find((mark) => mark.kind === "dots");
    expect(dots?.kind === "dots" && dots.points.length).toBe(8334);
  });
});

describe("the picture of the doctor's findings", () => {
  /** The path as it is drawn: how large, and its dots from the image's corner, in pixels of the path. */
  function path(positions: readonly number[], outlying: readonly number[]) {
    const { marks } = doctorFigure({ positions: Float64Array.from(positions), outlying });
    expect(textsOf(marks)).toContain(`Path of ${positions.length / 2} frames`);
    const image = marks.find((mark) => mark.kind === "image");
    const dots = marks.find((mark) => mark.kind === "dots");
    if (image?.kind !== "image" || dots?.kind !== "dots") throw new Error("nothing drawn");
    return { image, dots: dots.points.map(([x, y]) => [x - image.x, y - image.y]) };
  }

  it("has the path of a scan, its longer side across the panel", () => {
    const { image, dots } = path([0, 0, 0, 40, 20, 40, 20, 0], [0, 2]);
    const [[x0, y0], [x2, y2]] = dots;
    expect((y2 - y0) / (x2 - x0)).toBeCloseTo(0.5, 9);
    expect((x2 - x0) / image.width).toBeCloseTo(211 / 220, 9);
  });

  it.each([
    ["where all frames lie in one place", [5, 7, 5, 7, 5, 7, 5, 7]],
    ["on a line down", [1, 7, 2, 7, 3, 7, 4, 7]],
    ["on a line across", [5, 1, 5, 2, 5, 3, 5, 4]],
    ["where they are nearer than numbers can be divided by", [0, 0, 0, 1e-320, 0, 0, 1e-320, 0]],
  ])("is drawn %s", (_, positions) => {
    const { image, dots } = path(positions, [0, 3]);
    expect(image.width).toBeGreaterThan(0);
    for (const [x, y] of dots) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan(image.width);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(image.height);
    }
  });
});

describe("the picture of a probe", () => {
  it("shows whole windows of every mode alike, from black, with a phase where there is light", () => {
    // A bright spot of phase 1 in the first mode, a weak one of phase −2 elsewhere in the second.
    const data = new Float32Array(2 * 2 * 64);
    const put = (mode: number, pixel: number, amplitude: number, angle: number): void => {
      data.set([amplitude * Math.cos(angle), amplitude * Math.sin(angle)], 2 * (64 * mode + pixel));
    };
    put(0, 9, 4, 1);
    put(1, 50, 0.5, -2);
    const { marks } = probeFigure({ probe: { shape: [2, 8, 8], data } });
    const images = marks.flatMap((mark) => (mark.kind === "image" && mark.raster.width > 1 ? [mark] : []));
    expect(images).toHaveLength(4);
    expect(new Set(images.map(({ width, height }) => `${width} ${height}`)).size).toBe(1);
    expect(textsOf(marks)).toEqual(expect.arrayContaining(["probe, mode 1: amplitude", "probe, mode 2: phase", "0"]));
    const corner = ({ raster }: (typeof images)[number]): number[] => Array.from(raster.data.subarray(-3));
    expect(images.map(corner)).toEqual([
      [0, 0, 0],
      [...unknownTones.light.line],
      [0, 0, 0],
      [...unknownTones.light.line],
    ]);
  });
});

describe("the training curve", () => {
  it("shows what was held back where there was something, and the weights that were kept", () => {
    const history = [3, 2, 2.5].map((trainLoss, i) => ({ epoch: i + 1, trainLoss, validationLoss: trainLoss + 1 }));
    expect(textsOf(trainingFigure(history, 2).marks)).toEqual(
      expect.arrayContaining(["training", "patterns held back", "weights kept: epoch 2"]),
    );
    const epochs = textsOf(trainingFigure(history, 2).marks).filter((text) => /^\d/.test(text));
    expect(epochs).toEqual(expect.arrayContaining(["1", "2", "3"]));
    const alone = history.map((epoch) => ({ ...epoch, validationLoss: null }));
    const texts = textsOf(trainingFigure(alone, null).marks);
    expect(texts).toContain("training");
    expect(texts.join()).not.toMatch(/held back|kept/);
  });
});
