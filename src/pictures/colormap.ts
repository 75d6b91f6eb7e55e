/** Colour maps as tables of 256 red, green, blue triples (`Uint8Array` of 768). */
export type ColormapName = "gray" | "sequential" | "warm" | "cyclic" | "hues";

/** Whether its first and its last colour are one: for what goes around. */
export const goesAround = (name: ColormapName | undefined): boolean => name === "cyclic" || name === "hues";

/** The table of a colour map, computed once. */
export function colormap(name: ColormapName): Uint8Array {
  tables[name] ??= builders[name]();
  return tables[name];
}

const tables: { [name in ColormapName]?: Uint8Array } = {};

const builders: Record<ColormapName, () => Uint8Array> = {
  gray: () => tableOf((t) => [t, t, t]),
  /** Dark violet over teal to yellow: hue turns while lightness rises evenly, so that equal steps look equal. */
  sequential: () => tableOf((t) => labToRgb(...throughPoints(violetTealYellow, t))),
  /** Nearly black over red and orange to a pale yellow, in the same steps of lightness. */
  warm: () => tableOf((t) => labToRgb(...throughPoints(blackRedYellow, t))),
  /**
   * A circle in OKLab that is tilted out of the hues: light, yellow, dark, blue and back, in equal steps. Of any two phases
   * an eighth of a turn apart those who do not see red, green or blue see the difference, too, which circles of hues alone
   * do not give them.
   */
  cyclic: () =>
    tableOf((t) => {
      const [rising, across] = [-0.14 * Math.cos(2 * Math.PI * t), -0.14 * Math.sin(2 * Math.PI * t)];
      const chroma = rising * Math.cos(TILT);
      return labToRgb(
        0.7 + rising * Math.sin(TILT),
        chroma * Math.cos(TURN) - across * Math.sin(TURN),
        chroma * Math.sin(TURN) + across * Math.cos(TURN),
      );
    }),
  /** Constant lightness and chroma, hue once around: no phase looks brighter, where brightness is the amplitude. */
  hues: () =>
    tableOf((t) =>
      labToRgb(0.72, 0.12 * Math.cos(2 * Math.PI * t + Math.PI), 0.12 * Math.sin(2 * Math.PI * t + Math.PI)),
    ),
};

type Triple = [number, number, number];

/** Control points in OKLab (lightness, a, b); lightness is linear, which is what makes the map uniform. */
const violetTealYellow: readonly Triple[] = [
  [0.2, 0.07, -0.08],
  [0.375, 0.03, -0.11],
  [0.55, -0.06, -0.045],
  [0.725, -0.12, 0.075],
  [0.9, -0.05, 0.17],
];

const blackRedYellow: readonly Triple[] = [
  [0.14, 0.01, -0.02],
  [0.34, 0.1, -0.02],
  [0.54, 0.16, 0.08],
  [0.74, 0.07, 0.13],
  [0.94, -0.02, 0.09],
];

/** Of the circle's plane out of that of the hues, and of its axis in that plane: chosen for the least difference to be most. */
const [TILT, TURN] = [(75 * Math.PI) / 180, (165 * Math.PI) / 180];

function tableOf(colour: (t: number) => Triple): Uint8Array {
  const table = new Uint8Array(768);
  for (let i = 0; i < 256; i++)
    colour(i / 255).forEach((value, c) => {
      table[3 * i + c] = Math.round(255 * Math.min(1, Math.max(0, value)));
    });
  return table;
}

/** Catmull-Rom through equally spaced points. */
function throughPoints(points: readonly Triple[], t: number): Triple {
  const last = points.length - 1;
  const k = Math.min(last - 1, Math.floor(t * last));
  const u = t * last - k;
  const at = (index: number): Triple => points[Math.min(last, Math.max(0, index))];
  const [p0, p1, p2, p3] = [at(k - 1), at(k), at(k + 1), at(k + 2)];
  const channel = (c: 0 | 1 | 2): number =>
    p1[c] +
    0.5 *
      u *
      (p2[c] - p0[c] + u * (2 * p0[c] - 5 * p1[c] + 4 * p2[c] - p3[c] + u * (3 * (p1[c] - p2[c]) + p3[c] - p0[c])));
  // The spline would bend lightness at its ends, where a neighbour is missing; linear is what is wanted.
  return [p1[0] + u * (p2[0] - p1[0]), channel(1), channel(2)];
}

/** OKLab to gamma-encoded sRGB in [0, 1] before clipping (B. Ottosson, "A perceptual color space", 2020). */
function labToRgb(lightness: number, a: number, b: number): Triple {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    encodeGamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encodeGamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encodeGamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

const encodeGamma = (v: number): number => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
