import { decode } from "fast-png";
import { describe, expect, it } from "vitest";
import { pictureWriter } from "../../src/node/pictures/pictureWriter.ts";
import { lengthLabel } from "../../src/optics/units.ts";
import { robustLimits, roundDown, ticks } from "../../src/pictures/axisScale.ts";
import { colormap } from "../../src/pictures/colormap.ts";
import { figure, figureOfRows, type Panel } from "../../src/pictures/figure.ts";
import { chartLeft, chartRange } from "../../src/pictures/lineChart.ts";
import { drawValues, panelSize, unknownTones } from "../../src/pictures/panelImage.ts";
import { letter, type Mark, PIXELS_PER_UNIT, type Sheet, textWidth } from "../../src/pictures/sheet.ts";
import { sheetToSvg } from "../../src/pictures/svg.ts";

const of = <K extends Mark["kind"]>(sheet: Sheet, kind: K): Extract<Mark, { kind: K }>[] =>
  sheet.marks.filter((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
const texts = (sheet: Sheet): string[] => of(sheet, "text").map(({ text }) => text);

const panel: Panel = {
  title: "Phase",
  width: 8,
  height: 4,
  image: Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? Number.NaN : i)),
  mask: Uint8Array.from({ length: 32 }, (_, i) => (i === 30 ? 0 : 1)),
  limits: [0, 31],
  unit: "rad",
};
/** Ten pixels of the drawing for a pixel of the image. */
const options = { panelSize: 80 / PIXELS_PER_UNIT };

