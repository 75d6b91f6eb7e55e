import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { hasRank, namesArrays } from "../arrayParts.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import type { Recognition, ScanFormat } from "../scanFormat.ts";
import { lengthUnits, type ScanOptions } from "../scanOptions.ts";
import { positiveAt, type Reading, readingOf } from "./quantities.ts";

/**
 * PtyRAD's reconstructions (Lee et al., arXiv 2505.07814): `optimizable_tensors` with the object's amplitude `obja` and phase
 * `objp` (object mode, slice, y, x), `probe` (mode, y, x) with its centre at index floor(n/2) and `probe_pos_shifts`
 * (frame, 2) as (y, x) in object pixels, to be added to `crop_pos`, the patches' minimum corners, in `model_attributes`,
 * which has object pixel `dx` and wavelength `lambd` in ångström. The measurement is in a file of its own.
 */
export const ptyradFormat: ScanFormat = {
  name: "ptyrad",
  title: "PtyRAD's reconstructions",
  recognise,
  parts,
};

const TENSORS = "optimizable_tensors";
const MODEL = "model_attributes";

function recognise(file: ArrayFile, options: ScanOptions): Recognition {
  if (namesArrays(options) || !hasRank(file, `${TENSORS}/objp`, 4) || !hasRank(file, `${TENSORS}/probe`, 3))
    return { confidence: 0, evidence: "" };
  return { confidence: 0.95, evidence: `${file.container} with ${TENSORS}` };
}

function parts(file: ArrayFile, options: ScanOptions, where: string): ScanParts {
  const reading = readingOf(file, where);
  const object = objectOf(reading);
  const positions = positionsOf(reading, options);
  const probe = `${TENSORS}/probe`;
  return {
    ...(positions === undefined ? {} : { positions }),
    probe: { key: probe, shape: file.header(probe).shape, read: () => file.readNumbers(probe) },
    ...(object === undefined ? {} : { object }),
    geometry: geometryOf(reading),
    says: {
      ...{ measurement: "counts", dcAt: "center", positionUnit: "px", positionsAre: "probe" },
      ...{ positionReference: "corner", positionOrigin: "absolute" },
    },
    conversions: reading.conversions,
    warnings: reading.warnings,
  };
}

function geometryOf(reading: Reading): GeometryStatement {
  const [pixel, wavelength] = ["dx", "lambd"].map((name) => {
    const value = positiveAt(reading, `${MODEL}/${name}`);
    return value === undefined ? undefined : value * lengthUnits.angstrom;
  });
  return {
    radiation: "electrons",
    ...(pixel === undefined ? {} : { objectPixelM: pixel }),
    ...(wavelength === undefined ? {} : { wavelengthM: wavelength }),
  };
}

/** Amplitude and phase as one complex image, where there is one mode and one slice. */
function objectOf({ file, where, conversions, warnings }: Reading): ArrayPart | undefined {
  const [amplitude, phase] = ["obja", "objp"].map((name) => `${TENSORS}/${name}`);
  if (!file.has(amplitude)) return undefined;
  const { shape } = file.header(phase);
  const image = shape.slice(-2);
  if (sizeOf(shape.slice(0, -2)) !== 1) {
    warnings.push(
      `the object has ${shape[0]} modes and ${shape[1]} slices, of which none alone explains the patterns: it is left out`,
    );
    return undefined;
  }
  conversions.push(`object from ${amplitude} and ${phase}`);
  return {
    key: phase,
    shape: image,
    read() {
      const [a, p] = [file.readNumbers(amplitude), file.readNumbers(phase)];
      if (a.data.length !== p.data.length || `${a.dtype}${p.dtype}`.includes("complex"))
        throw new PtychonautError("data", "the object's amplitude and phase do not belong together", {
          where: `${where}: ${amplitude}, ${phase}`,
          expected: `real numbers (${shape.join(", ")})`,
          got: `${a.dtype} (${a.shape.join(", ")}) and ${p.dtype} (${p.shape.join(", ")})`,
        });
      const data = new Float32Array(2 * a.data.length);
      for (let i = 0; i < a.data.length; i++) {
        data[2 * i] = a.data[i] * Math.cos(p.data[i]);
        data[2 * i + 1] = a.data[i] * Math.sin(p.data[i]);
      }
      return { shape: image, dtype: "complex64", data };
    },
  };
}

function positionsOf({ file, where }: Reading, options: ScanOptions): PositionsPart | undefined {
  const [corners, shifts] = [`${MODEL}/crop_pos`, `${TENSORS}/probe_pos_shifts`];
  if (!file.has(corners)) return undefined;
  const keys = file.has(shifts) ? [corners, shifts] : [corners];
  const swapped = options.positionOrder === "xy";
  const { shape } = file.header(corners);
  return {
    keys,
    count: shape[0] ?? 0,
    byOrder: true,
    read() {
      const [first, second] = keys.map((key) => file.readNumbers(key));
      for (const [k, array] of [first, ...(second === undefined ? [] : [second])].entries())
        if (array.shape.join() !== `${shape[0]},2` || array.dtype.startsWith("complex"))
          throw new PtychonautError("data", "positions are not pairs", {
            where: `${where}: ${keys[k]}`,
            expected: `real numbers (${shape[0]}, 2)`,
            got: `${array.dtype} (${array.shape.join(", ")})`,
          });
      return Float64Array.from(first.data, (_, i) => {
        const at = swapped ? i ^ 1 : i;
        return first.data[at] + (second?.data[at] ?? 0);
      });
    },
    conversions: [`positions from ${keys.join(" and ")}, which add`],
  };
}
