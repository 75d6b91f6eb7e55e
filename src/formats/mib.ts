import { PtychonautError } from "../errors.ts";
import type { ArrayFile } from "./arrayFile.ts";
import type { ByteSource } from "./byteSource.ts";
import { frameStack, stridedFrames, swapBytes } from "./frameStack.ts";
import { itemSizes, listedArrays, numbers, words } from "./listedArrays.ts";
import { type MibHeader, parseMibHeader, RAW_HEADER_BYTES } from "./mibHeader.ts";
import { decodeRaw, rawPixels } from "./mibRaw.ts";
import type { Neighbours } from "./neighbours.ts";
import type { NpyArray, NumericDtype } from "./npy.ts";
import { bareName, countOf, decoded, numberIn, sidecarText, withEnding } from "./sidecar.ts";

/** Whether a file starts like a Merlin detector's frames, or the text beside them. */
export const isMib = (head: Uint8Array): boolean => ["MQ1,", "HDR,"].includes(decoded(head.subarray(0, 4)));

const plain: Readonly<Record<string, NumericDtype>> = { U08: "uint8", U16: "uint16", U32: "uint32" };

/**
 * Opens the frames of a Merlin detector (Medipix3): a text header before each, then pixels, big-endian; what the detector
 * writes raw (R64) is put in order. The scan's shape comes from the `.hdr` file of the same name, which may be opened too.
 *
 * Key: `frames` [frame, y, x]. Attributes of the file: `counter_bits`, `exposure_s`, `chips`, `sensor_layout`, `time`, and
 * where they are known `scan_shape` (rows, columns), `thresholds_kev`, `warnings` (a last frame cut off, lost frames).
 * @throws PtychonautError "data": a broken header, an arrangement of chips that is not known, another header in between
 */
export async function openMib(source: ByteSource, where: string, neighbours: Neighbours): Promise<ArrayFile> {
  if (decoded(source.read(0, 4)) === "HDR,") {
    const name = withEnding(where, ".mib");
    const frames = await neighbours.open(name);
    if (frames === undefined)
      throw new PtychonautError("data", "the file of Merlin's frames is not beside the text that describes it", {
        where,
        expected: `a file "${name}" in the same folder`,
        fix: "put the two into one folder, or open the .mib file",
      });
    return framesOf(frames, `${where}: ${name}`, sidecarText(source, where));
  }
  const beside = await neighbours.open(withEnding(where, ".hdr"));
  return framesOf(source, where, beside === undefined ? "" : sidecarText(beside, bareName(where)));
}

function framesOf(source: ByteSource, where: string, text: string): ArrayFile {
  const head = parseMibHeader(source.read(0, Math.min(source.size, RAW_HEADER_BYTES)), where);
  const raw = head.type === "R64" ? rawPixels(head, where) : undefined;
  const dtype = raw?.dtype ?? plain[head.type];
  if (dtype === undefined)
    throw new PtychonautError("data", `Merlin frames of type ${head.type} are not read`, {
      where,
      expected: "U08, U16, U32 or R64",
    });
  const [height, width] = raw?.shape ?? [head.height, head.width];
  const size = raw?.bytes ?? height * width * itemSizes[dtype];
  const stride = head.bytes + size;
  const count = Math.floor(source.size / stride);
  if (count === 0)
    throw new PtychonautError("data", "the first frame is cut off", {
      where,
      expected: `${stride} bytes`,
      got: `${source.size}`,
    });
  const frames = (first: number, some: number): Uint8Array => {
    const check = (frame: number, before: Uint8Array): void => checkHeader(before, head, `${where}: frame ${frame}`);
    const pixels = stridedFrames({ source, offset: head.bytes, stride, size, check }, first, some);
    if (raw !== undefined) return decodeRaw(pixels, raw, some);
    swapBytes(pixels, itemSizes[dtype]);
    return pixels;
  };
  const stack = frameStack({ shape: [count, height, width], dtype, place: { source, key: "frames" }, frames });
  return listedArrays({
    container: "Merlin MIB",
    arrays: new Map([["frames", stack]]),
    attributes: attributesOf(source, head, { count, stride, where }, text),
    where,
  });
}

/** Each frame has a header of its own: the file is damaged where there is another thing. */
function checkHeader(before: Uint8Array, { bytes }: MibHeader, where: string): void {
  const start = decoded(before.subarray(0, 20)).split(",");
  if (start[0] === "MQ1" && Number(start[2]) === bytes) return;
  throw new PtychonautError("data", "the header of a frame is broken", {
    where,
    expected: `"MQ1" with ${bytes} bytes, as the first frame's`,
    got: `"${start.slice(0, 3).join(",")}"`,
  });
}

interface Extent {
  readonly count: number;
  readonly stride: number;
  readonly where: string;
}

function attributesOf(
  source: ByteSource,
  head: MibHeader,
  { count, stride, where }: Extent,
  text: string,
): Readonly<Record<string, NpyArray>> {
  const fields = hdrFields(text);
  const shape = scanShape(fields);
  const thresholds = (fields.get("Thresholds (keV)") ?? "").split(",").map(numberIn);
  const cut = source.size - count * stride;
  const last = parseMibHeader(source.read((count - 1) * stride, head.bytes), where).sequence;
  const numbered = last - head.sequence + 1;
  const warnings = [
    ...(cut === 0 ? [] : [`the last frame is cut off: ${cut} of ${stride} bytes; it is left out`]),
    ...(numbered === count ? [] : [`${count} frames are numbered ${head.sequence} to ${last}: some were lost`]),
    ...(shape === undefined || shape[0] * shape[1] === count
      ? []
      : [`${count} frames, but a scan of ${shape.join(" × ")} = ${shape[0] * shape[1]} positions`]),
  ];
  return {
    chips: numbers(head.chips),
    sensor_layout: words(head.layout),
    ...(head.bits === undefined ? {} : { counter_bits: numbers(head.bits) }),
    ...(head.exposure === undefined ? {} : { exposure_s: numbers(head.exposure) }),
    ...(head.time === "" ? {} : { time: words(head.time) }),
    ...(shape === undefined ? {} : { scan_shape: numbers(...shape) }),
    ...(thresholds.every((value) => value !== undefined) ? { thresholds_kev: numbers(...thresholds) } : {}),
    ...(warnings.length === 0 ? {} : { warnings: words(...warnings) }),
  };
}

/** Lines of a name, a colon and a value. */
function hdrFields(text: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return fields;
}

/** As stated, or by lines of frames that one trigger starts. */
function scanShape(fields: ReadonlyMap<string, string>): readonly [rows: number, columns: number] | undefined {
  const [x, y] = [countOf(fields.get("ScanX")), countOf(fields.get("ScanY"))];
  if (x !== undefined && y !== undefined) return [y, x];
  const all = countOf(fields.get("Frames in Acquisition (Number)"));
  const line = countOf(fields.get("Frames per Trigger (Number)"));
  // One frame a trigger, or all of them, says nothing of lines.
  if (all === undefined || line === undefined || line === 1 || line === all || all % line !== 0) return undefined;
  return [all / line, line];
}
