import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import type { GeometryStatement } from "../../optics/geometry.ts";
import { objectPixelSize, wavelengthFromEnergy } from "../../optics/units.ts";
import { arrayPart, hasRank } from "../arrayParts.ts";
import type { PositionsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { optionAdvice } from "../scanOptions.ts";
import { propagationNamed } from "./ptyd.ts";
import { lengthAt, photonEnergyAt, positive, type Reading, readingOf, textAt } from "./quantities.ts";

/**
 * Results of ptypy: `content/probe/ID/data` (mode, y, x), `content/obj/ID/data` (mode, y, x) with its pixel `_psize` and the
 * place of pixel [0, 0], `_origin`, in metres; `content/positions/ID` (frame, 2) as (row, column) in metres where they were
 * recorded. Without patterns, which other files have.
 */
export const ptyrFormat: ScanFormat = {
  name: "ptyr",
  title: "ptypy's results",
  recognise(file) {
    const storage = storagesOf(file, "obj")[0] ?? storagesOf(file, "probe")[0];
    return storage === undefined
      ? { confidence: 0, evidence: "no content/obj, no content/probe" }
      : { confidence: 1, evidence: storage };
  },
  parts(file, _, where): ScanParts {
    const reading = readingOf(file, where);
    const { warnings } = reading;
    const [object, ...otherObjects] = storagesOf(file, "obj");
    const probes = storagesOf(file, "probe");
    const id = object?.split("/")[2];
    const probe = probes.find((storage) => storage.endsWith(`/${id}`)) ?? probes[0];
    for (const other of otherObjects)
      warnings.push(`${object} is taken; the file has also ${other}: ${optionAdvice("objectKey", `${other}/data`)}`);
    const place = object === undefined ? undefined : placeOf(reading, object);
    const layers = object === undefined ? 1 : sizeOf(file.header(`${object}/data`).shape.slice(0, -2));
    if (layers > 1) warnings.push(`the object has ${layers} modes and is left out: one is expected`);
    const side = probe === undefined ? undefined : file.header(`${probe}/data`).shape.at(-1);
    const positions = positionsOf(reading, id, place);
    return {
      ...(positions === undefined ? {} : { positions }),
      ...(probe === undefined ? {} : { probe: arrayPart(file, `${probe}/data`) }),
      ...(object === undefined || layers > 1 ? {} : { object: arrayPart(file, `${object}/data`) }),
      geometry: geometryOf(reading, [object, probe], place, side),
      says: {
        measurement: "counts",
        dcAt: "center",
        positionUnit: "m",
        positionsAre: "probe",
        positionOrigin: place === undefined ? "centered" : "absolute",
      },
      conversions: reading.conversions,
      warnings,
    };
  },
};

/** Groups of this kind that hold complex images. */
function storagesOf(file: ArrayFile, kind: "obj" | "probe"): string[] {
  return file.keys.flatMap((key) => {
    const [, storage] = new RegExp(`^(content/${kind}/[^/]+)/data$`).exec(key) ?? [];
    return storage !== undefined && hasRank(file, key, 2, 3) && file.header(key).dtype.startsWith("complex")
      ? [storage]
      : [];
  });
}

/** Where an object's pixel [0, 0] is, metres, and the side of its pixels. */
interface Place {
  readonly pixel: number;
  readonly origin: readonly [number, number];
}

/** Object pixels that should be the same may differ by as much. */
const AGREEMENT = 0.01;
/** Sides of pixels may differ by as much: they are computed. */
const SQUARE = 1e-6;

function placeOf(reading: Reading, storage: string): Place | undefined {
  const { file, where } = reading;
  const pairAt = (name: string): readonly [number, number] | undefined => {
    const key = `${storage}/${name}`;
    if (!hasRank(file, key, 1) || sizeOf(file.header(key).shape) !== 2) return undefined;
    const [y, x] = file.readNumbers(key).data;
    return [y, x];
  };
  const [y, x] = (pairAt("_psize") ?? []).map((side) => positive(reading, `${storage}/_psize`, side));
  if (y === undefined || x === undefined) return undefined;
  const size = [y, x] as const;
  if (Math.abs(size[0] - size[1]) > SQUARE * size[0])
    throw new PtychonautError("data", "the object's pixels are not square", {
      where: `${where}: ${storage}/_psize`,
      got: size.join(", "),
      fix: "resample the patterns to square pixels",
    });
  const centre = pairAt("_center");
  const origin = pairAt("_origin") ?? (centre && ([-centre[0] * size[0], -centre[1] * size[0]] as const));
  return origin === undefined ? undefined : { pixel: size[0], origin };
}

function positionsOf(reading: Reading, id: string | undefined, place: Place | undefined): PositionsPart | undefined {
  const { file, conversions } = reading;
  const key = [`content/positions/${id}`, ...file.keys.filter((name) => /^content\/positions\/[^/]+$/.test(name))].find(
    (name) => hasRank(file, name, 2) && file.header(name).shape[1] === 2,
  );
  if (key === undefined) return undefined;
  if (place !== undefined)
    conversions.push(
      `positions counted from the object's pixel [0, 0], which is at (y, x) = (${place.origin.join(", ")}) m`,
    );
  return {
    keys: [key],
    count: file.header(key).shape[0],
    read: () => Float64Array.from(file.readNumbers(key).data, (value, i) => value - (place?.origin[i % 2] ?? 0)),
  };
}

function geometryOf(
  reading: Reading,
  storages: readonly (string | undefined)[],
  place: Place | undefined,
  side: number | undefined,
): GeometryStatement {
  const scanValue = (name: string): string[] =>
    reading.file.keys.filter((key) => new RegExp(`^content/pars/scans/[^/]+/(data/)?${name}$`).test(key));
  const own = storages.flatMap((storage) => (storage === undefined ? [] : [`${storage}/_energy`]));
  const energyKev = photonEnergyAt(reading, [...own, ...scanValue("energy")], "keV");
  const detectorDistanceM = lengthAt(reading, scanValue("distance"));
  const detectorPixelM = lengthAt(reading, scanValue("psize"));
  const pixel = {
    wavelength: wavelengthFromEnergy(energyKev ?? 1),
    distance: detectorDistanceM ?? 1,
    pixels: side ?? 1,
  };
  const derived = objectPixelSize({ ...pixel, detectorPixel: detectorPixelM ?? 1 });
  const propagation = propagationNamed(scanValue("propagation").map((key) => textAt(reading, key))[0]);
  const allKnown =
    propagation !== "near-field" && ![energyKev, detectorDistanceM, detectorPixelM, side, place].includes(undefined);
  const apart = allKnown && Math.abs(derived / (place?.pixel ?? derived) - 1) > AGREEMENT;
  // The detector's pixel is that before ptypy binned it.
  if (apart)
    reading.warnings.push(
      `the object's pixel is ${place?.pixel} m, and λ z / (N p) ${Number(derived.toPrecision(6))} m with N = ${side} and ` +
        `p = ${detectorPixelM} m: the former is used, and the latter's p left out`,
    );
  return {
    ...(energyKev === undefined ? {} : { energyKev, radiation: "photons" }),
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(detectorPixelM === undefined || apart ? {} : { detectorPixelM }),
    ...(place === undefined ? {} : { objectPixelM: place.pixel }),
    ...(propagation === undefined ? {} : { propagation }),
  };
}
