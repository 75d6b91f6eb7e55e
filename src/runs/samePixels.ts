import type { ComplexArray } from "../arrays.ts";
import { type ErrorDetails, PtychonautError, setting } from "../errors.ts";
import { resampledObject } from "../scans/prepare/resampledObject.ts";

/** Object pixel over that of the scan's file as stored, (y, x). */
export type PixelRatio = readonly [y: number, x: number];

/** Something to compare, as far as its pixels go. */
export interface OnPixels {
  readonly path?: string;
  /** Absent where nothing says it, as of another program's object. */
  readonly pixelRatio?: PixelRatio;
}

/** What is compared with: a scan's object, another program's, or a reconstruction, which has a coverage. */
export interface ReferencePixels extends OnPixels {
  /** `[y, x]`. */
  readonly object: ComplexArray;
  readonly origin: { readonly y: number; readonly x: number };
  readonly coverage?: Float32Array;
  readonly pixelSizeM?: number;
}

/**
 * The reference on the pixels of what is compared with it, which are others where patterns were cut or filled up: a scan's
 * object is interpolated, as it is where such a scan is read.
 * @throws PtychonautError "usage" where that cannot be: pixels of several sizes, or a reference that is a reconstruction
 */
export function onPixelsOf<R extends ReferencePixels>(
  reference: R,
  objects: readonly OnPixels[],
): { readonly reference: R; readonly warnings: readonly string[] } {
  const stating = objects.filter(({ pixelRatio }) => pixelRatio !== undefined);
  const wanted = stating[0]?.pixelRatio;
  if (wanted === undefined) return { reference, warnings: unsaid(reference.pixelRatio, objects) };
  if (!stating.every(({ pixelRatio }) => same(pixelRatio, wanted)))
    throw differ(stating, `compare those of one size alone; others with another ${sizes}`);
  const warnings = unsaid(wanted, [reference, ...objects]);
  const { pixelRatio } = reference;
  if (pixelRatio === undefined || same(pixelRatio, wanted)) return { reference, warnings };
  if (reference.coverage !== undefined || !same(pixelRatio, [1, 1]))
    throw differ(
      [reference, ...stating],
      `reconstruct both with the same ${sizes}, or take the scan's object as the reference`,
    );
  return { reference: interpolated(reference, wanted), warnings: [...warnings, interpolationNote(wanted)] };
}

const sizes = `${setting("crop_to")} or ${setting("pad_to")}`;

function interpolated<R extends ReferencePixels>(reference: R, [y, x]: PixelRatio): R {
  const { object, origin, pixelSizeM } = reference;
  return {
    ...reference,
    object: resampledObject(object, [1 / y, 1 / x]),
    origin: { y: origin.y / y, x: origin.x / x },
    pixelRatio: [y, x],
    ...(pixelSizeM === undefined ? {} : { pixelSizeM: pixelSizeM * y }),
  };
}

const interpolationNote = (ratio: PixelRatio): string =>
  `the reference is interpolated: patterns were cut or filled up, so object pixels are ${shown(ratio)} times those of the scan's file`;

/** Where some pixels are not the file's, those of whom nothing is known may be either. */
function unsaid(ratio: PixelRatio | undefined, objects: readonly OnPixels[]): string[] {
  if (ratio === undefined || same(ratio, [1, 1])) return [];
  return objects
    .filter(({ pixelRatio }) => pixelRatio === undefined)
    .map(
      ({ path = "an object" }) =>
        `${path} does not say what its pixels are; those compared are ${shown(ratio)} times the scan file's, since patterns were cut or filled up, and it is taken to have the same`,
    );
}

function differ(objects: readonly OnPixels[], fix: string): PtychonautError {
  const details: ErrorDetails = {
    expected: "object pixels of one size",
    got: objects
      .map(({ path = "an object", pixelRatio = [1, 1] }) => `${shown(pixelRatio)} times the scan file's in ${path}`)
      .join(", "),
    fix,
  };
  return new PtychonautError(
    "usage",
    "the objects are on different pixels, since patterns were cut or filled up",
    details,
  );
}

/** Ratios of whole numbers, through a file in float64. */
const same = (a: PixelRatio | undefined, b: PixelRatio): boolean =>
  a?.every((value, axis) => Math.abs(value / b[axis] - 1) < 1e-9) === true;

const shown = ([y, x]: PixelRatio): string =>
  y === x ? String(Number(y.toPrecision(4))) : `${y.toPrecision(4)} (along y) and ${x.toPrecision(4)} (along x)`;