describe("images in figures", () => {
  const drawn = (values: Panel, side: number) => {
    const size = panelSize(values, side);
    const { data, width } = drawValues(values, size, values.limits ?? [0, 1]);
    return {
      size,
      at: (x: number, y: number) => Array.from(data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)),
    };
  };

  it("go through the pixels' values, y down, with what lies between them interpolated", () => {
    // An odd magnification has a dot at the centre of every pixel.
    const { size, at } = drawn({ ...panel, mask: new Uint8Array(32).fill(1) }, 36);
    expect(size).toMatchObject({ magnify: 9, width: 36, height: 18, note: "interpolated" });
    for (const [x, y] of [
      [0, 0],
      [7, 0],
      [0, 3],
      [3, 2],
    ] as const)
      expect(at(9 * x + 4, 9 * y + 4)[0]).toBe(Math.round((255 * (8 * y + x)) / 31));
    // Catmull-Rom reproduces a ramp: half way between two pixels lies the mean of them.
    expect(at(9 * 4 - 1, 9 * 1 + 4)[0]).toBe(Math.round((255 * (8 + 4 - 0.5 - 1 / 18)) / 31));
  });

  it("mark what is not known, and take the nearest pixel beside it", () => {
    const { at } = drawn(panel, 40);
    const { ground, line } = unknownTones.light;
    // Thin lines on a ground: of twelve pixels in a row one or two are of a line.
    const row = Array.from({ length: 16 }, (_, i) => at(64 + i, 35));
    expect(row.filter((colour) => String(colour) === String(line))).toHaveLength(2);
    expect(row.filter((colour) => String(colour) === String(ground))).toHaveLength(14);
    expect(at(59, 35)[0]).toBe(Math.round((255 * 29) / 31));
  });

  it("are squares where values go around a circle: nothing lies between −π and π", () => {
    const image = Float32Array.of(-3.1, 3.1);
    const { size, at } = drawn(
      { title: "", image, width: 2, height: 1, colormap: "cyclic", limits: [-Math.PI, Math.PI] },
      10,
    );
    expect(size.note).toBe("pixels as squares");
    const middle = 10;
    expect(at(middle - 1, 0)).toEqual(at(0, 0));
    expect(at(middle, 0)).toEqual(at(2 * middle - 1, 0));
  });

  it("are averaged over blocks, and say so, when they are larger than the sheet", () => {
    const width = 400;
    const image = Float32Array.from({ length: width * width }, (_, i) => (Math.floor(i / width) + i) % 2);
    const { size, at } = drawn({ title: "", image, width, height: width, limits: [0, 1] }, 25);
    expect(size).toMatchObject({ block: 4, width: 50, note: "means of 4 × 4 pixels" });
    expect(at(30, 30)).toEqual([128, 128, 128]);
  });

  it("are averaged as angles where values go around", () => {
    const width = 400;
    const reduced = (value: (i: number) => number, limits: readonly [number, number], colormap: "cyclic" | "hues") => {
      const image = Float32Array.from({ length: width * width }, (_, i) => value(i));
      return drawn({ title: "", image, width, height: width, colormap, limits }, 25);
    };
    const colour = (map: "cyclic" | "hues", part: number) =>
      Array.from(colormap(map).subarray(3 * Math.round(255 * part), 3 * Math.round(255 * part) + 3));
    const turn = [-Math.PI, Math.PI] as const;
    // Half of −3.1 and half of 3.1 is π, at either end of the map; the arithmetic mean is 0, in its middle.
    const { size, at } = reduced((i) => (i % 2 === 0 ? -3.1 : 3.1), turn, "cyclic");
    expect(size).toMatchObject({ block: 4, note: "means of 4 × 4 pixels" });
    expect(at(30, 30)).toEqual(colour("cyclic", 1));
    expect(at(30, 30)).not.toEqual(colour("cyclic", 0.5));
    // Phases that cross no wrap have the mean they always had; what is not finite takes no part.
    const known = reduced((i) => (i % 4 === 3 ? Number.NaN : [0.2, 0.6, 0.4][i % 4]), turn, "hues");
    expect(known.at(30, 30)).toEqual(colour("hues", 0.5 + 0.4 / (2 * Math.PI)));
    // Limits are where the map begins and ends, wherever they lie: of a circle of 0 to 1 the mean of 0.9 and 0.34 is 0.12.
    expect(reduced((i) => (i % 2 === 0 ? 0.9 : 0.34), [0, 1], "hues").at(30, 30)).toEqual(colour("hues", 0.12));
  });

  it("take phases for angles in other colours too: those of a reconstruction have the reference's", () => {
    const turn = 2 * Math.PI;
    const map = colormap("sequential");
    const limits = [-1, 0.6] as const;
    const panelOf = (value: (i: number) => number, width: number) =>
      ({
        title: "",
        image: Float32Array.from({ length: width }, (_, i) => value(i)),
        width,
        height: 1,
        limits,
      }) as const;
    const drawnAs = (period: object, value: (i: number) => number, width: number) =>
      drawn({ ...panelOf(value, width), colormap: "sequential", ...period }, width < 10 ? 10 : 25);
    const [first, last] = [[...map.subarray(0, 3)], [...map.subarray(-3)]];
    const edge = (i: number) => (i % 2 === 0 ? -3.1 : 3.1);
    // ±π is beyond the limits, nearer to the lower one; the arithmetic mean would be 0, within.
    expect(drawnAs({ period: turn }, edge, 400).at(30, 0)).toEqual(first);
    expect(drawnAs({}, edge, 400).at(30, 0)).not.toEqual(first);
    // Between 3 and −3 lies π, and what is within the limits nowhere.
    const step = (i: number) => (i < 2 ? 3 : -3);
    const colours = (period: object) =>
      new Set(Array.from({ length: 40 }, (_, x) => String(drawnAs(period, step, 4).at(x, 0))));
    expect(colours({ period: turn })).toEqual(new Set([String(first), String(last)]));
    expect(colours({}).size).toBeGreaterThan(2);
  });

  it("mark blocks of which nothing is known, also where values go around", () => {
    const image = new Float32Array(16).fill(1);
    const mask = Uint8Array.from(image, (_, i) => (i % 4 < 2 ? 0 : 1));
    const values = { image, mask, width: 4, height: 4, colormap: "cyclic" } as const;
    const { data } = drawValues(values, { magnify: 1, block: 2 }, [-Math.PI, Math.PI]);
    const tones = Object.values(unknownTones.light).map(String);
    expect([0, 1].map((x) => tones.includes(String([...data.subarray(3 * x, 3 * x + 3)])))).toEqual([true, false]);
  });
});

