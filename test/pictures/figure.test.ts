import { describe, expect, it } from "vitest";
import { lengthLabel, robustLimits, roundDown, ticks } from "../../src/pictures/axisScale.ts";
import { colormap } from "../../src/pictures/colormap.ts";
import { type Panel, renderFigure, renderFigureRows } from "../../src/pictures/figure.ts";
import { forEachDot, textWidth } from "../../src/pictures/font.ts";
import { chartLeft } from "../../src/pictures/lineChart.ts";
import { type ReadPng, readPng } from "./readPng.ts";

const pixel = (png: ReadPng, x: number, y: number): number[] =>
  png.samples.slice(3 * (y * png.width + x), 3 * (y * png.width + x) + 3);

describe("figures", () => {
  const panel: Panel = {
    title: "Phase",
    width: 8,
    height: 4,
    image: Float32Array.from({ length: 32 }, (_, i) => (i === 31 ? Number.NaN : i)),
    mask: Uint8Array.from({ length: 32 }, (_, i) => (i === 30 ? 0 : 1)),
    limits: [0, 31],
    unit: "rad",
  };
  const png = readPng(renderFigure([panel], { panelSize: 80 }));
  /** Top left of the image: margin, and margin plus title. */
  const [left, top] = [20, 48];

  it("magnifies small images by whole numbers, y down, and marks what is not known", () => {
    for (const [x, y] of [
      [0, 0],
      [7, 0],
      [0, 3],
      [3, 2],
    ] as const) {
      const gray = Math.round((255 * (8 * y + x)) / 31);
      for (const [dx, dy] of [
        [0, 0],
        [9, 9],
      ] as const) {
        const [red, green, blue] = pixel(png, left + 10 * x + dx, top + 10 * y + dy);
        expect(Math.abs(red - gray)).toBeLessThan(2);
        expect([green, blue]).toEqual([red, red]);
      }
    }
    expect(pixel(png, left + 75, top + 35)).toEqual([222, 222, 222]);
    expect(pixel(png, left + 65, top + 35)).toEqual([222, 222, 222]);
    expect(pixel(png, left + 80, top + 35)).toEqual([255, 255, 255]);
  });

  it("draws a colour bar with the high end on top and ticks beside it", () => {
    const bar = left + 80 + 14;
    expect(pixel(png, bar + 9, top + 2)[0]).toBeGreaterThan(230);
    expect(pixel(png, bar + 9, top + 37)[0]).toBeLessThan(25);
    const isInk = (y: number): boolean => pixel(png, bar + 18 + 2, y)[0] === 38;
    const rows = Array.from({ length: 40 }, (_, y) => top + y).filter(isInk);
    expect(rows).toEqual([30, 25, 20, 15, 10, 5, 0].map((value) => top + Math.round((39 * (31 - value)) / 31)));
  });

  it("sets rows of panels under each other, in columns, and leaves gaps empty", () => {
    const two = renderFigureRows(
      [
        [panel, panel],
        [undefined, panel],
      ],
      { panelSize: 80 },
    );
    const sheet = readPng(two);
    const [column, row] = [sheet.width - png.width, sheet.height - png.height];
    for (let y = top; y < top + 40; y += 7)
      for (let x = left; x < left + 80; x += 7) {
        expect(pixel(sheet, x, y)).toEqual(pixel(png, x, y));
        expect(pixel(sheet, x + column, y + row)).toEqual(pixel(png, x, y));
        expect(pixel(sheet, x, y + row)).toEqual([255, 255, 255]);
      }
  });

  it("draws curves where their values are, over labelled axes, and breaks them where there is none", () => {
    const colour = [0, 114, 178] as const;
    const y = [0, 1, Number.NaN, 0.5, 0.5];
    const chart = {
      title: "curves",
      curves: [{ label: "", colour, x: [0, 1, 2, 3, 4], y }],
      xLabel: "x",
      xLimits: [0, 4],
      yLimits: [0, 1],
      width: 101,
      height: 101,
    } as const;
    const sheet = readPng(renderFigureRows([[chart]]));
    const [x0, y0] = [left + chartLeft, top];
    const drawn = (x: number, value: number) =>
      pixel(sheet, x0 + 25 * x, y0 + 100 * (1 - value)).join() === colour.join();
    expect([drawn(0, 0), drawn(0.4, 0.4), drawn(0.8, 0.8), drawn(1, 1)]).toEqual([true, true, true, true]);
    expect([drawn(3, 0.5), drawn(3.6, 0.5)]).toEqual([true, true]);
    expect([drawn(2, 0.5), drawn(2.4, 0.5), drawn(1.6, 0.75), drawn(0.4, 0.6)]).toEqual([false, false, false, false]);
    expect(pixel(sheet, x0 - 1, y0 + 50)).toEqual([38, 38, 38]);
    expect(pixel(sheet, x0 + 50, y0 + 101)).toEqual([38, 38, 38]);
  });

  it("draws a scale bar of the length that it states", () => {
    const inked = (picture: ReadPng, y: number): number => {
      let length = 0;
      while (pixel(picture, left + length, y)[0] === 38) length++;
      return length;
    };
    expect(inked(png, top + 40 + 18)).toBe(2 * 10);
    const scaled = readPng(renderFigure([panel], { panelSize: 80, pixelSizeM: 30e-9 }));
    expect(inked(scaled, top + 40 + 18)).toBe(Math.round((50 / 30) * 10));
  });

  it("averages images larger than the sheet over blocks", () => {
    const width = 400;
    const image = Float32Array.from({ length: width * width }, (_, i) => (Math.floor(i / width) + i) % 2);
    const small = readPng(
      renderFigure([{ title: "", image, width, height: width, limits: [0, 1] }], { panelSize: 50 }),
    );
    expect(small.width).toBeLessThan(250);
    expect(pixel(small, left + 30, top + 30)).toEqual([128, 128, 128]);
  });

  it("puts panels side by side and refuses a panel of another size", () => {
    const two = readPng(renderFigure([panel, { ...panel, colormap: "cyclic" }], { panelSize: 80 }));
    expect(two.width).toBe(2 * png.width - 2 * 20 + 32);
    expect(() => renderFigure([{ ...panel, width: 9 }])).toThrow(/panel "Phase".*4 x 9/s);
  });
});

describe("colour maps", () => {
  it("rises evenly in lightness when sequential", () => {
    const lightness = lightnessOf(colormap("sequential"));
    const mean = (lightness[255] - lightness[0]) / 255;
    for (let i = 16; i < 256; i++) {
      const slope = (lightness[i] - lightness[i - 16]) / (16 * mean);
      expect(Math.abs(slope - 1)).toBeLessThan(0.15);
    }
  });
  it("has one lightness and no seam when cyclic", () => {
    const table = colormap("cyclic");
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
    expect([3e-10, 2e-9, 5e-7, 1e-6, 0.02].map(lengthLabel)).toEqual(["3 Å", "2 nm", "500 nm", "1 µm", "20 mm"]);
    expect([9.9, 5, 0.031, 1000].map(roundDown)).toEqual([5, 5, 0.02, 1000]);
  });
});

describe("the font", () => {
  it("sets letters proportionally, descenders below the line, unknown characters as a box", () => {
    expect(textWidth("il")).toBeLessThan(textWidth("mm"));
    expect(textWidth("")).toBe(0);
    let lowest = 0;
    forEachDot("g", (row) => {
      lowest = Math.max(lowest, row);
    });
    expect(lowest).toBe(8);
    expect(textWidth("☃")).toBe(5);
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
