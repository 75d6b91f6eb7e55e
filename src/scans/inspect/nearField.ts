import type { Geometry } from "../../optics/geometry.ts";
import type { Finding } from "../checks/finding.ts";
import { propagationRow } from "../doctor/orientation/rows.ts";
import { shadowMotion } from "../doctor/orientation/shadows.ts";
import { flagsOf } from "../doctor/row.ts";
import type { ScanParts } from "../parts.ts";
import { patternLayout } from "../patternLayout.ts";
import type { ScanOptions } from "../scanOptions.ts";

/** Frames that are looked at, those in the middle of the scan: enough for what is clear at once. */
const FRAMES = 64;
/** Bytes of patterns of a size that is looked at. */
const LARGEST_FRAME = 2 ** 21;

/**
 * A near field that a file in metres does not name, as the doctor tells it, from a few frames. Nothing where the propagation is
 * stated, the object's pixel is not known, or positions are in pixels already.
 * @param positions `[frame, 2]`, object pixels of a far field
 */
export function nearFieldFindings(
  parts: ScanParts,
  options: ScanOptions,
  geometry: Geometry | undefined,
  positions: Float64Array | undefined,
  mask: Uint8Array | undefined,
): Finding[] {
  const { patterns } = parts;
  const stated = options.geometry?.propagation ?? parts.geometry.propagation;
  const inMetres = (options.positionUnit ?? "px") !== "px" && geometry?.objectPixelM !== undefined;
  if (patterns === undefined || positions === undefined || stated !== undefined || !inMetres) return [];
  if (options.dcAt === "corner" || geometry?.radiation === "electrons") return [];
  const { file, key } = patterns;
  const { shape, dtype, fortranOrder } = file.header(key);
  const { framesLast, height, width, count } = patternLayout(shape, positions.length / 2, options.frameAxis, key);
  if (framesLast || fortranOrder || height * width > LARGEST_FRAME || !/^(u?int|float)/.test(dtype)) return [];
  const frames = middleFrames(positions, count);
  const read = (indices: readonly number[]): Float32Array => {
    const out = new Float32Array(indices.length * height * width);
    for (const [i, index] of indices.entries()) out.set(file.readImages(key, frames[index], 1), i * height * width);
    return options.measurement === "amplitude"
      ? out.map((value) => value * value)
      : out.map((value) => Math.max(0, value));
  };
  const scan = {
    ...{ count: frames.length, height, width, read },
    positions: Float64Array.from(frames.flatMap((frame) => [positions[2 * frame], positions[2 * frame + 1]])),
    ...(mask === undefined ? {} : { mask }),
  };
  const shadows = shadowMotion(scan);
  return propagationRow(shadows === undefined ? {} : { shadows }, geometry).map((row) => ({
    severity: row.sure === "sure" ? "error" : "warning",
    what: row.found,
    evidence: row.evidence,
    flag: flagsOf(row).join(" "),
  }));
}

/** Those nearest to the middle of all positions. */
function middleFrames(positions: Float64Array, count: number): number[] {
  const middle = [0, 1].map((axis) => {
    let sum = 0;
    for (let k = axis; k < positions.length; k += 2) sum += positions[k];
    return sum / count;
  });
  const distance = (frame: number): number =>
    Math.hypot(positions[2 * frame] - middle[0], positions[2 * frame + 1] - middle[1]);
  const all = Array.from({ length: count }, (_, frame) => ({ frame, distance: distance(frame) }));
  return all
    .sort((a, b) => a.distance - b.distance)
    .slice(0, FRAMES)
    .map(({ frame }) => frame)
    .sort((a, b) => a - b);
}
