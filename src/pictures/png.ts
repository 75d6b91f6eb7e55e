import { encode } from "fast-png";
import { PtychonautError } from "../errors.ts";

/** A raster image as it goes into a PNG file: row-major, channels interleaved. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1 = gray, 3 = red, green, blue. */
  readonly channels: 1 | 3;
  /** Uint8Array: 8 bits per sample; Uint16Array: 16 bits (gray only). */
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Serialises an image as PNG.
 * @param text comments stored in the file (`tEXt`: Latin-1 keys and values), for example `{ Software: "ptychonaut" }`
 * @throws PtychonautError "shape" when data and size disagree or the combination has no use
 */
export function encodePng(raster: Raster, text: Readonly<Record<string, string>> = {}): Uint8Array {
  const { width, height, channels, data } = raster;
  if (data.length !== width * height * channels || data.length === 0)
    throw new PtychonautError("shape", "image data do not fill the image", {
      expected: `${height} x ${width} x ${channels} = ${width * height * channels} samples, at least one`,
      got: `${data.length}`,
    });
  if (data instanceof Uint16Array && channels !== 1)
    throw new PtychonautError("usage", "16 bits per sample are written for gray images only", {
      got: `${channels} channels`,
    });
  const depth = data instanceof Uint16Array ? 16 : 8;
  return encode({ width, height, channels, depth, data, text: { ...text } }, { zlib: { level: 6 } });
}
