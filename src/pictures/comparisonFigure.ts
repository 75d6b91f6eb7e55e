import { robustLimits } from "./axisScale.ts";
import { type FigureOptions, figureOfRows, type Panel } from "./figure.ts";
import { curveColours, type LineChart, thresholdColour } from "./lineChart.ts";
import { meanPhase } from "./meanPhase.ts";
import { type Box, boundingBox, phaseScale } from "./objectFigure.ts";
import type { Sheet } from "./sheet.ts";

/** A complex object on the common pixels, gauge removed: `[y, x]`, interleaved. */
export interface ComparedImage {
  readonly label: string;
  readonly data: ArrayLike<number>;
  /** Row-major, 1 where it is known. */
  readonly known: ArrayLike<number>;
}

/** A reconstruction with its ring correlation against the reference. */
export interface ComparedEntry extends ComparedImage {
  readonly frc: {
    /** Cycles per pixel. */
    readonly frequency: readonly number[];
    readonly correlation: readonly number[];
    readonly halfBit: readonly number[];
  };
}

/**
 * The reference and the reconstructions side by side: amplitudes above, phases below them, and at the bottom
 * the modulus of each difference from the reference, in units of its root mean square. Every row has one colour scale: that
 * of the reference, and for differences that of all together. The reference's mean phase is turned to zero. Under the
 * reference are the ring correlations, with the half-bit threshold of the first.
 */
export function comparisonFigure(
  reference: ComparedImage,
  entries: readonly ComparedEntry[],
  [height, width]: readonly [height: number, width: number],
  options: Pick<FigureOptions, "pixelSizeM" | "warning"> = {},
): Sheet {
  const shown = Uint8Array.from({ length: height * width }, (_, i) =>
    entries.some(({ known }) => known[i] !== 0) ? 1 : 0,
  );
  const box = boundingBox(shown, height, width);
  const cut = (image: ComparedImage): Cut => cutImage(image, width, box);
  const [first, rest] = [cut(reference), entries.map(cut)];
  const middle = meanPhase(first, first.known);
  const amplitudes = [first, ...rest].map((image) => mapped(image, Math.hypot));
  const phases = [first, ...rest].map((image) => mapped(image, (re, im) => wrapped(Math.atan2(im, re) - middle)));
  const errors = rest.map((image) => errorOf(image, first));
  const panel = (image: Cut, values: Float32Array, title: string): Panel => ({
    title: `${image.label}: ${title}`,
    image: values,
    height: box.bottom - box.top,
    width: box.right - box.left,
    mask: image.known,
  });
  const amplitudeLimits = robustLimits(amplitudes[0], first.known);
  const phaseColours = phaseScale(phases[0], first.known);
  const errorLimits = [0, robustLimits(pooled(errors, rest), undefined)[1]] as const;
  const images = [first, ...rest];
  const panelSize = images.length <= 3 ? 320 : images.length <= 5 ? 240 : 180;
  const rows: (Panel | LineChart)[][] = [
    images.map((image, i) => ({ ...panel(image, amplitudes[i], "amplitude"), limits: amplitudeLimits })),
    images.map((image, i) => ({ ...panel(image, phases[i], "phase"), unit: "rad", ...phaseColours })),
    [
      ringChart(entries, panelSize),
      ...rest.map(
        (image, i): Panel => ({
          ...panel(image, errors[i], "error"),
          colormap: "sequential",
          limits: errorLimits,
        }),
      ),
    ],
  ];
  return figureOfRows(rows, { ...options, panelSize });
}

function ringChart(entries: readonly ComparedEntry[], side: number): LineChart {
  const curves = entries.map(({ label, frc }, i) => ({
    label,
    colour: curveColours[i % curveColours.length],
    x: frc.frequency,
    y: frc.correlation,
  }));
  const [first] = entries.map(({ frc }) => frc);
  const threshold = first && { label: "half-bit", colour: thresholdColour, x: first.frequency, y: first.halfBit };
  return {
    title: "ring correlation",
    curves: threshold === undefined ? curves : [threshold, ...curves],
    xLabel: "cycles per pixel",
    xLimits: [0, 0.5],
    // Correlations may be negative, and that is a finding.
    yLimits: [Math.min(0, ...entries.flatMap(({ frc }) => frc.correlation)), 1],
    width: side,
    height: side,
  };
}

/** What the figure shows of an image. */
interface Cut {
  readonly label: string;
  readonly data: Float32Array;
  readonly known: Uint8Array;
}

function cutImage({ label, data, known }: ComparedImage, width: number, { top, bottom, left, right }: Box): Cut {
  const pixels = (bottom - top) * (right - left);
  const out = { label, data: new Float32Array(2 * pixels), known: new Uint8Array(pixels) };
  let to = 0;
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++, to++) {
      const from = y * width + x;
      out.known[to] = known[from] === 0 ? 0 : 1;
      out.data[2 * to] = data[2 * from];
      out.data[2 * to + 1] = data[2 * from + 1];
    }
  return out;
}

const mapped = ({ data, known }: Cut, value: (re: number, im: number) => number): Float32Array =>
  Float32Array.from(known, (_, k) => value(data[2 * k], data[2 * k + 1]));

const wrapped = (angle: number): number => Math.atan2(Math.sin(angle), Math.cos(angle));

/** |image − reference| over the reference's root mean square. */
function errorOf(image: Cut, reference: Cut): Float32Array {
  let [power, pixels] = [0, 0];
  for (let k = 0; k < reference.known.length; k++) {
    if (reference.known[k] === 0) continue;
    power += reference.data[2 * k] ** 2 + reference.data[2 * k + 1] ** 2;
    pixels++;
  }
  const rms = Math.sqrt(power / pixels);
  return Float32Array.from(image.known, (_, k) => {
    const [re, im] = [image.data[2 * k] - reference.data[2 * k], image.data[2 * k + 1] - reference.data[2 * k + 1]];
    return Math.hypot(re, im) / rms;
  });
}

/** All known values of several images. */
function pooled(values: readonly Float32Array[], images: readonly Cut[]): Float32Array {
  return Float32Array.from(values.flatMap((image, i) => [...image].filter((_, k) => images[i].known[k] === 1)));
}
