import { PtychonautError } from "../../errors.ts";
import type { ScanParts } from "../parts.ts";
import { optionAdvice, type ScanOptions } from "../scanOptions.ts";

export const scanShapePattern: RegExp = /^\s*\d+\s*,\s*\d+\s*$/;

/**
 * Positions of a raster, where options state its step: row by row, each from left to right, centred on zero, in the unit
 * that `positionUnit` says. Rows and columns are the patterns' leading axes unless `scanShape` names them.
 * @throws PtychonautError "usage" for a raster beside positions, or one of unknown shape; "data" for one of another count
 */
export function withRaster(parts: ScanParts, options: ScanOptions, where: string): ScanParts {
  const { scanStep, scanShape } = options;
  if (scanStep === undefined) {
    if (scanShape === undefined) return parts;
    throw new PtychonautError("usage", "a scan's shape needs its step", {
      where,
      got: optionAdvice("scanShape", scanShape),
      fix: `say ${optionAdvice("scanStep")} too, or leave it out: positions are in the file`,
    });
  }
  if (parts.positions !== undefined)
    throw new PtychonautError("usage", "positions are stated twice", {
      where,
      got: `${parts.positions.keys.join(", ")} and ${optionAdvice("scanStep", `${scanStep}`)}`,
      fix: `leave out ${optionAdvice("scanStep")}, and correct the positions: ${optionAdvice("positionScale")}`,
    });
  const [rows, columns] = scanShape === undefined ? leadingAxes(parts, where) : statedShape(scanShape, where);
  return {
    ...parts,
    says: { ...parts.says, positionOrigin: "centered", positionReference: "center" },
    positions: {
      keys: [`raster of ${rows} × ${columns}`],
      count: rows * columns,
      read: () => rasterOf(rows, columns, scanStep),
      conversions: [`positions of a raster of ${rows} × ${columns}, ${scanStep} ${options.positionUnit ?? "px"} apart`],
    },
  };
}

function rasterOf(rows: number, columns: number, step: number): Float64Array {
  const out = new Float64Array(2 * rows * columns);
  for (let k = 0; k < rows * columns; k++) {
    out[2 * k] = (Math.floor(k / columns) - (rows - 1) / 2) * step;
    out[2 * k + 1] = ((k % columns) - (columns - 1) / 2) * step;
  }
  return out;
}

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
