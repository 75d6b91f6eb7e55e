import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { frameStack, stridedFrames } from "./frameStack.ts";
import { listedArrays, numbers, words } from "./listedArrays.ts";
import { decoded } from "./sidecar.ts";

/** Fields that say where and how large frames are end here. */
const HEADER = 28;
/** Before each frame: a mark and its number. */
const FRAME_HEADER = 6;

/** Whether a file starts like NanoMegas' blocks of patterns. */
export const isBlo = (head: Uint8Array): boolean => decoded(head.subarray(0, 6)) === "IMGBLO";

/**
 * Opens the patterns of a NanoMegas file (BLO): square, of a byte a pixel, six bytes before each.
 *
 * Key: `frames` [frame, y, x]. Attributes of the file: `scan_shape` (rows, columns), `warnings` (frames that are missing).
 * @throws PtychonautError "data": cut off in its header or before its first frame
 */
export function openBlo(source: ByteSource, where: string): ArrayFile {
  if (source.size < HEADER) throw damaged("it ends within its header", where);
  const bytes = source.read(0, HEADER);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [offset, side, columns, rows] = [
    view.getUint32(12, true),
    view.getUint16(20, true),
    view.getUint16(24, true),
    view.getUint16(26, true),
  ];
  const stride = side * side + FRAME_HEADER;
  const there = Math.floor((source.size - offset) / stride);
  const whole = rows * columns;
  const count = Math.min(there, whole);
  if (side === 0 || !(count > 0)) throw damaged("there is no whole frame in it", where);
  const frames = frameStack({
    shape: [count, side, side],
    dtype: "uint8",
    place: { source, key: "frames" },
    frames: (first, some) =>
      stridedFrames({ source, offset: offset + FRAME_HEADER, stride, size: side * side }, first, some),
  });
  return listedArrays({
    container: "BLO",
    arrays: new Map([["frames", frames]]),
    attributes: {
      scan_shape: numbers(rows, columns),
      ...(count === whole
        ? {}
        : { warnings: words(`${count} frames, but a scan of ${rows} × ${columns} = ${whole} positions`) }),
    },
    where,
  });
}

const damaged = (what: string, where: string): PtychonautError =>
  new PtychonautError("data", `damaged or truncated BLO file: ${what}`, { where, fix: "copy the file again" });
