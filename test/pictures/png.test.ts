import { inflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { encodePng } from "../../src/pictures/png.ts";
import { readPng } from "./readPng.ts";

describe("PNG", () => {
  it("keeps 8-bit gray, 8-bit colour and 16-bit gray samples, and says so in its header", () => {
    const gray = Uint8Array.from({ length: 15 }, (_, i) => 17 * i);
    expect(readPng(encodePng({ width: 5, height: 3, channels: 1, data: gray }))).toEqual({
      width: 5,
      height: 3,
      depth: 8,
      colourType: 0,
      samples: Array.from(gray),
      text: {},
    });
    const colour = Uint8Array.from({ length: 24 }, (_, i) => 10 * i);
    const rgb = readPng(encodePng({ width: 2, height: 4, channels: 3, data: colour }, { Software: "ptychonaut" }));
    expect(rgb).toMatchObject({
      depth: 8,
      colourType: 2,
      samples: Array.from(colour),
      text: { Software: "ptychonaut" },
    });
    const fine = Uint16Array.from([0, 1, 255, 256, 40_000, 65_535]);
    const deep = readPng(encodePng({ width: 3, height: 2, channels: 1, data: fine }));
    expect(deep).toMatchObject({ depth: 16, colourType: 0, samples: Array.from(fine) });
  });

  it("compresses", () => {
    const flat = new Uint8Array(256 * 256);
    expect(encodePng({ width: 256, height: 256, channels: 1, data: flat }).length).toBeLessThan(1000);
  });

  it("refuses data of another size, empty images and 16-bit colour", () => {
    expect(() => encodePng({ width: 2, height: 2, channels: 1, data: new Uint8Array(3) })).toThrow(/do not fill/);
    expect(() => encodePng({ width: 0, height: 2, channels: 1, data: new Uint8Array(0) })).toThrow(/at least one/);
    expect(() => encodePng({ width: 1, height: 1, channels: 3, data: new Uint16Array(3) })).toThrow(/gray images only/);
  });

  it("is the zlib stream of the standard: Node's own inflate reads it", () => {
    const bytes = encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(7) });
    const at = Buffer.from(bytes).indexOf("IDAT");
    const length = Buffer.from(bytes).readUInt32BE(at - 4);
    expect(Array.from(inflateSync(bytes.subarray(at + 4, at + 4 + length)))).toEqual([0, 7]);
  });
});