describe("figures", () => {
  const sheet = figure([panel], options);
  const [left, top] = [20, 48];

  it("have the image below its title, and a colour bar with ticks where their values are", () => {
    const [image, bar] = of(sheet, "image");
    expect(image).toMatchObject({ x: left, y: top, width: 40, height: 20 });
    expect(bar).toMatchObject({ x: left + 40 + 14, y: top, height: 20 });
    expect(bar.raster.data[0]).toBeGreaterThan(240);
    expect(bar.raster.data.at(-1)).toBeLessThan(15);
    for (const value of [0, 10, 20, 30]) {
      const label = of(sheet, "text").find(({ text }) => text === String(value))!;
      // The tick is where the label's middle is.
      const y = top + (20 * (31 - value)) / 31;
      expect(label.y - 0.357 * letter).toBeCloseTo(y, 6);
      expect(of(sheet, "line").some(({ points: [from] }) => Math.abs(from[1] - y) < 1e-9)).toBe(true);
    }
    expect(texts(sheet)).toEqual(expect.arrayContaining(["Phase", "rad", "interpolated"]));
  });

  it("have a scale bar of the length that it states, in pixels or in metres, or none", () => {
    const bar = (s: Sheet) => of(s, "rectangle")[0];
    expect(bar(sheet).width).toBe((2 * 10) / PIXELS_PER_UNIT);
    expect(texts(sheet)).toContain("2 px");
    const scaled = figure([panel], { ...options, pixelSizeM: 30e-9 });
    expect(bar(scaled).width).toBeCloseTo(((50 / 30) * 10) / PIXELS_PER_UNIT, 9);
    expect(texts(scaled)).toContain("50 nm");
    expect(of(figure([panel], { ...options, scaleBars: false }), "rectangle")).toEqual([]);
  });

  it("give the note on interpolation a line of its own where the scale bar leaves no room", () => {
    const at = (s: Sheet, words: string) => of(s, "text").find(({ text }) => text === words)!;
    const wide = figure([panel], { panelSize: 300 });
    expect(at(wide, "interpolated").y).toBe(at(wide, "2 px").y);
    expect(at(sheet, "interpolated").y).toBeGreaterThan(at(sheet, "2 px").y);
    expect(sheet.height - 20).toBeGreaterThan(at(sheet, "interpolated").y);
  });

  it("mark places at the centres of their pixels", () => {
    const [{ points }] = of(
      figure(
        [
          {
            ...panel,
            dots: [
              [0, 0],
              [3, 7],
            ],
          },
        ],
        options,
      ),
      "dots",
    );
    expect(points).toEqual([
      [left + 2.5, top + 2.5],
      [left + 40 - 2.5, top + 20 - 2.5],
    ]);
  });

  it("set rows of panels under each other, in columns, and leave gaps empty", () => {
    const two = figureOfRows(
      [
        [panel, panel],
        [undefined, { ...panel, title: "below" }],
      ],
      options,
    );
    const images = of(two, "image").filter(({ width }) => width === 40);
    const [column, row] = [two.width - sheet.width, two.height - sheet.height];
    expect(images.map(({ x, y }) => [x, y])).toEqual([
      [left, top],
      [left + column, top],
      [left + column, top + row],
    ]);
  });

  it("draw curves where their values are, over labelled axes, and break them where there is none", () => {
    const colour = [0, 114, 178] as const;
    const y = [0, 1, Number.NaN, 0.5, 0.5];
    const chart = {
      title: "curves",
      curves: [{ label: "mine", colour, x: [0, 1, 2, 3, 4], y }],
      xLabel: "x",
      xLimits: [0, 4],
      yLimits: [0, 1],
      width: 100,
      height: 100,
    } as const;
    const drawing = figureOfRows([[chart]]);
    const [x0, y0] = [left + chartLeft, top];
    const curves = of(drawing, "line").filter((line) => line.colour.join() === colour.join());
    expect(curves.map(({ points }) => points)).toEqual([
      [
        [x0, y0 + 100],
        [x0 + 25, y0],
      ],
      [
        [x0 + 75, y0 + 50],
        [x0 + 100, y0 + 50],
      ],
    ]);
    expect(texts(drawing)).toEqual(expect.arrayContaining(["curves", "mine", "x", "0.4"]));
  });

  it("have a logarithmic axis where values span more than two powers of ten", () => {
    expect(chartRange([1, 50])).not.toHaveProperty("yScale");
    const range = chartRange([1, 1000]);
    expect(range.yScale).toBe("log");
    const chart = { title: "", curves: [], xLabel: "", xLimits: [0, 1], width: 100, height: 100, ...range } as const;
    const labels = texts(figureOfRows([[chart]]));
    expect(labels).toEqual(expect.arrayContaining(["1", "10", "100", "1000"]));
  });

  it("put a warning above everything, in lines that fit", () => {
    const words = "explains nothing ".repeat(20).trim();
    const warned = figure([panel], { ...options, warning: words });
    const lines = of(warned, "text").filter(({ colour }) => colour[0] === 178);
    expect(lines.map(({ text }) => text).join(" ")).toBe(words);
    expect(lines.length).toBeGreaterThan(1);
    const [image] = of(warned, "image");
    for (const { text, y } of lines) {
      expect(textWidth(text)).toBeLessThanOrEqual(Math.max(warned.width - 40, textWidth("explains")));
      expect(y).toBeLessThan(image.y);
    }
  });

  it("refuse a panel of another size", () => {
    expect(() => figure([{ ...panel, width: 9 }])).toThrow(/panel "Phase".*4 x 9/s);
  });
});

