import { type FigureOptions, figureOfRows, type Panel } from "./figure.ts";
import { chartRange, curveColours, type LineChart } from "./lineChart.ts";
import type { Sheet } from "./sheet.ts";

/** What an examination of a scan found, to be looked at. Any part may be absent. */
export interface DoctorPicture {
  readonly patterns?: {
    /** `[y, x]`, counts, as the file has them. */
    readonly mean: Float64Array;
    readonly height: number;
    readonly width: number;
    /** As (y, x): where the beam's centre was found. */
    readonly centre?: readonly [number, number];
    /** `[y, x]`, 0 = masked, dead, hot or dark by a gap or a stop. */
    readonly trusted: ArrayLike<number>;
  };
  /** `[frame]` */
  readonly counts?: ArrayLike<number>;
  /** `[frame, 2]` as (y, x), in whatever unit the file has. */
  readonly positions?: Float64Array;
  /** Frames that do not go with the others, by their counts or by their place. */
  readonly outlying: readonly number[];
}

/** The brightest of the mean pattern over what is shown as black. */
const RANGE = 1e5;
/** Side of the panel of positions, its own pixels. */
const MAP = 220;

/** The mean pattern with its centre, the pixels that are not to be trusted, the counts of each frame, and the scan's path. */
export function doctorFigure(picture: DoctorPicture, options: FigureOptions = {}): Sheet {
  const { patterns, counts, positions, outlying } = picture;
  const above = patterns === undefined ? [] : patternPanels(patterns);
  const below = [
    ...(positions === undefined || positions.length < 4 ? [] : [pathPanel(positions, counts, outlying)]),
    ...(counts === undefined || counts.length < 2 ? [] : [countsChart(counts, outlying)]),
  ];
  const rows = [above, below].filter((row) => row.length > 0);
  return figureOfRows(rows, { panelSize: 224, ...options, scaleBars: false });
}

function patternPanels({ mean, height, width, centre, trusted }: NonNullable<DoctorPicture["patterns"]>): Panel[] {
  const brightest = mean.reduce((most, value, i) => (trusted[i] === 0 ? most : Math.max(most, value)), 0);
  const floor = Math.max(brightest / RANGE, Number.MIN_VALUE);
  const image = Float32Array.from(mean, (value) => Math.log10(Math.max(value, floor)));
  const limits = [Math.log10(floor), Math.log10(Math.max(brightest, 2 * floor))] as const;
  const common = { height, width, image, limits, colormap: "sequential", unit: "log₁₀ counts" } as const;
  const left = mean.length - Array.from(trusted).filter((value) => value !== 0).length;
  return [
    {
      ...common,
      title: "Mean pattern",
      ...(centre === undefined
        ? {}
        : {
            dots: crossAt(centre, Math.max(height, width) / 24),
            caption: `centre found at (${centre.map((value) => value.toFixed(2)).join(", ")})`,
          }),
    },
    { ...common, title: "Pixels to be trusted", mask: trusted, caption: `${left} of ${mean.length} are not` },
  ];
}

/** Dots that leave the place itself to be seen. */
function crossAt([y, x]: readonly [number, number], reach: number): [number, number][] {
  const arms = [-1, -0.75, -0.5, 0.5, 0.75, 1].map((part) => part * reach);
  return arms.flatMap((arm): [number, number][] => [
    [y + arm, x],
    [y, x + arm],
  ]);
}

/** A small square a frame, coloured by its counts over the median; those that stand out are dotted. */
function pathPanel(positions: Float64Array, counts: ArrayLike<number> | undefined, outlying: readonly number[]): Panel {
  const count = positions.length / 2;
  const range = [0, 1].map((axis) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let k = axis; k < positions.length; k += 2) {
      low = Math.min(low, positions[k]);
      high = Math.max(high, positions[k]);
    }
    return { low, extent: high - low };
  });
  // Where all frames lie in one place there is no extent; divided first, what is tiny does not overflow.
  const longer = Math.max(range[0].extent, range[1].extent) || 1;
  const along = (distance: number): number => (distance / longer) * (MAP - 9);
  const at = (frame: number): [number, number] => [
    4 + along(positions[2 * frame] - range[0].low),
    4 + along(positions[2 * frame + 1] - range[1].low),
  ];
  const [height, width] = range.map(({ extent }) => Math.ceil(along(extent)) + 9);
  const image = new Float32Array(height * width).fill(Number.NaN);
  const usual = counts === undefined ? 1 : Float64Array.from(counts).sort()[count >> 1];
  const reach = count > 2000 ? 0 : 1;
  for (let frame = 0; frame < count; frame++) {
    const [y, x] = at(frame).map(Math.round);
    for (let dy = -reach; dy <= reach; dy++)
      for (let dx = -reach; dx <= reach; dx++)
        if (y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width)
          image[(y + dy) * width + x + dx] = counts === undefined || !(usual > 0) ? 1 : counts[frame] / usual;
  }
  const known = Uint8Array.from(image, (value) => (Number.isFinite(value) ? 1 : 0));
  return {
    title: `Path of ${count} frames`,
    ...{ image, height, width, mask: known, colormap: "sequential", unit: "counts / median" },
    limits: [0.5, 1.5],
    ...(outlying.length === 0 ? {} : { dots: outlying.map(at) }),
    caption: outlying.length === 0 ? "none stands out" : `${outlying.length} stand out (dots)`,
  };
}

function countsChart(counts: ArrayLike<number>, outlying: readonly number[]): LineChart {
  const values = Array.from(counts);
  return {
    title: "Counts of each frame",
    curves: [
      { label: "all", colour: curveColours[0], x: values.map((_, frame) => frame), y: values, style: "dots" },
      ...(outlying.length === 0
        ? []
        : [
            {
              label: "outlying",
              colour: curveColours[1],
              x: [...outlying],
              y: outlying.map((frame) => values[frame]),
              style: "dots",
            } as const,
          ]),
    ],
    xLabel: "frame",
    xLimits: [0, values.length - 1],
    xWhole: true,
    ...chartRange(values),
    width: 300,
    height: 224,
  };
}
