import { PtychonautError, setting } from "../../errors.ts";
import { defectsIn, HAS_SIGNAL } from "../maskBits.ts";
import type { ArrayPart } from "../parts.ts";
import type { ScanOptions } from "../scanOptions.ts";
import type { Reading } from "./quantities.ts";

/** What the bits of a mask stand for. */
export interface MaskBits {
  /** Those that are no defect. */
  readonly harmless: number;
  readonly names: Readonly<Record<number, string>>;
}

export const cxiBits: MaskBits = {
  harmless: HAS_SIGNAL,
  names: {
    ...{ 1: "invalid", 2: "saturated", 4: "hot", 8: "dead", 16: "shadowed", 32: "parasitic" },
    ...{ 64: "overlapping", 128: "bad", 256: "saturated neighbour", 512: "missing", 1024: "noisy" },
  },
};

/** Of NeXus' `pixel_mask`, and of DECTRIS' detectors. */
export const nexusBits: MaskBits = {
  harmless: 0,
  names: { 1: "in gaps", 2: "dead", 4: "under-responding", 8: "over-responding", 16: "noisy" },
};

/**
 * A bit field of defects, `[y, x]` or one of each frame, as 1 = valid: no bit but the harmless one, or where options say so
 * any bit. Of a mask of each frame a pixel is valid that is so in all.
 */
export function goodPixels(
  { file, where, conversions }: Reading,
  key: string,
  { maskValid: validInFile = 0 }: ScanOptions,
  { harmless, names }: MaskBits = cxiBits,
): ArrayPart {
  const { shape, dtype } = file.header(key);
  const [height, width] = shape.slice(-2);
  conversions.push(
    validInFile === 1
      ? `${key} is read as stated: 0 is no valid pixel, though the format has bits of defects there`
      : `${key} read as bits of defects: 0${harmless === 0 ? "" : ` (or ${harmless} alone)`} is a valid pixel`,
  );
  return {
    key,
    shape: [height, width],
    validInFile,
    read() {
      if (shape.length < 2 || !/^(bool|u?int)/.test(dtype))
        throw new PtychonautError("data", "the mask is no field of bits", {
          where: `${where}: ${key}`,
          expected: "integers (y, x)",
          got: `${dtype} (${shape.join(", ")})`,
          fix: `name another mask: ${setting("mask_file", "FILE::ARRAY")}`,
        });
      const valid = new Uint8Array(height * width).fill(1);
      const bits = new Map<number, number>();
      const frames = shape.slice(0, -2).reduce((product, extent) => product * extent, 1);
      for (let frame = 0; frame < frames; frame++)
        for (const [i, value] of file.readImages(key, frame, 1).entries()) {
          const defects = validInFile === 1 ? 0 : defectsIn(value, harmless);
          const good = validInFile === 1 ? value !== 0 : defects === 0;
          if (good || valid[i] === 0) continue;
          valid[i] = 0;
          for (const bit of Object.keys(names).map(Number)) if (defects & bit) bits.set(bit, (bits.get(bit) ?? 0) + 1);
        }
      const found = [...bits].map(([bit, count]) => `${count} ${names[bit]}`).join(", ");
      if (found !== "") conversions.push(`pixels masked by ${key}: ${found}`);
      return { shape: [height, width], dtype: "uint8", data: valid };
    },
  };
}