describe("files of figures", () => {
  const sheet = figure([panel], options);
  const [left, top] = [20 * PIXELS_PER_UNIT, 48 * PIXELS_PER_UNIT];

  it("PNG: the image pixel by pixel, as an independent reader sees it, and letters that are there", async () => {
    const { width, height, data, channels } = decode(await pictureWriter.write(sheet, "png"));
    expect([width, height]).toEqual([sheet.width, sheet.height].map((side) => Math.ceil(side * PIXELS_PER_UNIT)));
    const [{ raster }] = of(sheet, "image");
    const at = (x: number, y: number): number[] =>
      Array.from(data.subarray(channels * (y * width + x), channels * (y * width + x) + 3));
    for (let y = 0; y < raster.height; y++)
      for (let x = 0; x < raster.width; x++) {
        const from = 3 * (y * raster.width + x);
        expect(at(left + x, top + y)).toEqual(Array.from(raster.data.subarray(from, from + 3)));
      }
    let inked = 0;
    for (let y = 20 * PIXELS_PER_UNIT; y < top - 8; y++)
      for (let x = left; x < left + 80; x++) if (at(x, y)[0] < 128) inked++;
    expect(inked).toBeGreaterThan(50);
  });

  it("SVG: text is text, names cannot become markup, control characters are shown", () => {
    const svg = sheetToSvg(figure([{ ...panel, title: '<script>"&\u001b[2J' }], options));
    expect(svg).toContain('>&lt;script&gt;"&amp;\ufffd[2J</text>');
    expect(svg).not.toContain("<script");
    expect(svg.match(/href="data:image\/png;base64,/g)).toHaveLength(2);
  });

  it("PDF: one page of the figure's size, with its font inside", async () => {
    const pdf = Buffer.from(await pictureWriter.write(sheet, "pdf")).toString("latin1");
    expect(pdf.startsWith("%PDF-1.")).toBe(true);
    expect(pdf).toContain(`/MediaBox [0 0 ${Math.round(100 * sheet.width) / 100} `);
    expect(pdf.match(/\/Type \/Page\b[^s]/g)).toHaveLength(1);
    expect(pdf).toContain("/FontFile2");
    expect(pdf.trimEnd().endsWith("%%EOF")).toBe(true);
  });
});
describe("colour maps", () => {
  it.each(["sequential", "warm"] as const)("rises evenly in lightness when %s", (name) => {
    const lightness = lightnessOf(colormap(name));
    const mean = (lightness[255] - lightness[0]) / 255;
    for (let i = 16; i < 256; i++) {
      const slope = (lightness[i] - lightness[i - 16]) / (16 * mean);
      expect(Math.abs(slope - 1)).toBeLessThan(0.15);
    }
  });
  it("has one lightness and no seam where brightness is another quantity", () => {
    const table = colormap("hues");
    for (const value of lightnessOf(table)) expect(value).toBeCloseTo(0.72, 1);
    expect(Array.from(table.slice(0, 3))).toEqual(Array.from(table.slice(-3)));
  });
  it("is linear in gray", () => {
    expect(Array.from(colormap("gray").filter((_, i) => i % 3 === 1))).toEqual(
      Array.from({ length: 256 }, (_, i) => i),
    );
  });
});

describe("axis scales", () => {
  it("leaves hot pixels, masked and unknown values out of the limits", () => {
    const values = Float32Array.from({ length: 1001 }, (_, i) => i / 1000);
    values[500] = 1e9;
    values[501] = Number.NaN;
    const mask = Uint8Array.from(values, (_, i) => (i < 100 ? 0 : 1));
    const [low, high] = robustLimits(values, mask);
    expect(low).toBeGreaterThanOrEqual(0.1);
    expect(low).toBeLessThan(0.11);
    expect(high).toBeGreaterThan(0.98);
    expect(high).toBeLessThanOrEqual(1);
    expect(robustLimits(new Float32Array(9).fill(2))).toEqual([1, 3]);
    expect(robustLimits(new Float32Array(0))).toEqual([0, 1]);
  });
  it("puts ticks at round numbers with just enough decimals", () => {
    expect(ticks(-Math.PI, Math.PI).map(({ label }) => label)).toEqual(["−3", "−2", "−1", "0", "1", "2", "3"]);
    expect(ticks(0.71, 1.29).map(({ label }) => label)).toEqual(["0.8", "0.9", "1.0", "1.1", "1.2"]);
    expect(ticks(0, 3e6).map(({ label }) => label)).toContain("1.5e+6");
    expect(ticks(0, 2e-5).map(({ label }) => label)).toContain("1.5e−5");
  });
  it("names lengths in the nearest unit", () => {
    expect([3e-10, 2e-9, 5e-7, 1e-6, 0.02].map((metres) => lengthLabel(metres))).toEqual([
      "3 Å",
      "2 nm",
      "500 nm",
      "1 µm",
      "20 mm",
    ]);
    expect([5.5769e-8, 1.23984e-10, 7.5e-5, 1.9].map((metres) => lengthLabel(metres, 4))).toEqual([
      ...["55.77 nm", "1.24 Å", "75 µm", "1.9 m"],
    ]);
    expect([9.9, 5, 0.031, 1000].map(roundDown)).toEqual([5, 5, 0.02, 1000]);
  });
});

/** OKLab lightness of each entry, by the inverse of what the map was built with. */
function lightnessOf(table: Uint8Array): number[] {
  const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return Array.from({ length: 256 }, (_, i) => {
    const [r, g, b] = [0, 1, 2].map((c) => linear(table[3 * i + c] / 255)) as [number, number, number];
    return (
      0.2104542553 * Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b) +
      0.793617785 * Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b) -
      0.0040720468 * Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    );
  });
}
