import { describe, expect, it } from "vitest";
import { type ColormapName, colormap } from "../../src/pictures/colormap.ts";

type Triple = readonly [number, number, number];

/** What is left of linear sRGB (G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE TVCG 15, 2009: severity 1). */
const eyes: Readonly<Record<string, readonly Triple[]>> = {
  "all colours": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  "no red": [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  "no green": [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  "no blue": [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const linear = (v: number): number => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** OKLab of what an eye sees of a colour (B. Ottosson, 2020). */
function seenBy(eye: readonly Triple[], colour: readonly number[]): Triple {
  const own = colour.map((channel) => linear(channel / 255));
  const [r, g, b] = eye.map((row) => Math.max(0, row[0] * own[0] + row[1] * own[1] + row[2] * own[2]));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/** The least difference of two colours an eighth of the map apart or more, as an eye sees them. */
function leastDifference(name: ColormapName, eye: readonly Triple[]): number {
  const around = name === "cyclic" || name === "hues";
  const table = colormap(name);
  const count = 64;
  const seen = Array.from({ length: count }, (_, i) => {
    const at = 3 * Math.round((255 * i) / (around ? count : count - 1));
    return seenBy(eye, Array.from(table.subarray(at, at + 3)));
  });
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i++)
    for (let j = 0; j < i; j++) {
      const apart = around ? Math.min(i - j, count - i + j) : i - j;
      if (apart >= count / 8) least = Math.min(least, Math.hypot(...seen[i].map((value, c) => value - seen[j][c])));
    }
  return least;
}

/** A difference in OKLab that is seen at a glance: a tenth of that between black and white is 0.1, what one just sees 0.02. */
const SEEN = 0.07;

describe.each(Object.entries(eyes))("colour maps, to eyes with %s", (_, eye) => {
  it.each(["gray", "sequential", "warm", "cyclic"] as const)("%s tells values an eighth of it apart", (name) => {
    expect(leastDifference(name, eye)).toBeGreaterThan(SEEN);
  });
});

it("a circle of hues alone would not tell phases apart to eyes without green", () => {
  expect(leastDifference("hues", eyes["no green"])).toBeLessThan(0.02);
});

it("takes equal steps around the cyclic map, which ends where it begins", () => {
  const table = colormap("cyclic");
  const at = (i: number): Triple => seenBy(eyes["all colours"], Array.from(table.subarray(3 * i, 3 * i + 3)));
  // Eight entries at once are 0.027 apart, of which rounding both ends to whole colours may be 0.004.
  const steps = Array.from({ length: 31 }, (_, k) =>
    Math.hypot(...at(8 * k + 8).map((value, c) => value - at(8 * k)[c])),
  );
  expect(Math.max(...steps) / Math.min(...steps)).toBeLessThan(1.35);
  expect(Array.from(table.subarray(0, 3))).toEqual(Array.from(table.subarray(-3)));
});
