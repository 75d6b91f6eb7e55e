import { PtychonautError, setting } from "../errors.ts";
import type { EngineScan } from "./scan.ts";

/** Slices of the object, or its states. */
export const planesOf = ({ slices, objectModes }: EngineScan): number => slices?.count ?? objectModes?.count ?? 1;

/** @throws PtychonautError "shape" where the parts of a scan do not fit each other; "usage" where they exclude each other */
export function checkScan({ amplitudes, positions, probe, mask, object, slices, objectModes }: EngineScan): void {
  const given = object?.values.shape[0] ?? 1;
  const states = objectModes?.count ?? 1;
  if (slices !== undefined && states > 1)
    throw new PtychonautError("usage", "an object is in several states, or has several slices", {
      fix: `leave out ${setting("object_modes")} or ${setting("slices")}`,
    });
  if (given > 1 && given !== slices?.count && given > states)
    throw new PtychonautError("shape", "the first guess has other slices or states than the object is to have", {
      expected: `1 or ${slices?.count ?? states}`,
      got: `${given}`,
    });
  const { count, height, width } = amplitudes;
  const [, h, w] = probe.shape;
  const fits =
    positions.length === 2 * count &&
    h === height &&
    w === width &&
    (mask?.length ?? height * width) === height * width;
  if (!fits || count === 0)
    throw new PtychonautError("shape", "patterns, positions, probe and mask do not fit each other", {
      expected: `${count} positions, a probe and a mask of [${height}, ${width}], and at least one frame`,
      got: `${positions.length / 2} positions, a probe of [${probe.shape}]${mask === undefined ? "" : `, a mask of ${mask.length} pixels`}`,
    });
}
