import { inflateSync } from "node:zlib";

export interface ReadPng {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  /** 0 gray, 2 red-green-blue. */
  readonly colourType: number;
  readonly samples: number[];
  readonly text: Record<string, string>;
}

/** Reads unfiltered PNG files from the text of the standard, independently of the library that writes them. */
export function readPng(bytes: Uint8Array): ReadPng {
  const file = Buffer.from(bytes);
  if (file.subarray(0, 8).toString("latin1") !== "\x89PNG\r\n\x1a\n") throw new Error("no PNG signature");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const body = file.subarray(at + 4, at + 8 + length);
    if (crc32(body) !== file.readUInt32BE(at + 8 + length)) throw new Error("wrong checksum");
    chunks.set(body.subarray(0, 4).toString("latin1"), body.subarray(4));
    at += 12 + length;
  }
  if (!chunks.has("IEND")) throw new Error("no end");
  const header = chunks.get("IHDR")!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const [depth, colourType] = [header[8], header[9]];
  const perRow = width * (colourType === 2 ? 3 : 1);
  const raw = inflateSync(chunks.get("IDAT")!);
  const rowBytes = 1 + (perRow * depth) / 8;
  const samples: number[] = [];
  for (let y = 0; y < height; y++) {
    if (raw[y * rowBytes] !== 0) throw new Error("filtered rows are not read here");
    for (let x = 0; x < perRow; x++)
      samples.push(depth === 16 ? raw.readUInt16BE(y * rowBytes + 1 + 2 * x) : raw[y * rowBytes + 1 + x]);
  }
  const text = chunks.get("tEXt")?.toString("latin1").split("\0");
  return { width, height, depth, colourType, samples, text: text ? { [text[0]]: text[1] } : {} };
}

/** The checksum of the PNG standard, bit by bit. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
