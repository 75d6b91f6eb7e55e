import type { ArrayFile } from "../../formats/arrayFile.ts";
import { arrayPart, hasRank, namesArrays } from "../arrayParts.ts";
import type { FramesPart, PositionsPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";
import { alongAxes, axesIn } from "./detectorAxes.ts";
import { positiveAt, readingOf } from "./quantities.ts";

/**
 * A reconstruction of cdtools: `probe` `([mode,] y, x)` and `obj` `(y, x)`; `translation` `(frame, 3)`, metres, of the optics (not the
 * sample); `basis` `(3, 2)`, metres: along which directions rows and columns of the object go, and how far each step;
 * `wavelength`, metres; `weights`, a factor of each frame's wave; `background`, counts. It has no patterns.
 */
export const cdtoolsFormat: ScanFormat = {
  name: "cdtools",
  title: "a reconstruction of cdtools",
  recognise,
  parts,
};

const KEYS = ["basis", "translation", "probe", "obj"];

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  const fits = KEYS.every((key) => file.has(key)) && file.header("basis").shape.join() === "3,2";
  if (!fits || namesArrays(options)) return { confidence: 0, evidence: "" };
  return { confidence: 0.9, evidence: `${file.container} with cdtools' ${KEYS.join(", ")}` };
}

function parts(file: ArrayFile, _: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  const { conversions, warnings } = reading;
  const wavelengthM = positiveAt(reading, "wavelength");
  const { shape } = file.header("translation");
  const count = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const axes = axesIn(reading, "basis");
  const moved = alongAxes(axes, ["translation"], count, () => ({
    data: file.readNumbers("translation").data,
    axes: shape.at(-1) ?? 0,
  }));
  if (file.has("background"))
    warnings.push(
      `the background of the patterns, in the array background, is not taken off: ${optionAdvice("backgroundFile", `${where}::background`)}`,
    );
  return {
    positions: insideObject(moved, file, axes.pixelM),
    probe: arrayPart(file, "probe"),
    object: arrayPart(file, "obj"),
    geometry: { ...(wavelengthM === undefined ? {} : { wavelengthM }), objectPixelM: axes.pixelM },
    ...(hasRank(file, "weights", 1, 2) ? { frames: (frames: number) => intensitiesOf(file, frames) } : {}),
    says: { positionUnit: "px", positionsAre: "probe", positionOrigin: "absolute", positionReference: "corner" },
    conventions: { object_axes: axes.from },
    conversions,
    warnings,
  };
}

/**
 * Corners of windows in the object's pixels. Where translations count from is not in the file: cdtools makes the object with
 * as much room before the first window as behind the last, to the pixel.
 */
function insideObject(moved: PositionsPart, file: ArrayFile, pixelM: number): PositionsPart {
  const [object, probe] = ["obj", "probe"].map((key) => file.header(key).shape.slice(-2));
  return {
    ...moved,
    read() {
      const pixels = moved.read().map((value) => value / pixelM);
      const shifts = [0, 1].map((axis) => {
        const own = pixels.filter((_, i) => i % 2 === axis);
        const least = own.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
        const most = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
        return Math.floor((object[axis] - probe[axis] - Math.ceil(most - least)) / 2) - least;
      });
      return pixels.map((value, i) => value + shifts[i % 2]);
    },
    conversions: [
      ...(moved.conversions ?? []),
      `translation in pixels of ${pixelM} m, moved so that the object has as much room before the first window as behind the last`,
    ],
  };
}

/** The beam's intensity in each frame over its mean, out of factors of the wave. */
function intensitiesOf(file: ArrayFile, count: number): FramesPart {
  const { dtype, data } = file.readNumbers("weights");
  if (data.length !== count || dtype.startsWith("complex")) return {};
  const squares = Float64Array.from(data, (weight) => weight * weight);
  const mean = squares.reduce((sum, value) => sum + value, 0) / count;
  return mean > 0 ? { frameIntensities: squares.map((value) => value / mean) } : {};
}
