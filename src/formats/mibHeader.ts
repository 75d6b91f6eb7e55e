import { PtychonautError } from "../errors.ts";
import { decoded, numberIn } from "./sidecar.ts";

/** What stands before each frame of a Merlin detector. */
export interface MibHeader {
  /** The frame's number. */
  readonly sequence: number;
  /** Its own length, bytes. */
  readonly bytes: number;
  readonly chips: number;
  readonly width: number;
  readonly height: number;
  /** U08, U16, U32, or R64 for what is raw. */
  readonly type: string;
  /** How chips are arranged: 1x1, 2x2, Nx1, with a G where there are gaps. */
  readonly layout: string;
  readonly time: string;
  readonly exposure: number | undefined;
  /** Of a pixel's counter. */
  readonly bits: number | undefined;
}

/** No header is longer. */
export const RAW_HEADER_BYTES = 4096;

/** Pixels of a side of any detector. */
const MOST_SIDE = 2 ** 14;

/** @throws PtychonautError "data" */
export function parseMibHeader(bytes: Uint8Array, where: string): MibHeader {
  const start = decoded(bytes.subarray(0, 128)).split(",");
  const length = Number(start[2]);
  const [width, height, chips] = [start[4], start[5], start[3]].map(Number);
  const sides = [width, height].every((side) => Number.isInteger(side) && side > 0 && side <= MOST_SIDE);
  if (start[0] !== "MQ1" || !(Number.isInteger(length) && length >= 64 && length <= RAW_HEADER_BYTES) || !sides)
    throw new PtychonautError("data", "the header of a Merlin frame is broken", {
      where,
      expected: "MQ1, a number, its length, chips, width, height, type",
      got: `"${start.slice(0, 7).join(",")}"`,
    });
  const fields = decoded(bytes.subarray(0, length)).replace(/\0.*$/s, "").split(",");
  // Newer headers end in MQ1A, a time, nanoseconds, bits; older ones in the bits.
  const marked = fields.lastIndexOf("MQ1A");
  const bits = numberIn(marked < 0 ? fields.filter((field) => field.trim() !== "").at(-1) : fields[marked + 3]);
  return {
    sequence: Number(fields[1]),
    bytes: length,
    ...{ chips, width, height },
    type: (fields[6] ?? "").trim(),
    layout: (fields[7] ?? "").trim(),
    time: (fields[9] ?? "").trim(),
    exposure: numberIn(fields[10]),
    bits: bits !== undefined && [1, 6, 12, 24].includes(bits) ? bits : undefined,
  };
}
