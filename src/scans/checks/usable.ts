import { sizeOf } from "../../arrays.ts";
import type { Dataset } from "../../data/dataset.ts";
import { PtychonautError, setting } from "../../errors.ts";

/** Of a mask that takes everything away, for whoever finds it first. @param validInFile what was taken for a valid pixel in the file */
export function noValidPixel(validInFile: 0 | 1): { readonly what: string; readonly fix: string } {
  const other = 1 - validInFile;
  return {
    what: "the mask leaves no valid pixel",
    fix: `say ${setting("mask_valid", other)} if ${other} is valid in this file, else leave the mask out of it`,
  };
}

/** What was taken for a valid pixel in the file that a scan is of. */
export const validInFile = ({ provenance }: Pick<Dataset, "provenance">): 0 | 1 =>
  provenance.conventions?.["mask_valid"] === "0" ? 0 : 1;

/** @param pixels of the mask */
export const allMasked = (pixels: number): string => `${pixels} masked pixels of ${pixels}`;

/**
 * What no command can work with, whichever reader made it: nothing there, a probe of no modes, a mask without a valid
 * pixel, an object of no size, or lists that do not have one entry a frame.
 * @returns the scan itself
 * @throws PtychonautError "data"
 */
export function usable<D extends Omit<Dataset, "probe"> & Partial<Pick<Dataset, "probe">>>(dataset: D): D {
  const where = dataset.provenance.path ?? dataset.name;
  const refuse = (what: string, expected: string, got: string, fix?: string): never => {
    throw new PtychonautError("data", what, { where, expected, got, ...(fix === undefined ? {} : { fix }) });
  };
  const { patterns, probe, object, mask } = dataset;
  const { count, height, width } = patterns;
  if (count === 0 || height === 0 || width === 0)
    refuse("the scan is empty", "at least one pattern with pixels", `${count} patterns of ${height} x ${width}`);
  if (probe !== undefined && sizeOf(probe.shape) === 0)
    refuse("the probe has no modes", "at least one", `(${probe.shape.join(", ")})`, "save the probe as (y, x)");
  if (object !== undefined && sizeOf(object.shape) === 0)
    refuse("the reference object has no size", "(y, x)", `(${object.shape.join(", ")})`, "leave it out of the file");
  if (mask !== undefined && !mask.data.some((value) => value !== 0)) {
    const { what, fix } = noValidPixel(validInFile(dataset));
    refuse(what, "1 where a pixel is valid, 0 where it is not", allMasked(mask.data.length), fix);
  }
  for (const [what, length] of lists(dataset))
    if (length !== count) refuse(`${what} and patterns differ in number`, `${count}`, `${length}`);
  return dataset;
}

/** What has one entry a frame, and how many it has. */
function lists({
  positions,
  nominalPositions,
  scanIndex,
  frameIntensities,
  patches,
}: Omit<Dataset, "probe">): [string, number][] {
  const all: [string, number | undefined][] = [
    ["positions", positions.length / 2],
    ["nominal positions", nominalPositions === undefined ? undefined : nominalPositions.length / 2],
    ["scan numbers (scan_index)", scanIndex?.length],
    ["intensities of the beam", frameIntensities?.length],
    ["reference patches", patches?.shape[0]],
  ];
  return all.filter((entry): entry is [string, number] => entry[1] !== undefined);
}
