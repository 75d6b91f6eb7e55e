import { sizeOf } from "../../arrays.ts";
import { PtychonautError } from "../../errors.ts";
import type { ArrayFile } from "../../formats/arrayFile.ts";
import { withJoined } from "../../formats/joinedArrays.ts";
import type { GeometryStatement, Propagation } from "../../optics/geometry.ts";
import { hasRank } from "../arrayParts.ts";
import type { ArrayPart, PositionsPart, ScanParts } from "../parts.ts";
import type { ScanFormat } from "../scanFormat.ts";
import { warnAboutCentre } from "./cxiEntry.ts";
import { numberedStacks } from "./numberedStacks.ts";
import { lengthAt, photonEnergyAt, type Reading, readingOf, textAt } from "./quantities.ts";

/** The frames of all chunks as one array. */
const JOINED = "chunks/data";

/**
 * Prepared data of ptypy (Enders & Thibault, Proc. R. Soc. A 472 (2016)): `chunks/0`, `chunks/1` … in the file or, by links, in
 * files beside it, each with counts `data` (frame, row, column), the zero frequency in the middle, `positions` (row, column) of
 * the illumination over the object in metres, and `weights`; `meta` with energy in keV, distance and detector pixel in metres.
 */
export const ptydFormat: ScanFormat = {
  name: "ptyd",
  title: "ptypy's prepared data",
  recognise(file) {
    const known = file.has("chunks/0/data") || (file.has("meta/num_frames") && file.has("meta/psize"));
    return known
      ? { confidence: 1, evidence: "chunks and meta of ptypy" }
      : { confidence: 0, evidence: "no chunks/0/data" };
  },
  parts,
};

function parts(file: ArrayFile, _: unknown, where: string): ScanParts {
  const reading = readingOf(file, where);
  const { conversions, warnings } = reading;
  const chunks = chunksOf(reading);
  const frames = chunks.map((chunk) => ({ file, key: `${chunk}/data` }));
  const joined = chunks.length > 1 ? withJoined(file, JOINED, frames, where) : file;
  const patterns = chunks.length === 0 ? undefined : { file: joined, key: chunks.length > 1 ? JOINED : frames[0].key };
  if (chunks.length > 1) conversions.push(`patterns of ${chunks.length} chunks joined`);
  const image = patterns === undefined ? undefined : (joined.header(patterns.key).shape.slice(-2) as [number, number]);
  if (image !== undefined) centreOf(reading, image);
  const mask = image === undefined ? undefined : maskOf(reading, chunks, image);
  const positions = positionsOf(reading, chunks);
  return {
    ...(patterns === undefined ? {} : { patterns }),
    ...(positions === undefined ? {} : { positions }),
    ...(mask === undefined ? {} : { mask }),
    geometry: geometryOf(reading),
    says: {
      measurement: "counts",
      dcAt: "center",
      frameAxis: "first",
      positionUnit: "m",
      positionsAre: "probe",
      positionOrigin: "centered",
    },
    conversions,
    warnings,
  };
}

