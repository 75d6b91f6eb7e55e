import { PtychonautError, setting } from "../../errors.ts";
import type { RasterPart, ScanParts } from "../parts.ts";
import { lengthUnits, optionAdvice, type PositionUnit, type ScanOptions } from "../scanOptions.ts";
import { correctedPositions } from "./positions.ts";

export const scanShapePattern: RegExp = /^\s*\d+\s*,\s*\d+\s*$/;

/**
 * Positions of a raster, where options or the file state its step: row by row, each from left to right, centred on zero, in
 * the unit that `positionUnit` says. Rows and columns are the file's, or the patterns' leading axes, unless `scanShape`
 * names them.
 * @throws PtychonautError "usage" for a raster beside positions, or one of unknown shape; "data" for one of another count
 */
export function withRaster(parts: ScanParts, options: ScanOptions, where: string): ScanParts {
  const { scanStep, scanShape } = options;
  const { positions, raster } = parts;
  if (scanStep !== undefined && positions !== undefined)
    throw new PtychonautError("usage", "positions are stated twice", {
      where,
      got: `${positions.keys.join(", ")} and ${optionAdvice("scanStep", `${scanStep}`)}`,
      fix: `leave out ${optionAdvice("scanStep")}, and correct the positions: ${optionAdvice("positionScale")}`,
    });
  if (scanStep !== undefined && options.positionOrigin === "absolute")
    throw new PtychonautError("usage", "a raster's origin is free", {
      where,
      got: optionAdvice("positionOrigin", "absolute"),
      fix: `leave out ${optionAdvice("positionOrigin")}`,
    });
  const own = positions === undefined && scanStep === undefined ? raster?.stepM : undefined;
  if (own !== undefined) return rasterParts(parts, shapeOf(parts, scanShape, where), inUnit(own, options, where));
  if (scanStep !== undefined) {
    const step = { steps: [scanStep, scanStep], unit: options.positionUnit ?? "px" } as const;
    return rasterParts(parts, shapeOf(parts, scanShape, where), step);
  }
  if (scanShape === undefined) return parts;
  throw new PtychonautError("usage", "a scan's shape needs its step", {
    where,
    got: optionAdvice("scanShape", scanShape),
    fix: `say ${optionAdvice("scanStep")} too, or leave it out: positions are in the file`,
  });
}

interface Steps {
  readonly steps: readonly [y: number, x: number];
  readonly unit: PositionUnit;
}

/** The file's step in the unit of positions. @throws PtychonautError "usage" for object pixels */
function inUnit([y, x]: readonly [number, number], { positionUnit = "m" }: ScanOptions, where: string): Steps {
  if (positionUnit === "px")
    throw new PtychonautError("usage", "the scan's step is in metres, in the file", {
      where,
      got: optionAdvice("positionUnit", "px"),
      fix: `leave ${optionAdvice("positionUnit")} out, or state the step in pixels: ${optionAdvice("scanStep")}`,
    });
  const metres = lengthUnits[positionUnit];
  return { steps: [y / metres, x / metres], unit: positionUnit };
}

function rasterParts(parts: ScanParts, [rows, columns]: RasterPart["shape"], { steps, unit }: Steps): ScanParts {
  const [y, x] = steps.map((step) => String(Number(step.toPrecision(9))));
  const apart = y === x ? y : `${y} along y and ${x} along x`;
  const { rotation = 0, exchanged = false } = parts.raster ?? {};
  return {
    ...parts,
    says: { ...parts.says, positionOrigin: "centered", positionReference: "center", positionUnit: unit },
    positions: {
      keys: [`raster of ${rows} × ${columns}`],
      count: rows * columns,
      ...(rotation % 90 === 0 ? {} : { turnedBy: rotation }),
      read: () =>
        correctedPositions(
          rasterOf(rows, columns, steps),
          { positionSwap: exchanged, positionRotation: rotation },
          [0, 0],
        ),
      conversions: [
        `positions of a raster of ${rows} × ${columns}, ${apart} ${unit} apart`,
        ...(exchanged ? ["its first axis runs along x, the second along y"] : []),
        ...(rotation === 0 ? [] : [`rotated by ${Number(rotation.toFixed(4))}° from +x towards +y, as the file says`]),
      ],
    },
  };
}

/** Angles of rasters are calibrated by hand, and some degrees off change R and deviance by next to nothing. */
export function turnedOnTrust({ positions }: ScanParts, { positionRotation }: ScanOptions): string[] {
  if (positions?.turnedBy === undefined || positionRotation !== undefined) return [];
  return [
    `the raster is turned by ${Number(positions.turnedBy.toFixed(1))}°, as the file says; some degrees more or less blur the object and hardly show in its misfit: inspect with ${setting("doctor")} measures the angle, and ${optionAdvice("positionRotation")} adds what it finds (0 where it is right)`,
  ];
}

function rasterOf(rows: number, columns: number, [y, x]: readonly [number, number]): Float64Array {
  const out = new Float64Array(2 * rows * columns);
  for (let k = 0; k < rows * columns; k++) {
    out[2 * k] = (Math.floor(k / columns) - (rows - 1) / 2) * y;
    out[2 * k + 1] = ((k % columns) - (columns - 1) / 2) * x;
  }
  return out;
}

const shapeOf = (parts: ScanParts, stated: string | undefined, where: string): RasterPart["shape"] =>
  stated === undefined ? (parts.raster?.shape ?? leadingAxes(parts, where)) : statedShape(stated, where);

function leadingAxes({ patterns }: ScanParts, where: string): readonly [rows: number, columns: number] {
  const shape = patterns?.file.header(patterns.key).shape ?? [];
  if (shape.length === 4) return [shape[0], shape[1]];
  throw new PtychonautError("usage", "how many rows and columns has the raster?", {
    where,
    expected: "patterns (row, column, y, x), or to be told",
    got: `(${shape.join(", ")})`,
    fix: `say ${optionAdvice("scanShape", "ROWS,COLUMNS")}`,
  });
}

function statedShape(text: string, where: string): readonly [rows: number, columns: number] {
  const [rows, columns] = text.split(",").map(Number);
  if (scanShapePattern.test(text) && rows > 0 && columns > 0) return [rows, columns];
  throw new PtychonautError("usage", "this is no shape of a raster", { where, expected: "rows,columns", got: text });
}