/** Paths of the chunks that have frames. @throws PtychonautError "data" for one that is missing */
function chunksOf({ file, where, warnings }: Reading): string[] {
  const chunks = numberedStacks(file, 0, (k) => `chunks/${k}/data`).map((key) => key.replace(/\/data$/, ""));
  const last = Math.max(-1, ...file.keys.map((key) => Number(/^chunks\/(\d{1,6})\//.exec(key)?.[1] ?? -1)));
  if (last >= chunks.length)
    throw new PtychonautError("data", "a chunk of frames is missing", {
      where: `${where}: chunks/${chunks.length}`,
      expected: `chunks 0 to ${last}, in this file or in files beside it that links lead to`,
      fix: `put the file with the chunk back (its name ends with .part${String(chunks.length).padStart(3, "0")})`,
    });
  const said = file.has("meta/num_frames") ? Number(file.read("meta/num_frames").data[0]) : Number.NaN;
  const there = chunks.reduce((sum, chunk) => sum + file.header(`${chunk}/data`).shape[0], 0);
  if (said > there) warnings.push(`${there} of ${said} frames are there: chunks after the last one are missing`);
  return chunks;
}

function centreOf({ file, warnings }: Reading, image: readonly [number, number]): void {
  if (!hasRank(file, "meta/center", 1)) return;
  const { dtype } = file.header("meta/center");
  if (!/^(u?int|float)/.test(dtype)) return;
  const [y, x] = file.readNumbers("meta/center").data;
  warnAboutCentre([y, x], image, warnings);
}

function geometryOf(reading: Reading): GeometryStatement {
  const energyKev = photonEnergyAt(reading, ["meta/energy"], "keV");
  const detectorDistanceM = lengthAt(reading, ["meta/distance"]);
  const detectorPixelM = lengthAt(reading, ["meta/psize"]);
  const propagation = propagationNamed(textAt(reading, "meta/propagation"));
  // Its near fields are those of a parallel beam: the object has the detector's pixel.
  const objectPixelM = propagation === "near-field" ? detectorPixelM : undefined;
  return {
    ...(energyKev === undefined ? {} : { energyKev, radiation: "photons" }),
    ...(detectorDistanceM === undefined ? {} : { detectorDistanceM }),
    ...(detectorPixelM === undefined ? {} : { detectorPixelM }),
    ...(objectPixelM === undefined ? {} : { objectPixelM }),
    ...(propagation === undefined ? {} : { propagation }),
  };
}

/** ptypy's words. */
export const propagationNamed = (word: string | undefined): Propagation | undefined =>
  word === "nearfield" ? "near-field" : word === "farfield" ? "far-field" : undefined;

function positionsOf({ file, where }: Reading, chunks: readonly string[]): PositionsPart | undefined {
  const keys = chunks.map((chunk) => `${chunk}/positions`);
  if (keys.length === 0 || !keys.some((key) => file.has(key))) return undefined;
  for (const [k, key] of keys.entries()) {
    const frames = file.header(`${chunks[k]}/data`).shape[0];
    const { shape, dtype } = file.has(key) ? file.header(key) : { shape: [], dtype: "nothing" };
    if (shape.join() === `${frames},2` && /^(u?int|float)/.test(dtype)) continue;
    throw new PtychonautError("data", "positions do not fit their chunk of frames", {
      where: `${where}: ${key}`,
      expected: `real numbers (${frames}, 2)`,
      got: `${dtype} (${shape.join(", ")})`,
    });
  }
  const count = keys.reduce((sum, key) => sum + file.header(key).shape[0], 0);
  return {
    keys: keys.length === 1 ? keys : [`${keys[0]} and those of ${keys.length - 1} more chunks`],
    count,
    read() {
      const out = new Float64Array(2 * count);
      let filled = 0;
      for (const key of keys) {
        const { data } = file.readNumbers(key);
        out.set(data, filled);
        filled += data.length;
      }
      return out;
    },
  };
}

/** Weights of all frames, `meta/weight2d`, else those of each frame: valid is what has a weight in all of them. */
function maskOf(reading: Reading, chunks: readonly string[], image: readonly [number, number]): ArrayPart | undefined {
  const { file, conversions, warnings } = reading;
  const size = sizeOf(image);
  const fits = (key: string): boolean =>
    file.has(key) && file.header(key).shape.slice(-2).join() === image.join() && file.header(key).dtype !== "string";
  const own = chunks.map((chunk) => `${chunk}/weights`).filter(fits);
  const keys = own.length > 0 ? own : ["meta/weight2d"].filter(fits);
  if (keys.length === 0) return undefined;
  return {
    key: keys[0],
    shape: image,
    read() {
      const valid = new Uint8Array(size).fill(1);
      let [differ, graded] = [false, false];
      let first: Uint8Array | undefined;
      for (const key of keys) {
        const frames = sizeOf(file.header(key).shape.slice(0, -2));
        for (let frame = 0; frame < frames; frame++) {
          const weights = file.readImages(key, frame, 1);
          const here = Uint8Array.from({ length: size }, (_, i) => (weights[i] > 0 ? 1 : 0));
          graded ||= weights.some((weight) => weight > 0 && weight !== 1);
          first ??= here;
          differ ||= here.some((value, i) => value !== first?.[i]);
          for (let i = 0; i < size; i++) if (here[i] === 0) valid[i] = 0;
        }
      }
      conversions.push(`mask from ${keys[0]}: a weight above zero is valid`);
      if (differ)
        warnings.push("weights differ from frame to frame: pixels are masked that have no weight in one of them");
      if (graded) warnings.push("weights are graded; only zero and above zero are told apart");
      return { shape: image, dtype: "uint8", data: valid };
    },
  };
}
